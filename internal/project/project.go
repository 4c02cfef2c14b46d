// Package project is an organization's projects: the roots of boards, and the prefix of their tasks' keys.
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

// Project holds boards; its tasks are numbered under its key.
type Project struct {
	ID          uuid.UUID  `json:"id" format:"uuid"`
	Key         string     `json:"key" doc:"The prefix of its tasks' keys; it never changes." example:"APP"`
	Name        string     `json:"name" example:"Mobile app"`
	Description string     `json:"description"`
	Private     bool       `json:"private" doc:"Whether only its members and the organization's admins see it."`
	ArchivedAt  *time.Time `json:"archived_at"`
	Version     int32      `json:"version"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

// Revision implements api.Revised.
func (p Project) Revision() int32 { return p.Version }

// Routes registers the project operations.
func Routes(r *api.Router) {
	const tag = "Projects"
	api.Post(r, "/v1/projects", Create, api.Op{ID: "create-project", Tag: tag, Summary: "Create a project", Can: rbac.ProjectWrite,
		Doc:   "Its maker is its admin. Guests see a project only as its members, and nobody but its members and the organization's admins sees a private one.",
		Emits: []event.Type{event.ProjectCreated, event.ProjectMemberAdded}, Faults: []fault.Kind{fault.KeyTaken}})
	api.Get(r, "/v1/projects", List, api.Op{ID: "list-projects", Tag: tag, Summary: "List projects", Can: rbac.ProjectRead})
	api.Get(r, "/v1/projects/{project_id}", Get, api.Op{ID: "get-project", Tag: tag, Summary: "Get a project", Can: rbac.ProjectRead})
	api.Patch(r, "/v1/projects/{project_id}", Update, api.Op{ID: "update-project", Tag: tag, Summary: "Change or archive a project",
		Doc: "Whether it is private is for its admins to say.",
		Can: rbac.ProjectWrite, Emits: []event.Type{event.ProjectUpdated}})
	api.Delete(r, "/v1/projects/{project_id}", Delete, api.Op{ID: "delete-project", Tag: tag, Summary: "Delete a project",
		Doc: "Deletes its boards, columns, tasks and comments with it, for good. To keep them, archive the project.",
		Can: rbac.ProjectDelete, Emits: []event.Type{event.ProjectDeleted}})
	memberRoutes(r)
}

// CreateInput is the request of Create.
type CreateInput struct {
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Name        string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"Mobile app"`
	Key         api.Optional[string] `json:"key,omitzero" pattern:"^[A-Z0-9]{2,10}$" patternDescription:"2 to 10 of A-Z and 0-9" doc:"Unique in the organization; derived from the name when absent." example:"APP"`
	Description api.Optional[string] `json:"description,omitzero" maxLength:"20000"`
	Private     api.Optional[bool]   `json:"private,omitzero" doc:"Only its members and the organization's admins see it; false when absent."`
}

// Create adds a project. Where no key is given, one is derived from the name.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Project, error) {
	keys := []string{in.Body.Key.Value}
	if !in.Body.Key.Set {
		keys = KeyCandidates(in.Body.Name)
	}
	id := s.NewID()
	if err := projectdb.New(s.Ahead()).EnterNew(ctx, id); err != nil {
		return nil, err
	}
	row, err := projectdb.New(s).CreateProject(ctx, projectdb.CreateProjectParams{
		OrgID: s.Org(), ID: id, Keys: keys, Name: in.Body.Name, Description: in.Body.Description.Value, Private: in.Body.Private.Value,
	})
	if err != nil {
		return nil, KeyFault(in.Body.Key.Set, err)
	}
	p := Project(row)
	return &p, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	OrgID string `query:"org_id" format:"uuid" doc:"May repeat the organization of X-Org-Id."`
}

// List gives the projects, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Project], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	rows, err := projectdb.New(s).ListProjects(ctx, projectdb.ListProjectsParams{OrgID: s.Org(), After: after, More: in.More()})
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r projectdb.ListProjectsRow) Project { return Project(r) },
		func(r projectdb.ListProjectsRow) uuid.UUID { return r.ID })
}

// GetInput is the request of Get.
type GetInput struct {
	ID uuid.UUID `path:"project_id" format:"uuid"`
}

// Get gives one project.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*Project, error) {
	row, err := projectdb.New(s).GetProject(ctx, projectdb.GetProjectParams{OrgID: s.Org(), ID: in.ID})
	if err != nil {
		return nil, fault.About("project", err)
	}
	p := Project(row)
	return &p, nil
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"project_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name        api.Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text"`
	Description api.Optional[string] `json:"description,omitzero" maxLength:"20000"`
	Private     api.Optional[bool]   `json:"private,omitzero" doc:"Needs an admin of the project."`
	Archived    api.Optional[bool]   `json:"archived,omitzero" doc:"true sets archived_at, false clears it."`
}

// Update changes a project, archives it or brings it back.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Project, error) {
	need := rbac.Member
	if in.Body.Private.Set {
		need = rbac.Admin
	}
	if err := requireRank(ctx, s, in.ID, need); err != nil {
		return nil, err
	}
	row, err := projectdb.New(s).UpdateProject(ctx, projectdb.UpdateProjectParams{
		OrgID: s.Org(), ID: in.ID, Versions: in.Versions(),
		Name: in.Body.Name.Ptr(), Description: in.Body.Description.Ptr(), Private: in.Body.Private.Ptr(), Archived: in.Body.Archived.Ptr(),
	})
	if err != nil {
		return nil, fault.About("project", err)
	}
	p := Project(row)
	return &p, nil
}

// requireRank queues the refusal of a project that the caller sees with a lower rank.
func requireRank(ctx context.Context, s *db.Scope, project uuid.UUID, least rbac.Role) error {
	return projectdb.New(s.Ahead()).RequireRank(ctx, projectdb.RequireRankParams{OrgID: s.Org(), ID: project, Rank: int32(least)})
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"project_id" format:"uuid"`
}

// A task that came in meanwhile holds its column, which a second attempt sees.
var raced = fault.Constraints{"tasks_live_column": {Kind: fault.Conflict, Retryable: true}}

// Delete removes a project and all that is in it.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	_, err := projectdb.New(s).DeleteProject(ctx, projectdb.DeleteProjectParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("project", fault.ByConstraint(err, raced))
}
