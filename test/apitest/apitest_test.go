package apitest_test

import (
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }

// TestSlice drives one thread through all layers: an account, its organization, a task, and its event on a socket.
func TestSlice(t *testing.T) {
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	project := ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Engine"}).Want(t, 201)
	board := ada.Do(t, "POST", "/v1/projects/"+project.Text(t, "id")+"/boards", map[string]any{"name": "Work", "template": "kanban"}).Want(t, 201)
	socket := ada.Listen(t)
	task := ada.Do(t, "POST", "/v1/columns/"+board.Text(t, "columns.1.id")+"/tasks", map[string]any{"title": "Mill"}).Want(t, 201)
	event := socket.Next(t)
	if event.Type != "task.created" || event.TaskID != task.Text(t, "id") || event.Data["key"] != "ENG-1" || event.Status != "todo" {
		t.Errorf("event %s for task %s", event.Raw, task.Body)
	}
	grace := ada.Join(t, "grace", "guest")
	if e := socket.Next(t); e.Type != "member.added" || e.Data["role"] != "guest" {
		t.Errorf("event %s for a new guest", e.Raw)
	}
	grace.Do(t, "GET", "/v1/tasks/ENG-1", nil).WantProblem(t, 404, "not-found")
	ada.Do(t, "POST", "/v1/projects/"+project.Text(t, "id")+"/members", map[string]any{"user_id": grace.User, "role": "guest"}).Want(t, 201)
	grace.Do(t, "GET", "/v1/tasks/ENG-1", nil).Want(t, 200)
	grace.Do(t, "PATCH", "/v1/tasks/ENG-1", map[string]any{"title": "No"}).WantProblem(t, 403, "forbidden")
}
