// Package task is the work itself: tasks with keys, places, labels and assignees.
package task

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/task/taskdb"
)

// Task is a piece of work in a column; its status is the column's.
type Task struct {
	ID          uuid.UUID   `json:"id" format:"uuid"`
	Key         string      `json:"key" doc:"The project's key and the number; it can stand for the id in paths." example:"APP-12"`
	Number      int32       `json:"number" doc:"Counts up in the project, without gaps."`
	ProjectID   uuid.UUID   `json:"project_id" format:"uuid"`
	BoardID     uuid.UUID   `json:"board_id" format:"uuid"`
	ColumnID    uuid.UUID   `json:"column_id" format:"uuid"`
	Title       string      `json:"title" example:"Fix the login button"`
	Description string      `json:"description" doc:"Markdown, kept as given."`
	Status      string      `json:"status" enum:"backlog,todo,in_progress,done,canceled"`
	Priority    string      `json:"priority" enum:"none,low,medium,high,urgent"`
	AssigneeIDs []uuid.UUID `json:"assignee_ids" nullable:"false"`
	LabelIDs    []uuid.UUID `json:"label_ids" nullable:"false"`
	DueAt       *time.Time  `json:"due_at"`
	ParentID    *uuid.UUID  `json:"parent_id" format:"uuid" nullable:"true"`
	CreatedBy   uuid.UUID   `json:"created_by" format:"uuid"`
	Rank        string      `json:"rank" doc:"Orders the tasks of a column, bytewise."`
	Version     int32       `json:"version"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
	CompletedAt *time.Time  `json:"completed_at" doc:"When it came to a column of status done."`
}

// Revision implements api.Revised.
func (t Task) Revision() int32 { return t.Version }

// Routes registers the task operations.
func Routes(r *api.Router) {
	const tag = "Tasks"
	api.Post(r, "/v1/columns/{column_id}/tasks", Create, api.Op{ID: "create-task", Tag: tag, Summary: "Create a task at the end of a column",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskCreated}})
	api.Get(r, "/v1/columns/{column_id}/tasks", ListColumn, api.Op{ID: "list-column-tasks", Tag: tag, Summary: "List a column's tasks", Can: rbac.TaskRead})
	api.Get(r, "/v1/tasks", List, api.Op{ID: "list-tasks", Tag: tag, Summary: "List tasks across the organization", Can: rbac.TaskRead})
	api.Get(r, "/v1/tasks/{task}", Get, api.Op{ID: "get-task", Tag: tag, Summary: "Get a task", Can: rbac.TaskRead})
	api.Patch(r, "/v1/tasks/{task}", Update, api.Op{ID: "update-task", Tag: tag, Summary: "Change or move a task",
		Doc: "It moves by naming a column_id, a status (to the board's first column of that status), or a task to stand before_id or after_id.",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskUpdated, event.TaskMoved}})
	api.Delete(r, "/v1/tasks/{task}", Delete, api.Op{ID: "delete-task", Tag: tag, Summary: "Move a task to the trash",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskDeleted}})
	api.Post(r, "/v1/tasks/{task}/restore", Restore, api.Op{ID: "restore-task", Tag: tag, Summary: "Take a task out of the trash", Status: 200,
		Doc: "It returns to its column, or where that is gone to the board's first column of its status.",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskRestored}})
}

var priorities = []string{"none", "low", "medium", "high", "urgent"}

// priorityRank is how a priority is stored: numbers sort, names do not.
func priorityRank(name string) int16 { return int16(max(0, slices.Index(priorities, name))) }

// references are the foreign keys that a request's ids may break.
var references = fault.Constraints{
	"task_assignees_member_fkey": fault.Absent("member", "body.assignee_ids"),
	"task_labels_label_fkey":     fault.Absent("label", "body.label_ids"),
	"tasks_parent_fkey":          fault.Absent("task", "body.parent_id"),
}

// CreateInput is the request of Create.
type CreateInput struct {
	ColumnID uuid.UUID `path:"column_id" format:"uuid"`
	Body     CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Title       string                  `json:"title" minLength:"1" maxLength:"500" pattern:"\\S" patternDescription:"some visible text" example:"Fix the login button"`
	Description api.Optional[string]    `json:"description,omitzero" maxLength:"100000"`
	Priority    api.Optional[string]    `json:"priority,omitzero" enum:"none,low,medium,high,urgent" example:"high"`
	AssigneeIDs api.Optional[api.IDs]   `json:"assignee_ids,omitzero"`
	LabelIDs    api.Optional[api.IDs]   `json:"label_ids,omitzero"`
	DueAt       api.Nullable[api.Time]  `json:"due_at,omitzero"`
	ParentID    api.Nullable[uuid.UUID] `json:"parent_id,omitzero" format:"uuid"`
}

// Create adds a task at the end of a column and records task.created, in one statement.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Task, error) {
	b := in.Body
	row, err := taskdb.New(s).CreateTask(ctx, taskdb.CreateTaskParams{
		OrgID: s.Org(), ID: s.NewID(), ColumnID: in.ColumnID, Title: b.Title, Description: b.Description.Value,
		Priority: priorityRank(b.Priority.Value), AssigneeIDs: distinct(b.AssigneeIDs.Value), LabelIDs: distinct(b.LabelIDs.Value),
		DueAt: api.TimePtr(b.DueAt), ParentID: b.ParentID.Ptr(),
	})
	if err != nil {
		return nil, fault.About("column", fault.ByConstraint(err, references))
	}
	t := Task(row)
	return &t, nil
}

// distinct sorts ids, as the database gives them back, and drops repetitions.
func distinct(ids []uuid.UUID) []uuid.UUID {
	sorted := append([]uuid.UUID{}, ids...)
	slices.SortFunc(sorted, func(a, b uuid.UUID) int { return strings.Compare(string(a[:]), string(b[:])) })
	return slices.Compact(sorted)
}

// GetInput is the request of Get.
type GetInput struct{ api.TaskRef }

// Get gives one task.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*Task, error) {
	id, key := in.Split()
	row, err := taskdb.New(s).GetTask(ctx, taskdb.GetTaskParams{OrgID: s.Org(), ID: id, Key: key})
	if err != nil {
		return nil, fault.About("task", err)
	}
	t := Task(row)
	return &t, nil
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	api.TaskRef
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Title       api.Optional[string]    `json:"title,omitzero" minLength:"1" maxLength:"500" pattern:"\\S" patternDescription:"some visible text"`
	Description api.Nullable[string]    `json:"description,omitzero" maxLength:"100000" doc:"null empties it."`
	Priority    api.Nullable[string]    `json:"priority,omitzero" enum:"none,low,medium,high,urgent" doc:"null is none."`
	AssigneeIDs api.Nullable[api.IDs]   `json:"assignee_ids,omitzero" doc:"Replaces them all; null takes all off."`
	LabelIDs    api.Nullable[api.IDs]   `json:"label_ids,omitzero" doc:"Replaces them all; null takes all off."`
	DueAt       api.Nullable[api.Time]  `json:"due_at,omitzero"`
	ParentID    api.Nullable[uuid.UUID] `json:"parent_id,omitzero" format:"uuid"`
	ColumnID    api.Optional[uuid.UUID] `json:"column_id,omitzero" format:"uuid" doc:"Move it to the end of this column of the project."`
	Status      api.Optional[string]    `json:"status,omitzero" enum:"backlog,todo,in_progress,done,canceled" doc:"Move it to the board's first column of this status."`
	BeforeID    api.Optional[uuid.UUID] `json:"before_id,omitzero" format:"uuid" doc:"Place it just before this task."`
	AfterID     api.Optional[uuid.UUID] `json:"after_id,omitzero" format:"uuid" doc:"Place it just after this task."`
}

// Update changes a task and moves it where a place is named. It records task.moved in the one case and task.updated in
// the other.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Task, error) {
	id, key := in.Split()
	b := in.Body
	p := taskdb.UpdateTaskParams{
		OrgID: s.Org(), ID: id, Key: key, Versions: in.Versions(),
		Title: b.Title.Ptr(), ColumnID: b.ColumnID.Ptr(), Status: b.Status.Ptr(), BeforeID: b.BeforeID.Ptr(), AfterID: b.AfterID.Ptr(),
		SetDueAt: b.DueAt.Set, DueAt: api.TimePtr(b.DueAt), SetParentID: b.ParentID.Set, ParentID: b.ParentID.Ptr(),
		SetAssignees: b.AssigneeIDs.Set, AssigneeIDs: distinct(b.AssigneeIDs.Value),
		SetLabels: b.LabelIDs.Set, LabelIDs: distinct(b.LabelIDs.Value),
	}
	if b.Description.Set {
		p.Description = &b.Description.Value
	}
	if b.Priority.Set {
		rank := priorityRank(b.Priority.Value)
		p.Priority = &rank
	}
	if p.ParentID != nil {
		if err := taskdb.New(s.Ahead()).LockTree(ctx, s.Org()); err != nil {
			return nil, err
		}
	}
	if p.BeforeID != nil || p.AfterID != nil {
		if err := taskdb.New(s.Ahead()).ShareRanks(ctx, s.Org()); err != nil {
			return nil, err
		}
	}
	row, err := taskdb.New(s).UpdateTask(ctx, p)
	if err != nil {
		return nil, fault.About("task", fault.ByConstraint(err, references))
	}
	t := Task(row)
	if len(t.Rank) > longRank {
		t = rebalance(ctx, s, t)
	}
	return &t, nil
}

// longRank is how many characters a rank may have. An insertion at one and the same place costs a bit or a little more,
// so a column comes here after some hundreds of them.
const longRank = 100

// rebalance gives the tasks of t's column short ranks and returns t as it is then. The change that made the rank long is
// committed and stands: where this fails, t is returned as it is, and the next long rank tries again.
func rebalance(ctx context.Context, s *db.Scope, t Task) Task {
	if err := taskdb.New(s.Ahead()).LockRanks(ctx, s.Org()); err != nil {
		return t
	}
	row, err := taskdb.New(s).Rebalance(ctx, taskdb.RebalanceParams{OrgID: s.Org(), ColumnID: &t.ColumnID, ID: t.ID})
	if err != nil {
		return t
	}
	return Task(row)
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	api.TaskRef
}

// Delete moves a task to the trash.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	id, key := in.Split()
	_, err := taskdb.New(s).DeleteTask(ctx, taskdb.DeleteTaskParams{OrgID: s.Org(), ID: id, Key: key, Versions: in.Versions()})
	return nil, fault.About("task", err)
}

// RestoreInput is the request of Restore.
type RestoreInput struct{ api.TaskRef }

// Restore takes a task out of the trash.
func Restore(ctx context.Context, s *db.Scope, in *RestoreInput) (*Task, error) {
	id, key := in.Split()
	row, err := taskdb.New(s).RestoreTask(ctx, taskdb.RestoreTaskParams{OrgID: s.Org(), ID: id, Key: key})
	if err != nil {
		return nil, fault.About("task in the trash", err)
	}
	t := Task(row)
	return &t, nil
}
