// Package authn tells who is asking: it issues and verifies access tokens (JWT, RFC 7519 and RFC 9068).
package authn

import (
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/db"
)

// Principal is a verified caller.
type Principal struct {
	Reseller  uuid.UUID
	User      uuid.UUID
	Session   uuid.UUID
	ExpiresAt time.Time
}

// Subject is the principal as the database's entry functions take it.
func (p Principal) Subject() db.Subject {
	return db.Subject{Reseller: p.Reseller, User: p.User, Session: p.Session}
}
