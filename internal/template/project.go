package template

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/template/templatedb"
)

// Project is a new one, as POST /v1/projects answers it.
type Project struct {
	ID          uuid.UUID  `json:"id"`
	Key         string     `json:"key"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Private     bool       `json:"private"`
	ArchivedAt  *time.Time `json:"archived_at"`
	Version     int32      `json:"version"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

// Revision implements api.Revised.
func (p Project) Revision() int32 { return p.Version }

// Schema implements huma.SchemaProvider: it is that of the project resource, which another feature registers.
func (Project) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Project"}
}

func projectRoutes(r *api.Router, v *Service) {
	api.Post(r, "/v1/project-templates/{template_id}/projects", v.CreateProject, api.Op{ID: "create-project-from-template", Tag: "Project templates",
		Summary: "Create a project from a template", Doc: "With the template's boards, columns, custom fields and views, which are the maker's. Its maker is its admin.",
		Can: rbac.ProjectWrite, Faults: []fault.Kind{fault.KeyTaken}, Emits: []event.Type{event.ProjectCreated, event.ProjectMemberAdded,
			event.BoardCreated, event.ColumnCreated, event.FieldCreated, event.ViewCreated}})
}

// CreateProjectInput is the request of CreateProject.
type CreateProjectInput struct {
	ID   uuid.UUID `path:"template_id" format:"uuid"`
	Body CreateProjectBody
}

// CreateProjectBody is its body.
type CreateProjectBody struct {
	Name        string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"Mobile app"`
	Key         api.Optional[string] `json:"key,omitzero" pattern:"^[A-Z0-9]{2,10}$" patternDescription:"2 to 10 of A-Z and 0-9" doc:"Unique in the organization; derived from the name when absent." example:"APP"`
	Description api.Optional[string] `json:"description,omitzero" maxLength:"20000"`
	Private     api.Optional[bool]   `json:"private,omitzero" doc:"Only its members and the organization's admins see it; false when absent."`
}

// CreateProject makes a project with all that a template has, in one statement.
func (v *Service) CreateProject(ctx context.Context, s *db.Scope, in *CreateProjectInput) (*Project, error) {
	b := in.Body
	keys := []string{b.Key.Value}
	if !b.Key.Set {
		keys = v.Keys(b.Name)
	}
	id := s.NewID()
	if err := templatedb.New(s.Ahead()).EnterNew(ctx, id); err != nil {
		return nil, err
	}
	row, err := templatedb.New(s).CreateProject(ctx, templatedb.CreateProjectParams{
		OrgID: s.Org(), ID: id, TemplateID: in.ID, Keys: keys, Name: b.Name, Description: b.Description.Value, Private: b.Private.Value,
	})
	if err != nil {
		return nil, fault.AbsentAs("project template", v.KeyFault(b.Key.Set, err))
	}
	p := Project(row)
	return &p, nil
}
