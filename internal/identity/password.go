package identity

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/plinth/plinth/internal/platform/fault"
)

// passwordCost follows OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
var passwordCost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const minPasswordLength = 12 // characters

// Passwords hashes and verifies passwords, no more at a time than there are processors.
type Passwords struct {
	slots chan struct{}
	decoy string // what a password is held against where there is no account
}

// NewPasswords makes the decoy hash.
func NewPasswords() (*Passwords, error) {
	decoy, err := argon2id.CreateHash("a password that nobody has", &passwordCost)
	if err != nil {
		return nil, fmt.Errorf("hash decoy password: %w", err)
	}
	return &Passwords{make(chan struct{}, runtime.GOMAXPROCS(0)), decoy}, nil
}

// Hash gives the PHC string of a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	release, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return argon2id.CreateHash(password, &passwordCost)
}

// matches holds a password against a hash, in a turn. Where hash is empty it works as long, and says no.
func (p *Passwords) matches(password, hash string) (bool, error) {
	known := hash != ""
	if !known {
		hash = p.decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	return match && known, err
}

// turn waits for a free processor; the caller releases it.
func (p *Passwords) turn(ctx context.Context) (func(), error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, &fault.Fault{Kind: fault.Unavailable, Err: errors.New("no time left to hash a password")}
	}
}

//go:embed common_passwords.txt
var commonPasswords string

// checkPassword refuses what is short, common or the account's own address. There is no upper bound that cuts: every
// byte counts.
func checkPassword(password, email string) error {
	lower := strings.ToLower(password)
	name, _, _ := strings.Cut(email, "@")
	switch {
	case utf8.RuneCountInString(password) < minPasswordLength:
		return fault.Invalid("body.password", fmt.Sprintf("must have at least %d characters", minPasswordLength))
	case strings.Contains("\n"+commonPasswords, "\n"+lower+"\n"), strings.Count(lower, lower[:1]) == len(lower):
		return fault.Invalid("body.password", "is one of the common passwords that attackers try first")
	case lower == email, lower == name:
		return fault.Invalid("body.password", "must not be the e-mail address")
	}
	return nil
}
