// Package opaque makes the tokens that mean nothing by themselves: refresh tokens, invitations, tickets. Who holds one
// may use it, so only its hash is stored.
package opaque

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// New is 32 random bytes behind a prefix by which people and secret scanners know its kind.
func New(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash is what the database keeps of a token. A plain SHA-256 will do: there is nothing to guess in 32 random bytes.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
