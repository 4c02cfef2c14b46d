package work_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth/plinth/test/apitest"
)

func activity(task string) string { return "/v1/tasks/" + task + "/activity" }

// entry is what happened to a task.
type entry struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	EntityID string `json:"entity_id"`
	ActorID  string `json:"actor_id"`
	Version  int    `json:"version"`
	Changes  []struct {
		Field    string
		From, To any
	} `json:"changes"`
	Data fields `json:"data"`
}

func (e entry) String() string {
	text := e.Type
	for _, c := range e.Changes {
		text += fmt.Sprintf(" %s:%v>%v", c.Field, c.From, c.To)
	}
	return text
}

// history is what somebody reads of a task, oldest first.
func (y *yard) history(who *apitest.Client, task string) []entry {
	y.Helper()
	var entries []entry
	cursor := ""
	for {
		var page struct {
			Items      []entry `json:"items"`
			NextCursor *string `json:"next_cursor"`
		}
		r := who.Do(y, "GET", activity(task)+"?limit=20"+cursor, nil).Want(y, 200)
		if err := json.Unmarshal(r.Body, &page); err != nil {
			y.Fatal(err)
		}
		entries = append(entries, page.Items...)
		if page.NextCursor == nil {
			slices.Reverse(entries)
			return entries
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

// wantHistory compares the newest entries, oldest of them first.
func (y *yard) wantHistory(who *apitest.Client, task string, want ...string) []entry {
	y.Helper()
	all := y.history(who, task)
	last := all[max(0, len(all)-len(want)):]
	got := []string{}
	for _, e := range last {
		got = append(got, e.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		y.Errorf("the history (- expected, + read):\n%s", diff)
	}
	return last
}

func (y *yard) patch(path string, body fields) {
	y.Helper()
	y.admin.Do(y, "PATCH", path, body).Want(y, 200)
}

func TestActivityTellsWhatChanged(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	path := "/v1/tasks/" + task
	grace := y.join("grace", "member", "", "")
	y.made("/v1/projects/"+y.project+"/fields", fields{"key": "points", "name": "Points", "type": "number"})
	y.patch(path, fields{"title": "New", "priority": "high"})
	grace.Do(t, "PATCH", path, fields{"due_at": "2027-01-02T04:04:05.5+01:00", "assignee_ids": []string{grace.User}}).Want(t, 200)
	y.patch(path, fields{"fields": fields{"points": 5}})
	y.patch(path, fields{"fields": fields{"points": nil}, "due_at": nil})
	y.patch(path, fields{"column_id": y.columns[1]})
	y.patch("/v1/columns/"+y.columns[1], fields{"status": "in_progress"})
	y.admin.Do(t, "POST", path+"/archive", nil).Want(t, 200)
	archived := y.admin.Do(t, "GET", path, nil).Want(t, 200).Text(t, "archived_at")
	y.admin.Do(t, "POST", path+"/unarchive", nil).Want(t, 200)
	y.trash(task)
	y.admin.Do(t, "POST", path+"/restore", nil).Want(t, 200)
	entries := y.wantHistory(y.admin, "YARD-1",
		"task.created",
		"task.updated priority:none>high title:A task>New",
		"task.updated assignee_ids:[]>["+grace.User+"] due_at:<nil>>2027-01-02T03:04:05.5Z",
		"task.updated fields.points:<nil>>5",
		"task.updated due_at:2027-01-02T03:04:05.5Z><nil> fields.points:5><nil>",
		"task.moved column_id:"+y.columns[0]+">"+y.columns[1]+" status:backlog>todo",
		"task.updated status:todo>in_progress",
		"task.archived archived_at:<nil>>"+archived,
		"task.unarchived archived_at:"+archived+"><nil>",
		"task.deleted",
		"task.restored")
	for i, e := range entries {
		actor := y.admin.User
		if i == 2 {
			actor = grace.User
		}
		if e.EntityID != task || e.Version != i+1 || e.ActorID != actor || (e.Data != nil) != (i == 0) || e.Changes == nil {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if _, told := entries[0].Data["blocked"]; told || entries[0].Data["title"] != "A task" || !strings.HasSuffix(entries[0].Data["created_at"].(string), "Z") {
		t.Errorf("the task as it was made: %v", entries[0].Data)
	}
	y.trash(task)
	y.wantHistory(y.admin, task, "task.deleted")
	y.admin.Do(t, "GET", activity("YARD-99"), nil).WantProblem(t, 404, "not-found")
}

// TestActivityLeavesOutMovesInAColumn: a place among others is no news, and neither is a change of nothing.
func TestActivityLeavesOutMovesInAColumn(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task, other := y.task(y.columns[0]), y.task(y.columns[0])
	y.patch("/v1/tasks/"+task, fields{"after_id": other})
	y.patch("/v1/tasks/"+task, fields{"title": "A task"})
	y.patch("/v1/tasks/"+task, fields{"before_id": other, "title": "First"})
	y.wantHistory(y.admin, task, "task.created", "task.moved title:A task>First")
	item, second := y.item(task, "one"), y.item(task, "two")
	y.patch("/v1/checklist-items/"+item, fields{"after_id": second})
	y.wantHistory(y.admin, task, "checklist_item.created", "checklist_item.created")
	y.link(other, "blocks", task)
	y.patch("/v1/tasks/"+task, fields{"title": "Blocked"})
	y.wantHistory(y.admin, task, "link.created", "task.updated title:First>Blocked")
}

func TestActivityTellsOfWhatHangsOnTheTask(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task, other := y.task(y.columns[0]), y.task(y.columns[0])
	comment := y.made("/v1/tasks/"+task+"/comments", fields{"body": "First words"}).Text(t, "id")
	y.made("/v1/comments/"+comment+"/reactions", fields{"emoji": "👍"})
	y.patch("/v1/comments/"+comment, fields{"body": "Second words"})
	item := y.item(task, "step")
	y.patch("/v1/checklist-items/"+item, fields{"text": "stride"})
	y.admin.Do(t, "DELETE", "/v1/checklist-items/"+item, nil).Want(t, 204)
	link := y.link(other, "blocks", task)
	y.admin.Do(t, "DELETE", links(other)+"/"+link, nil).Want(t, 204)
	for range 2 { // one and the same person comes and goes
		y.made(watchers(task), nil)
		y.admin.Do(t, "DELETE", watchers(task)+"/"+y.admin.User, nil).Want(t, 204)
	}
	y.made(watchers(other), nil)
	entries := y.wantHistory(y.admin, task, "task.created", "comment.created", "reaction.added", "comment.updated body:First words>Second words",
		"checklist_item.created", "checklist_item.updated text:step>stride", "checklist_item.deleted", "link.created", "link.deleted",
		"watcher.added", "watcher.removed", "watcher.added", "watcher.removed")
	for i, want := range map[int]fields{
		1: {"id": comment, "body": "First words"}, 2: {"comment_id": comment, "emoji": "👍"}, 4: {"id": item, "text": "step"}, 6: {"id": item, "text": "stride"},
		7: {"id": link, "kind": "blocked_by", "other_id": other}, 8: {"id": link, "kind": "blocked_by", "other_id": other},
		9: {"user_id": y.admin.User}, 12: {"user_id": y.admin.User},
	} {
		for name, value := range want {
			if entries[i].Data[name] != value {
				t.Errorf("%s has the %s %v, want %v", entries[i].Type, name, entries[i].Data[name], value)
			}
		}
		if id := want["id"]; id != nil && entries[i].EntityID != id {
			t.Errorf("%s is of %s, want %s", entries[i].Type, entries[i].EntityID, id)
		}
	}
}

// TestActivityForgetsTheWordsOfDeletedComments: neither what was said first, nor what it was changed to.
func TestActivityForgetsTheWordsOfDeletedComments(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task := y.task(y.columns[0])
	kept := y.made("/v1/tasks/"+task+"/comments", fields{"body": "kept"}).Text(t, "id")
	gone := y.made("/v1/tasks/"+task+"/comments", fields{"body": "secret one"}).Text(t, "id")
	parent := y.made("/v1/tasks/"+task+"/comments", fields{"body": "secret two"}).Text(t, "id")
	y.made("/v1/tasks/"+task+"/comments", fields{"body": "answer", "parent_id": parent})
	for _, id := range []string{kept, gone, parent} {
		y.patch("/v1/comments/"+id, fields{"body": "kept or secret three"})
	}
	for _, id := range []string{gone, parent} {
		y.admin.Do(t, "DELETE", "/v1/comments/"+id, nil).Want(t, 204)
	}
	r := y.admin.Do(t, "GET", activity(task), nil).Want(t, 200)
	if strings.Contains(string(r.Body), "secret one") || strings.Contains(string(r.Body), "secret two") || strings.Count(string(r.Body), "secret three") != 1 {
		t.Errorf("the history tells deleted words: %s", r.Body)
	}
	entries := y.wantHistory(y.admin, task, "task.created", "comment.created", "comment.created", "comment.created", "comment.created",
		"comment.updated body:kept>kept or secret three", "comment.deleted", "comment.deleted")
	for i, body := range map[int]any{1: "kept", 2: nil, 3: nil, 4: "answer", 6: nil, 7: nil} {
		if entries[i].Data["body"] != body || entries[i].Data["author_id"] != y.admin.User {
			t.Errorf("entry %d tells %v", i, entries[i].Data)
		}
	}
}

// TestActivityOfAPrivatePast: what happened to a task in a project is for those who see that project, and what follows
// begins with the task as it came.
func TestActivityOfAPrivatePast(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	_, columns := y.newProject("SECRET", true)
	member := y.join("member", "member", "", "")
	task := y.task(columns[0])
	path := "/v1/tasks/" + task
	y.patch(path, fields{"title": "Hidden title"})
	y.made(path+"/comments", fields{"body": "hidden words"})
	member.Do(t, "GET", activity(task), nil).WantProblem(t, 404, "not-found")
	y.patch(path, fields{"title": "Open title", "column_id": y.columns[0]})
	y.patch(path, fields{"priority": "low"})
	seen := y.wantHistory(member, task, "task.moved", "task.updated priority:none>low")
	if len(y.history(member, task)) != 2 || seen[0].Data["title"] != "Open title" || seen[1].Data != nil {
		t.Errorf("who did not see the project before reads %v", y.history(member, task))
	}
	if body := member.Do(t, "GET", activity("YARD-1"), nil).Want(t, 200).Body; strings.Contains(strings.ToLower(string(body)), "hidden") || strings.Contains(string(body), "SECRET") {
		t.Errorf("the past is told: %s", body)
	}
	if all := y.history(y.admin, task); len(all) != 5 || !strings.Contains(all[3].String(), "key:SECRET-1>YARD-1") || !strings.Contains(all[3].String(), "title:Hidden title>Open title") {
		t.Errorf("who sees both projects reads %v", all)
	}

	y.patch(path, fields{"column_id": columns[0]})
	member.Do(t, "GET", activity(task), nil).WantProblem(t, 404, "not-found")
	y.patch(path, fields{"description": "More hidden words"})
	y.patch(path, fields{"description": "", "column_id": y.columns[1]})
	y.wantHistory(member, task, "task.updated priority:none>low",
		"task.moved column_id:"+y.columns[0]+">"+y.columns[1]+" key:YARD-1>YARD-2 number:1>2 status:backlog>todo")
}

// TestActivityIsPaged: one by one it is what it is at once, while more happens; and its cursors tell nothing of the pace
// of other organizations.
func TestActivityIsPaged(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	task, other := y.task(y.columns[0]), y.task(y.columns[0])
	for i := range 12 {
		y.patch("/v1/tasks/"+task, fields{"title": fmt.Sprint("Title ", i)})
		y.patch("/v1/tasks/"+task, fields{"after_id": other})
		y.patch("/v1/tasks/"+other, fields{"title": fmt.Sprint("Other ", i)})
	}
	at := y.column(y.admin, activity(task)+"?limit=200", "id")
	if len(at) != 13 {
		t.Errorf("the history has %d entries", len(at))
	}
	for _, size := range []int{1, 4, 13} {
		if got := y.walk(activity(task), "id", size); !slices.Equal(got, at) {
			t.Errorf("in pages of %d the history is %v, want %v", size, got, at)
		}
	}
	first := y.admin.Do(t, "GET", activity(task)+"?limit=5", nil).Want(t, 200)
	y.patch("/v1/tasks/"+task, fields{"title": "Meanwhile"})
	rest := y.column(y.admin, activity(task)+"?limit=200&cursor="+first.Text(t, "next_cursor"), "id")
	if !slices.Equal(rest, at[5:]) {
		t.Errorf("behind the first page come %v, want %v", rest, at[5:])
	}
	cursor, err := base64.RawURLEncoding.DecodeString(first.Text(t, "next_cursor"))
	if err != nil || !strings.Contains(string(cursor), `"k":"`+at[4].(string)+`"`) {
		t.Errorf("the cursor holds %q (%v), want the last entry's id", cursor, err)
	}
	y.at(y.admin.Do(t, "GET", activity(other)+"?cursor="+first.Text(t, "next_cursor"), nil).WantProblem(t, 422, "validation"), "query.cursor", "")
}

// TestActivityLeadsToTheTask: from what the task was made as, the changes lead to what it is, each from what the one
// before left.
func TestActivityLeadsToTheTask(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	_, elsewhere := y.newProject("OTHER", false)
	for _, f := range []fields{{"key": "points", "name": "Points", "type": "number"}, {"key": "note", "name": "Note", "type": "text"}} {
		y.made("/v1/projects/"+y.project+"/fields", f)
	}
	grace := y.join("grace", "member", "", "")
	label := y.made("/v1/labels", fields{"name": "Bug", "color": "#ff0000"}).Text(t, "id")
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	some := func(values ...any) any { return values[random.IntN(len(values))] }
	place := y.columns
	change := map[string]func() any{
		"title":        func() any { return some("A", "B", "C") },
		"description":  func() any { return some(nil, "x", "y @"+grace.Email) },
		"priority":     func() any { return some(nil, "low", "urgent") },
		"assignee_ids": func() any { return some(nil, []string{grace.User}, []string{grace.User, y.admin.User}) },
		"label_ids":    func() any { return some(nil, []string{label}) },
		"start_at":     func() any { return some(nil, "2026-01-01T00:00:00+02:00") },
		"due_at":       func() any { return some(nil, "2027-01-02T03:04:05.25Z", "2027-01-02T03:04:06Z") },
		"estimate":     func() any { return some(nil, 0, 1.5) },
		"column_id":    func() any { return some(place[0], place[1], place[3]) },
	}
	names := slices.Sorted(maps.Keys(change))
	for range 3 {
		task := y.task(y.columns[0])
		for i := range 30 {
			body := fields{}
			for range 1 + random.IntN(3) {
				name := names[random.IntN(len(names))]
				body[name] = change[name]()
			}
			if i%10 == 9 {
				body["column_id"] = some(elsewhere[0], y.columns[2])
			} else if random.IntN(3) == 0 && y.admin.Do(t, "GET", "/v1/tasks/"+task, nil).Want(t, 200).Text(t, "project_id") == y.project {
				body["fields"] = fields{"points": some(nil, 1, 2), "note": some(nil, "n", "m")}
				delete(body, "column_id")
			}
			y.patch("/v1/tasks/"+task, body)
		}
		y.wantReplay(task)
	}
}

// wantReplay applies the history of a task and compares the outcome with the task.
func (y *yard) wantReplay(task string) {
	y.Helper()
	var state fields
	for _, e := range y.history(y.admin, task) {
		if e.Data != nil {
			state = e.Data
		}
		for _, c := range e.Changes {
			at, name := state, c.Field
			if key, custom := strings.CutPrefix(name, "fields."); custom {
				at, name = state["fields"].(fields), key
			}
			if !cmp.Equal(at[name], c.From) {
				y.Errorf("%s: %s is changed from %v, it was %v", task, c.Field, c.From, at[name])
			}
			at[name] = c.To
			if c.To == nil && c.Field != name {
				delete(at, name)
			}
		}
	}
	var now fields
	if err := json.Unmarshal(y.admin.Do(y, "GET", "/v1/tasks/"+task, nil).Want(y, 200).Body, &now); err != nil {
		y.Fatal(err)
	}
	for _, name := range []string{"version", "updated_at", "rank", "blocked"} {
		delete(now, name)
		delete(state, name)
	}
	if diff := cmp.Diff(now, state); diff != "" {
		y.Errorf("%s (- as it is, + as its history says):\n%s", task, diff)
	}
}
