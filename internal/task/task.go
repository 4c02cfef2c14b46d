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
	"github.com/plinth/plinth/internal/platform/markdown"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/task/taskdb"
)

// Task is a piece of work in a column; its status is the column's.
type Task struct {
	ID          uuid.UUID    `json:"id" format:"uuid"`
	Key         string       `json:"key" doc:"The project's key and the number; it can stand for the id in paths." example:"APP-12"`
	Number      int32        `json:"number" doc:"Counts up in the project, without gaps."`
	ProjectID   uuid.UUID    `json:"project_id" format:"uuid"`
	BoardID     uuid.UUID    `json:"board_id" format:"uuid"`
	ColumnID    *uuid.UUID   `json:"column_id" format:"uuid" nullable:"true" doc:"null only in the trash, where its column is gone."`
	Title       string       `json:"title" example:"Fix the login button"`
	Description string       `json:"description" doc:"Markdown, kept as given."`
	Status      string       `json:"status" enum:"backlog,todo,in_progress,done,canceled"`
	Priority    string       `json:"priority" enum:"none,low,medium,high,urgent"`
	AssigneeIDs []uuid.UUID  `json:"assignee_ids" nullable:"false"`
	LabelIDs    []uuid.UUID  `json:"label_ids" nullable:"false"`
	StartAt     *time.Time   `json:"start_at"`
	DueAt       *time.Time   `json:"due_at"`
	Estimate    *float64     `json:"estimate" doc:"In the team's own unit, such as points or hours."`
	Fields      api.Document `json:"fields" doc:"The values of the project's custom fields, by their keys; what has no value is not there."`
	MentionIDs  []uuid.UUID  `json:"mention_ids" nullable:"false" doc:"The members whom the description mentions."`
	ParentID    *uuid.UUID   `json:"parent_id" format:"uuid" nullable:"true"`
	Blocked     bool         `json:"blocked" doc:"Whether a task that is neither done nor canceled blocks this one, of those you see."`
	CreatedBy   uuid.UUID    `json:"created_by" format:"uuid"`
	Rank        string       `json:"rank" doc:"Orders the tasks of a column, bytewise."`
	Version     int32        `json:"version"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
	CompletedAt *time.Time   `json:"completed_at" doc:"When it came to a column of status done."`
	ArchivedAt  *time.Time   `json:"archived_at" doc:"When it was archived; it is in no list but that of the archive."`
}

// Revision implements api.Revised.
func (t Task) Revision() int32 { return t.Version }

// Service is what the operations need besides their scope.
type Service struct {
	Markdown *markdown.Renderer
}

// Routes registers the task operations.
func Routes(r *api.Router, v *Service) {
	const tag = "Tasks"
	full := []fault.Kind{fault.WipLimit}
	api.Post(r, "/v1/columns/{column_id}/tasks", v.Create, api.Op{ID: "create-task", Tag: tag, Summary: "Create a task at the end of a column",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskCreated}, Faults: full})
	api.Get(r, "/v1/columns/{column_id}/tasks", v.ListColumn, api.Op{ID: "list-column-tasks", Tag: tag, Summary: "List a column's tasks", Can: rbac.TaskRead})
	api.Get(r, "/v1/boards/{board_id}/tasks", v.ListBoard, api.Op{ID: "list-board-tasks", Tag: tag, Summary: "List a board's tasks", Can: rbac.TaskRead})
	api.Get(r, "/v1/projects/{project_id}/tasks", v.ListProject, api.Op{ID: "list-project-tasks", Tag: tag, Summary: "List a project's tasks", Can: rbac.TaskRead})
	api.Get(r, "/v1/tasks", v.List, api.Op{ID: "list-tasks", Tag: tag, Summary: "List tasks across the organization", Can: rbac.TaskRead})
	api.Get(r, "/v1/tasks/{task}", v.Get, api.Op{ID: "get-task", Tag: tag, Summary: "Get a task", Can: rbac.TaskRead})
	api.Patch(r, "/v1/tasks/{task}", v.Update, api.Op{ID: "update-task", Tag: tag, Summary: "Change or move a task",
		Doc: "It moves by naming a column_id, a status (to the board's first column of that status), or a task to stand before_id or after_id. " +
			"In a column of another project it gets a new key; the old one goes on to find it.",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskUpdated, event.TaskMoved, event.TaskLeft}, Faults: full})
	api.Delete(r, "/v1/tasks/{task}", Delete, api.Op{ID: "delete-task", Tag: tag, Summary: "Move a task to the trash",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskDeleted}})
	api.Post(r, "/v1/tasks/{task}/restore", Restore, api.Op{ID: "restore-task", Tag: tag, Summary: "Take a task out of the trash", Status: 200,
		Doc: "It returns to its column, or where that is gone to the board's first column of its status.",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskRestored}, Faults: full})
	api.Post(r, "/v1/tasks/{task}/archive", Archive, api.Op{ID: "archive-task", Tag: tag, Summary: "Archive a task", Status: 200,
		Doc: "It leaves its board and the lists, and stays as it is.", Can: rbac.TaskWrite, Emits: []event.Type{event.TaskArchived}})
	api.Post(r, "/v1/tasks/{task}/unarchive", Unarchive, api.Op{ID: "unarchive-task", Tag: tag, Summary: "Bring a task back from the archive", Status: 200,
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskUnarchived}, Faults: full})
	api.Post(r, "/v1/tasks/{task}/duplicate", Duplicate, api.Op{ID: "duplicate-task", Tag: tag, Summary: "Copy a task",
		Doc: "The copy has the task's texts, labels, assignees, dates, estimate, custom fields and checklist; not its comments, links, watchers and history.",
		Can: rbac.TaskWrite, Emits: []event.Type{event.TaskCreated}, Faults: full})
	viewRoutes(r, v)
	bulkRoutes(r, v)
}

var priorities = []string{"none", "low", "medium", "high", "urgent"}

// priorityRank is how a priority is stored: numbers sort, names do not.
func priorityRank(name string) int16 { return int16(max(0, slices.Index(priorities, name))) }

// references are the constraints that a request's values may break.
var references = fault.Constraints{
	"task_assignees_member_fkey": fault.Absent("member", "body.assignee_ids"),
	"task_labels_label_fkey":     fault.Absent("label", "body.label_ids"),
	"tasks_parent_fkey":          fault.Absent("task", "body.parent_id"),
	"tasks_dates":                fault.Invalid("body.start_at", "is after due_at"),
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
	StartAt     api.Nullable[api.Time]  `json:"start_at,omitzero"`
	DueAt       api.Nullable[api.Time]  `json:"due_at,omitzero"`
	Estimate    api.Nullable[float64]   `json:"estimate,omitzero" minimum:"0" maximum:"1000000" example:"3"`
	Fields      api.Document            `json:"fields,omitempty" doc:"Values of the project's custom fields, by their keys."`
	ParentID    api.Nullable[uuid.UUID] `json:"parent_id,omitzero" format:"uuid"`
}

// Create adds a task at the end of a column and records task.created, in one statement.
func (v *Service) Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Task, error) {
	b := in.Body
	if err := taskdb.New(s.Ahead()).RequireWritableColumn(ctx, taskdb.RequireWritableColumnParams{OrgID: s.Org(), ColumnID: in.ColumnID}); err != nil {
		return nil, err
	}
	if b.Fields != nil {
		if err := taskdb.New(s.Ahead()).ShareFields(ctx, taskdb.ShareFieldsParams{OrgID: s.Org(), ColumnID: &in.ColumnID}); err != nil {
			return nil, err
		}
	}
	emails, people := v.Markdown.Mentions(b.Description.Value)
	row, err := taskdb.New(s).CreateTask(ctx, taskdb.CreateTaskParams{
		OrgID: s.Org(), ID: s.NewID(), ColumnID: in.ColumnID, Title: b.Title, Description: b.Description.Value, Emails: emails, People: people,
		Priority: priorityRank(b.Priority.Value), AssigneeIDs: distinct(b.AssigneeIDs.Value), LabelIDs: distinct(b.LabelIDs.Value),
		StartAt: api.TimePtr(b.StartAt), DueAt: api.TimePtr(b.DueAt), Estimate: b.Estimate.Ptr(), Fields: b.Fields.OrEmpty(), ParentID: b.ParentID.Ptr(),
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
	StartAt     api.Nullable[api.Time]  `json:"start_at,omitzero"`
	DueAt       api.Nullable[api.Time]  `json:"due_at,omitzero"`
	Estimate    api.Nullable[float64]   `json:"estimate,omitzero" minimum:"0" maximum:"1000000"`
	Fields      api.Document            `json:"fields,omitempty" doc:"Changes these custom fields and keeps the others; null clears one."`
	ParentID    api.Nullable[uuid.UUID] `json:"parent_id,omitzero" format:"uuid"`
	ColumnID    api.Optional[uuid.UUID] `json:"column_id,omitzero" format:"uuid" doc:"Move it to the end of this column, perhaps of another project."`
	Status      api.Optional[string]    `json:"status,omitzero" enum:"backlog,todo,in_progress,done,canceled" doc:"Move it to the board's first column of this status."`
	BeforeID    api.Optional[uuid.UUID] `json:"before_id,omitzero" format:"uuid" doc:"Place it just before this task."`
	AfterID     api.Optional[uuid.UUID] `json:"after_id,omitzero" format:"uuid" doc:"Place it just after this task."`
}

// Update changes a task and moves it where a place is named. It records task.moved in the one case and task.updated in
// the other.
func (v *Service) Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Task, error) {
	p := in.params(s)
	if p.Description != nil {
		p.Emails, p.People = v.Markdown.Mentions(*p.Description)
	}
	if err := requireWritable(ctx, s, in.TaskRef); err != nil {
		return nil, err
	}
	if err := lockForMove(ctx, s, p); err != nil {
		return nil, err
	}
	if err := lockForParts(ctx, s, p, in.Body.Fields != nil); err != nil {
		return nil, err
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

func (in *UpdateInput) params(s *db.Scope) taskdb.UpdateTaskParams {
	id, key := in.Split()
	b := in.Body
	p := taskdb.UpdateTaskParams{
		OrgID: s.Org(), ID: id, Key: key, Versions: in.Versions(),
		Title: b.Title.Ptr(), ColumnID: b.ColumnID.Ptr(), Status: b.Status.Ptr(), BeforeID: b.BeforeID.Ptr(), AfterID: b.AfterID.Ptr(),
		SetStartAt: b.StartAt.Set, StartAt: api.TimePtr(b.StartAt), SetDueAt: b.DueAt.Set, DueAt: api.TimePtr(b.DueAt),
		SetEstimate: b.Estimate.Set, Estimate: b.Estimate.Ptr(), Fields: b.Fields.OrEmpty(),
		SetParentID: b.ParentID.Set, ParentID: b.ParentID.Ptr(),
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
	return p
}

// requireWritable queues the refusal of a task in a project that the caller only reads.
func requireWritable(ctx context.Context, s *db.Scope, task api.TaskRef) error {
	id, key := task.Split()
	return taskdb.New(s.Ahead()).RequireWritable(ctx, taskdb.RequireWritableParams{OrgID: s.Org(), ID: id, Key: key})
}

// lockForMove queues the locks that a change of parent or place needs: of the tree, and of the ranks beside a neighbour.
func lockForMove(ctx context.Context, s *db.Scope, p taskdb.UpdateTaskParams) error {
	q := taskdb.New(s.Ahead())
	if p.ParentID != nil {
		if err := q.LockTree(ctx, s.Org()); err != nil {
			return err
		}
	}
	if p.BeforeID != nil || p.AfterID != nil {
		return q.ShareRanks(ctx, s.Org())
	}
	return nil
}

func neighbours(p taskdb.UpdateTaskParams) []uuid.UUID {
	var ids []uuid.UUID
	for _, id := range []*uuid.UUID{p.BeforeID, p.AfterID} {
		if id != nil {
			ids = append(ids, *id)
		}
	}
	return ids
}

// lockForParts queues the locks that a change of what hangs on the task needs: of the fields where values are set or come
// along to another project, and of the task where lists are replaced.
func lockForParts(ctx context.Context, s *db.Scope, p taskdb.UpdateTaskParams, fields bool) error {
	q, beside := taskdb.New(s.Ahead()), neighbours(p)
	if fields || p.ColumnID != nil || beside != nil {
		share := taskdb.ShareFieldsParams{OrgID: s.Org(), ID: p.ID, Key: p.Key, ColumnID: p.ColumnID, Neighbours: beside}
		if err := q.ShareFields(ctx, share); err != nil {
			return err
		}
	}
	if fields || p.SetAssignees || p.SetLabels {
		return q.LockTask(ctx, taskdb.LockTaskParams{OrgID: s.Org(), ID: p.ID, Key: p.Key})
	}
	return nil
}

// longRank is how many characters a rank may have. An insertion at one and the same place costs a bit or a little more,
// so a column comes here after some hundreds of them.
const longRank = 100

// rebalance gives the tasks of t's column short ranks and returns t as it is then. The change that made the rank long
// stands by itself: where this fails, t is returned as it is, and the next long rank tries again.
func rebalance(ctx context.Context, s *db.Scope, t Task) Task {
	rebalanced := t
	refused, lost := s.Try(ctx, func() error {
		if err := taskdb.New(s.Ahead()).LockRanks(ctx, s.Org()); err != nil {
			return err
		}
		row, err := taskdb.New(s).Rebalance(ctx, taskdb.RebalanceParams{OrgID: s.Org(), ColumnID: t.ColumnID, ID: t.ID})
		rebalanced = Task(row)
		return err
	})
	if refused != nil || lost != nil {
		return t
	}
	return rebalanced
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	api.TaskRef
}

// Delete moves a task to the trash.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := requireWritable(ctx, s, in.TaskRef); err != nil {
		return nil, err
	}
	id, key := in.Split()
	_, err := taskdb.New(s).DeleteTask(ctx, taskdb.DeleteTaskParams{OrgID: s.Org(), ID: id, Key: key, Versions: in.Versions()})
	return nil, fault.About("task", err)
}

// RestoreInput is the request of Restore.
type RestoreInput struct{ api.TaskRef }

// Restore takes a task out of the trash.
func Restore(ctx context.Context, s *db.Scope, in *RestoreInput) (*Task, error) {
	if err := requireWritable(ctx, s, in.TaskRef); err != nil {
		return nil, err
	}
	id, key := in.Split()
	row, err := taskdb.New(s).RestoreTask(ctx, taskdb.RestoreTaskParams{OrgID: s.Org(), ID: id, Key: key})
	if err != nil {
		return nil, fault.About("task in the trash", err)
	}
	t := Task(row)
	return &t, nil
}
