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

// TicketInput is the request of CreateTicket.
type TicketInput struct{}

// Ticket opens one connection.
type Ticket struct {
	Ticket    string `json:"ticket" doc:"Give it as token to /ws or /v1/events/stream."`
	ExpiresIn int    `json:"expires_in" doc:"Seconds." example:"30"`
}

// CreateTicket makes a single-use ticket for the caller, session and organization.
func CreateTicket(ctx context.Context, s *db.Scope, _ *TicketInput) (*Ticket, error) {
	ticket := opaque.New(ticketPrefix)
	err := realtimedb.New(s).CreateTicket(ctx, realtimedb.CreateTicketParams{Hash: opaque.Hash(ticket), OrgID: s.Org(), SessionID: s.Subject().Session})
	return &Ticket{ticket, 30}, err
}

// authenticate takes an access token, or spends a ticket, which is good for its own organization alone.
func (v *Service) authenticate(ctx context.Context, token string, org uuid.UUID) (authn.Principal, error) {
	if !strings.HasPrefix(token, ticketPrefix) {
		return v.Tokens.VerifyOnce(token)
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
