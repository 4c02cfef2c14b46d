// Package org is organizations: the tenants, their members and invitations.
package org

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/org/orgdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/mail"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Service holds what the organization operations need besides the database.
type Service struct {
	Mail      mail.Sender
	PublicURL string                       // where links in mail lead; from the settings, never from a request
	MailError func(context.Context, error) // told of mail that could not be handed over
}

// Organization is a tenant, as one of its members sees it.
type Organization struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Name      string    `json:"name" example:"Analytical Engines"`
	Slug      string    `json:"slug" doc:"A short name for addresses; not unique." example:"analytical-engines"`
	Role      string    `json:"role" enum:"admin,member,guest" doc:"The caller's own role."`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (o Organization) Revision() int32 { return o.Version }

// Routes registers the operations of organizations, members and invitations.
func Routes(r *api.Router, v *Service) {
	const tag = "Organizations"
	api.Post(r, "/v1/orgs", Create, api.Op{ID: "create-org", Tag: tag, Summary: "Create an organization", Doc: "You become its admin.",
		In: api.AsUser, Emits: []event.Type{event.MemberAdded}})
	api.Get(r, "/v1/orgs", List, api.Op{ID: "list-orgs", Tag: tag, Summary: "List my organizations", In: api.AsUser})
	api.Get(r, "/v1/orgs/{org_id}", Get, api.Op{ID: "get-org", Tag: tag, Summary: "Get an organization", In: api.InPathOrg, Can: rbac.OrgRead})
	api.Patch(r, "/v1/orgs/{org_id}", Update, api.Op{ID: "update-org", Tag: tag, Summary: "Change an organization", In: api.InPathOrg,
		Can: rbac.OrgUpdate, Emits: []event.Type{event.OrgUpdated}})
	memberRoutes(r)
	invitationRoutes(r, v)
}

// CreateInput is the request of Create.
type CreateInput struct {
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Name string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"Analytical Engines"`
	Slug api.Optional[string] `json:"slug,omitzero" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" patternDescription:"lower case words joined by hyphens" maxLength:"60" doc:"Derived from the name when absent."`
}

// Create makes an organization with the caller as its admin.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Organization, error) {
	o, err := Found(ctx, s, in.Body.Name, in.Body.Slug.Value)
	return &o, err
}

// Found makes an organization with the scope's user as its admin. An empty slug is derived from the name. What the scope
// runs afterwards runs in the new organization.
func Found(ctx context.Context, s *db.Scope, name, slug string) (Organization, error) {
	if slug == "" {
		slug = slugOf(name)
	}
	id := s.NewID()
	if err := orgdb.New(s.Ahead()).EnterNew(ctx, id); err != nil {
		return Organization{}, err
	}
	row, err := orgdb.New(s).CreateOrganization(ctx, orgdb.CreateOrganizationParams{ID: id, Name: name, Slug: slug})
	return Organization(row), err
}

func slugOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	slug := strings.Join(words, "-")
	slug = strings.Trim(slug[:min(60, len(slug))], "-")
	if slug == "" {
		return "org"
	}
	return slug
}

// ListInput is the request of List.
type ListInput struct{ api.PageQuery }

// List gives the caller's organizations, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Organization], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	rows, err := orgdb.New(s).ListOrganizations(ctx, orgdb.ListOrganizationsParams{After: after, More: in.More()})
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r orgdb.ListOrganizationsRow) Organization { return Organization(r) },
		func(r orgdb.ListOrganizationsRow) uuid.UUID { return r.ID })
}

// PathInput names the organization of the path; the scope is in it already.
type PathInput struct {
	OrgID uuid.UUID `path:"org_id" format:"uuid"`
}

// Get gives an organization.
func Get(ctx context.Context, s *db.Scope, _ *PathInput) (*Organization, error) {
	row, err := orgdb.New(s).GetOrganization(ctx)
	if err != nil {
		return nil, fault.About("organization", err)
	}
	o := Organization(row)
	return &o, nil
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	PathInput
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name api.Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text"`
	Slug api.Optional[string] `json:"slug,omitzero" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" patternDescription:"lower case words joined by hyphens" maxLength:"60"`
}

// Update changes an organization.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Organization, error) {
	row, err := orgdb.New(s).UpdateOrganization(ctx, orgdb.UpdateOrganizationParams{OrgID: s.Org(), Versions: in.Versions(),
		Name: in.Body.Name.Ptr(), Slug: in.Body.Slug.Ptr()})
	if err != nil {
		return nil, fault.About("organization", err)
	}
	o := Organization(row)
	return &o, nil
}
