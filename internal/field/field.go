// Package field is the custom fields of a project. What they hold is the tasks' own.
package field

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/field/fielddb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// mostFields is how many fields a project can have.
const mostFields = 100

// mostTold is how many values may go with a field and have each task's event told.
const mostTold = 1000

// Field is something that the tasks of a project have besides what all tasks have.
type Field struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	ProjectID uuid.UUID `json:"project_id" format:"uuid"`
	Key       string    `json:"key" doc:"What it is called in the fields of a task, and in filters and sorts as fields.<key>. It never changes." example:"severity"`
	Name      string    `json:"name" example:"Severity"`
	Type      string    `json:"type" enum:"text,number,date,select,multi_select,person,checkbox,url" doc:"It never changes." example:"select"`
	Options   []Option  `json:"options" nullable:"false" doc:"What a select or multi_select takes, in their order; none for other types."`
	Rank      string    `json:"rank" doc:"Orders the fields, bytewise."`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (f Field) Revision() int32 { return f.Version }

// Routes registers the operations of custom fields.
func Routes(r *api.Router) {
	const tag = "Custom fields"
	api.Post(r, "/v1/projects/{project_id}/fields", Create, api.Op{ID: "create-field", Tag: tag, Summary: "Add a custom field to a project",
		Doc: "It comes behind the others, of which there can be 100.", Can: rbac.FieldWrite,
		Emits: []event.Type{event.FieldCreated}, Faults: []fault.Kind{fault.NameTaken}})
	api.Get(r, "/v1/projects/{project_id}/fields", List, api.Op{ID: "list-fields", Tag: tag, Summary: "List a project's custom fields", Can: rbac.FieldRead})
	api.Get(r, "/v1/fields/{field_id}", Get, api.Op{ID: "get-field", Tag: tag, Summary: "Get a custom field", Can: rbac.FieldRead})
	api.Patch(r, "/v1/fields/{field_id}", Update, api.Op{ID: "update-field", Tag: tag, Summary: "Change or move a custom field",
		Can: rbac.FieldWrite, Emits: []event.Type{event.FieldUpdated}, Faults: []fault.Kind{fault.OptionInUse}})
	api.Delete(r, "/v1/fields/{field_id}", Delete, api.Op{ID: "delete-field", Tag: tag, Summary: "Delete a custom field",
		Doc: "Takes its values off all tasks of the project, each with an event of its own; where there are over a thousand values, field.deleted alone tells of them.", Can: rbac.FieldWrite,
		Emits: []event.Type{event.FieldDeleted, event.TaskUpdated}})
}

// field is a row with its options read.
func field(row fielddb.GetFieldRow) (*Field, error) {
	f := Field{ID: row.ID, ProjectID: row.ProjectID, Key: row.Key, Name: row.Name, Type: row.Type, Rank: row.Rank,
		Version: row.Version, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt}
	if err := json.Unmarshal(row.Options, &f.Options); err != nil {
		return nil, fmt.Errorf("decode options: %w", err)
	}
	return &f, nil
}

// CreateInput is the request of Create.
type CreateInput struct {
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
	Body      CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Name    string                     `json:"name" minLength:"1" maxLength:"80" pattern:"\\S" patternDescription:"some visible text" example:"Severity"`
	Key     api.Optional[string]       `json:"key,omitzero" pattern:"^[a-z][a-z0-9_]{0,62}$" patternDescription:"up to 63 of a-z, 0-9 and _, a letter first" doc:"Derived from the name when absent." example:"severity"`
	Type    string                     `json:"type" enum:"text,number,date,select,multi_select,person,checkbox,url" example:"select"`
	Options api.Optional[[]OptionBody] `json:"options,omitzero" nullable:"false" minItems:"1" maxItems:"100" doc:"What a select or multi_select takes; other types have none."`
}

// Create adds a field behind a project's others.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Field, error) {
	b := in.Body
	switch takes := b.Type == "select" || b.Type == "multi_select"; {
	case takes && !b.Options.Set:
		return nil, fault.Invalid("body.options", "a field of this type needs some")
	case !takes && b.Options.Set:
		return nil, fault.Invalid("body.options", "a field of this type has none")
	}
	options, err := readOptions(b.Options.Value)
	if err != nil {
		return nil, err
	}
	keys := keyCandidates(b.Name)
	if b.Key.Set {
		keys = []string{b.Key.Value}
	}
	if err := fielddb.New(s.Ahead()).LockFields(ctx, fielddb.LockFieldsParams{OrgID: s.Org(), ProjectID: in.ProjectID}); err != nil {
		return nil, err
	}
	row, err := fielddb.New(s).CreateField(ctx, fielddb.CreateFieldParams{OrgID: s.Org(), ID: s.NewID(), ProjectID: in.ProjectID,
		Name: b.Name, Keys: keys, Type: b.Type, Options: options, Most: mostFields})
	if err != nil {
		return nil, fault.About("project", err)
	}
	return field(fielddb.GetFieldRow(row))
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
}

// List gives a project's fields in their order.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[*Field], error) {
	p := fielddb.ListFieldsParams{OrgID: s.Org(), ProjectID: in.ProjectID, More: in.More()}
	rank, ok, err := api.After[string](in.PageQuery)
	if err != nil {
		return nil, err
	}
	if ok {
		p.After = &rank
	}
	if err := fielddb.New(s.Ahead()).RequireProject(ctx, fielddb.RequireProjectParams{OrgID: s.Org(), ID: in.ProjectID}); err != nil {
		return nil, err
	}
	rows, err := fielddb.New(s).ListFields(ctx, p)
	if err != nil {
		return nil, fault.AbsentAs("project", err)
	}
	fields := make([]*Field, len(rows))
	for i, row := range rows {
		if fields[i], err = field(fielddb.GetFieldRow(row)); err != nil {
			return nil, err
		}
	}
	return api.NewPage(in.PageQuery, fields, func(f *Field) *Field { return f }, func(f *Field) string { return f.Rank })
}

// GetInput is the request of Get.
type GetInput struct {
	ID uuid.UUID `path:"field_id" format:"uuid"`
}

// Get gives a field.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*Field, error) {
	row, err := fielddb.New(s).GetField(ctx, fielddb.GetFieldParams{OrgID: s.Org(), ID: in.ID})
	if err != nil {
		return nil, fault.About("custom field", err)
	}
	return field(row)
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"field_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name     api.Optional[string]       `json:"name,omitzero" minLength:"1" maxLength:"80" pattern:"\\S" patternDescription:"some visible text"`
	Options  api.Optional[[]OptionBody] `json:"options,omitzero" nullable:"false" minItems:"1" maxItems:"100" doc:"Takes the place of all options: an option is kept by its value, and may have another name, colour and place. One that a task has as value cannot go."`
	BeforeID api.Optional[uuid.UUID]    `json:"before_id,omitzero" format:"uuid" doc:"Place it just before this field of the project."`
	AfterID  api.Optional[uuid.UUID]    `json:"after_id,omitzero" format:"uuid" doc:"Place it just after this field of the project."`
}

// Update changes a field or moves it beside another one.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Field, error) {
	b := in.Body
	p := fielddb.UpdateFieldParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), Name: b.Name.Ptr(),
		BeforeID: b.BeforeID.Ptr(), AfterID: b.AfterID.Ptr()}
	if b.Options.Set {
		var err error
		if p.Options, err = readOptions(b.Options.Value); err != nil {
			return nil, err
		}
	}
	if err := fielddb.New(s.Ahead()).LockFieldsOf(ctx, fielddb.LockFieldsOfParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := fielddb.New(s).UpdateField(ctx, p)
	if err != nil {
		return nil, fault.About("custom field", err)
	}
	return field(fielddb.GetFieldRow(row))
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"field_id" format:"uuid"`
}

// Delete removes a field and takes its values off every task.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := fielddb.New(s.Ahead()).LockFieldsOf(ctx, fielddb.LockFieldsOfParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	_, err := fielddb.New(s).DeleteField(ctx, fielddb.DeleteFieldParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), MostTold: mostTold})
	return nil, fault.About("custom field", err)
}
