package rank_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/plinth/plinth/internal/platform/rank"
)

// seeded returns a Jitter that draws the same numbers in every run.
func seeded() rank.Jitter { return rand.New(rand.NewPCG(1, 2)).IntN }

func between(t rapid.TB, before, after string, jitter rank.Jitter) string {
	t.Helper()
	key, err := rank.Between(before, after, jitter)
	if err != nil {
		t.Fatalf("Between(%q, %q): %v", before, after, err)
	}
	if !rank.Valid(key) || key <= before || after != "" && key >= after {
		t.Fatalf("Between(%q, %q) = %q: not a valid key strictly between", before, after, key)
	}
	return key
}

func TestWithoutJitterKeysAreThoseOfUpstream(t *testing.T) {
	file, err := os.ReadFile("testdata/fractional-indexing-4.0.0.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Between [][3]string
		Many    []struct {
			Before, After string
			N             int
			Keys          []string
		}
	}
	if err := json.Unmarshal(file, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Between) < 500 || len(vectors.Many) < 10 {
		t.Fatalf("only %d and %d vectors", len(vectors.Between), len(vectors.Many))
	}
	for _, v := range vectors.Between {
		if got := between(t, v[0], v[1], nil); got != v[2] {
			t.Errorf("Between(%q, %q) = %q, upstream %q", v[0], v[1], got, v[2])
		}
	}
	for _, v := range vectors.Many {
		got, err := rank.N(v.Before, v.After, v.N, nil)
		if err != nil {
			t.Errorf("N(%q, %q, %d): %v", v.Before, v.After, v.N, err)
		}
		if diff := cmp.Diff(v.Keys, got); diff != "" {
			t.Errorf("N(%q, %q, %d) (-upstream +got):\n%s", v.Before, v.After, v.N, diff)
		}
	}
}

func TestAMillionAtOneEndStayShort(t *testing.T) {
	const count = 1_000_000
	for name, test := range map[string]struct {
		jitter rank.Jitter
		want   int
	}{"plain": {nil, 5}, "jitter": {seeded(), 7}} {
		t.Run("append/"+name, func(t *testing.T) {
			key, longest := "", 0
			for range count {
				next, err := rank.Between(key, "", test.jitter)
				if err != nil || next <= key {
					t.Fatalf("after %q came %q, %v", key, next, err)
				}
				key, longest = next, max(longest, len(next))
			}
			if longest != test.want {
				t.Errorf("longest key %d characters, want %d", longest, test.want)
			}
		})
		t.Run("prepend/"+name, func(t *testing.T) {
			key, longest := "a0", 0
			for range count {
				next, err := rank.Between("", key, test.jitter)
				if err != nil || next >= key {
					t.Fatalf("before %q came %q, %v", key, next, err)
				}
				key, longest = next, max(longest, len(next))
			}
			if longest != test.want {
				t.Errorf("longest key %d characters, want %d", longest, test.want)
			}
		})
	}
}

// An insertion costs a bit or a little more, so hundreds at the worst place fit before a
// rebalance, and the two jitter characters are not paid again for each.
func TestInsertingAtOnePlaceReachesMaxLengthSlowly(t *testing.T) {
	for name, step := range map[string]func(low, high, key string, i int) (string, string){
		"down":   func(low, _, key string, _ int) (string, string) { return low, key },
		"up":     func(_, high, key string, _ int) (string, string) { return key, high },
		"zigzag": func(low, high, key string, i int) (string, string) { return pick(i, low, key), pick(i+1, high, key) },
	} {
		t.Run(name, func(t *testing.T) {
			low, high, jitter := "a0", "a1", seeded()
			for i := range 300 {
				key := between(t, low, high, jitter)
				if len(key) > rank.MaxLength {
					t.Fatalf("insertion %d has %d characters", i, len(key))
				}
				low, high = step(low, high, key, i)
			}
		})
	}
}

func pick(i int, even, odd string) string {
	if i%2 == 0 {
		return even
	}
	return odd
}

func TestParallelInsertsRarelyCollide(t *testing.T) {
	jitter := seeded()
	for _, place := range [][2]string{{"", ""}, {"a5Vx", ""}, {"", "a5Vx"}, {"a5Vx", "a6"}, {"a5", "a5001"}, {"a5", "a50V1"}} {
		collisions := 0
		for range 10_000 {
			if between(t, place[0], place[1], jitter) == between(t, place[0], place[1], jitter) {
				collisions++
			}
		}
		if collisions > 15 { // 2.6 expected
			t.Errorf("between %q: %d of 10,000 pairs collide", place, collisions)
		}
	}
}

func TestJitterIsTwoCharactersOfTheFraction(t *testing.T) {
	lowest := func(int) int { return 0 }
	highest := func(n int) int { return n - 1 }
	for _, test := range []struct {
		before, after string
		jitter        rank.Jitter
		want          string
	}{
		{"", "", lowest, "a001"},
		{"", "", highest, "a0zz"},
		{"a0zz", "", lowest, "a101"},
		{"", "a101", highest, "a0zz"}, // not a1zz, which is above
		{"a0", "a0V1", highest, "a0Gzz"},
		{"a0", "a011", highest, "a00Vzz"}, // upstream's a01 has no room below
	} {
		if got := between(t, test.before, test.after, test.jitter); got != test.want {
			t.Errorf("Between(%q, %q) = %q, want %q", test.before, test.after, got, test.want)
		}
	}
}

func TestRandomIsAJitter(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		seen[between(t, "a0", "a1", rank.Random)] = true
	}
	if len(seen) < 700 { // 875 expected
		t.Errorf("%d different keys of 1,000", len(seen))
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
		if _, err := rank.Between(bad, "", nil); !errors.Is(err, rank.ErrMalformed) {
			t.Errorf("Between(%q, open): %v", bad, err)
		}
		if _, err := rank.N("", bad, 3, nil); !errors.Is(err, rank.ErrMalformed) {
			t.Errorf("N(open, %q): %v", bad, err)
		}
	}
	if rank.Valid("") {
		t.Error(`Valid("")`)
	}
}

func TestNeighboursOutOfOrderAreRefused(t *testing.T) {
	for _, pair := range [][2]string{{"a0", "a0"}, {"a1", "a0"}, {"a0V", "a0G"}, {"a0", "Zz"}} {
		if _, err := rank.Between(pair[0], pair[1], nil); !errors.Is(err, rank.ErrOrder) {
			t.Errorf("Between(%q): %v", pair, err)
		}
		if _, err := rank.N(pair[0], pair[1], 2, nil); !errors.Is(err, rank.ErrOrder) {
			t.Errorf("N(%q): %v", pair, err)
		}
	}
	if _, err := rank.N("", "", -1, nil); err == nil {
		t.Error("N made -1 keys")
	}
}

// The alphabet's own ends are where carrying and borrowing go wrong.
func TestEndsOfTheIntegers(t *testing.T) {
	lowest := "A" + strings.Repeat("0", 25) + "1"
	highest := strings.Repeat("z", 27)
	for _, jitter := range []rank.Jitter{nil, seeded()} {
		down, up := lowest, highest
		for range 500 {
			down, up = between(t, "", down, jitter), between(t, up, "", jitter)
		}
		between(t, down, up, jitter)
	}
}

func genKey() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		head := rapid.SampledFrom([]string{"A", "B", "X", "Y", "Z", "a", "b", "c", "y", "z"}).Draw(t, "head")
		length := int('Z'-head[0]) + 1
		if head >= "a" {
			length = int(head[0]-'a') + 1
		}
		// Few digits, so that carries and shared prefixes are common.
		integer := rapid.StringOfN(rapid.SampledFrom([]rune("01Vyz")), length, length, -1).Draw(t, "integer")
		fraction := rapid.StringOfN(rapid.SampledFrom([]rune("01Vyz")), 0, 6, -1).Draw(t, "fraction")
		return head + integer + strings.TrimRight(fraction, "0")
	}).Filter(rank.Valid)
}

func genJitter(t *rapid.T) rank.Jitter {
	if rapid.Bool().Draw(t, "plain") {
		return nil
	}
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "jitter") }
}

func TestBetweenIsStrictlyBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genKey().Draw(t, "a"), genKey().Draw(t, "b")
		if a == b {
			b = ""
		} else if a > b {
			a, b = b, a
		}
		jitter := genJitter(t)
		between(t, a, b, jitter)
		between(t, a, "", jitter)
		between(t, "", a, jitter)
	})
}

func TestNIsAscendingBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bounds := rapid.SliceOfNDistinct(genKey(), 2, 2, rapid.ID).Draw(t, "bounds")
		slices.Sort(bounds)
		before := rapid.SampledFrom([]string{"", bounds[0]}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", bounds[1]}).Draw(t, "after")
		n := rapid.IntRange(0, 40).Draw(t, "n")
		keys, err := rank.N(before, after, n, genJitter(t))
		if err != nil || len(keys) != n {
			t.Fatalf("N(%q, %q, %d) = %q, %v", before, after, n, keys, err)
		}
		previous := before
		for _, key := range keys {
			if !rank.Valid(key) || key <= previous {
				t.Fatalf("%q comes after %q", key, previous)
			}
			previous = key
		}
		if n > 0 && after != "" && previous >= after {
			t.Fatalf("last key %q is not below %q", previous, after)
		}
	})
}

// A list of rows is moved about as a board is; its keys must tell its order.
func TestRandomMovesKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		jitter := genJitter(t)
		var list []string
		insert := func(t *rapid.T, at int) {
			before, after := "", ""
			if at > 0 {
				before = list[at-1]
			}
			if at < len(list) {
				after = list[at]
			}
			list = slices.Insert(list, at, between(t, before, after, jitter))
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert":  func(t *rapid.T) { insert(t, rapid.IntRange(0, len(list)).Draw(t, "at")) },
			"append":  func(t *rapid.T) { insert(t, len(list)) },
			"prepend": func(t *rapid.T) { insert(t, 0) },
			"move": func(t *rapid.T) {
				if len(list) == 0 {
					return
				}
				from := rapid.IntRange(0, len(list)-1).Draw(t, "from")
				list = slices.Delete(list, from, from+1)
				insert(t, rapid.IntRange(0, len(list)).Draw(t, "to"))
			},
			"": func(t *rapid.T) {
				for i := 1; i < len(list); i++ {
					if list[i-1] >= list[i] {
						t.Fatalf("%q at %d is not above %q", list[i], i, list[i-1])
					}
				}
			},
		})
	})
}

// Writers who saw the same list and drew different numbers stay apart.
func TestDifferentJitterMakesDifferentKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genKey().Draw(t, "a"), genKey().Draw(t, "b")
		if a >= b {
			b = ""
		}
		draws := rapid.SliceOfNDistinct(rapid.IntRange(0, 62*61-1), 2, 8, rapid.ID).Draw(t, "draws")
		seen := map[string]int{}
		for _, draw := range draws {
			parts := []int{draw / 61, draw % 61}
			key := between(t, a, b, func(int) int {
				part := parts[0]
				parts = parts[1:]
				return part
			})
			if other, twice := seen[key]; twice {
				t.Fatalf("draws %d and %d both made %q", other, draw, key)
			}
			seen[key] = draw
		}
	})
}

func FuzzBetween(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"a0", "a1"}, {"a0", "a0"}, {"a00", "b"}, {"Zz", "a0V"}, {"é", "\x00"},
		{"", "A00000000000000000000000001"}, {"zzzzzzzzzzzzzzzzzzzzzzzzzzz", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		usable := (before == "" || rank.Valid(before)) && (after == "" || rank.Valid(after)) &&
			(before == "" || after == "" || before < after)
		for _, jitter := range []rank.Jitter{nil, func(int) int { return 0 }, func(n int) int { return n - 1 }} {
			if usable {
				between(t, before, after, jitter)
				continue
			}
			if key, err := rank.Between(before, after, jitter); err == nil || key != "" {
				t.Fatalf("Between(%q, %q) = %q, %v", before, after, key, err)
			}
		}
	})
}

func BenchmarkBetween(b *testing.B) {
	for name, place := range map[string][2]string{
		"append": {"c5VzQk", ""}, "prepend": {"", "Yb0Qk"}, "insert": {"c5VzQk", "c5VzVx"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rank.Between(place[0], place[1], rank.Random); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
