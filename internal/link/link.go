// Package link is what tasks have to do with each other: one blocks, relates to or duplicates another.
package link

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/link/linkdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Link is a link as seen from one of its tasks.
type Link struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Kind      string    `json:"kind" enum:"blocks,blocked_by,relates,duplicates,duplicated_by" doc:"What the task in the path does to, or has from, the other one." example:"blocked_by"`
	Task      Task      `json:"task" doc:"The other one."`
	CreatedBy uuid.UUID `json:"created_by" format:"uuid"`
	CreatedAt time.Time `json:"created_at"`
}

// Task is the other task in brief.
type Task struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Key    string    `json:"key" example:"APP-12"`
	Title  string    `json:"title"`
	Status string    `json:"status" enum:"backlog,todo,in_progress,done,canceled"`
}

// Routes registers the link operations.
func Routes(r *api.Router) {
	const tag = "Links"
	api.Post(r, "/v1/tasks/{task}/links", Create, api.Op{ID: "create-link", Tag: tag, Summary: "Link a task to another one",
		Doc: "The other task may be in any project that you see; it is linked back with the opposite kind. What would have tasks block each other in a circle is refused.",
		Can: rbac.TaskWrite, Emits: []event.Type{event.LinkCreated}, Faults: []fault.Kind{fault.LinkExists}})
	api.Get(r, "/v1/tasks/{task}/links", List, api.Op{ID: "list-links", Tag: tag, Summary: "List a task's links",
		Doc: "In both directions, as seen from the task. Those to tasks that you do not see or that are in the trash are left out.", Can: rbac.TaskRead})
	api.Delete(r, "/v1/tasks/{task}/links/{link_id}", Delete, api.Op{ID: "delete-link", Tag: tag, Summary: "Remove a link of a task",
		Doc: "It is removed from the other task, too.", Can: rbac.TaskWrite, Emits: []event.Type{event.LinkDeleted}})
}

// direction is how a kind is stored: under a name, and turned round where it says what the other task does.
type direction struct {
	stored string
	turned bool
}

var directions = map[string]direction{
	"blocks":        {"blocks", false},
	"blocked_by":    {"blocks", true},
	"relates":       {"relates", false},
	"duplicates":    {"duplicates", false},
	"duplicated_by": {"duplicates", true},
}

var constraints = fault.Constraints{"task_links_key": {Kind: fault.LinkExists}}

// CreateInput is the request of Create.
type CreateInput struct {
	api.TaskRef
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Kind   string `json:"kind" enum:"blocks,blocked_by,relates,duplicates,duplicated_by" example:"blocked_by"`
	TaskID string `json:"task_id" maxLength:"40" doc:"The other task's id, or its key." example:"APP-12"`
}

// Create links a task to another one.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Link, error) {
	other := api.TaskRef{Task: in.Body.TaskID}
	if other.Resolve(nil) != nil {
		return nil, fault.Invalid("body.task_id", "expected a UUID or a key such as APP-12")
	}
	to := directions[in.Body.Kind]
	if to.stored == "blocks" {
		if err := linkdb.New(s.Ahead()).LockLinks(ctx, s.Org()); err != nil {
			return nil, err
		}
	}
	p := linkdb.CreateLinkParams{OrgID: s.Org(), ID: s.NewID(), Kind: to.stored, Turned: to.turned}
	p.TaskID, p.TaskKey = in.Split()
	p.OtherID, p.OtherKey = other.Split()
	row, err := linkdb.New(s).CreateLink(ctx, p)
	if err != nil {
		return nil, fault.About("task", fault.ByConstraint(err, constraints))
	}
	l := linked(linkdb.ListLinksRow(row))
	return &l, nil
}

func linked(r linkdb.ListLinksRow) Link {
	return Link{r.ID, r.Kind, Task{r.OtherID, r.Key, r.Title, r.Status}, r.CreatedBy, r.CreatedAt}
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	api.TaskRef
}

// List gives a task's links, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Link], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	id, key := in.Split()
	if err := linkdb.New(s.Ahead()).RequireTask(ctx, linkdb.RequireTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	rows, err := linkdb.New(s).ListLinks(ctx, linkdb.ListLinksParams{OrgID: s.Org(), TaskID: id, TaskKey: key, After: after, More: in.More()})
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	return api.NewPage(in.PageQuery, rows, linked, func(r linkdb.ListLinksRow) uuid.UUID { return r.ID })
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.TaskRef
	ID uuid.UUID `path:"link_id" format:"uuid"`
}

// Delete removes a link from both of its tasks.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	id, key := in.Split()
	if err := linkdb.New(s.Ahead()).RequireWritableTask(ctx, linkdb.RequireWritableTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	_, err := linkdb.New(s).DeleteLink(ctx, linkdb.DeleteLinkParams{OrgID: s.Org(), ID: in.ID, TaskID: id, TaskKey: key})
	return nil, fault.About("link of the task", err)
}
