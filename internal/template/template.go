// Package template is the plans of projects: the boards, columns, custom fields and shared views of one, to begin others
// with.
package template

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/template/templatedb"
)

// Template is what a project had when it was saved as one; later changes to the project are not in it.
type Template struct {
	ID          uuid.UUID `json:"id" format:"uuid"`
	Name        string    `json:"name" example:"Client project"`
	Description string    `json:"description"`
	Content     Content   `json:"content"`
	CreatedBy   uuid.UUID `json:"created_by" format:"uuid"`
	Version     int32     `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (t Template) Revision() int32 { return t.Version }

// Content is what a project made of a template begins with.
type Content struct {
	Boards []Board `json:"boards" nullable:"false"`
	Fields []Field `json:"fields" nullable:"false" doc:"The custom fields, in their order."`
	Views  []View  `json:"views" nullable:"false" doc:"The views shared in the project."`
}

// Board is one of a template.
type Board struct {
	Name    string   `json:"name" example:"Sprint"`
	Columns []Column `json:"columns" nullable:"false" doc:"Left to right."`
}

// Column is one of a template's board.
type Column struct {
	Name     string `json:"name" example:"In progress"`
	Status   string `json:"status" enum:"backlog,todo,in_progress,done,canceled"`
	WipLimit *int32 `json:"wip_limit"`
	WipMode  string `json:"wip_mode" enum:"soft,hard"`
}

// Field is a custom field of a template.
type Field struct {
	Key     string   `json:"key" example:"severity"`
	Name    string   `json:"name" example:"Severity"`
	Type    string   `json:"type" enum:"text,number,date,select,multi_select,person,checkbox,url"`
	Options []Option `json:"options" nullable:"false"`
}

// Option is one of what a select or multi_select of a template takes.
type Option struct {
	Value string  `json:"value" example:"high"`
	Name  string  `json:"name" example:"High"`
	Color *string `json:"color" example:"#d73a4a"`
}

// View is a shared view of a template.
type View struct {
	Name    string   `json:"name" example:"Bugs"`
	Filter  string   `json:"filter" doc:"As it was: what it names by id is still that of the first project." example:"labels:\"bug\""`
	Sort    string   `json:"sort"`
	GroupBy string   `json:"group_by"`
	Fields  []string `json:"fields" nullable:"false"`
}

// Service is what the operations need besides their scope.
type Service struct {
	Keys     func(name string) []string         // the keys that a project of the name may have, best first
	KeyFault func(chosen bool, err error) error // what a taken key is to whoever chose it, or did not
}

// Routes registers the operations of project templates.
func Routes(r *api.Router, v *Service) {
	const tag = "Project templates"
	const path = "/v1/project-templates/{template_id}"
	api.Post(r, "/v1/project-templates", Create, api.Op{ID: "create-project-template", Tag: tag, Summary: "Save a project as a template",
		Doc: "Takes its boards with their columns, its custom fields and the views shared in it; no tasks and no people. Everybody in the organization sees a template.",
		Can: rbac.TemplateWrite, Emits: []event.Type{event.TemplateCreated}})
	api.Get(r, "/v1/project-templates", List, api.Op{ID: "list-project-templates", Tag: tag, Summary: "List the project templates", Can: rbac.TemplateRead})
	api.Get(r, path, Get, api.Op{ID: "get-project-template", Tag: tag, Summary: "Get a project template", Can: rbac.TemplateRead})
	api.Patch(r, path, Update, api.Op{ID: "update-project-template", Tag: tag, Summary: "Rename or describe a project template",
		Doc: "Its maker may, and an admin.", Can: rbac.TemplateWrite, Emits: []event.Type{event.TemplateUpdated}})
	api.Delete(r, path, Delete, api.Op{ID: "delete-project-template", Tag: tag, Summary: "Delete a project template",
		Doc: "Its maker may, and an admin. The projects made of it stay.", Can: rbac.TemplateWrite, Emits: []event.Type{event.TemplateDeleted}})
	projectRoutes(r, v)
}

// CreateInput is the request of Create.
type CreateInput struct {
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	ProjectID   uuid.UUID            `json:"project_id" format:"uuid" doc:"What it is taken from."`
	Name        string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"Client project"`
	Description api.Optional[string] `json:"description,omitzero" maxLength:"20000"`
}

// Create saves a project as a template.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Template, error) {
	row, err := templatedb.New(s).CreateTemplate(ctx, templatedb.CreateTemplateParams{
		OrgID: s.Org(), ID: s.NewID(), ProjectID: in.Body.ProjectID, Name: in.Body.Name, Description: in.Body.Description.Value,
	})
	if err != nil {
		return nil, err
	}
	return template(templatedb.GetTemplateRow(row))
}

// template is a row with its content read.
func template(row templatedb.GetTemplateRow) (*Template, error) {
	t := Template{ID: row.ID, Name: row.Name, Description: row.Description, CreatedBy: row.CreatedBy, Version: row.Version,
		CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
	if err := json.Unmarshal(row.Content, &t.Content); err != nil {
		return nil, fmt.Errorf("decode template: %w", err)
	}
	return &t, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	OrgID string `query:"org_id" format:"uuid" doc:"May repeat the organization of X-Org-Id."`
}

// List gives the templates, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[*Template], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	rows, err := templatedb.New(s).ListTemplates(ctx, templatedb.ListTemplatesParams{OrgID: s.Org(), After: after, More: in.More()})
	if err != nil {
		return nil, err
	}
	templates := make([]*Template, len(rows))
	for i, row := range rows {
		if templates[i], err = template(templatedb.GetTemplateRow(row)); err != nil {
			return nil, err
		}
	}
	return api.NewPage(in.PageQuery, templates, func(t *Template) *Template { return t }, func(t *Template) uuid.UUID { return t.ID })
}

// GetInput is the request of Get.
type GetInput struct {
	ID uuid.UUID `path:"template_id" format:"uuid"`
}

// Get gives one template.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*Template, error) {
	row, err := templatedb.New(s).GetTemplate(ctx, templatedb.GetTemplateParams{OrgID: s.Org(), ID: in.ID})
	if err != nil {
		return nil, fault.About("project template", err)
	}
	return template(row)
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"template_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name        api.Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text"`
	Description api.Optional[string] `json:"description,omitzero" maxLength:"20000"`
}

// Update renames or describes a template.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Template, error) {
	if err := templatedb.New(s.Ahead()).RequireWritable(ctx, templatedb.RequireWritableParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := templatedb.New(s).UpdateTemplate(ctx, templatedb.UpdateTemplateParams{
		OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), Name: in.Body.Name.Ptr(), Description: in.Body.Description.Ptr(),
	})
	if err != nil {
		return nil, fault.About("project template", err)
	}
	return template(templatedb.GetTemplateRow(row))
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"template_id" format:"uuid"`
}

// Delete removes a template.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := templatedb.New(s.Ahead()).RequireWritable(ctx, templatedb.RequireWritableParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	_, err := templatedb.New(s).DeleteTemplate(ctx, templatedb.DeleteTemplateParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("project template", err)
}
