package project

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/project/projectdb"
)

// Member is a member of the organization with a role of their own in a project.
type Member struct {
	ProjectID uuid.UUID `json:"project_id" format:"uuid"`
	UserID    uuid.UUID `json:"user_id" format:"uuid"`
	Email     string    `json:"email" format:"email"`
	Name      string    `json:"name"`
	Role      string    `json:"role" enum:"admin,member,guest" doc:"Guests read, members write, admins also say who is in the project."`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (m Member) Revision() int32 { return m.Version }

func memberRoutes(r *api.Router) {
	const tag = "Project members"
	api.Post(r, "/v1/projects/{project_id}/members", CreateMember, api.Op{ID: "create-project-member", Tag: tag, Summary: "Add a member to a project",
		Doc: "Lets a guest see it, lets anybody see a private one, and gives a member of the organization another role in it. Needs an admin of the project.",
		Can: rbac.ProjectAccess, Emits: []event.Type{event.ProjectMemberAdded}, Faults: []fault.Kind{fault.AlreadyMember}})
	api.Get(r, "/v1/projects/{project_id}/members", ListMembers, api.Op{ID: "list-project-members", Tag: tag, Summary: "List a project's members",
		Doc: "Those with a role of their own; the organization's admins, and its members where the project is not private, have access without one.",
		Can: rbac.ProjectRead})
	api.Patch(r, "/v1/projects/{project_id}/members/{user_id}", UpdateMember, api.Op{ID: "update-project-member", Tag: tag,
		Summary: "Change a member's role in a project", Doc: "Needs an admin of the project.", Can: rbac.ProjectAccess, Emits: []event.Type{event.ProjectMemberUpdated}})
	api.Delete(r, "/v1/projects/{project_id}/members/{user_id}", DeleteMember, api.Op{ID: "delete-project-member", Tag: tag,
		Summary: "Take a member out of a project, or leave it", Doc: "Anybody may leave; removing others needs an admin of the project.",
		Can: rbac.ProjectRead, Emits: []event.Type{event.ProjectMemberRemoved}})
}

var memberConstraints = fault.Constraints{
	"project_members_pkey":        {Kind: fault.AlreadyMember, Fields: []fault.Field{{Location: "body.user_id", Message: "is in the project"}}},
	"project_members_member_fkey": fault.Absent("member", "body.user_id"),
}

// CreateMemberInput is the request of CreateMember.
type CreateMemberInput struct {
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
	Body      CreateMemberBody
}

// CreateMemberBody is its body.
type CreateMemberBody struct {
	UserID uuid.UUID            `json:"user_id" format:"uuid" doc:"A member of the organization."`
	Role   api.Optional[string] `json:"role,omitzero" enum:"admin,member,guest" doc:"member when absent; a guest of the organization is always a guest." example:"member"`
}

// CreateMember gives a member of the organization a role in a project.
func CreateMember(ctx context.Context, s *db.Scope, in *CreateMemberInput) (*Member, error) {
	if err := requireRank(ctx, s, in.ProjectID, rbac.Admin); err != nil {
		return nil, err
	}
	row, err := projectdb.New(s).CreateMember(ctx, projectdb.CreateMemberParams{OrgID: s.Org(), ProjectID: in.ProjectID,
		UserID: in.Body.UserID, Role: in.Body.Role.Or("member")})
	if err != nil {
		return nil, fault.About("project", fault.ByConstraint(err, memberConstraints))
	}
	m := Member(row)
	return &m, nil
}

// ListMembersInput is the request of ListMembers.
type ListMembersInput struct {
	api.PageQuery
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
}

// ListMembers gives a project's members, by age of their accounts.
func ListMembers(ctx context.Context, s *db.Scope, in *ListMembersInput) (*api.Page[Member], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	if err := projectdb.New(s.Ahead()).RequireProject(ctx, projectdb.RequireProjectParams{OrgID: s.Org(), ID: in.ProjectID}); err != nil {
		return nil, err
	}
	rows, err := projectdb.New(s).ListMembers(ctx, projectdb.ListMembersParams{OrgID: s.Org(), ProjectID: in.ProjectID, After: after, More: in.More()})
	if err != nil {
		return nil, fault.AbsentAs("project", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r projectdb.ListMembersRow) Member { return Member(r) },
		func(r projectdb.ListMembersRow) uuid.UUID { return r.UserID })
}

// UpdateMemberInput is the request of UpdateMember.
type UpdateMemberInput struct {
	api.IfMatch
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
	UserID    uuid.UUID `path:"user_id" format:"uuid"`
	Body      UpdateMemberBody
}

// UpdateMemberBody is its body.
type UpdateMemberBody struct {
	Role api.Optional[string] `json:"role,omitzero" enum:"admin,member,guest" example:"guest"`
}

// UpdateMember changes a member's role in a project.
func UpdateMember(ctx context.Context, s *db.Scope, in *UpdateMemberInput) (*Member, error) {
	if err := requireRank(ctx, s, in.ProjectID, rbac.Admin); err != nil {
		return nil, err
	}
	row, err := projectdb.New(s).UpdateMember(ctx, projectdb.UpdateMemberParams{OrgID: s.Org(), ProjectID: in.ProjectID, UserID: in.UserID,
		Versions: in.Versions(), Role: in.Body.Role.Ptr()})
	if err != nil {
		return nil, fault.About("member of the project", err)
	}
	m := Member(row)
	return &m, nil
}

// DeleteMemberInput is the request of DeleteMember.
type DeleteMemberInput struct {
	api.IfMatch
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
	UserID    uuid.UUID `path:"user_id" format:"uuid"`
}

// DeleteMember takes a member out of a project, who may be the caller.
func DeleteMember(ctx context.Context, s *db.Scope, in *DeleteMemberInput) (*api.Nothing, error) {
	if in.UserID != s.User() { // anybody may leave
		if err := requireRank(ctx, s, in.ProjectID, rbac.Admin); err != nil {
			return nil, err
		}
	}
	_, err := projectdb.New(s).DeleteMember(ctx, projectdb.DeleteMemberParams{OrgID: s.Org(), ProjectID: in.ProjectID, UserID: in.UserID, Versions: in.Versions()})
	return nil, fault.About("member of the project", err)
}
