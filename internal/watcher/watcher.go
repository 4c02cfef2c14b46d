// Package watcher is who wants to hear of a task.
package watcher

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/watcher/watcherdb"
)

// Watcher is a member who watches a task.
type Watcher struct {
	UserID    uuid.UUID `json:"user_id" format:"uuid"`
	Name      string    `json:"name"`
	Email     string    `json:"email" format:"email"`
	CreatedAt time.Time `json:"created_at" doc:"Since when."`
}

// Routes registers the watcher operations.
func Routes(r *api.Router) {
	const tag = "Watchers"
	api.Post(r, "/v1/tasks/{task}/watchers", Add, api.Op{ID: "add-watcher", Tag: tag, Summary: "Watch a task, or have somebody watch it",
		Doc: "Who watches already goes on to. Anybody who sees the task may watch it; adding others needs to write in the project.",
		Can: rbac.TaskWatch, Emits: []event.Type{event.WatcherAdded}})
	api.Get(r, "/v1/tasks/{task}/watchers", List, api.Op{ID: "list-watchers", Tag: tag, Summary: "List who watches a task", Can: rbac.TaskRead})
	api.Delete(r, "/v1/tasks/{task}/watchers/{user_id}", Remove, api.Op{ID: "remove-watcher", Tag: tag, Summary: "Stop watching a task, or take somebody off it",
		Doc: "Anybody may stop; taking others off needs to write in the project.", Can: rbac.TaskWatch, Emits: []event.Type{event.WatcherRemoved}})
}

// AddInput is the request of Add.
type AddInput struct {
	api.TaskRef
	Body *AddBody
}

// AddBody is its body.
type AddBody struct {
	UserID api.Optional[uuid.UUID] `json:"user_id,omitzero" format:"uuid" doc:"A member of the organization who sees the project; you when absent."`
}

// Add has a member watch a task.
func Add(ctx context.Context, s *db.Scope, in *AddInput) (*Watcher, error) {
	user := s.User()
	if in.Body != nil {
		user = in.Body.UserID.Or(user)
	}
	id, key := in.Split()
	ahead := watcherdb.New(s.Ahead())
	if err := ahead.RequireOwnOrWriter(ctx, watcherdb.RequireOwnOrWriterParams{OrgID: s.Org(), TaskID: id, TaskKey: key, UserID: user}); err != nil {
		return nil, err
	}
	if err := ahead.LockWatchers(ctx, watcherdb.LockWatchersParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	row, err := watcherdb.New(s).AddWatcher(ctx, watcherdb.AddWatcherParams{OrgID: s.Org(), TaskID: id, TaskKey: key, UserID: user})
	if err != nil {
		return nil, fault.About("task", err)
	}
	w := Watcher(row)
	return &w, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	api.TaskRef
}

// List gives who watches a task, by age of their accounts.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Watcher], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	id, key := in.Split()
	if err := watcherdb.New(s.Ahead()).RequireTask(ctx, watcherdb.RequireTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	rows, err := watcherdb.New(s).ListWatchers(ctx, watcherdb.ListWatchersParams{OrgID: s.Org(), TaskID: id, TaskKey: key, After: after, More: in.More()})
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r watcherdb.ListWatchersRow) Watcher { return Watcher(r) },
		func(r watcherdb.ListWatchersRow) uuid.UUID { return r.UserID })
}

// RemoveInput is the request of Remove.
type RemoveInput struct {
	api.TaskRef
	UserID uuid.UUID `path:"user_id" format:"uuid"`
}

// Remove takes a member off a task.
func Remove(ctx context.Context, s *db.Scope, in *RemoveInput) (*api.Nothing, error) {
	id, key := in.Split()
	p := watcherdb.RemoveWatcherParams{OrgID: s.Org(), TaskID: id, TaskKey: key, UserID: in.UserID}
	if err := watcherdb.New(s.Ahead()).RequireOwnOrWriter(ctx, watcherdb.RequireOwnOrWriterParams(p)); err != nil {
		return nil, err
	}
	_, err := watcherdb.New(s).RemoveWatcher(ctx, p)
	return nil, fault.About("watcher of the task", err)
}
