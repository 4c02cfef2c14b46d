package authn_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/fault"
)

var secret = []byte("0f1e2d3c4b5a69788796a5b4c3d2e1f0")

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newTokens(key authn.Key) (*authn.Tokens, *clock) {
	c := &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	return authn.NewTokens(key, 15*time.Minute, c.Now), c
}

func issue(t *testing.T, tokens *authn.Tokens) (string, authn.Principal) {
	t.Helper()
	p := authn.Principal{Reseller: uuid.New(), User: uuid.New(), Session: uuid.New()}
	token, err := tokens.Issue(p.Reseller, p.User, p.Session)
	if err != nil {
		t.Fatal(err)
	}
	return token, p
}

func TestIssuedTokensVerify(t *testing.T) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]authn.Key{"HS256": authn.HS256(secret), "EdDSA": authn.EdDSA(private)} {
		tokens, clock := newTokens(key)
		token, want := issue(t, tokens)
		for range 2 { // the second time from memory
			got, err := tokens.Verify(token)
			if err != nil || got.User != want.User || got.Session != want.Session || got.Reseller != want.Reseller || !got.ExpiresAt.Equal(clock.now.Add(15*time.Minute)) {
				t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
			}
		}
		if s := want.Subject(); s.User != want.User || s.Session != want.Session || s.Reseller != want.Reseller {
			t.Errorf("subject %+v", s)
		}
	}
}

func TestTokensAreMarkedAsAccessTokens(t *testing.T) {
	tokens, _ := newTokens(authn.HS256(secret))
	token, _ := issue(t, tokens)
	head, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
	if err != nil {
		t.Fatal(err)
	}
	var header map[string]string
	if err := json.Unmarshal(head, &header); err != nil || header["typ"] != "at+jwt" || header["alg"] != "HS256" {
		t.Errorf("header %s", head)
	}
	again, _ := issue(t, tokens)
	if token == again {
		t.Error("two tokens are the same")
	}
}

// TestMemoryEndsWithTheToken: what is remembered as verified is forgotten when it expires.
func TestMemoryEndsWithTheToken(t *testing.T) {
	tokens, clock := newTokens(authn.HS256(secret))
	token, _ := issue(t, tokens)
	clock.now = clock.now.Add(15*time.Minute - time.Second)
	if _, err := tokens.Verify(token); err != nil {
		t.Fatal(err)
	}
	clock.now = clock.now.Add(time.Second)
	if _, err := tokens.Verify(token); !fault.Is(err, fault.InvalidToken) {
		t.Errorf("at its end: %v", err)
	}
}

func TestAnyChangeInvalidates(t *testing.T) {
	tokens, _ := newTokens(authn.HS256(secret))
	token, _ := issue(t, tokens)
	for i := range token {
		changed := []byte(token)
		if changed[i] = 'A'; token[i] == 'A' {
			changed[i] = 'B'
		}
		if _, err := tokens.Verify(string(changed)); !fault.Is(err, fault.InvalidToken) {
			t.Fatalf("character %d changed: %v", i, err)
		}
	}
	for _, other := range []string{"", ".", "..", token[1:], token[:len(token)-1], token + "=", " " + token} {
		if _, err := tokens.Verify(other); !fault.Is(err, fault.InvalidToken) {
			t.Errorf("%q: %v", other, err)
		}
	}
	stranger, _ := newTokens(authn.HS256([]byte("another secret of thirty-two byte")))
	if _, err := stranger.Verify(token); !fault.Is(err, fault.InvalidToken) {
		t.Errorf("another secret: %v", err)
	}
}

// TestHugeTokensCostNothing: splitting 100,000 dots would take megabytes.
func TestHugeTokensCostNothing(t *testing.T) {
	tokens, _ := newTokens(authn.HS256(secret))
	for _, token := range []string{strings.Repeat(".", 100_000), strings.Repeat("A", 10<<20)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := tokens.Verify(token)
		runtime.ReadMemStats(&after)
		if !fault.Is(err, fault.InvalidToken) {
			t.Errorf("%v", err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%d bytes allocated", grown)
		}
		if strings.Contains(fmt.Sprint(err), "AAAA") {
			t.Error("the error holds the token")
		}
	}
}
