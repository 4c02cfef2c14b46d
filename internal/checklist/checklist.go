// Package checklist is the small steps of a task, to be ticked off one by one.
package checklist

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/checklist/checklistdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// maxItems is how many items a task may have.
const maxItems = 200

// Item is one step.
type Item struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	TaskID    uuid.UUID  `json:"task_id" format:"uuid"`
	Text      string     `json:"text" example:"Write the release note"`
	Checked   bool       `json:"checked"`
	CheckedAt *time.Time `json:"checked_at" doc:"When it was ticked off."`
	CheckedBy *uuid.UUID `json:"checked_by" format:"uuid" nullable:"true" doc:"Who ticked it off."`
	Rank      string     `json:"rank" doc:"Orders the items of a task, bytewise."`
	Version   int32      `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// Revision implements api.Revised.
func (i Item) Revision() int32 { return i.Version }

// Routes registers the checklist operations.
func Routes(r *api.Router) {
	const tag = "Checklists"
	api.Post(r, "/v1/tasks/{task}/checklist", Create, api.Op{ID: "create-checklist-item", Tag: tag, Summary: "Add an item at the end of a task's checklist",
		Doc: "A checklist holds at most 200 items.", Can: rbac.TaskWrite, Emits: []event.Type{event.ChecklistItemCreated}})
	api.Get(r, "/v1/tasks/{task}/checklist", List, api.Op{ID: "list-checklist-items", Tag: tag, Summary: "List a task's checklist", Can: rbac.TaskRead})
	api.Patch(r, "/v1/checklist-items/{item_id}", Update, api.Op{ID: "update-checklist-item", Tag: tag, Summary: "Change, tick off or move a checklist item",
		Can: rbac.TaskWrite, Emits: []event.Type{event.ChecklistItemUpdated}})
	api.Delete(r, "/v1/checklist-items/{item_id}", Delete, api.Op{ID: "delete-checklist-item", Tag: tag, Summary: "Delete a checklist item",
		Can: rbac.TaskWrite, Emits: []event.Type{event.ChecklistItemDeleted}})
}

// CreateInput is the request of Create.
type CreateInput struct {
	api.TaskRef
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Text    string             `json:"text" minLength:"1" maxLength:"500" pattern:"\\S" patternDescription:"some visible text" example:"Write the release note"`
	Checked api.Optional[bool] `json:"checked,omitzero" doc:"Whether it is ticked off already; false when absent."`
}

// Create adds an item at the end of a task's checklist.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Item, error) {
	id, key := in.Split()
	if err := checklistdb.New(s.Ahead()).LockChecklist(ctx, checklistdb.LockChecklistParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	row, err := checklistdb.New(s).CreateItem(ctx, checklistdb.CreateItemParams{OrgID: s.Org(), ID: s.NewID(), TaskID: id, TaskKey: key,
		Text: in.Body.Text, Checked: in.Body.Checked.Value, Most: maxItems})
	if err != nil {
		return nil, fault.About("task", err)
	}
	i := Item(row)
	return &i, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	api.TaskRef
}

// List gives a task's checklist, from the top.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Item], error) {
	id, key := in.Split()
	p := checklistdb.ListItemsParams{OrgID: s.Org(), TaskID: id, TaskKey: key, More: in.More()}
	rank, ok, err := api.After[string](in.PageQuery)
	if err != nil {
		return nil, err
	}
	if ok {
		p.After = &rank
	}
	if err := checklistdb.New(s.Ahead()).RequireTask(ctx, checklistdb.RequireTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	rows, err := checklistdb.New(s).ListItems(ctx, p)
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r checklistdb.ListItemsRow) Item { return Item(r) }, func(r checklistdb.ListItemsRow) string { return r.Rank })
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"item_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Text     api.Optional[string]    `json:"text,omitzero" minLength:"1" maxLength:"500" pattern:"\\S" patternDescription:"some visible text"`
	Checked  api.Optional[bool]      `json:"checked,omitzero" doc:"true ticks it off, which sets checked_at and checked_by once; false clears both."`
	BeforeID api.Optional[uuid.UUID] `json:"before_id,omitzero" format:"uuid" doc:"Place it just before this item of the task."`
	AfterID  api.Optional[uuid.UUID] `json:"after_id,omitzero" format:"uuid" doc:"Place it just after this item of the task."`
}

// Update changes an item, ticks it off or moves it beside another one.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Item, error) {
	b := in.Body
	if err := checklistdb.New(s.Ahead()).RequireWritable(ctx, checklistdb.RequireWritableParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := checklistdb.New(s).UpdateItem(ctx, checklistdb.UpdateItemParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(),
		Text: b.Text.Ptr(), Checked: b.Checked.Ptr(), BeforeID: b.BeforeID.Ptr(), AfterID: b.AfterID.Ptr()})
	if err != nil {
		return nil, fault.About("checklist item", err)
	}
	i := Item(row)
	return &i, nil
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"item_id" format:"uuid"`
}

// Delete removes an item.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := checklistdb.New(s.Ahead()).RequireWritable(ctx, checklistdb.RequireWritableParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	_, err := checklistdb.New(s).DeleteItem(ctx, checklistdb.DeleteItemParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("checklist item", err)
}
