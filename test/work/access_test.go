package work_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// crew is an organization with a person in each role, a project that all members see, and a private one.
type crew struct {
	server               *apitest.Server
	admin, member, guest *apitest.Client
	open, private        workplace
}

// workplace is a project with a board, its column for things to do, and a task there.
type workplace struct{ project, board, column, task, key string }

func newCrew(t *testing.T) *crew {
	t.Helper()
	s := apitest.New(t)
	c := &crew{server: s, admin: s.SignUp(t, "ada")}
	c.member, c.guest = c.admin.Join(t, "mel", "member"), c.admin.Join(t, "gus", "guest")
	c.open = newWorkplace(t, c.admin, "Open", false)
	c.private = newWorkplace(t, c.admin, "Private", true)
	return c
}

func newWorkplace(t *testing.T, c *apitest.Client, name string, private bool) workplace {
	t.Helper()
	w := workplace{project: c.Do(t, "POST", "/v1/projects", map[string]any{"name": name, "private": private}).Want(t, 201).Text(t, "id")}
	board := c.Do(t, "POST", "/v1/projects/"+w.project+"/boards", map[string]any{"name": name, "template": "kanban"}).Want(t, 201)
	w.board, w.column = board.Text(t, "id"), board.Text(t, "columns.1.id")
	task := c.Do(t, "POST", "/v1/columns/"+w.column+"/tasks", map[string]any{"title": "zebra " + name}).Want(t, 201)
	w.task, w.key = task.Text(t, "id"), task.Text(t, "key")
	return w
}

func (c *crew) add(t *testing.T, w workplace, who *apitest.Client, role string) {
	t.Helper()
	c.admin.Do(t, "POST", "/v1/projects/"+w.project+"/members", map[string]any{"user_id": who.User, "role": role}).Want(t, 201)
}

// sees compares which of the two projects somebody finds, in every list and by every way to a single thing.
func (c *crew) sees(t *testing.T, who *apitest.Client, name string, open, private bool) {
	t.Helper()
	for _, w := range []struct {
		workplace
		visible bool
	}{{c.open, open}, {c.private, private}} {
		for _, path := range []string{"/v1/projects/" + w.project, "/v1/projects/" + w.project + "/boards", "/v1/projects/" + w.project + "/members",
			"/v1/projects/" + w.project + "/tasks", "/v1/boards/" + w.board, "/v1/boards/" + w.board + "/tasks", "/v1/columns/" + w.column + "/tasks",
			"/v1/tasks/" + w.task, "/v1/tasks/" + w.key, "/v1/tasks/" + w.task + "/comments", "/v1/tasks?project_id=" + w.project} {
			r := who.Do(t, "GET", path, nil)
			if want := map[bool]int{true: 200, false: 404}[w.visible]; r.Status != want {
				t.Errorf("%s: GET %s: %d, want %d", name, path, r.Status, want)
			}
		}
		for _, path := range []string{"/v1/projects?limit=200", "/v1/tasks", "/v1/tasks?q=zebra", "/v1/tasks?q=zebar", "/v1/tasks?sort=due_at", "/v1/tasks?created_by=" + c.admin.User,
			"/v1/tasks?filter=title:zebra"} {
			body := string(who.Do(t, "GET", path, nil).Want(t, 200).Body)
			if found := strings.Contains(body, w.project); found != w.visible {
				t.Errorf("%s: GET %s shows the project: %t, want %t", name, path, found, w.visible)
			}
		}
	}
}

func TestWhoSeesAProject(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.sees(t, c.admin, "an admin", true, true)
	c.sees(t, c.member, "a member", true, false)
	c.sees(t, c.guest, "a guest", false, false)

	c.add(t, c.private, c.member, "guest")
	c.add(t, c.open, c.guest, "guest")
	c.sees(t, c.member, "a member of the private project", true, true)
	c.sees(t, c.guest, "a guest of the open project", true, false)

	c.admin.Do(t, "PATCH", "/v1/projects/"+c.open.project, map[string]any{"private": true}).Want(t, 200)
	c.sees(t, c.member, "a member after the open project was closed", false, true)
	c.sees(t, c.guest, "a guest of the project that was closed", true, false)

	c.admin.Do(t, "DELETE", "/v1/projects/"+c.private.project+"/members/"+c.member.User, nil).Want(t, 204)
	c.sees(t, c.member, "a member who was taken out", false, false)
	c.guest.Do(t, "DELETE", "/v1/projects/"+c.open.project+"/members/"+c.guest.User, nil).Want(t, 204)
	c.sees(t, c.guest, "a guest who left", false, false)
}

func TestRolesInAProject(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	title := map[string]any{"title": "changed"}
	rename := map[string]any{"name": "changed"}
	c.member.Do(t, "PATCH", "/v1/tasks/"+c.open.task, title).Want(t, 200)
	c.member.Do(t, "PATCH", "/v1/projects/"+c.open.project, map[string]any{"private": true}).WantProblem(t, 403, "forbidden")

	c.add(t, c.open, c.member, "guest") // reads only
	for _, x := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", "/v1/tasks/" + c.open.task, title}, {"DELETE", "/v1/tasks/" + c.open.key, nil}, {"PATCH", "/v1/projects/" + c.open.project, rename},
		{"POST", "/v1/columns/" + c.open.column + "/tasks", title}, {"POST", "/v1/tasks/" + c.open.task + "/comments", map[string]any{"body": "hi"}},
		{"PATCH", "/v1/boards/" + c.open.board, rename}, {"DELETE", "/v1/columns/" + c.open.column, nil},
		{"POST", "/v1/projects/" + c.open.project + "/members", map[string]any{"user_id": c.guest.User}},
	} {
		c.member.Do(t, x.method, x.path, x.body).WantProblem(t, 403, "forbidden")
	}
	// A task of another project does not come in, nor does this one leave.
	mine := newWorkplace(t, c.member, "Mine", false)
	c.member.Do(t, "PATCH", "/v1/tasks/"+mine.task, map[string]any{"column_id": c.open.column}).WantProblem(t, 403, "forbidden")
	c.member.Do(t, "PATCH", "/v1/tasks/"+c.open.task, map[string]any{"column_id": mine.column}).WantProblem(t, 403, "forbidden")

	c.admin.Do(t, "PATCH", "/v1/projects/"+c.open.project+"/members/"+c.member.User, map[string]any{"role": "admin"}).Want(t, 200)
	c.member.Do(t, "PATCH", "/v1/projects/"+c.open.project, map[string]any{"private": true}).Want(t, 200)
	c.member.Do(t, "POST", "/v1/projects/"+c.open.project+"/members", map[string]any{"user_id": c.guest.User, "role": "guest"}).Want(t, 201)
	c.member.Do(t, "POST", "/v1/projects/"+c.open.project+"/members", map[string]any{"user_id": c.guest.User, "role": "guest"}).WantProblem(t, 409, "already-member")
	c.member.Do(t, "DELETE", "/v1/projects/"+c.open.project, nil).WantProblem(t, 403, "forbidden")
}

// A guest of the organization reads, whatever a project's admin means to give.
func TestGuestsStayGuests(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	for _, role := range []string{"member", "admin"} {
		c.admin.Do(t, "POST", "/v1/projects/"+c.open.project+"/members", map[string]any{"user_id": c.guest.User, "role": role}).WantProblem(t, 422, "validation")
	}
	c.add(t, c.open, c.guest, "guest")
	c.admin.Do(t, "PATCH", "/v1/projects/"+c.open.project+"/members/"+c.guest.User, map[string]any{"role": "member"}).WantProblem(t, 422, "validation")
	c.guest.Do(t, "PATCH", "/v1/tasks/"+c.open.task, map[string]any{"title": "x"}).WantProblem(t, 403, "forbidden")
	// One who becomes a guest later keeps the projects, to read.
	c.add(t, c.open, c.member, "admin")
	c.admin.Do(t, "PATCH", "/v1/orgs/"+c.admin.Org+"/members/"+c.member.User, map[string]any{"role": "guest"}).Want(t, 200)
	c.member.Do(t, "GET", "/v1/tasks/"+c.open.task, nil).Want(t, 200)
	c.member.Do(t, "PATCH", "/v1/tasks/"+c.open.task, map[string]any{"title": "x"}).WantProblem(t, 403, "forbidden")
	c.member.Do(t, "POST", "/v1/projects/"+c.open.project+"/members", map[string]any{"user_id": c.guest.User}).WantProblem(t, 403, "forbidden")
}

// Whoever does not see a project is not given its tasks.
func TestAssigneesSeeTheProject(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	assign := func(who *apitest.Client) map[string]any { return map[string]any{"assignee_ids": []string{who.User}} }
	c.admin.Do(t, "PATCH", "/v1/tasks/"+c.private.task, assign(c.member)).WantProblem(t, 422, "validation")
	c.admin.Do(t, "PATCH", "/v1/tasks/"+c.open.task, assign(c.guest)).WantProblem(t, 422, "validation")
	c.admin.Do(t, "POST", "/v1/columns/"+c.private.column+"/tasks", map[string]any{"title": "x", "assignee_ids": []string{c.member.User}}).WantProblem(t, 422, "validation")
	c.add(t, c.private, c.member, "member")
	c.add(t, c.open, c.guest, "guest")
	c.admin.Do(t, "PATCH", "/v1/tasks/"+c.private.task, assign(c.member)).Want(t, 200)
	c.admin.Do(t, "PATCH", "/v1/tasks/"+c.open.task, assign(c.guest)).Want(t, 200)
}

func TestProjectMembersAreMembersOfTheOrganization(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	eve := c.server.SignUp(t, "eve")
	foreign := c.admin.Do(t, "POST", "/v1/projects/"+c.open.project+"/members", map[string]any{"user_id": eve.User})
	foreign.WantProblem(t, 404, "not-found")
	if r := foreign.Text(t, "errors.0.location"); r != "body.user_id" {
		t.Errorf("location %s", r)
	}
}

// The live stream narrows and widens with the access: an event about what one may not see never comes.
func TestSocketsFollowAccess(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	guest, member := c.guest.Listen(t), c.member.Listen(t)
	comment := func(w workplace, text string) {
		c.admin.Do(t, "POST", "/v1/tasks/"+w.task+"/comments", map[string]any{"body": text}).Want(t, http.StatusCreated)
	}
	// hear waits until all that was done has come, and compares it. Access is that of the moment of delivery, so what
	// follows must not come before.
	stage := 0
	hear := func(wantGuest, wantMember string) {
		t.Helper()
		stage++
		c.admin.Do(t, "POST", "/v1/labels", map[string]any{"name": fmt.Sprint("stage ", stage), "color": "#000000"}).Want(t, 201)
		for _, x := range []struct {
			name   string
			socket *apitest.Socket
			want   string
		}{{"guest", guest, wantGuest}, {"member", member, wantMember}} {
			var got []string
			for _, e := range x.socket.Until(t, "label.created") {
				if strings.Contains(e.Raw, "secret") {
					t.Errorf("stage %d: the %s hears %s", stage, x.name, e.Raw)
				}
				if body, ok := e.Data["body"].(string); ok {
					got = append(got, body)
				} else {
					got = append(got, e.Type)
				}
			}
			if heard := strings.Join(got[:len(got)-1], ", "); heard != x.want {
				t.Errorf("stage %d: the %s hears %q, want %q", stage, x.name, heard, x.want)
			}
		}
	}
	comment(c.private, "secret 1")
	c.admin.Do(t, "POST", "/v1/tasks/"+c.open.task+"/links", map[string]any{"kind": "relates", "task_id": c.private.task}).Want(t, http.StatusCreated)
	comment(c.open, "open 1")
	hear("", "open 1")
	c.add(t, c.open, c.guest, "guest")
	c.add(t, c.private, c.member, "guest")
	hear("project_member.added", "project_member.added, project_member.added")
	comment(c.private, "private 2")
	comment(c.open, "open 2")
	hear("open 2", "private 2, open 2")
	c.admin.Do(t, "DELETE", "/v1/projects/"+c.open.project+"/members/"+c.guest.User, nil).Want(t, 204)
	c.admin.Do(t, "DELETE", "/v1/projects/"+c.private.project+"/members/"+c.member.User, nil).Want(t, 204)
	hear("project_member.removed", "project_member.removed, project_member.removed")
	comment(c.private, "secret 3")
	comment(c.open, "open 3")
	hear("", "open 3")
	hidden := c.admin.Do(t, "POST", "/v1/projects", map[string]any{"name": "secret", "private": true}).Want(t, 201).Text(t, "id")
	c.admin.Do(t, "PATCH", "/v1/projects/"+hidden, map[string]any{"description": "secret 4"}).Want(t, 200)
	c.admin.Do(t, "PATCH", "/v1/projects/"+c.open.project, map[string]any{"private": true, "description": "secret 5"}).Want(t, 200)
	comment(c.open, "secret 6")
	hear("", "")
	c.admin.Do(t, "PATCH", "/v1/orgs/"+c.admin.Org+"/members/"+c.guest.User, map[string]any{"role": "admin"}).Want(t, 200)
	hear("member.updated", "member.updated")
	comment(c.open, "for admins")
	if e := guest.Next(t); e.Data["body"] != "for admins" {
		t.Errorf("who has become an admin hears %s", e.Raw)
	}
}
