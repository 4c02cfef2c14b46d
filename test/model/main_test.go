// Package model_test holds the API to simple models: what it answers must be what a few lines of Go say, one request
// after another and many at once.
package model_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) {
	// Defaults, which the command line overrides. A failure prints its seed, so no file is left behind.
	for name, value := range map[string]string{"rapid.checks": usualChecks, "rapid.steps": "40", "rapid.nofailfile": "true", "rapid.shrinktime": "20s"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	apitest.Main(m)
}

const usualChecks = "300"

// fewerChecks makes the test's rapid.Check cheaper, unless the command line says how many it wants.
func fewerChecks(t *testing.T, n int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	if checks.String() != usualChecks {
		return
	}
	if err := checks.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checks.Set(usualChecks) })
}

// task is a task as the API answers it.
type task struct {
	ID          string     `json:"id"`
	Key         string     `json:"key"`
	Number      int        `json:"number"`
	ProjectID   string     `json:"project_id"`
	BoardID     string     `json:"board_id"`
	ColumnID    string     `json:"column_id"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Status      string     `json:"status"`
	Priority    string     `json:"priority"`
	AssigneeIDs []string   `json:"assignee_ids"`
	LabelIDs    []string   `json:"label_ids"`
	StartAt     *time.Time `json:"start_at"`
	DueAt       *time.Time `json:"due_at"`
	Estimate    *float64   `json:"estimate"`
	Blocked     bool       `json:"blocked"`
	ParentID    *string    `json:"parent_id"`
	CreatedBy   string     `json:"created_by"`
	Rank        string     `json:"rank"`
	Version     int        `json:"version"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	CompletedAt *time.Time `json:"completed_at"`
}

// column is a column as the API answers it.
type column struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	WipLimit *int   `json:"wip_limit"`
	Rank     string `json:"rank"`
	Version  int    `json:"version"`
}

// board is a board as the API answers it.
type board struct {
	ID      string   `json:"id"`
	Version int      `json:"version"`
	Columns []column `json:"columns"`
}

func statuses() []string { return []string{"backlog", "todo", "in_progress", "done", "canceled"} }

// body is a request's JSON object.
type body = map[string]any

// failf fails the test with one and the same message, after what it logs: rapid tells failures apart by message, and
// shrinks a failing run only to runs that fail alike.
func failf(t rapid.TB, format string, args ...any) {
	t.Helper()
	t.Logf(format, args...)
	t.FailNow()
}

// send is Client.Do for a test that rapid runs.
func send(t rapid.TB, c *apitest.Client, method, path string, content any, headers ...apitest.Header) *apitest.Response {
	t.Helper()
	r, err := c.Try(method, path, content, headers...)
	if err != nil {
		failf(t, "%s %s: %v", method, path, err)
	}
	return r
}

// as decodes an answer that must have the status.
func as[T any](t rapid.TB, r *apitest.Response, status int) T {
	t.Helper()
	if r.Status != status {
		failf(t, "status %d, want %d: %s", r.Status, status, r.Body)
	}
	var v T
	if err := json.Unmarshal(r.Body, &v); err != nil {
		failf(t, "answer is no JSON: %v: %s", err, r.Body)
	}
	return v
}

// wantStatus fails the test unless the answer has one of the statuses.
func wantStatus(t rapid.TB, r *apitest.Response, statuses ...int) {
	t.Helper()
	if !slices.Contains(statuses, r.Status) {
		failf(t, "status %d, want one of %v: %s", r.Status, statuses, r.Body)
	}
}

// page is a page of a list.
type page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// all reads a whole list; the path has a query already.
func all[T any](t rapid.TB, c *apitest.Client, path string) []T {
	t.Helper()
	var items []T
	next := path
	for {
		p := as[page[T]](t, send(t, c, "GET", next, nil), 200)
		items = append(items, p.Items...)
		if p.NextCursor == nil {
			return items
		}
		next = path + "&cursor=" + *p.NextCursor
	}
}

func ids(tasks []task) []string {
	out := make([]string, 0, len(tasks))
	for _, t := range tasks {
		out = append(out, t.ID)
	}
	return out
}

// newBoard makes a project with one kanban board.
func newBoard(t rapid.TB, c *apitest.Client, key string) (project string, b board) {
	t.Helper()
	p := as[struct{ ID string }](t, send(t, c, "POST", "/v1/projects", body{"name": "Project " + key, "key": key}), 201)
	return p.ID, as[board](t, send(t, c, "POST", "/v1/projects/"+p.ID+"/boards", body{"name": "Board", "template": "kanban"}), 201)
}

// newTask makes a task.
func newTask(t rapid.TB, c *apitest.Client, column, title string) task {
	t.Helper()
	return as[task](t, send(t, c, "POST", "/v1/columns/"+column+"/tasks", body{"title": title}), 201)
}

func etag(version int) apitest.Header {
	return apitest.Header{Name: "If-Match", Value: fmt.Sprintf("%q", fmt.Sprint(version))}
}
