package authn

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/fault"
)

const (
	issuer    = "plinth"
	audience  = "plinth-api"
	tokenType = "at+jwt" // RFC 9068: no other kind of token passes as an access token

	maxTokenLength = 2048
	cacheSize      = 10_000
	cacheLife      = 30 * time.Second
)

// Key signs and verifies tokens with one algorithm.
type Key struct {
	method       jwt.SigningMethod
	sign, verify any
}

// HS256 is a key shared by all that sign and verify.
func HS256(secret []byte) Key { return Key{jwt.SigningMethodHS256, secret, secret} }

// EdDSA is an Ed25519 key pair.
func EdDSA(private ed25519.PrivateKey) Key {
	return Key{jwt.SigningMethodEdDSA, private, private.Public()}
}

// Tokens issues and verifies access tokens. Verified tokens are remembered for half a minute; whether the session behind
// one still lives is the database's to say, in every request.
type Tokens struct {
	key    Key
	life   time.Duration
	now    func() time.Time
	parser *jwt.Parser

	mu    sync.RWMutex
	known map[string]verified
}

type verified struct {
	principal Principal
	until     time.Time
}

// NewTokens makes tokens that live for the duration.
func NewTokens(key Key, life time.Duration, now func() time.Time) *Tokens {
	return &Tokens{
		key: key, life: life, now: now, known: map[string]verified{},
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{key.method.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding()),
	}
}

type claims struct {
	jwt.RegisteredClaims
	Session  uuid.UUID `json:"sid"`
	Reseller uuid.UUID `json:"rsl"`
}

// Life is how long an access token is good for.
func (t *Tokens) Life() time.Duration { return t.life }

// Issue signs a token for the session of a user.
func (t *Tokens) Issue(reseller, user, session uuid.UUID) (string, error) {
	now := t.now()
	token := jwt.NewWithClaims(t.key.method, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: user.String(), ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(t.life)),
		},
		Session: session, Reseller: reseller,
	})
	token.Header["typ"] = tokenType
	signed, err := token.SignedString(t.key.sign)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// Verify gives the principal of a token, or an InvalidToken fault.
func (t *Tokens) Verify(token string) (Principal, error) { return t.verify(token, true) }

// VerifyOnce is Verify for a token that is not to be seen again soon, as that of a connection, and is not remembered.
func (t *Tokens) VerifyOnce(token string) (Principal, error) { return t.verify(token, false) }

func (t *Tokens) verify(token string, again bool) (Principal, error) {
	if len(token) > maxTokenLength {
		return Principal{}, invalid(errors.New("longer than any token of ours"))
	}
	now := t.now()
	t.mu.RLock()
	hit, ok := t.known[token]
	t.mu.RUnlock()
	if ok && now.Before(hit.until) {
		return hit.principal, nil
	}
	p, err := t.parse(token)
	if err != nil {
		return Principal{}, invalid(err)
	}
	if again {
		t.remember(token, p, now)
	}
	return p, nil
}

func (t *Tokens) parse(token string) (Principal, error) {
	var c claims
	parsed, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key.verify, nil })
	if err != nil {
		return Principal{}, err
	}
	if parsed.Header["typ"] != tokenType {
		return Principal{}, fmt.Errorf("typ is %v", parsed.Header["typ"])
	}
	if parsed.Header["crit"] != nil {
		return Principal{}, errors.New("critical extensions are not understood") // RFC 7515, 4.1.11
	}
	user, err := uuid.Parse(c.Subject)
	if err != nil {
		return Principal{}, fmt.Errorf("subject: %w", err)
	}
	if c.Session == uuid.Nil || c.Reseller == uuid.Nil {
		return Principal{}, errors.New("no session or reseller")
	}
	return Principal{c.Reseller, user, c.Session, c.ExpiresAt.Time}, nil
}

func (t *Tokens) remember(token string, p Principal, now time.Time) {
	until := now.Add(cacheLife)
	if p.ExpiresAt.Before(until) {
		until = p.ExpiresAt
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= cacheSize {
		clear(t.known)
	}
	t.known[token] = verified{p, until}
}

func invalid(err error) error { return &fault.Fault{Kind: fault.InvalidToken, Err: err} }
