package conformance_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// TestAccounting: a route without a scenario does not go unnoticed, nor one that declares what it does not do.
func TestAccounting(t *testing.T) {
	handler := func(context.Context, *db.Scope, *struct{}) (*api.Nothing, error) { return nil, nil }
	router := api.NewRouter(api.Config{Title: "Test"})
	api.Get(router, "/v1/seen", handler, api.Op{ID: "get-seen", Can: rbac.TaskRead})
	api.Get(router, "/v1/forgotten", handler, api.Op{ID: "get-forgotten", Can: rbac.TaskRead})
	api.Post(router, "/v1/silent", handler, api.Op{ID: "post-silent", Can: rbac.TaskRead, Emits: []event.Type{event.TaskCreated}})
	api.Post(router, "/v1/loud", handler, api.Op{ID: "post-loud", Can: rbac.TaskRead})
	api.Post(router, "/v1/created", handler, api.Op{ID: "post-created", Can: rbac.TaskRead})
	api.Post(router, "/v1/nobody", handler, api.Op{ID: "post-nobody", Can: "made.up"})
	plain := scenario{name: "plain", status: 204}
	problems := unaccounted(router.Operations(), map[string][]scenario{
		"get-seen":     {plain},
		"post-silent":  {plain},
		"post-loud":    {{name: "plain", status: 204, emits: []event.Type{event.TaskDeleted}}},
		"post-created": {{name: "plain", status: 201}},
		"post-nobody":  {plain},
		"get-gone":     {plain},
	})
	want := []string{
		"operation get-forgotten (GET /v1/forgotten) has no scenario",
		"post-silent declares the event task.created, which no scenario brings about",
		"post-loud, plain: expects the event task.deleted, which the operation does not declare",
		"post-created, plain: expects status 201, the operation declares 204",
		`post-nobody asks for the permission "made.up", which no role has`,
		"scenario get-gone has no operation",
	}
	if got := strings.Join(problems, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// TestGuardSeesWrongAnswers: the guard is not blind: answers that the document does not allow are refused.
func TestGuardSeesWrongAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, x := range map[string]struct {
		status      int
		contentType string
		body        string
		want        string
	}{
		"as documented":       {200, "application/json", `{"items":[],"next_cursor":null}`, ""},
		"null for a list":     {200, "application/json", `{"items":null,"next_cursor":null}`, "is not as documented"},
		"missing member":      {200, "application/json", `{"items":[]}`, "is not as documented"},
		"extra member":        {200, "application/json", `{"items":[],"next_cursor":null,"total":1}`, "is not as documented"},
		"undocumented status": {418, "application/problem+json", `{"type":"/problems/x","title":"x","status":418,"request_id":"x"}`, "is not as documented"},
		"other media type":    {200, "text/plain", `{"items":[],"next_cursor":null}`, "is not as documented"},
		"a stranger's word":   {200, "application/json", `{"items":[],"next_cursor":"` + w.b.canary + `"}`, "another organization's"},
	} {
		client := *w.a.admin
		server := *client.Server
		client.Server = &server
		strict := server.Transport.(*guard)
		g := &guard{next: canned{x.status, x.contentType, x.body}, doc: strict.doc, strangers: strict.strangers}
		server.Transport = g
		_, err := client.Try("GET", "/v1/labels", nil)
		for _, problem := range g.problems {
			err = problem
		}
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

// canned answers every request alike.
type canned struct {
	status            int
	contentType, body string
}

// RoundTrip implements http.RoundTripper.
func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Request: req, Header: http.Header{"Content-Type": {c.contentType}, "X-Request-Id": {"x"}},
		Body: io.NopCloser(strings.NewReader(c.body))}, nil
}
