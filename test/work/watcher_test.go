package work_test

import (
	"slices"
	"testing"
)

func watchers(task string) string { return "/v1/tasks/" + task + "/watchers" }

func (y *yard) watchEvents() int {
	y.Helper()
	return y.count("select count(*) from app.events where kind like 'watcher.%'")
}

func TestWatchingTwiceIsWatchingOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[1])
	grace := y.join("grace", "member", "", "")
	first := y.made(watchers(task), nil)
	if first.Text(t, "user_id") != y.admin.User || first.Text(t, "email") != y.admin.Email || first.Text(t, "name") != "ada" {
		t.Errorf("a watcher: %s", first.Body)
	}
	for _, body := range []any{nil, "{}", fields{}, fields{"user_id": y.admin.User}} {
		if again := y.made(watchers(task), body); string(again.Body) != string(first.Body) {
			t.Errorf("%v is answered %s, before %s", body, again.Body, first.Body)
		}
	}
	if again := grace.Do(t, "POST", watchers("YARD-1"), fields{"user_id": y.admin.User}).Want(t, 201); string(again.Body) != string(first.Body) {
		t.Errorf("by somebody else it is answered %s, before %s", again.Body, first.Body)
	}
	if n := y.watchEvents(); n != 1 {
		t.Errorf("%d events for one watcher", n)
	}
	grace.Do(t, "POST", watchers(task), nil).Want(t, 201)
	if got := y.walk(watchers(task), "user_id", 1); !slices.Equal(got, []any{y.admin.User, grace.User}) {
		t.Errorf("the watchers are %v", got)
	}
	if n := y.admin.Do(t, "GET", "/v1/tasks/"+task+"?expand=counts", nil).Want(t, 200).Number(t, "counts.watchers"); n != 2 {
		t.Errorf("%v watchers are counted", n)
	}
	y.admin.Do(t, "DELETE", watchers(task)+"/"+grace.User, nil).Want(t, 204)
	y.admin.Do(t, "DELETE", watchers(task)+"/"+grace.User, nil).WantProblem(t, 404, "not-found")
	if n := y.watchEvents(); n != 3 {
		t.Errorf("%d events after one watcher was taken off", n)
	}
}

// TestWatchingAtOnceIsWatchingOnce: of many who add the same watcher together one does, and all are told the same.
func TestWatchingAtOnceIsWatchingOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for round := range 15 {
		task, answers := y.task(y.columns[1]), map[string]int{}
		for _, r := range y.atOnce(8, func(int) (string, string, any) { return "POST", watchers(task), nil }) {
			answers[string(r.Want(t, 201).Body)]++
		}
		if len(answers) != 1 || y.watchEvents() != round+1 {
			t.Fatalf("eight at once are answered %v, with %d events after %d rounds", answers, y.watchEvents(), round+1)
		}
	}
}

func TestWatchersSeeTheirTask(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	private, columns := y.newProject("SECRET", true)
	hidden, open := y.task(columns[0]), y.task(y.columns[0])
	member, guest := y.join("member", "member", "", ""), y.join("guest", "guest", y.project, "guest")
	stranger := y.admin.Server.SignUp(t, "stranger")

	y.at(y.admin.Do(t, "POST", watchers(hidden), fields{"user_id": member.User}).WantProblem(t, 422, "validation"), "body.user_id", "does not see the project")
	y.at(y.admin.Do(t, "POST", watchers(hidden), fields{"user_id": guest.User}).WantProblem(t, 422, "validation"), "body.user_id", "does not see the project")
	y.at(y.admin.Do(t, "POST", watchers(open), fields{"user_id": stranger.User}).WantProblem(t, 404, "not-found"), "body.user_id", "no such member")
	y.at(y.admin.Do(t, "POST", watchers(open), fields{"user_id": "x"}).WantProblem(t, 422, "validation"), "body.user_id", "")
	member.Do(t, "POST", watchers(hidden), nil).WantProblem(t, 404, "not-found")
	member.Do(t, "GET", watchers(hidden), nil).WantProblem(t, 404, "not-found")
	member.Do(t, "DELETE", watchers(hidden)+"/"+y.admin.User, nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", "/v1/projects/"+private+"/members", fields{"user_id": member.User}).Want(t, 201)
	y.made(watchers(hidden), fields{"user_id": member.User})

	y.trash(hidden)
	y.admin.Do(t, "GET", watchers(hidden), nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "POST", watchers(hidden), nil).WantProblem(t, 404, "not-found")
	y.admin.Do(t, "DELETE", watchers(hidden)+"/"+member.User, nil).WantProblem(t, 404, "not-found")

	y.made(watchers(open), fields{"user_id": guest.User})
	y.admin.Do(t, "DELETE", "/v1/orgs/"+y.admin.Org+"/members/"+guest.User, nil).Want(t, 204)
	if got := y.column(y.admin, watchers(open), "user_id"); len(got) != 0 {
		t.Errorf("who left the organization still watches: %v", got)
	}
}

// TestReadersWatchForThemselves: whoever reads a task may watch it; for others it takes to write.
func TestReadersWatchForThemselves(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	guest := y.join("guest", "guest", y.project, "guest")
	reader := y.join("reader", "member", y.project, "guest")
	outsider := y.join("outsider", "guest", "", "")
	y.made(watchers(task), nil)
	for name, who := range map[string]string{"a guest": guest.User, "a reader": reader.User} {
		client, other := guest, reader
		if who == reader.User {
			client, other = reader, guest
		}
		client.Do(t, "POST", watchers(task), nil).Want(t, 201)
		client.Do(t, "POST", watchers(task), fields{"user_id": who}).Want(t, 201)
		client.Do(t, "POST", watchers(task), fields{"user_id": other.User}).WantProblem(t, 403, "forbidden")
		client.Do(t, "POST", watchers(task), fields{"user_id": outsider.User}).WantProblem(t, 403, "forbidden")
		client.Do(t, "DELETE", watchers(task)+"/"+y.admin.User, nil).WantProblem(t, 403, "forbidden")
		if got := y.column(client, watchers(task), "user_id"); !slices.Contains(got, any(who)) || !slices.Contains(got, any(y.admin.User)) {
			t.Errorf("%s sees the watchers %v", name, got)
		}
		client.Do(t, "DELETE", watchers(task)+"/"+who, nil).Want(t, 204)
		client.Do(t, "DELETE", watchers(task)+"/"+who, nil).WantProblem(t, 404, "not-found")
	}
	outsider.Do(t, "POST", watchers(task), nil).WantProblem(t, 404, "not-found")
	outsider.Do(t, "DELETE", watchers(task)+"/"+outsider.User, nil).WantProblem(t, 404, "not-found")
	if got := y.column(y.admin, watchers(task), "user_id"); !slices.Equal(got, []any{y.admin.User}) {
		t.Errorf("the watchers are %v", got)
	}
}
