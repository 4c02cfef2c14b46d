package rank_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/rank"
)

func between(t *testing.T, before, after string) string {
	t.Helper()
	key, err := rank.Between(before, after)
	if err != nil {
		t.Fatalf("Between(%q, %q): %v", before, after, err)
	}
	if !rank.Valid(key) || key <= before || after != "" && key >= after {
		t.Fatalf("Between(%q, %q) = %q: not a valid key strictly between", before, after, key)
	}
	return key
}

func TestKeysAreThoseOfUpstream(t *testing.T) {
	file, err := os.ReadFile("testdata/fractional-indexing-4.0.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct{ Between [][3]string }
	if err := json.Unmarshal(file, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Between) < 500 {
		t.Fatalf("only %d vectors", len(vectors.Between))
	}
	for _, v := range vectors.Between {
		if got := between(t, v[0], v[1]); got != v[2] {
			t.Errorf("Between(%q, %q) = %q, upstream %q", v[0], v[1], got, v[2])
		}
	}
}

func TestMalformedKeysAreRefused(t *testing.T) {
	for _, bad := range []string{
		"a", "b0", "0", "1a", "-", "a-", "a0 ", "a0é", "a\x00", "a00", "a0V0", "zz",
		"A" + strings.Repeat("0", 26), "A" + strings.Repeat("0", 27),
	} {
		if rank.Valid(bad) {
			t.Errorf("Valid(%q)", bad)
		}
		for _, pair := range [][2]string{{bad, ""}, {"", bad}} {
			if _, err := rank.Between(pair[0], pair[1]); !errors.Is(err, rank.ErrMalformed) {
				t.Errorf("Between(%q): %v", pair, err)
			}
		}
	}
	if rank.Valid("") {
		t.Error(`Valid("")`)
	}
}

func TestNeighboursOutOfOrderAreRefused(t *testing.T) {
	for _, pair := range [][2]string{{"a0", "a0"}, {"a1", "a0"}, {"a0V", "a0G"}, {"a0", "Zz"}} {
		if _, err := rank.Between(pair[0], pair[1]); !errors.Is(err, rank.ErrOrder) {
			t.Errorf("Between(%q): %v", pair, err)
		}
	}
}

// The alphabet's own ends are where carrying and borrowing go wrong.
func TestEndsOfTheIntegers(t *testing.T) {
	lowest := "A" + strings.Repeat("0", 25) + "1"
	highest := strings.Repeat("z", 27)
	down, up := lowest, highest
	for range 200 {
		down, up = between(t, "", down), between(t, up, "")
	}
	between(t, down, up)
}
