// Package stream_test holds the live side to what it promises: the same events on every channel, to those alone who may see
// them, and presence and signals that stay among viewers.
package stream_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }

type object = map[string]any

// nobody is an id that no thing has.
const nobody = "0190a5b0-0000-7000-8000-00000000dead"

// place is a project with a board, two of its columns, and a task.
type place struct{ project, board, todo, doing, task string }

func newPlace(t testing.TB, c *apitest.Client, name string, private bool) place {
	t.Helper()
	p := place{project: c.Do(t, "POST", "/v1/projects", object{"name": name, "private": private}).Want(t, 201).Text(t, "id")}
	board := c.Do(t, "POST", "/v1/projects/"+p.project+"/boards", object{"name": name, "template": "kanban"}).Want(t, 201)
	p.board, p.todo, p.doing = board.Text(t, "id"), board.Text(t, "columns.1.id"), board.Text(t, "columns.2.id")
	p.task = newTask(t, c, p.todo, name)
	return p
}

func newTask(t testing.TB, c *apitest.Client, column, title string) string {
	t.Helper()
	return c.Do(t, "POST", "/v1/columns/"+column+"/tasks", object{"title": title}).Want(t, 201).Text(t, "id")
}

// mark writes an event that everybody in the organization hears of, to know by it that all before has come.
func mark(t testing.TB, c *apitest.Client, name string) {
	t.Helper()
	c.Do(t, "POST", "/v1/labels", object{"name": name, "color": "#000000"}).Want(t, 201)
}

// upTo reads events up to the mark and gives their types and titles or names, without the mark.
func upTo(t testing.TB, s *apitest.Socket, name string) []string {
	t.Helper()
	var heard []string
	for {
		e := s.Next(t)
		if e.Type == "label.created" && e.Data["name"] == name {
			return heard
		}
		heard = append(heard, told(e))
	}
}

func told(e apitest.Event) string {
	for _, member := range []string{"title", "name", "body"} {
		if text, ok := e.Data[member].(string); ok {
			return e.Type + " " + text
		}
	}
	return e.Type
}

// until polls the condition and fails the test when it does not come true.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// viewers are the names in a presence frame.
func viewers(e apitest.Event) string {
	var frame struct{ Viewers []struct{ Name string } }
	decode(e.Raw, &frame)
	names := make([]string, len(frame.Viewers))
	for i, v := range frame.Viewers {
		names[i] = v.Name
	}
	return strings.Join(names, " ")
}

// presenceOf reads to the frame that says that these look.
func presenceOf(t testing.TB, s *apitest.Socket, names string) apitest.Event {
	t.Helper()
	var seen []string
	for range 100 {
		e := s.Next(t)
		if e.Type == "presence" && viewers(e) == names {
			return e
		}
		seen = append(seen, fmt.Sprint(e.Type, " ", viewers(e)))
	}
	t.Fatalf("never were the viewers %q: %q", names, seen)
	return apitest.Event{}
}
