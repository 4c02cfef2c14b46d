package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/tap"
)

// statement is one that the server sends for an operation, as it stood on the wire: the floor cannot drift from it.
type statement struct {
	sql  string
	args []argument
}

// argument is a parameter: a variable, or a constant in text form, nil for null.
type argument struct {
	variable variable
	constant *string
}

// entryCall is what every scope sends first. It is part of the scope, so the floor goes without it.
const entryCall = "select app.enter_org("

// statementsOf does the operation once in an app of its own and gives what that sent to the database, less the entry.
func statementsOf(ctx context.Context, cfg config.Config, url string, o operation, tokens []string) ([]statement, error) {
	var w tap.Tap
	a, err := app.New(ctx, app.Options{Config: cfg, DatabaseURL: url, Log: slog.New(slog.DiscardHandler), Now: time.Now, Dial: w.Dial})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	before := len(w.Seen())
	about := draw{org: 1, task: 1, column: 1, title: 123_456}
	if err := serveOnce(ctx, a, o, about, tokens[about.org]); err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	bound := w.Seen()[before:]
	if len(bound) < 2 || !strings.HasPrefix(bound[0].SQL, entryCall) {
		return nil, fmt.Errorf("%s: %d statements were sent, not the entry and some more", o.name, len(bound))
	}
	var list []statement
	err = onConnection(ctx, url, func(c *pgx.Conn) error {
		for _, b := range bound[1:] {
			parameters, err := b.Parameters(ctx, c)
			if err != nil {
				return err
			}
			list = append(list, statement{b.SQL, about.arguments(parameters)})
		}
		return nil
	})
	return list, err
}

func serveOnce(ctx context.Context, a *app.App, o operation, about draw, token string) error {
	path := string(parseTemplate(o.path).appendTo(nil, about))
	body := parseTemplate(o.body).appendTo(nil, about)
	hr := httptest.NewRequestWithContext(ctx, o.method, "http://localhost"+path, bytes.NewReader(body))
	if len(body) == 0 {
		hr.Body = http.NoBody
	}
	hr.Header.Set("Authorization", "Bearer "+token)
	hr.Header.Set("X-Org-Id", orgID.id(about.org).String())
	rec := httptest.NewRecorder()
	a.Router.ServeHTTP(rec, hr)
	if rec.Code != o.status {
		return fmt.Errorf("answered %d instead of %d: %s", rec.Code, o.status, rec.Body)
	}
	return nil
}

// arguments tells the variables among the parameters by their values.
func (d draw) arguments(parameters []tap.Parameter) []argument {
	known := map[string]variable{
		orgID.id(d.org).String(): varOrg, taskID.id(d.task).String(): varTask,
		columnID.id(d.column).String(): varColumn, string(d.appendTitle(nil)): varTitle,
	}
	list := make([]argument, len(parameters))
	for i, p := range parameters {
		if p.Text == nil {
			continue
		}
		switch v, ok := known[*p.Text]; {
		case ok:
			list[i].variable = v
		case p.Type == pgtype.UUIDOID:
			list[i].variable = varFresh
		default:
			list[i].constant = p.Text
		}
	}
	return list
}
