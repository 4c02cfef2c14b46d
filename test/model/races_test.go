package model_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
)

// launch sends n requests at the same moment; what it returns waits for their answers.
func launch(n int, request func(i int) (*apitest.Response, error)) func(t *testing.T) []*apitest.Response {
	answers, errs := make([]*apitest.Response, n), make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			answers[i], errs[i] = request(i)
		})
	}
	close(start)
	return func(t *testing.T) []*apitest.Response {
		t.Helper()
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		return answers
	}
}

// together sends n requests at the same moment and gives their answers.
func together(t *testing.T, n int, request func(i int) (*apitest.Response, error)) []*apitest.Response {
	t.Helper()
	return launch(n, request)(t)
}

// behind sends n requests that all come to wait for what the statements lock, and then lets them go: each of them has
// begun before any of them could end.
func behind(t *testing.T, s *apitest.Server, statements []string, id any, n int, request func(i int) (*apitest.Response, error)) []*apitest.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tx, err := s.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement, id); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	answers := launch(n, request)
	for waiting := 0; waiting < n; {
		err := s.Owner.QueryRow(ctx, `select count(*) from pg_stat_activity, pg_sleep(0.002)
			where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatalf("only %d of %d requests wait: %v", waiting, n, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	return answers(t)
}

// tally counts the answers by status, and fails the test where one has a status that is not allowed.
func tally(t *testing.T, answers []*apitest.Response, allowed ...int) map[int]int {
	t.Helper()
	counts := map[int]int{}
	for _, r := range answers {
		wantStatus(t, r, allowed...)
		counts[r.Status]++
	}
	return counts
}

// count runs a query for one number, past every policy.
func count(t rapid.TB, s *apitest.Server, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.Owner.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestRaces runs on one server, each race in an organization of its own.
func TestRaces(t *testing.T) {
	s := apitest.New(t)
	for name, race := range map[string]func(*testing.T, *apitest.Server){
		"one of many writers of a version wins":             testOneOfManyWritersOfAVersionWins,
		"parallel creates are numbered without gaps":        testParallelCreatesAreNumberedWithoutGaps,
		"parallel moves before one task all come before it": testParallelMovesBeforeOneTaskAllComeBeforeIt,
		"an organization keeps an admin":                    testAnOrganizationKeepsAnAdmin,
		"an invitation is accepted once":                    testAnInvitationIsAcceptedOnce,
		"an address signs up once":                          testAnAddressSignsUpOnce,
		"an idempotency key works once":                     testAnIdempotencyKeyWorksOnce,
		"parallel parents make no circle":                   testParallelParentsMakeNoCircle,
		"one refresh of a token wins":                       testOneRefreshOfATokenWins,
		"a lost refresh ends nothing":                       testALostRefreshEndsNothing,
		"racing patches tell of each other":                 testRacingPatchesTellOfEachOther,
		"a trashed task is restored once":                   testATrashedTaskIsRestoredOnce,
		"a column takes its new tasks along":                testAColumnTakesItsNewTasksAlong,
		"a column is empty or stays":                        testAColumnIsEmptyOrStays,
		"a place is taken among new ranks":                  testAPlaceIsTakenAmongNewRanks,
	} {
		t.Run(name, func(t *testing.T) { race(t, s) })
	}
}

func testOneOfManyWritersOfAVersionWins(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	_, b := newBoard(t, ada, "WIN")
	k := newTask(t, ada, b.Columns[0].ID, "0")
	for version := 1; version <= 15; version++ {
		answers := together(t, 4, func(i int) (*apitest.Response, error) {
			return ada.Try("PATCH", "/v1/tasks/"+k.ID, body{"title": fmt.Sprint(i)}, etag(version))
		})
		if got := tally(t, answers, 200, 412); got[200] != 1 {
			t.Fatalf("version %d was changed by %d writers", version, got[200])
		}
		won := as[task](t, winner(t, answers, 200), 200)
		now := as[task](t, send(t, ada, "GET", "/v1/tasks/"+k.ID, nil), 200)
		if now.Version != version+1 || now.Title != won.Title {
			t.Fatalf("version %d titled %q, want %d titled %q", now.Version, now.Title, version+1, won.Title)
		}
	}
}

func testParallelCreatesAreNumberedWithoutGaps(t *testing.T, s *apitest.Server) {
	const n = 50
	ada := s.SignUp(t, "ada")
	project, b := newBoard(t, ada, "GAP")
	answers := together(t, n, func(i int) (*apitest.Response, error) {
		return ada.Try("POST", "/v1/columns/"+b.Columns[0].ID+"/tasks", body{"title": fmt.Sprint(i)})
	})
	numbers := map[int]bool{}
	for _, r := range answers {
		k := as[task](t, r, 201)
		numbers[k.Number] = true
		if k.Key != fmt.Sprintf("GAP-%d", k.Number) || k.Number < 1 || k.Number > n {
			t.Errorf("task %s has number %d", k.Key, k.Number)
		}
	}
	if got := all[task](t, ada, "/v1/columns/"+b.Columns[0].ID+"/tasks?limit=7"); len(got) != n || len(numbers) != n {
		t.Errorf("%d tasks with %d numbers, want %d", len(got), len(numbers), n)
	}
	checkInvariants(t, ada.Server, project)
}

func testParallelMovesBeforeOneTaskAllComeBeforeIt(t *testing.T, s *apitest.Server) {
	const n = 16
	ada := s.SignUp(t, "ada")
	project, b := newBoard(t, ada, "MOV")
	first, anchor := newTask(t, ada, b.Columns[1].ID, "first"), newTask(t, ada, b.Columns[1].ID, "anchor")
	var moving []string
	for i := range n {
		moving = append(moving, newTask(t, ada, b.Columns[i%2].ID, "moving").ID)
	}
	for range 3 {
		tally(t, together(t, n, func(i int) (*apitest.Response, error) {
			return ada.Try("PATCH", "/v1/tasks/"+moving[i], body{"before_id": anchor.ID})
		}), 200)
		order := ids(all[task](t, ada, "/v1/columns/"+b.Columns[1].ID+"/tasks?limit=200"))
		if len(order) != n+2 || order[0] != first.ID || order[n+1] != anchor.ID {
			t.Fatalf("order %v: %s is not first or %s not last", order, first.ID, anchor.ID)
		}
	}
	checkInvariants(t, ada.Server, project)
}

func testAnOrganizationKeepsAnAdmin(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	both := []*apitest.Client{ada, ada.Join(t, "grace", "admin")}
	members := "/v1/orgs/" + ada.Org + "/members/"
	admins := func() int {
		return count(t, s, "select count(*) from app.memberships where org_id = $1 and role = 'admin'", ada.Org)
	}
	for _, test := range []struct {
		name    string
		request func(i int) (*apitest.Response, error)
	}{
		{"step down", func(i int) (*apitest.Response, error) {
			return both[i].Try("PATCH", members+both[i].User, body{"role": "member"})
		}},
		{"demote each other", func(i int) (*apitest.Response, error) {
			return both[i].Try("PATCH", members+both[1-i].User, body{"role": "guest"})
		}},
		{"one steps down, one leaves", func(i int) (*apitest.Response, error) {
			if i == 0 {
				return both[0].Try("PATCH", members+both[0].User, body{"role": "member"})
			}
			return both[1].Try("DELETE", members+both[1].User, nil)
		}},
	} {
		for range 8 {
			if n := admins(); n != 2 {
				t.Fatalf("%s: %d admins to begin with", test.name, n)
			}
			counts := tally(t, together(t, 2, test.request), 200, 204, 403, 409)
			if counts[200]+counts[204] != 1 || admins() != 1 {
				t.Fatalf("%s: %v, and %d admins", test.name, counts, admins())
			}
			reinstate(t, both)
		}
	}
}

// reinstate makes both admins again, by the one who still is.
func reinstate(t *testing.T, both []*apitest.Client) {
	t.Helper()
	for i, c := range both {
		other := both[1-i]
		path := "/v1/orgs/" + c.Org + "/members/" + other.User
		switch r := c.Do(t, "PATCH", path, body{"role": "admin"}); r.Status {
		case 200:
			return
		case 404:
			if c.Do(t, "POST", "/v1/orgs/"+c.Org+"/invite", body{"email": other.Email, "role": "admin"}).Status == 201 {
				other.Do(t, "POST", "/v1/invitations/accept", body{"token": c.Server.InvitationToken(t, other.Email)}).Want(t, 200)
				return
			}
		}
	}
	t.Fatal("nobody is admin")
}

func testOneRefreshOfATokenWins(t *testing.T, s *apitest.Server) {
	for range 5 {
		ada := s.SignUpAlone(t, "ada")
		answers := together(t, 6, func(int) (*apitest.Response, error) {
			return s.Anonymous().Try("POST", "/v1/auth/refresh", body{"refresh_token": ada.Refresh})
		})
		counts := tally(t, answers, 200, 401, 409)
		if counts[200] != 1 {
			t.Fatalf("%d of 6 refreshes of one token won", counts[200])
		}
		if counts[401] > 0 { // one that came late shows the token to be stolen
			s.Anonymous().Do(t, "POST", "/v1/auth/refresh", body{"refresh_token": winner(t, answers, 200).Text(t, "refresh_token")}).
				WantProblem(t, 401, "refresh-reused")
		}
	}
}

// testALostRefreshEndsNothing: who was on the way already when another refresh won is told so, and the session lives.
func testALostRefreshEndsNothing(t *testing.T, s *apitest.Server) {
	ada := s.SignUpAlone(t, "ada")
	hash := sha256.Sum256([]byte(ada.Refresh))
	answers := behind(t, s, []string{"select from app.refresh_tokens where hash = $1 for update"}, hash[:], 4, func(int) (*apitest.Response, error) {
		return s.Anonymous().Try("POST", "/v1/auth/refresh", body{"refresh_token": ada.Refresh})
	})
	if counts := tally(t, answers, 200, 409); counts[200] != 1 {
		t.Errorf("%d of 4 refreshes won", counts[200])
	}
	s.Anonymous().Do(t, "POST", "/v1/auth/refresh", body{"refresh_token": winner(t, answers, 200).Text(t, "refresh_token")}).Want(t, 200)
}

// winner is the first answer with the status.
func winner(t *testing.T, answers []*apitest.Response, status int) *apitest.Response {
	t.Helper()
	i := slices.IndexFunc(answers, func(r *apitest.Response) bool { return r.Status == status })
	if i < 0 {
		t.Fatalf("no answer has status %d", status)
	}
	return answers[i]
}

func testAnInvitationIsAcceptedOnce(t *testing.T, s *apitest.Server) {
	ada, grace := s.SignUp(t, "ada"), s.SignUpAlone(t, "grace")
	ada.Do(t, "POST", "/v1/orgs/"+ada.Org+"/invite", body{"email": grace.Email, "role": "member"}).Want(t, 201)
	token := s.InvitationToken(t, grace.Email)
	answers := together(t, 8, func(int) (*apitest.Response, error) {
		return grace.Try("POST", "/v1/invitations/accept", body{"token": token})
	})
	if got := tally(t, answers, 200, 410); got[200] != 1 {
		t.Errorf("accepted %d times", got[200])
	}
	if n := count(t, s, "select count(*) from app.events where org_id = $1 and entity_id = $2 and kind = 'member.added'", ada.Org, grace.User); n != 1 {
		t.Errorf("added %d times", n)
	}
}

func testAnAddressSignsUpOnce(t *testing.T, s *apitest.Server) {
	answers := together(t, 6, func(i int) (*apitest.Response, error) {
		email := []string{"once@plinth.test", "Once@Plinth.TEST"}[i%2]
		return s.Anonymous().Try("POST", "/v1/auth/signup", body{"email": email, "password": apitest.Password, "name": "Ada", "org_name": "Once"})
	})
	if got := tally(t, answers, 201, 409); got[201] != 1 {
		t.Errorf("signed up %d times", got[201])
	}
	if n := count(t, s, "select count(*) from app.organizations where name = 'Once'"); n != 1 {
		t.Errorf("%d organizations", n)
	}
}

func testAnIdempotencyKeyWorksOnce(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	_, b := newBoard(t, ada, "KEY")
	for round := range 10 {
		key := apitest.Header{Name: "Idempotency-Key", Value: fmt.Sprint("round ", round)}
		answers := together(t, 6, func(int) (*apitest.Response, error) {
			return ada.Try("POST", "/v1/columns/"+b.Columns[0].ID+"/tasks", body{"title": "Once"}, key)
		})
		tally(t, answers, 201, 409)
		made, fresh := map[string]bool{}, 0
		for _, r := range answers {
			if r.Status == 409 {
				r.WantProblem(t, 409, "idempotency-in-flight")
				continue
			}
			made[r.Text(t, "id")] = true
			if r.Header.Get("Idempotency-Replayed") == "" {
				fresh++
			}
		}
		if len(made) != 1 || fresh != 1 {
			t.Fatalf("%d tasks made, %d answers not replayed", len(made), fresh)
		}
	}
	if got := all[task](t, ada, "/v1/columns/"+b.Columns[0].ID+"/tasks?limit=200"); len(got) != 10 {
		t.Errorf("%d tasks of 10 keys", len(got))
	}
}

func testParallelParentsMakeNoCircle(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	_, b := newBoard(t, ada, "TREE")
	var tasks []string
	for i := range 6 {
		tasks = append(tasks, newTask(t, ada, b.Columns[0].ID, fmt.Sprint(i)).ID)
	}
	changed := 0
	for range 15 {
		answers := together(t, len(tasks), func(i int) (*apitest.Response, error) {
			return ada.Try("PATCH", "/v1/tasks/"+tasks[i], body{"parent_id": tasks[(i+1+rand.IntN(2))%len(tasks)]})
		})
		changed += tally(t, answers, 200, 422)[200]
		circles := count(t, ada.Server, `with recursive up (id, parent_id) as (
			select id, parent_id from app.tasks
			union all select u.id, t.parent_id from up u join app.tasks t on t.id = u.parent_id
		) cycle id, parent_id set looped using path select count(*) from up where looped`)
		if circles > 0 {
			t.Fatalf("%d tasks stand in a circle", circles)
		}
	}
	if changed < 30 {
		t.Errorf("only %d changes of a parent passed", changed)
	}
}

// testRacingPatchesTellOfEachOther: the last of several changes to one task answers with all of them, and so does its event.
func testRacingPatchesTellOfEachOther(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	label := ada.Do(t, "POST", "/v1/labels", body{"name": "hot", "color": "#ff0000"}).Want(t, 201).Text(t, "id")
	project, b := newBoard(t, ada, "RACE")
	k := newTask(t, ada, b.Columns[0].ID, "A task")
	changes := []body{{"assignee_ids": []string{ada.User}}, {"title": "Other"}, {"label_ids": []string{label}}, {"description": "Words"}}
	answers := behind(t, s, []string{"select from app.tasks where id = $1 for update"}, k.ID, len(changes)+1, func(i int) (*apitest.Response, error) {
		if i == len(changes) {
			return ada.Try("PATCH", "/v1/columns/"+b.Columns[0].ID, body{"status": "done"})
		}
		return ada.Try("PATCH", "/v1/tasks/"+k.ID, changes[i])
	})
	tally(t, answers, 200)
	now := as[task](t, send(t, ada, "GET", "/v1/tasks/"+k.ID, nil), 200)
	if now.Title != "Other" || now.Description != "Words" || len(now.AssigneeIDs) != 1 || len(now.LabelIDs) != 1 || now.Status != "done" {
		t.Errorf("a change was lost: %+v", now)
	}
	var told []task
	for _, r := range answers[:len(changes)] {
		told = append(told, as[task](t, r, 200))
	}
	slices.SortFunc(told, func(a, b task) int { return a.Version - b.Version })
	for i, later := range told[1:] {
		earlier := told[i]
		if len(later.AssigneeIDs) < len(earlier.AssigneeIDs) || len(later.LabelIDs) < len(earlier.LabelIDs) ||
			earlier.Title == "Other" && later.Title != "Other" || len(later.Description) < len(earlier.Description) {
			t.Errorf("version %d does not tell what version %d does: %+v, %+v", later.Version, earlier.Version, later, earlier)
		}
	}
	checkInvariants(t, s, project)
}

func testATrashedTaskIsRestoredOnce(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	project, b := newBoard(t, ada, "ONCE")
	k := newTask(t, ada, b.Columns[0].ID, "A task")
	lock := []string{"select from app.tasks where id = $1 for update"}
	deleted := behind(t, s, lock, k.ID, 3, func(int) (*apitest.Response, error) { return ada.Try("DELETE", "/v1/tasks/"+k.ID, nil) })
	restored := behind(t, s, lock, k.ID, 3, func(int) (*apitest.Response, error) { return ada.Try("POST", "/v1/tasks/"+k.ID+"/restore", nil) })
	if d, r := tally(t, deleted, 204, 404)[204], tally(t, restored, 200, 404)[200]; d != 1 || r != 1 {
		t.Errorf("deleted %d times and restored %d times", d, r)
	}
	checkInvariants(t, s, project)
}

// testAColumnTakesItsNewTasksAlong: a task that comes in while the column changes its status has the new one.
func testAColumnTakesItsNewTasksAlong(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	project, b := newBoard(t, ada, "COL")
	column := b.Columns[0].ID
	answers := behind(t, s, []string{"select from app.columns where id = $1 for update"}, column, 4, func(i int) (*apitest.Response, error) {
		if i == 3 {
			return ada.Try("PATCH", "/v1/columns/"+column, body{"status": "done"})
		}
		return ada.Try("POST", "/v1/columns/"+column+"/tasks", body{"title": "Just in time"})
	})
	tally(t, answers, 200, 201)
	for _, k := range all[task](t, ada, "/v1/columns/"+column+"/tasks?limit=200") {
		if k.Status != "done" {
			t.Errorf("%s is %s", k.Key, k.Status)
		}
	}
	checkInvariants(t, s, project)
}

// testAColumnIsEmptyOrStays: of a task that comes in and the deletion of the column, one fails.
func testAColumnIsEmptyOrStays(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	project, b := newBoard(t, ada, "END")
	for _, column := range b.Columns {
		answers := behind(t, s, []string{"select from app.columns where id = $1 for update"}, column.ID, 2, func(i int) (*apitest.Response, error) {
			if i == 1 {
				return ada.Try("DELETE", "/v1/columns/"+column.ID, nil)
			}
			return ada.Try("POST", "/v1/columns/"+column.ID+"/tasks", body{"title": "Just in time"})
		})
		if got := [2]int{answers[0].Status, answers[1].Status}; got != [2]int{201, 409} && got != [2]int{404, 204} {
			t.Errorf("the task was answered %d, the deletion %d", got[0], got[1])
		}
	}
	checkInvariants(t, s, project)
}

// testAPlaceIsTakenAmongNewRanks: what is placed beside a task while the column gets new ranks goes by the new ones.
func testAPlaceIsTakenAmongNewRanks(t *testing.T, s *apitest.Server) {
	ada := s.SignUp(t, "ada")
	_, b := newBoard(t, ada, "NEW")
	column := b.Columns[0].ID
	var made []string
	for i := range 4 {
		made = append(made, newTask(t, ada, column, fmt.Sprint(i)).ID)
	}
	anew := []string{
		"select pg_advisory_xact_lock(hashtextextended('ranks ' || $1::uuid::text, 0))",
		`update app.tasks t set rank = 'Z' || (9 - n)
		from (select id, row_number() over (order by rank desc) as n from app.tasks where org_id = $1) o where t.id = o.id`,
	}
	tally(t, behind(t, s, anew, ada.Org, 1, func(int) (*apitest.Response, error) {
		return ada.Try("PATCH", "/v1/tasks/"+made[3], body{"before_id": made[1]})
	}), 200)
	want := []string{made[0], made[3], made[1], made[2]}
	if order := ids(all[task](t, ada, "/v1/columns/"+column+"/tasks?limit=200")); !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

// TestManyClientsKeepTheInvariants lets eight clients work on one project at the same time, and looks at what is left.
func TestManyClientsKeepTheInvariants(t *testing.T) {
	const clients, steps = 8, 100
	var log lines
	s := apitest.New(t, apitest.WithLog(&log))
	ada := s.SignUp(t, "ada")
	label := ada.Do(t, "POST", "/v1/labels", body{"name": "hot", "color": "#ff0000"}).Want(t, 201).Text(t, "id")
	project, b := newBoard(t, ada, "MANY")
	c := &crowd{client: ada, board: b.ID, label: label}
	for _, column := range b.Columns {
		c.columns = append(c.columns, column.ID)
	}
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for range steps {
				if err := c.step(random); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("answers: %v", c.answers)
	if c.answers[200] < clients*steps/4 || c.answers[201] < clients*steps/8 {
		t.Errorf("hardly anything was done: %v", c.answers)
	}
	checkInvariants(t, s, project)
	log.report(t)
}

// lines keeps what a server logs about its own failures.
type lines struct {
	mu  sync.Mutex
	bad []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Contains(string(b), `"level":"ERROR"`) {
		l.bad = append(l.bad, string(b))
	}
	return len(b), nil
}

func (l *lines) report(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.bad {
		t.Errorf("logged: %s", line)
	}
}

// crowd is what the clients know of, rightly or not any more.
type crowd struct {
	client       *apitest.Client
	board, label string

	mu             sync.Mutex
	columns, tasks []string
	answers        map[int]int
}

// step does something, anything.
func (c *crowd) step(random *rand.Rand) error {
	method, path, content, headers := c.choose(random)
	r, err := c.client.Try(method, path, content, headers...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers = map[int]int{}
	}
	c.answers[r.Status]++
	if !slices.Contains([]int{200, 201, 204, 404, 409, 412, 422}, r.Status) {
		return fmt.Errorf("%s %s %v: %d %s", method, path, content, r.Status, r.Body)
	}
	if r.Status != 201 {
		return nil
	}
	id := strings.Split(string(r.Body), `"`)[3] // {"id":"...
	if strings.HasSuffix(path, "/tasks") {
		c.tasks = append(c.tasks, id)
	} else {
		c.columns = append(c.columns, id)
	}
	return nil
}

func (c *crowd) choose(random *rand.Rand) (method, path string, content any, headers []apitest.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pick := func(of []string) string { return of[random.IntN(len(of))] }
	recent := func(of []string) string { return of[max(0, len(of)-1-random.IntN(12))] }
	if len(c.tasks) == 0 {
		return "POST", "/v1/columns/" + pick(c.columns) + "/tasks", body{"title": "The first"}, nil
	}
	at := "/v1/tasks/" + recent(c.tasks)
	if random.IntN(4) == 0 {
		headers = append(headers, etag(1+random.IntN(4)))
	}
	status := pick(statuses())
	switch n := random.IntN(100); {
	case n < 22:
		return "POST", "/v1/columns/" + pick(c.columns) + "/tasks", body{"title": "Another", "label_ids": []string{c.label}}, nil
	case n < 34:
		return "PATCH", at, body{"before_id": recent(c.tasks)}, nil
	case n < 46:
		return "PATCH", at, body{"after_id": recent(c.tasks)}, nil
	case n < 54:
		return "PATCH", at, body{"column_id": pick(c.columns)}, headers
	case n < 60:
		return "PATCH", at, body{"status": status}, headers
	case n < 66:
		return "PATCH", at, body{"title": fmt.Sprint("Title ", n, random.IntN(1000))}, headers
	case n < 72:
		return "PATCH", at, body{"assignee_ids": [][]string{{}, {c.client.User}}[n%2], "label_ids": [][]string{{}, {c.label}}[n%2]}, nil
	case n < 80:
		return "DELETE", at, nil, headers
	case n < 88:
		return "POST", at + "/restore", nil, nil
	case n < 93:
		return "PATCH", "/v1/columns/" + pick(c.columns), body{"status": status}, nil
	case n < 95:
		return "PATCH", "/v1/columns/" + pick(c.columns), body{"before_id": pick(c.columns)}, nil
	case n < 97:
		return "DELETE", "/v1/columns/" + pick(c.columns), nil, nil
	default:
		return "POST", "/v1/boards/" + c.board + "/columns", body{"name": "More", "status": status}, nil
	}
}
