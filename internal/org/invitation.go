package org

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/org/orgdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/mail"
	"github.com/plinth/plinth/internal/platform/opaque"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Invitation asks somebody into an organization. Its token goes by mail only.
type Invitation struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Email     string    `json:"email" format:"email"`
	Role      string    `json:"role" enum:"admin,member,guest"`
	Status    string    `json:"status" enum:"pending"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func invitationRoutes(r *api.Router, v *Service) {
	r.Handle("GET /invitations/accept", http.HandlerFunc(showAcceptPage))
	const tag = "Members"
	api.Post(r, "/v1/orgs/{org_id}/invite", v.Invite, api.Op{ID: "create-invitation", Tag: tag, Summary: "Invite somebody by e-mail",
		Doc: "The invitation holds for seven days; a newer one to the same address replaces it.",
		In:  api.InPathOrg, Can: rbac.MemberInvite, Faults: []fault.Kind{fault.AlreadyMember}})
	api.Post(r, "/v1/invitations/accept", Accept, api.Op{ID: "accept-invitation", Tag: tag, Summary: "Accept an invitation", Status: 200,
		Doc: "Only the account with the invited e-mail address can.",
		In:  api.AsUser, Emits: []event.Type{event.MemberAdded}, Faults: []fault.Kind{fault.InvitationGone, fault.Forbidden}})
}

// acceptPage is what an invitation's link shows where no app of the brand's own serves it. It holds nothing of the
// request.
const acceptPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Invitation</title>
<meta name="viewport" content="width=device-width"><h1>You are invited</h1>
<p>Sign in to your app with the e-mail address that the invitation went to, and give it the code from the mail.</p>
<p>By hand: <code>POST /v1/invitations/accept {"token": "..."}</code> with your access token.</p></html>`

func showAcceptPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	_, _ = io.WriteString(w, acceptPage)
}

// InviteInput is the request of Invite.
type InviteInput struct {
	PathInput
	Body InviteBody
}

// InviteBody is its body.
type InviteBody struct {
	Email string `json:"email" format:"email" maxLength:"254" example:"grace@example.com"`
	Role  string `json:"role" enum:"admin,member,guest" example:"member"`
}

// Invite records an invitation and mails its link.
func (v *Service) Invite(ctx context.Context, s *db.Scope, in *InviteInput) (*Invitation, error) {
	token := opaque.New("pli_")
	row, err := orgdb.New(s).CreateInvitation(ctx, orgdb.CreateInvitationParams{
		OrgID: s.Org(), ID: s.NewID(), Email: strings.ToLower(strings.TrimSpace(in.Body.Email)), Role: in.Body.Role, TokenHash: opaque.Hash(token),
	})
	if err != nil {
		return nil, fault.About("organization", err)
	}
	api.AfterCommit(ctx, func() {
		if err := v.Mail.Send(ctx, v.invitationMail(row, token)); err != nil {
			v.MailError(ctx, fmt.Errorf("mail invitation %s: %w", row.ID, err))
		}
	})
	return &Invitation{row.ID, row.Email, row.Role, row.Status, row.CreatedAt, row.ExpiresAt}, nil
}

func (v *Service) invitationMail(row orgdb.CreateInvitationRow, token string) mail.Message {
	text := fmt.Sprintf("%s invites you to %s as %s.\n\nTo accept, open\n%s/invitations/accept?token=%s\n\n"+
		"or give your app this code:\n%s\n\nIt is good until %s, once, and for this e-mail address only.\n",
		row.Inviter, row.OrgName, row.Role, v.PublicURL, token, token, row.ExpiresAt.UTC().Format("2 January 2006, 15:04 MST"))
	return mail.Message{To: row.Email, Subject: fmt.Sprintf("%s invites you to %s", row.Inviter, row.OrgName), Text: text}
}

// AcceptInput is the request of Accept.
type AcceptInput struct {
	Body AcceptBody
}

// AcceptBody is its body.
type AcceptBody struct {
	Token string `json:"token" minLength:"1" maxLength:"200" doc:"The token of the invitation's link."`
}

// Accept makes the caller a member of the organization that invited the caller's address.
func Accept(ctx context.Context, s *db.Scope, in *AcceptInput) (*Organization, error) {
	if err := orgdb.New(s.Ahead()).EnterInvitation(ctx, opaque.Hash(in.Body.Token)); err != nil {
		return nil, err
	}
	row, err := orgdb.New(s).GetOrganization(ctx)
	if err != nil {
		return nil, fault.About("organization", err)
	}
	o := Organization(row)
	return &o, nil
}
