// Package label is an organization's labels for tasks.
package label

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/label/labeldb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Label is a named colour.
type Label struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Name      string    `json:"name" example:"bug"`
	Color     string    `json:"color" example:"#d73a4a"`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (l Label) Revision() int32 { return l.Version }

// Routes registers the label operations.
func Routes(r *api.Router) {
	const tag = "Labels"
	taken := []fault.Kind{fault.NameTaken}
	api.Post(r, "/v1/labels", Create, api.Op{ID: "create-label", Tag: tag, Summary: "Create a label", Can: rbac.LabelWrite,
		Emits: []event.Type{event.LabelCreated}, Faults: taken})
	api.Get(r, "/v1/labels", List, api.Op{ID: "list-labels", Tag: tag, Summary: "List labels", Can: rbac.LabelRead})
	api.Patch(r, "/v1/labels/{label_id}", Update, api.Op{ID: "update-label", Tag: tag, Summary: "Change a label", Can: rbac.LabelWrite,
		Emits: []event.Type{event.LabelUpdated}, Faults: taken})
	api.Delete(r, "/v1/labels/{label_id}", Delete, api.Op{ID: "delete-label", Tag: tag, Summary: "Delete a label",
		Doc: "Takes it off every task.", Can: rbac.LabelWrite, Emits: []event.Type{event.LabelDeleted}})
}

var constraints = fault.Constraints{"labels_name_key": {Kind: fault.NameTaken, Fields: []fault.Field{{Location: "body.name", Message: "is in use"}}}}

// CreateInput is the request of Create.
type CreateInput struct {
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Name  string `json:"name" minLength:"1" maxLength:"80" pattern:"\\S" patternDescription:"some visible text" example:"bug"`
	Color string `json:"color" pattern:"^#[0-9a-fA-F]{6}$" patternDescription:"a colour such as #d73a4a" example:"#d73a4a"`
}

// Create adds a label; its name is unique in the organization, whatever the case.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Label, error) {
	row, err := labeldb.New(s).CreateLabel(ctx, labeldb.CreateLabelParams{OrgID: s.Org(), ID: s.NewID(), Name: in.Body.Name, Color: in.Body.Color})
	if err != nil {
		return nil, fault.ByConstraint(err, constraints)
	}
	l := Label(row)
	return &l, nil
}

// ListInput is the request of List.
type ListInput struct{ api.PageQuery }

// List gives the labels, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Label], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	rows, err := labeldb.New(s).ListLabels(ctx, labeldb.ListLabelsParams{OrgID: s.Org(), After: after, More: in.More()})
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r labeldb.ListLabelsRow) Label { return Label(r) }, func(r labeldb.ListLabelsRow) uuid.UUID { return r.ID })
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"label_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name  api.Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"80" pattern:"\\S" patternDescription:"some visible text"`
	Color api.Optional[string] `json:"color,omitzero" pattern:"^#[0-9a-fA-F]{6}$" patternDescription:"a colour such as #d73a4a"`
}

// Update changes a label.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Label, error) {
	row, err := labeldb.New(s).UpdateLabel(ctx, labeldb.UpdateLabelParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(),
		Name: in.Body.Name.Ptr(), Color: in.Body.Color.Ptr()})
	if err != nil {
		return nil, fault.About("label", fault.ByConstraint(err, constraints))
	}
	l := Label(row)
	return &l, nil
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"label_id" format:"uuid"`
}

// Delete removes a label and takes it off every task.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	_, err := labeldb.New(s).DeleteLabel(ctx, labeldb.DeleteLabelParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("label", err)
}
