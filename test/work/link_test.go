package work_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func links(task string) string { return "/v1/tasks/" + task + "/links" }

func (y *yard) link(task, kind, other string) string {
	y.Helper()
	return y.made(links(task), fields{"kind": kind, "task_id": other}).Text(y, "id")
}

// wantLinks compares a task's links, as "kind key", with those expected.
func (y *yard) wantLinks(who *apitest.Client, task string, want ...string) {
	y.Helper()
	got := []string{}
	for _, item := range who.Do(y, "GET", links(task), nil).Want(y, 200).Get(y, "items").([]any) {
		got = append(got, item.(fields)["kind"].(string)+" "+item.(fields)["task"].(fields)["key"].(string))
	}
	if !slices.Equal(got, want) {
		y.Errorf("the links of %s are %q, want %q", task, got, want)
	}
}

func (y *yard) blocked(task string) bool {
	y.Helper()
	return y.admin.Do(y, "GET", "/v1/tasks/"+task, nil).Want(y, 200).Get(y, "blocked").(bool)
}

func TestLinksAreSeenFromBothSides(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for kind, back := range map[string]string{"blocks": "blocked_by", "blocked_by": "blocks", "relates": "relates", "duplicates": "duplicated_by", "duplicated_by": "duplicates"} {
		for _, reversed := range []bool{false, true} { // the older task is not always the one in the path
			a, b := y.made("/v1/columns/"+y.columns[0]+"/tasks", fields{"title": "A"}), y.made("/v1/columns/"+y.columns[3]+"/tasks", fields{"title": "B"})
			if reversed {
				a, b = b, a
			}
			made := y.made(links(a.Text(t, "id")), fields{"kind": kind, "task_id": b.Text(t, "key")})
			for name, want := range map[string]any{"kind": kind, "task.id": b.Text(t, "id"), "task.key": b.Text(t, "key"), "task.title": b.Text(t, "title"),
				"task.status": b.Text(t, "status"), "created_by": y.admin.User} {
				if got := made.Get(t, name); got != want {
					t.Errorf("%s: %s is %v, want %v", kind, name, got, want)
				}
			}
			y.wantLinks(y.admin, a.Text(t, "key"), kind+" "+b.Text(t, "key"))
			y.wantLinks(y.admin, b.Text(t, "id"), back+" "+a.Text(t, "key"))
		}
	}
}

func TestLinksStandOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a, b := y.task(y.columns[0]), y.task(y.columns[0])
	again := func(task, kind, other string) {
		t.Helper()
		y.admin.Do(t, "POST", links(task), fields{"kind": kind, "task_id": other}).WantProblem(t, 409, "link-exists")
	}
	y.link(a, "blocks", b)
	again(a, "blocks", b)
	again(b, "blocked_by", a)
	y.link(b, "relates", a)
	again(b, "relates", a)
	again(a, "relates", b)
	y.link(a, "duplicates", b)
	again(b, "duplicated_by", a)

	statuses := map[int]int{}
	c := y.task(y.columns[0])
	for _, r := range y.atOnce(10, func(i int) (string, string, any) {
		if i%2 == 0 {
			return "POST", links(c), fields{"kind": "relates", "task_id": a}
		}
		return "POST", links(a), fields{"kind": "relates", "task_id": c}
	}) {
		statuses[r.Status]++
	}
	if statuses[201] != 1 || statuses[409] != 9 {
		t.Errorf("ten relations of the same two at once: %v", statuses)
	}
}

func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.made("/v1/columns/"+y.columns[0]+"/tasks", fields{"title": "A"})
	a, b, c := task.Text(t, "id"), y.task(y.columns[0]), y.task(y.columns[0])
	link := func(task, kind, other string) *apitest.Response {
		return y.admin.Do(t, "POST", links(task), fields{"kind": kind, "task_id": other})
	}
	for _, kind := range []string{"blocks", "blocked_by", "relates", "duplicates", "duplicated_by"} {
		y.at(link(a, kind, a).WantProblem(t, 422, "validation"), "body.task_id", "itself")
		y.at(link(a, kind, task.Text(t, "key")).WantProblem(t, 422, "validation"), "body.task_id", "itself")
		y.at(link(a, kind, "YARD-99").WantProblem(t, 404, "not-found"), "body.task_id", "")
	}
	for _, malformed := range []string{"", "x", "yard-1", "{" + b + "}", b + "0", "YARD-0", strings.Repeat("A", 41)} {
		y.at(link(a, "relates", malformed).WantProblem(t, 422, "validation"), "body.task_id", "")
	}
	y.at(link(a, "likes", b).WantProblem(t, 422, "validation"), "body.kind", "")
	link("YARD-99", "relates", b).WantProblem(t, 404, "not-found")

	y.link(a, "blocks", b)
	y.link(c, "blocked_by", b)
	const circle = "would close a circle of blocks"
	y.at(link(b, "blocks", a).WantProblem(t, 422, "validation"), "body.task_id", circle)
	y.at(link(c, "blocks", a).WantProblem(t, 422, "validation"), "body.task_id", circle)
	y.at(link(a, "blocked_by", c).WantProblem(t, 422, "validation"), "body.task_id", circle)
	y.trash(b)
	y.at(link(c, "blocks", a).WantProblem(t, 422, "validation"), "body.task_id", circle) // it may come back
	y.at(link(a, "relates", b).WantProblem(t, 404, "not-found"), "body.task_id", "")
	link(b, "relates", a).WantProblem(t, 404, "not-found")
	y.link(a, "blocks", c)
	y.link(c, "duplicates", a)
	y.link(c, "relates", a)
}

// TestBlocksNeverCloseACircle: of many blocks at once, those that would close a circle are refused, whatever order they
// come in.
func TestBlocksNeverCloseACircle(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	var tasks []string
	for range 8 {
		tasks = append(tasks, y.task(y.columns[0]))
	}
	for round := range 4 {
		seed := rand.Uint64()
		t.Logf("round %d has the seed %d", round, seed)
		random := rand.New(rand.NewPCG(seed, 0))
		var bodies []fields
		var paths []string
		for range 30 {
			pair := random.Perm(len(tasks))
			paths = append(paths, links(tasks[pair[0]]))
			bodies = append(bodies, fields{"kind": []string{"blocks", "blocked_by"}[random.IntN(2)], "task_id": tasks[pair[1]]})
		}
		made := 0
		for _, r := range y.atOnce(30, func(i int) (string, string, any) { return "POST", paths[i], bodies[i] }) {
			switch r.Status {
			case 201:
				made++
			case 409:
				r.WantProblem(t, 409, "link-exists")
			default:
				y.at(r.WantProblem(t, 422, "validation"), "body.task_id", "circle")
			}
		}
		circles := y.count(`with recursive reached as (
			select task_id as start, other_id as id from app.task_links where kind = 'blocks'
			union select r.start, l.other_id from reached r join app.task_links l on l.task_id = r.id and l.kind = 'blocks')
			select count(*) from reached where start = id`)
		stored := y.count("select count(*) from app.task_links")
		if circles != 0 || made == 0 || stored != made {
			t.Fatalf("%d tasks block themselves in the end, after %d links of which %d are there", circles, made, stored)
		}
		if _, err := y.admin.Server.Owner.Exec(t.Context(), "delete from app.task_links"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBlockedFollowsTheBlocker(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	blocker, task := y.task(y.columns[0]), y.task(y.columns[0])
	want := func(want bool, when string) {
		t.Helper()
		if got := y.blocked(task); got != want {
			t.Errorf("blocked is %v %s", got, when)
		}
	}
	counted := func(want float64) {
		t.Helper()
		if got := y.admin.Do(t, "GET", "/v1/tasks/"+task+"?expand=counts", nil).Want(t, 200).Number(t, "counts.links"); got != want {
			t.Errorf("%v links are counted, want %v", got, want)
		}
	}
	to := func(column int) {
		t.Helper()
		y.admin.Do(t, "PATCH", "/v1/tasks/"+blocker, fields{"column_id": y.columns[column]}).Want(t, 200)
	}
	want(false, "without a link")
	link := y.link(task, "blocked_by", blocker)
	want(true, "with an open blocker")
	counted(1)
	if y.blocked(blocker) {
		t.Error("the blocker is blocked")
	}
	to(3)
	want(false, "when the blocker is done")
	to(1)
	want(true, "when it is open again")
	y.trash(blocker)
	want(false, "when the blocker is in the trash")
	y.wantLinks(y.admin, task)
	counted(0)
	y.admin.Do(t, "DELETE", links(task)+"/"+link, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "GET", links(blocker), nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", "/v1/tasks/"+blocker+"/restore", nil).Want(t, 200)
	want(true, "when it is restored")
	counted(1)
	y.admin.Do(t, "DELETE", links(blocker)+"/"+link, nil).Want(t, 204)
	want(false, "when the link is gone")
	y.wantLinks(y.admin, blocker)
	y.link(task, "relates", blocker)
	y.link(task, "duplicates", blocker)
	want(false, "by other kinds of links")
}

func TestLinkIsDeletedThroughItsTasksAlone(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	a, b, c := y.task(y.columns[0]), y.task(y.columns[0]), y.task(y.columns[0])
	link := y.link(a, "blocks", b)
	y.link(c, "blocks", b)
	y.admin.Do(t, "DELETE", links(c)+"/"+link, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "DELETE", links("YARD-99")+"/"+link, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "DELETE", links("YARD-1")+"/"+link, nil).Want(t, 204)
	y.admin.Do(t, "DELETE", links(b)+"/"+link, nil).WantProblem(t, 404, "not-found")
	y.wantLinks(y.admin, b, "blocked_by YARD-3")
}

func TestLinksArePaged(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	var want []any
	for i := range 7 {
		want = append(want, y.link(task, []string{"blocks", "blocked_by", "relates", "duplicated_by"}[i%4], y.task(y.columns[0])))
	}
	for _, size := range []int{1, 3, 50} {
		if got := y.walk(links(task), "id", size); !slices.Equal(got, want) {
			t.Errorf("in pages of %d the links are %v, want %v", size, got, want)
		}
	}
}

// TestLinksAcrossProjects: a link needs to write on the side of the path and to see the other one, and whoever does not
// see both sides learns nothing of it.
func TestLinksAcrossProjects(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	private, columns := y.newProject("SECRET", true)
	open, hidden := y.task(y.columns[0]), y.task(columns[0])
	member := y.join("member", "member", "", "")
	reader := y.join("reader", "member", private, "guest") // writes in the open project, reads in the private one
	link := func(who *apitest.Client, task, kind, other string) *apitest.Response {
		return who.Do(t, "POST", links(task), fields{"kind": kind, "task_id": other})
	}
	y.at(link(member, open, "blocks", hidden).WantProblem(t, 404, "not-found"), "body.task_id", "")
	y.at(link(member, open, "blocks", "SECRET-1").WantProblem(t, 404, "not-found"), "body.task_id", "")
	link(member, hidden, "blocks", open).WantProblem(t, 404, "not-found")
	link(reader, hidden, "blocks", open).WantProblem(t, 403, "forbidden")
	link(reader, hidden, "blocked_by", open).WantProblem(t, 403, "forbidden")
	for _, kind := range []string{"blocks", "relates", "duplicated_by"} {
		id := link(reader, open, kind, hidden).Want(t, 201).Text(t, "id")
		reader.Do(t, "DELETE", links(hidden)+"/"+id, nil).WantProblem(t, 403, "forbidden")
		member.Do(t, "DELETE", links(open)+"/"+id, nil).WantProblem(t, 404, "not-found")
		reader.Do(t, "DELETE", links(open)+"/"+id, nil).Want(t, 204)
	}
	id := link(reader, open, "blocked_by", hidden).Want(t, 201).Text(t, "id")
	y.wantLinks(reader, open, "blocked_by SECRET-1")
	y.wantLinks(reader, hidden, "blocks YARD-1")
	y.wantLinks(member, open)
	if got := member.Do(t, "GET", "/v1/tasks/"+open, nil).Want(t, 200).Get(t, "blocked"); got != false {
		t.Error("a hidden task is seen to block")
	}
	types := func(who *apitest.Client) []any { return y.column(who, "/v1/tasks/"+open+"/activity", "type") }
	if got := types(member); slices.Contains(got, any("link.created")) || slices.Contains(got, any("link.deleted")) {
		t.Errorf("who does not see the other side reads %v", got)
	}
	if got := types(reader); got[0] != "link.created" || got[1] != "link.deleted" {
		t.Errorf("who sees both sides reads %v", got)
	}
	if got := y.column(y.admin, "/v1/tasks/"+hidden+"/activity", "type"); got[0] != "link.created" {
		t.Errorf("on the other side is %v", got)
	}

	y.admin.Do(t, "PATCH", "/v1/tasks/"+hidden, fields{"column_id": y.columns[0]}).Want(t, 200)
	y.wantLinks(member, open, "blocked_by YARD-2")
	y.admin.Do(t, "PATCH", "/v1/tasks/"+open, fields{"column_id": columns[0]}).Want(t, 200)
	y.wantLinks(member, hidden)
	y.wantLinks(reader, hidden, "blocks SECRET-2")
	reader.Do(t, "DELETE", links(hidden)+"/"+id, nil).Want(t, 204)
}

// TestLinkEventsTellEachSide: either task's followers hear of a link as it is seen from there.
func TestLinkEventsTellEachSide(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	other, columns := y.newProject("OTHER", false)
	a, b := y.task(y.columns[0]), y.task(columns[0])
	socket := y.admin.Listen(t)
	id := y.link(b, "duplicated_by", a)
	y.admin.Do(t, "DELETE", links(a)+"/"+id, nil).Want(t, 204)
	for _, kind := range []string{"link.created", "link.deleted"} {
		heard := map[string]string{}
		for range 2 {
			e := socket.Next(t)
			heard[e.TaskID] = fmt.Sprint(e.Type, e.ProjectID, e.Data["id"], e.Data["kind"], e.Data["task_id"], e.Data["project_id"], e.Data["other_id"], e.Data["other_project_id"])
		}
		for task, want := range map[string]string{
			a: fmt.Sprint(kind, y.project, id, "duplicates", a, y.project, b, other),
			b: fmt.Sprint(kind, other, id, "duplicated_by", b, other, a, y.project),
		} {
			if heard[task] != want {
				t.Errorf("the event of %s is %q, want %q", task, heard[task], want)
			}
		}
	}
}
