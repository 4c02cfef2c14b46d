package app

import (
	"context"

	"github.com/plinth/plinth/internal/board"
	"github.com/plinth/plinth/internal/comment"
	"github.com/plinth/plinth/internal/identity"
	"github.com/plinth/plinth/internal/label"
	"github.com/plinth/plinth/internal/org"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/project"
	"github.com/plinth/plinth/internal/realtime"
	"github.com/plinth/plinth/internal/task"
)

// features registers every feature's routes. A new feature is one line here.
func features(r *api.Router, people *identity.Service, orgs *org.Service, live *realtime.Service) {
	identity.Routes(r, people)
	org.Routes(r, orgs)
	project.Routes(r)
	board.Routes(r)
	label.Routes(r)
	task.Routes(r)
	comment.Routes(r)
	realtime.Routes(r, live)
}

// foundOrg lends the making of organizations to sign-up.
func foundOrg(ctx context.Context, s *db.Scope, name string) (identity.Org, error) {
	o, err := org.Found(ctx, s, name, "")
	return identity.Org(o), err
}

// OpenAPI is the document of every feature's routes, without a database.
func OpenAPI(yaml bool) ([]byte, error) {
	a := &App{draining: make(chan struct{})}
	a.Router = api.NewRouter(api.Config{Title: title, Version: Version})
	a.serviceRoutes()
	features(a.Router, &identity.Service{}, &org.Service{}, &realtime.Service{})
	return a.Router.OpenAPI(yaml)
}
