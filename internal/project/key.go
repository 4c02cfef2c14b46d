package project

import (
	"errors"
	"strconv"
	"strings"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
)

// keyTries is how many numbered variants of a derived key are tried.
const keyTries = 1000

// KeyCandidates derives keys from a name, best first: the initials of several words ("Mobile app" is MA), the first
// letters of one ("Website" is WEB), then the same with a number behind.
func KeyCandidates(name string) []string {
	words := strings.FieldsFunc(strings.ToUpper(name), func(c rune) bool { return (c < 'A' || c > 'Z') && (c < '0' || c > '9') })
	base := ""
	if len(words) == 1 {
		base = words[0][:min(3, len(words[0]))]
	} else {
		for _, w := range words[:min(5, len(words))] {
			base += w[:1]
		}
	}
	if len(base) < 2 {
		base = "PRJ"
	}
	keys := []string{base}
	for n := 2; n <= keyTries; n++ {
		keys = append(keys, base+strconv.Itoa(n))
	}
	return keys
}

// KeyFault tells a key that the caller chose, which is taken, from a derived one that lost a race and is derived anew.
func KeyFault(chosen bool, err error) error {
	taken := &fault.Fault{Kind: fault.KeyTaken, Fields: []fault.Field{{Location: "body.key", Message: "is in use"}}}
	if errors.Is(err, db.ErrNoRows) {
		return taken
	}
	if !chosen {
		taken = &fault.Fault{Kind: fault.Conflict, Retryable: true}
	}
	return fault.ByConstraint(err, fault.Constraints{"projects_org_id_key_key": taken})
}
