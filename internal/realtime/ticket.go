package realtime

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/realtime/realtimedb"
)

const ticketPrefix = "plt_"

func createTicket(ctx context.Context, s *db.Scope, session uuid.UUID) (*Ticket, error) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	ticket := ticketPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	err := realtimedb.New(s).CreateTicket(ctx, realtimedb.CreateTicketParams{Hash: hashTicket(ticket), OrgID: s.Org(), SessionID: session})
	return &Ticket{ticket, 30}, err
}

func hashTicket(ticket string) []byte {
	sum := sha256.Sum256([]byte(ticket))
	return sum[:]
}

// authenticate takes an access token, or spends a ticket, which is good for its own organization alone.
func (v *Service) authenticate(ctx context.Context, token string, org uuid.UUID) (authn.Principal, error) {
	if !strings.HasPrefix(token, ticketPrefix) {
		return v.Tokens.Verify(token)
	}
	row, err := realtimedb.New(v.Pool.Unscoped()).SpendTicket(ctx, hashTicket(token))
	if errors.Is(err, db.ErrNoRows) || err == nil && row.OrgID != org {
		return authn.Principal{}, fault.New(fault.InvalidToken, "The ticket is unknown, used, expired or another organization's.")
	}
	if err != nil {
		return authn.Principal{}, err
	}
	return authn.Principal{Reseller: row.ResellerID, User: row.UserID, Session: row.SessionID, ExpiresAt: v.Now().Add(v.Tokens.Life())}, nil
}
