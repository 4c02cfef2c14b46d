package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/activity"
	"github.com/plinth/plinth/internal/background"
	"github.com/plinth/plinth/internal/board"
	"github.com/plinth/plinth/internal/checklist"
	"github.com/plinth/plinth/internal/comment"
	"github.com/plinth/plinth/internal/field"
	"github.com/plinth/plinth/internal/file"
	"github.com/plinth/plinth/internal/identity"
	"github.com/plinth/plinth/internal/label"
	"github.com/plinth/plinth/internal/link"
	"github.com/plinth/plinth/internal/org"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/markdown"
	"github.com/plinth/plinth/internal/project"
	"github.com/plinth/plinth/internal/realtime"
	"github.com/plinth/plinth/internal/task"
	"github.com/plinth/plinth/internal/template"
	"github.com/plinth/plinth/internal/view"
	"github.com/plinth/plinth/internal/watcher"
)

// features registers every feature's routes. A new feature is one line here.
func features(r *api.Router, people *identity.Service, orgs *org.Service, live *realtime.Service, tasks *task.Service, files *file.Service) {
	text := tasks.Markdown
	identity.Routes(r, people)
	org.Routes(r, orgs)
	project.Routes(r)
	board.Routes(r, &board.Service{Cursor: streamCursor(live)})
	label.Routes(r)
	task.Routes(r, tasks)
	background.Routes(r)
	comment.Routes(r, &comment.Service{Markdown: text})
	checklist.Routes(r)
	link.Routes(r)
	watcher.Routes(r)
	activity.Routes(r)
	field.Routes(r)
	file.Routes(r, files)
	view.Routes(r, &view.Service{CheckFilter: task.CheckFilter, CheckSort: task.CheckSort, CheckGroup: task.CheckGroup, CheckFields: task.CheckFields})
	template.Routes(r, &template.Service{Keys: project.KeyCandidates, KeyFault: project.KeyFault})
	realtime.Routes(r, live)
}

// newTasks makes what does the work on tasks, for requests and for jobs.
func newTasks() *task.Service { return &task.Service{Markdown: markdown.New()} }

// foundOrg lends the making of organizations to sign-up.
func foundOrg(ctx context.Context, s *db.Scope, name string) (identity.Org, error) {
	o, err := org.Found(ctx, s, name, "")
	return identity.Org(o), err
}

// streamCursor lends the cursors of the event stream to what is read beside it.
func streamCursor(live *realtime.Service) func(uuid.UUID, string) (string, error) {
	return func(org uuid.UUID, snapshot string) (string, error) {
		s, err := event.ParseSnapshot(snapshot)
		return live.Cursors.Seal(org, s.Horizon()), err
	}
}

// OpenAPI is the document of every feature's routes, without a database.
func OpenAPI(yaml bool) ([]byte, error) {
	a := &App{draining: make(chan struct{})}
	a.Router = api.NewRouter(api.Config{Title: title, Version: Version})
	a.serviceRoutes()
	features(a.Router, &identity.Service{}, &org.Service{}, &realtime.Service{}, newTasks(), &file.Service{})
	return a.Router.OpenAPI(yaml)
}
