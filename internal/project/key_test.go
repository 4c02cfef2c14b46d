package project

import (
	"errors"
	"regexp"
	"testing"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
)

func TestKeyCandidates(t *testing.T) {
	for name, want := range map[string]string{
		"Mobile app":                     "MA",
		"Website":                        "WEB",
		"Go":                             "GO",
		"X":                              "PRJ",
		"":                               "PRJ",
		"  ":                             "PRJ",
		"один два":                       "PRJ",
		"é":                              "PRJ",
		"Über cool":                      "BC",
		"a b":                            "AB",
		"one two three four five six":    "OTTFF",
		"2026 plan":                      "2P",
		"web-site/redesign":              "WSR",
		"'; drop table projects; --":     "DTP",
		"\u0130stanbul":                  "STA",
		"A\u0000B":                       "AB",
		"ﬁne print":                      "NP",
		"APP":                            "APP",
		"Application programming (beta)": "APB",
	} {
		if got := KeyCandidates(name)[0]; got != want {
			t.Errorf("%q begins with %s, want %s", name, got, want)
		}
	}
}

func TestKeyCandidatesAreDistinctAndValid(t *testing.T) {
	valid := regexp.MustCompile(`^[A-Z0-9]{2,10}$`) // as the API takes them
	for _, name := range []string{"Mobile app", "one two three four five", "x", "2026"} {
		seen := map[string]bool{}
		for _, key := range KeyCandidates(name) {
			if seen[key] || !valid.MatchString(key) {
				t.Fatalf("%q: candidate %q", name, key)
			}
			seen[key] = true
		}
		if len(seen) != keyTries {
			t.Errorf("%q has %d candidates", name, len(seen))
		}
	}
	if got := KeyCandidates("Website")[:3]; got[1] != "WEB2" || got[2] != "WEB3" {
		t.Errorf("%v", got)
	}
}

func TestKeyFaults(t *testing.T) {
	collision := &fault.Fault{Kind: fault.Conflict, Constraint: "projects_org_id_key_key"}
	if err := KeyFault(true, collision); !fault.Is(err, fault.KeyTaken) {
		t.Errorf("a chosen key: %v", err)
	}
	var derived *fault.Fault
	if err := KeyFault(false, collision); !errors.As(err, &derived) || !derived.Retryable {
		t.Errorf("a derived key is not tried anew: %v", err)
	}
	for _, chosen := range []bool{true, false} { // no candidate is free
		if err := KeyFault(chosen, db.ErrNoRows); !fault.Is(err, fault.KeyTaken) {
			t.Errorf("none free: %v", err)
		}
	}
	other := &fault.Fault{Kind: fault.Unavailable}
	if err := KeyFault(true, other); !fault.Is(err, fault.Unavailable) {
		t.Errorf("another fault: %v", err)
	}
}
