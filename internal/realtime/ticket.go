package realtime

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/opaque"
	"github.com/plinth/plinth/internal/realtime/realtimedb"
)

const ticketPrefix = "plt_"

func createTicket(ctx context.Context, s *db.Scope, session uuid.UUID) (*Ticket, error) {
	ticket := opaque.New(ticketPrefix)
	err := realtimedb.New(s).CreateTicket(ctx, realtimedb.CreateTicketParams{Hash: opaque.Hash(ticket), OrgID: s.Org(), SessionID: session})
	return &Ticket{ticket, 30}, err
}

// authenticate takes an access token, or spends a ticket, which is good for its own organization alone.
func (v *Service) authenticate(ctx context.Context, token string, org uuid.UUID) (authn.Principal, error) {
	if !strings.HasPrefix(token, ticketPrefix) {
		return v.Tokens.Verify(token)
	}
	row, err := realtimedb.New(v.Pool.Unscoped()).SpendTicket(ctx, opaque.Hash(token))
	if errors.Is(err, db.ErrNoRows) || err == nil && row.OrgID != org {
		return authn.Principal{}, fault.New(fault.InvalidToken, "The ticket is unknown, used, expired or another organization's.")
	}
	if err != nil {
		return authn.Principal{}, err
	}
	return authn.Principal{Reseller: row.ResellerID, User: row.UserID, Session: row.SessionID, ExpiresAt: v.Now().Add(v.Tokens.Life())}, nil
}
