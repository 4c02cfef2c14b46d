package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/limit"
)

func TestPasswordRules(t *testing.T) {
	const email = "ada.lovelace@example.com"
	for password, ok := range map[string]bool{
		"":                             false,
		"elevenchars":                  false,
		"twelve chars":                 true,
		"zwölf Zeiche":                 true,  // characters, not bytes
		"zwölf Zeich":                  false, // 12 bytes
		"password1234":                 false,
		"PassWord1234":                 false,
		"111111111111":                 false,
		"aAaAaAaAaAaAaAaAa":            false,
		"ada.lovelace@example.com":     false,
		"ADA.Lovelace@Example.com":     false,
		"ada.lovelace":                 false,
		"ada.lovelace!":                true,
		"correct horse battery staple": true,
		strings.Repeat("long ", 200):   true,
		"пароль-подлиннее":             true,
	} {
		err := checkPassword(password, email)
		if (err == nil) != ok {
			t.Errorf("%q: %v", password, err)
		}
		if err != nil && (!fault.Is(err, fault.Validation) || password != "" && strings.Contains(err.Error(), password)) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestCommonPasswordsAreLongEnoughToMatter(t *testing.T) {
	list := strings.Fields(commonPasswords)
	if len(list) < 100 {
		t.Fatalf("only %d common passwords", len(list))
	}
	for _, password := range list[:100] {
		if password != strings.ToLower(password) {
			t.Errorf("%q is compared in lower case and never matches", password)
		}
	}
}

func TestHashing(t *testing.T) {
	ctx := context.Background()
	p, err := NewPasswords()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("0123456789", 20)
	hash, err := p.Hash(ctx, long+"x")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %q, %v", hash, err)
	}
	again, err := p.Hash(ctx, long+"x")
	if err != nil || again == hash {
		t.Errorf("the same password hashes the same: %v", err)
	}
	for password, want := range map[string]bool{long + "x": true, long + "y": false, long: false, long + "x\x00": false, "": false} {
		if got, err := verify(ctx, p, password, hash); got != want || err != nil {
			t.Errorf("%d characters: %v, %v", len(password), got, err)
		}
	}
}

// TestNoAccountMatchesNoPassword: not even the one behind the hash that stands in for the missing one.
func TestNoAccountMatchesNoPassword(t *testing.T) {
	p, err := NewPasswords()
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"a password that nobody has", ""} {
		if ok, err := verify(context.Background(), p, password, ""); ok || err != nil {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
}

func TestHashingWaitsItsTurnAndNoLonger(t *testing.T) {
	p := &Passwords{slots: make(chan struct{}, 1)}
	release, err := p.turn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Hash(gone, "x"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("hash: %v", err)
	}
	if _, err := verify(gone, p, "x", ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("verify: %v", err)
	}
	release()
	if _, err := p.turn(context.Background()); err != nil {
		t.Errorf("after release: %v", err)
	}
}

func TestEmailsAreCompared(t *testing.T) {
	for given, want := range map[string]string{"ada@example.com": "ada@example.com", " ADA@Example.COM\t": "ada@example.com", "": ""} {
		if got := normalizeEmail(given); got != want {
			t.Errorf("%q is %q", given, got)
		}
	}
}

// guesses counts how many wrong passwords are heard, each from the next address.
func guesses(l *limit.Limiter, email string, n int, ip func(i int) string) (heard int) {
	for i := range n {
		if (loginGuard{l, ip(i), email}).take(false) == nil {
			heard++
		}
	}
	return heard
}

func verify(ctx context.Context, p *Passwords, password, hash string) (bool, error) {
	release, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	return p.matches(password, hash)
}

func TestGuard(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	same := func(int) string { return "203.0.113.1" }
	spread := func(i int) string { return fmt.Sprintf("203.0.%d.%d", i/250, i%250) }

	l := limit.New(clock)
	if n := guesses(l, "ada", 100, same); n != 10 {
		t.Errorf("%d guesses at one account from one address, want 10", n)
	}
	if err := (loginGuard{l, "203.0.113.2", "ada"}).admit(); err != nil {
		t.Errorf("another address: %v", err)
	}
	var refused *fault.Fault
	if err := (loginGuard{l, "203.0.113.1", "ada"}).admit(); !errors.As(err, &refused) || refused.Kind != fault.RateLimited || refused.RetryAfter <= 0 {
		t.Errorf("refusal: %v", err)
	}
	now = now.Add(90 * time.Second)
	if n := guesses(l, "ada", 100, same); n != 1 {
		t.Errorf("%d guesses after one has refilled", n)
	}

	l = limit.New(clock)
	heard := 0
	for i := range 100 {
		heard += guesses(l, fmt.Sprint("user", i), 5, same)
	}
	if heard != 60 {
		t.Errorf("%d guesses at many accounts from one address, want 60", heard)
	}

	l = limit.New(clock)
	if n := guesses(l, "ada", 1000, spread); n != 200 {
		t.Errorf("%d guesses at one account from many addresses, want 200", n)
	}
	// The owner, from an address that signed in before, is not locked out; a stranger is.
	owner := loginGuard{l, "198.51.100.1", "ada"}
	if owner.admit() != nil || owner.take(true) != nil {
		t.Error("the owner is locked out")
	}
	if !fault.Is(owner.take(false), fault.RateLimited) {
		t.Error("a stranger is heard")
	}

	l = limit.New(clock)
	for range 100 { // successes cost nothing
		g := loginGuard{l, "198.51.100.1", "ada"}
		if err := g.take(false); err != nil {
			t.Fatal(err)
		}
		g.giveBack(false)
	}
}
