package hostile_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
)

// Rows 4, 5 and 6: what a body names must be in the organization, and on the same board or project where it belongs
// together. A foreign id and one that nothing has get the same answer, and nothing is written.
func TestForeignReferences(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	mine, theirs := newBoard(t, ada), newBoard(t, eve)
	foreign := map[string]string{"column_id": theirs.column, "before_id": theirs.task, "after_id": theirs.task, "parent_id": theirs.task}
	before := fingerprint(t, s)
	for name, id := range foreign {
		path := "/v1/tasks/" + mine.task
		sameButID(t, name, ada.Do(t, "PATCH", path, map[string]any{name: id}), ada.Do(t, "PATCH", path, map[string]any{name: nobody}))
		ada.Do(t, "PATCH", path, map[string]any{name: id}).WantProblem(t, 404, "not-found")
	}
	for name, id := range map[string]string{"assignee_ids": eve.User, "label_ids": theirs.label} {
		for method, path := range map[string]string{"PATCH": "/v1/tasks/" + mine.task, "POST": "/v1/columns/" + mine.column + "/tasks"} {
			good := map[string]string{"assignee_ids": ada.User, "label_ids": mine.label}[name]
			a := ada.Do(t, method, path, map[string]any{"title": "x", name: []string{good, id}})
			a.WantProblem(t, 404, "not-found")
			sameButID(t, method+" "+name, a, ada.Do(t, method, path, map[string]any{"title": "x", name: []string{good, nobody}}))
		}
	}
	for _, name := range []string{"before_id", "after_id"} {
		path := "/v1/columns/" + mine.column
		a := ada.Do(t, "PATCH", path, map[string]any{name: theirs.column})
		a.WantProblem(t, 404, "not-found")
		sameButID(t, "column "+name, a, ada.Do(t, "PATCH", path, map[string]any{name: nobody}))
	}
	ada.Do(t, "PATCH", "/v1/orgs/"+ada.Org+"/members/"+eve.User, map[string]any{"role": "guest"}).WantProblem(t, 404, "not-found")
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}

	second := newBoard(t, ada.In(ada.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Second"}).Want(t, 201).Text(t, "id")))
	r := ada.Do(t, "GET", "/v1/tasks/"+second.task, nil)
	r.WantProblem(t, 404, "not-found")
	sameButID(t, "a task of another organization of mine", r, ada.Do(t, "GET", "/v1/tasks/"+nobody, nil))
}

// Row 8: what is unique within an organization is free in every other one.
func TestCollidingNamesAcrossOrganizations(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	for _, c := range []*apitest.Client{ada, eve} {
		if key := c.Do(t, "POST", "/v1/projects", map[string]any{"name": "Secret", "key": "SECRET"}).Want(t, 201).Text(t, "key"); key != "SECRET" {
			t.Errorf("key %s", key)
		}
		if key := c.Do(t, "POST", "/v1/projects", map[string]any{"name": "Website"}).Want(t, 201).Text(t, "key"); key != "WEB" {
			t.Errorf("derived key %s tells of another organization's", key)
		}
		c.Do(t, "POST", "/v1/labels", map[string]any{"name": "Urgent", "color": "#ff0000"}).Want(t, 201)
		if slug := c.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Acme", "slug": "acme"}).Want(t, 201).Text(t, "slug"); slug != "acme" {
			t.Errorf("slug %s", slug)
		}
	}
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Again", "key": "SECRET"}).WantProblem(t, 409, "key-taken")
	ada.Do(t, "POST", "/v1/labels", map[string]any{"name": "URGENT", "color": "#ff0000"}).WantProblem(t, 409, "name-taken")
	// Nor may an id be chosen at all.
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Mine", "id": nobody}).WantProblem(t, 422, "validation")
}

// Rows 11 and 12: lists, searches and filters show nothing foreign, and a filter by a foreign id is one by no id.
func TestListsShowNothingForeign(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	newBoard(t, ada)
	theirs := newBoard(t, eve)
	eve.Do(t, "PATCH", "/v1/tasks/"+theirs.task, map[string]any{"title": "Zeppelin", "description": "hydrogen", "assignee_ids": []string{eve.User}, "label_ids": []string{theirs.label}}).Want(t, 200)
	for _, q := range []string{"Zeppelin", "zepp", "hydrogen", "Zeppelin hydrogen"} {
		if eve.Do(t, "GET", "/v1/tasks?q="+url.QueryEscape(q), nil).Want(t, 200).Len(t, "items") != 1 {
			t.Fatalf("the owner does not find %q", q)
		}
		if r := ada.Do(t, "GET", "/v1/tasks?q="+url.QueryEscape(q), nil).Want(t, 200); r.Len(t, "items") != 0 {
			t.Errorf("%q finds %s", q, r.Body)
		}
	}
	for name, id := range map[string]string{"project_id": theirs.project, "board_id": theirs.id, "column_id": theirs.column, "assignee_id": eve.User, "created_by": eve.User, "label_id": theirs.label} {
		r := ada.Do(t, "GET", "/v1/tasks?"+name+"="+id, nil)
		r.WantProblem(t, 404, "not-found")
		sameButID(t, name, r, ada.Do(t, "GET", "/v1/tasks?"+name+"="+nobody, nil))
	}
	for _, path := range []string{"/v1/tasks?limit=200", "/v1/projects", "/v1/labels", "/v1/orgs", "/v1/me", "/v1/orgs/" + ada.Org + "/members"} {
		body := string(ada.Do(t, "GET", path, nil).Want(t, 200).Body)
		for _, foreign := range []string{theirs.project, theirs.task, theirs.label, eve.Org, eve.User, eve.Email, "Zeppelin"} {
			if strings.Contains(body, foreign) {
				t.Errorf("%s shows %s", path, foreign)
			}
		}
	}
	for _, sort := range []string{"title", "org_id", "deleted_at", "description", "t.rank", "rank,id", "(select 1)"} {
		ada.Do(t, "GET", "/v1/tasks?sort="+url.QueryEscape(sort), nil).WantProblem(t, 422, "validation")
	}
	for _, filter := range []string{"title=Mill", "org=1", "deleted_at=x", "email=a", "rank=a"} {
		ada.Do(t, "GET", "/v1/tasks?"+filter, nil).WantProblem(t, 422, "validation")
	}
}

// Rows 13 and 46: a cursor is good for the organization, list and filters it was made for.
func TestCursorsAreOfOneList(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	second := ada.In(ada.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Second"}).Want(t, 201).Text(t, "id"))
	for i := range 3 {
		ada.Do(t, "POST", "/v1/projects", map[string]any{"name": fmt.Sprintf("Project %d", i)}).Want(t, 201)
	}
	cursor := ada.Do(t, "GET", "/v1/projects?limit=1", nil).Want(t, 200).Text(t, "next_cursor")
	ada.Do(t, "GET", "/v1/projects?limit=2&cursor="+cursor, nil).Want(t, 200)
	for _, c := range []*apitest.Client{eve, second} {
		c.Do(t, "GET", "/v1/projects?cursor="+cursor, nil).WantProblem(t, 422, "validation")
	}
	for _, path := range []string{"/v1/labels?", "/v1/tasks?", "/v1/tasks?sort=rank&", "/v1/orgs?"} {
		ada.Do(t, "GET", path+"cursor="+cursor, nil).WantProblem(t, 422, "validation")
	}
	for i := range len(cursor) { // not one character may differ
		changed := []byte(cursor)
		changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
		ada.Do(t, "GET", "/v1/projects?cursor="+string(changed), nil).WantProblem(t, 422, "validation")
	}
}

// Rows 13 and 47: an Idempotency-Key is its actor's in its organization, and another body under it is refused.
func TestIdempotencyKeysAreOfOneActor(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	bob := ada.Join(t, "bob", "member")
	second := ada.In(ada.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Second"}).Want(t, 201).Text(t, "id"))
	key := apitest.Header{Name: "Idempotency-Key", Value: "the same for all"}
	body := map[string]any{"name": "Engine"}
	ids := map[string]bool{}
	for _, c := range []*apitest.Client{ada, eve, bob, second} {
		first := c.Do(t, "POST", "/v1/projects", body, key).Want(t, 201)
		again := c.Do(t, "POST", "/v1/projects", body, key).Want(t, 201)
		if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" || string(first.Body) != string(again.Body) {
			t.Errorf("first %s, then %s", first.Body, again.Body)
		}
		ids[first.Text(t, "id")] = true
		c.Do(t, "POST", "/v1/projects", map[string]any{"name": "Other"}, key).WantProblem(t, 422, "idempotency-mismatch")
		c.Do(t, "POST", "/v1/labels", map[string]any{"name": "x", "color": "#123456"}, key).WantProblem(t, 422, "idempotency-mismatch")
	}
	if len(ids) != 4 {
		t.Errorf("%d projects, want 4", len(ids))
	}
	for _, value := range []string{strings.Repeat("k", 256), "k\u00e9y", "k\ty"} {
		ada.Do(t, "POST", "/v1/projects", body, apitest.Header{Name: "Idempotency-Key", Value: value}).WantProblem(t, 422, "validation")
	}
	// What was refused leaves the key free; a member who is out sees no kept answer.
	free := apitest.Header{Name: "Idempotency-Key", Value: "free"}
	bob.Do(t, "POST", "/v1/projects", map[string]any{"name": ""}, free).WantProblem(t, 422, "validation")
	bob.Do(t, "POST", "/v1/projects", body, free).Want(t, 201)
	ada.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+bob.User, nil).Want(t, 204)
	bob.Do(t, "POST", "/v1/projects", body, free).WantProblem(t, 403, "org-denied")
}

// Row 47: one key many times at once has one effect; who is too early is told so.
func TestIdempotencyKeyInParallel(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	key := apitest.Header{Name: "Idempotency-Key", Value: "once"}
	got := together(t, 12, func(int) (*apitest.Response, error) {
		return ada.Try("POST", "/v1/projects", map[string]any{"name": "Engine"}, key)
	})
	if got[201] == 0 || got[201]+got[409] != 12 {
		t.Errorf("answers by status: %v, want 201 and 409", got)
	}
	if n := number(t, s, "select count(*) from app.projects"); n != 1 {
		t.Errorf("%d projects", n)
	}
	if n := number(t, s, "select count(*) from app.events where kind = 'project.created'"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// Row 13: quotas are counted for each organization, account and address by itself.
func TestQuotasAreOfOneTenant(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithConfig(func(c *config.Config) { c.RateLimitOrg = 5; c.RateLimitAccount = 10 }))
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	spend := func(c *apitest.Client, path string) (served int) {
		for ; served < 30; served++ {
			r := c.Do(t, "GET", path, nil)
			if r.Status == 429 {
				r.WantProblem(t, 429, "rate-limited")
				if r.Header.Get("Retry-After") == "" || r.Header.Get("RateLimit") == "" || r.Header.Get("RateLimit-Policy") == "" {
					t.Errorf("headers of the refusal: %v", r.Header)
				}
				return served
			}
		}
		return served
	}
	if n := spend(ada, "/v1/projects"); n != 5 {
		t.Errorf("%d requests served in the organization, want 5", n)
	}
	ada.Do(t, "GET", "/v1/me", nil).Want(t, 200) // her account's quota is not spent
	if n := spend(ada, "/v1/me"); n > 3 {
		t.Errorf("%d more served to the account, want 3 at most", n)
	}
	if n := spend(eve, "/v1/projects"); n != 5 {
		t.Errorf("%d requests served in the other organization, want 5", n)
	}
	eve.Do(t, "GET", "/v1/me", nil).Want(t, 200)
}

// Row 17: what a client may not set is refused by name, in every spelling.
func TestMassAssignment(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	b := newBoard(t, ada)
	before := fingerprint(t, s)
	for name, value := range map[string]any{"id": nobody, "number": 7, "key": "APP-7", "created_by": eve.User, "rank": "a0", "version": 9, "created_at": "2020-01-01T00:00:00Z", "completed_at": "2020-01-01T00:00:00Z",
		"deleted_at": nil, "project_id": b.project, "board_id": b.id, "ORG_ID": ada.Org, "Org_Id": ada.Org, "Title": "x", "TITLE": "x", "role": "admin", "scan_status": "clean", "__proto__": map[string]any{}, "$set": 1, "title ": "x"} {
		for method, path := range map[string]string{"POST": "/v1/columns/" + b.column + "/tasks", "PATCH": "/v1/tasks/" + b.task} {
			r := ada.Do(t, method, path, map[string]any{"title": "x", name: value})
			r.WantProblem(t, 422, "validation")
			if !strings.Contains(string(r.Body), name) {
				t.Errorf("%s %q: the refusal does not name it: %s", method, name, r.Body)
			}
		}
	}
	for _, body := range []string{`{"title":"a","title":"b"}`, `{"title":"a","\u0074itle":"b"}`, `{"org_id":"` + ada.Org + `","title":"a","org_id":"` + eve.Org + `"}`} {
		r := ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", body)
		if wrong := wrongWith(r); wrong != "" || r.Status != 400 {
			t.Errorf("%s answers %d %s", body, r.Status, r.Body)
		}
	}
	ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "x", "org_id": eve.Org}).WantProblem(t, 400, "org-mismatch")
	ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", `{"title":"x","org\u005fid":"`+eve.Org+`"}`).WantProblem(t, 400, "org-mismatch")
	ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "x", "org_id": []string{ada.Org}}).WantProblem(t, 400, "org-mismatch")
	s.Anonymous().Do(t, "POST", "/v1/auth/signup", map[string]any{"email": "m@plinth.test", "password": apitest.Password, "name": "M", "role": "admin"}).WantProblem(t, 422, "validation")
	s.Anonymous().Do(t, "POST", "/v1/auth/signup", map[string]any{"email": "m@plinth.test", "password": apitest.Password, "name": "M", "org_id": ada.Org}).WantProblem(t, 422, "validation")
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}
	ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "x", "org_id": ada.Org}).Want(t, 201)
}

// Row 52: a stale If-Match changes nothing, however it is written.
func TestStaleIfMatch(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	b := newBoard(t, ada)
	ada.Do(t, "PATCH", "/v1/tasks/"+b.task, map[string]any{"title": "Second"}).Want(t, 200)
	before := fingerprint(t, s)
	for _, tag := range []string{`"1"`, `"3"`, `W/"2"`, `2`, `"02x"`, `"99999999999999999999"`, `"-2"`, `x`, `""`, `"1", "3"`, `*"2"`} {
		for method, body := range map[string]any{"PATCH": map[string]any{"title": "Lost"}, "DELETE": nil} {
			r := ada.Do(t, method, "/v1/tasks/"+b.task, body, apitest.Header{Name: "If-Match", Value: tag})
			if r.Status != 412 {
				t.Errorf("%s with If-Match %s answers %d %s", method, tag, r.Status, r.Body)
			}
		}
	}
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}
	for _, tag := range []string{`"2"`, `*`, `"9", "4"`} {
		ada.Do(t, "PATCH", "/v1/tasks/"+b.task, map[string]any{"title": "Kept"}, apitest.Header{Name: "If-Match", Value: tag}).Want(t, 200)
	}
}

// An org_id in the query may repeat the organization on any route in one, and may not name another.
func TestOrgIDInTheQuery(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	for _, path := range []string{"/v1/labels", "/v1/projects", "/v1/tasks", "/v1/orgs/" + ada.Org + "/members", "/v1/orgs/" + ada.Org} {
		ada.Do(t, "GET", path+"?org_id="+ada.Org, nil).Want(t, 200)
		ada.Do(t, "GET", path+"?org_id="+eve.Org, nil).WantProblem(t, 400, "org-mismatch")
		ada.Do(t, "GET", path+"?org_id="+ada.Org+"&org_id="+eve.Org, nil).WantProblem(t, 400, "org-mismatch")
	}
	ada.Do(t, "GET", "/v1/me?org_id="+ada.Org, nil).WantProblem(t, 422, "validation")
}
