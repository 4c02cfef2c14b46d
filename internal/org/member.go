package org

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/org/orgdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Member is a user in an organization.
type Member struct {
	UserID   uuid.UUID `json:"user_id" format:"uuid"`
	Email    string    `json:"email" format:"email"`
	Name     string    `json:"name"`
	Role     string    `json:"role" enum:"admin,member,guest"`
	Version  int32     `json:"version"`
	JoinedAt time.Time `json:"joined_at"`
}

// Revision implements api.Revised.
func (m Member) Revision() int32 { return m.Version }

func memberRoutes(r *api.Router) {
	const tag = "Members"
	api.Get(r, "/v1/orgs/{org_id}/members", ListMembers, api.Op{ID: "list-members", Tag: tag, Summary: "List members", In: api.InPathOrg, Can: rbac.MemberRead})
	api.Patch(r, "/v1/orgs/{org_id}/members/{user_id}", UpdateMember, api.Op{ID: "update-member", Tag: tag, Summary: "Change a member's role",
		In: api.InPathOrg, Can: rbac.MemberUpdate, Emits: []event.Type{event.MemberUpdated}, Faults: []fault.Kind{fault.LastAdmin}})
	api.Delete(r, "/v1/orgs/{org_id}/members/{user_id}", DeleteMember, api.Op{ID: "delete-member", Tag: tag, Summary: "Remove a member, or leave",
		Doc: "Anybody may leave; removing others needs the role `admin`.",
		In:  api.InPathOrg, Can: rbac.MemberLeave, Emits: []event.Type{event.MemberRemoved}, Faults: []fault.Kind{fault.LastAdmin}})
}

// ListMembersInput is the request of ListMembers.
type ListMembersInput struct {
	api.PageQuery
	PathInput
}

// ListMembers gives an organization's members, by age of their accounts.
func ListMembers(ctx context.Context, s *db.Scope, in *ListMembersInput) (*api.Page[Member], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	rows, err := orgdb.New(s).ListMembers(ctx, orgdb.ListMembersParams{OrgID: s.Org(), After: after, More: in.More()})
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r orgdb.ListMembersRow) Member { return Member(r) },
		func(r orgdb.ListMembersRow) uuid.UUID { return r.UserID })
}

// UpdateMemberInput is the request of UpdateMember.
type UpdateMemberInput struct {
	api.IfMatch
	PathInput
	UserID uuid.UUID `path:"user_id" format:"uuid"`
	Body   UpdateMemberBody
}

// UpdateMemberBody is its body.
type UpdateMemberBody struct {
	Role string `json:"role" enum:"admin,member,guest" example:"member"`
}

// UpdateMember changes a member's role. The last admin keeps it.
func UpdateMember(ctx context.Context, s *db.Scope, in *UpdateMemberInput) (*Member, error) {
	if err := orgdb.New(s.Ahead()).LockAdmins(ctx, s.Org()); err != nil {
		return nil, err
	}
	row, err := orgdb.New(s).UpdateMember(ctx, orgdb.UpdateMemberParams{OrgID: s.Org(), UserID: in.UserID, Role: in.Body.Role, Versions: in.Versions()})
	if err != nil {
		return nil, fault.About("member", err)
	}
	m := Member(row)
	return &m, nil
}

// DeleteMemberInput is the request of DeleteMember.
type DeleteMemberInput struct {
	api.IfMatch
	PathInput
	UserID uuid.UUID `path:"user_id" format:"uuid"`
}

// DeleteMember removes a member, who may be the caller. The last admin stays.
func DeleteMember(ctx context.Context, s *db.Scope, in *DeleteMemberInput) (*api.Nothing, error) {
	ahead := orgdb.New(s.Ahead())
	if err := ahead.RequireSelfOrAdmin(ctx, in.UserID); err != nil {
		return nil, err
	}
	if err := ahead.LockAdmins(ctx, s.Org()); err != nil {
		return nil, err
	}
	_, err := orgdb.New(s).DeleteMember(ctx, orgdb.DeleteMemberParams{OrgID: s.Org(), UserID: in.UserID, Versions: in.Versions()})
	return nil, fault.About("member", err)
}
