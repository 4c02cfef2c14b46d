package model_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
)

// TestMovesFollowTheModel makes, moves and deletes boards, columns and tasks, and holds what the API shows and the
// events it wrote to the model, after every step.
func TestMovesFollowTheModel(t *testing.T) {
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	projects := 0
	fewerChecks(t, 20)
	rapid.Check(t, func(t *rapid.T) {
		w := &world{client: ada, projects: &projects}
		w.found(t)
		t.Repeat(map[string]func(*rapid.T){
			"create board":   w.createBoard,
			"create column":  w.createColumn,
			"patch column":   w.patchColumn,
			"delete column":  w.deleteColumn,
			"create task":    w.createTask,
			"patch task":     w.patchTask,
			"move task":      w.moveTask,
			"move again":     w.moveTask,
			"delete task":    w.deleteTask,
			"restore task":   w.restoreTask,
			"delete project": w.deleteProject,
			"":               w.check,
		})
		w.checkColumns(t)
		checkInvariants(t, s, w.id)
		w.drop(t)
	})
}

// TestATrashedTaskKeepsItsPlace: what comes before its neighbour meanwhile comes between the two.
func TestATrashedTaskKeepsItsPlace(t *testing.T) {
	ada := apitest.New(t).SignUp(t, "ada")
	_, b := newBoard(t, ada, "TRASH")
	column := b.Columns[0].ID
	first, trashed, last := newTask(t, ada, column, "first"), newTask(t, ada, column, "trashed"), newTask(t, ada, column, "last")
	wantStatus(t, send(t, ada, "DELETE", "/v1/tasks/"+trashed.ID, nil), 204)
	want := []string{first.ID, trashed.ID}
	for range 10 {
		k := newTask(t, ada, column, "between")
		as[task](t, send(t, ada, "PATCH", "/v1/tasks/"+k.ID, body{"before_id": last.ID}), 200)
		want = append(want, k.ID)
	}
	as[task](t, send(t, ada, "POST", "/v1/tasks/"+trashed.ID+"/restore", nil), 200)
	equal(t, "order", append(want, last.ID), ids(all[task](t, ada, "/v1/columns/"+column+"/tasks?limit=200")))
}

// world is what a project should be.
type world struct {
	client   *apitest.Client
	projects *int // how many were made, for their keys

	id, key string
	boards  []*modelBoard
	tasks   []*modelTask // every one ever made, by number
	history map[string][]string
}

type modelBoard struct {
	id      string
	columns []*modelColumn
}

// modelColumn holds the trashed tasks too: they keep their place.
type modelColumn struct {
	column
	board *modelBoard
	tasks []*modelTask
}

type modelTask struct {
	task
	board   *modelBoard
	column  *modelColumn // nil where it was deleted under the trashed task
	trashed bool
}

// GoString tells a board in rapid's log.
func (b *modelBoard) GoString() string { return "board " + b.id }

// GoString tells a column in rapid's log.
func (c *modelColumn) GoString() string {
	return fmt.Sprintf("column %q (%s) with %d tasks of %#v", c.Name, c.Status, len(c.tasks), c.board)
}

// GoString tells a task in rapid's log.
func (m *modelTask) GoString() string {
	return fmt.Sprintf("%s version %d, %s", m.Key, m.Version, m.Status)
}

// found makes the project.
func (w *world) found(t *rapid.T) {
	*w.projects++
	w.key = fmt.Sprintf("M%d", *w.projects)
	w.boards, w.tasks, w.history = nil, nil, map[string][]string{}
	w.id = as[struct{ ID string }](t, send(t, w.client, "POST", "/v1/projects", body{"name": "Model", "key": w.key}), 201).ID
	w.record(w.id, "project.created")
}

// record notes the event that a resource must have next.
func (w *world) record(id, kind string) { w.history[id] = append(w.history[id], kind) }

func (w *world) createBoard(t *rapid.T) {
	if len(w.boards) == 2 {
		return
	}
	template := rapid.SampledFrom([]string{"kanban", "empty", "scrum"}).Draw(t, "template")
	b := as[board](t, send(t, w.client, "POST", "/v1/projects/"+w.id+"/boards", body{"name": "Board", "template": template}), 201)
	if want := map[string]int{"kanban": 4, "empty": 0, "scrum": 5}[template]; len(b.Columns) != want {
		failf(t, "%d columns of template %s", len(b.Columns), template)
	}
	w.record(b.ID, "board.created")
	m := &modelBoard{id: b.ID}
	for _, c := range b.Columns {
		m.columns = append(m.columns, &modelColumn{column: c, board: m})
		w.record(c.ID, "column.created")
	}
	w.boards = append(w.boards, m)
}

func (w *world) createColumn(t *rapid.T) {
	if len(w.boards) == 0 {
		return
	}
	b := rapid.SampledFrom(w.boards).Draw(t, "board")
	status := rapid.SampledFrom(statuses()).Draw(t, "status")
	c := as[column](t, send(t, w.client, "POST", "/v1/boards/"+b.id+"/columns", body{"name": "More", "status": status}), 201)
	if c.Status != status || c.Version != 1 {
		failf(t, "created %+v", c)
	}
	b.columns = append(b.columns, &modelColumn{column: c, board: b})
	w.record(c.ID, "column.created")
}

func (w *world) patchColumn(t *rapid.T) {
	columns := w.columns()
	if len(columns) == 0 {
		return
	}
	c := rapid.SampledFrom(columns).Draw(t, "column")
	patch := body{}
	if rapid.Bool().Draw(t, "rename") {
		patch["name"] = rapid.SampledFrom([]string{"Left", "Right"}).Draw(t, "name")
	}
	if rapid.Bool().Draw(t, "set status") {
		patch["status"] = rapid.SampledFrom(statuses()).Draw(t, "status")
	}
	if rapid.Bool().Draw(t, "limit") {
		patch["wip_limit"] = rapid.SampledFrom([]any{nil, 1, 3}).Draw(t, "wip limit")
	}
	before, after := w.neighbours(t, patch, columnIDs(columns))
	r := send(t, w.client, "PATCH", "/v1/columns/"+c.ID, patch)
	at, refusal := placeIn(c.board.columns, c, before, after, func(m *modelColumn) string { return m.ID }, func(*modelColumn) bool { return true })
	if refusal != 0 {
		wantStatus(t, r, refusal)
		return
	}
	got := as[column](t, r, 200)
	w.record(c.ID, "column.updated")
	want := c.column
	want.Version++
	setIf(patch, "name", &want.Name)
	setIf(patch, "status", &want.Status)
	if limit, ok := patch["wip_limit"]; ok {
		want.WipLimit = nil
		if n, ok := limit.(int); ok {
			want.WipLimit = &n
		}
	}
	if before != "" || after != "" {
		want.Rank = got.Rank
	}
	equal(t, "column", want, got)
	changed := want.Status != c.Status
	c.column = want
	c.board.columns = insert(at, c.board.columns, c, func(m *modelColumn) bool { return m.Rank < got.Rank })
	if changed {
		w.follow(c)
	}
}

// follow gives the column's status to its tasks.
func (w *world) follow(c *modelColumn) {
	for _, m := range c.tasks {
		m.Status = c.Status
		if !m.trashed {
			m.Version++
			w.record(m.ID, "task.updated")
		}
	}
}

func (w *world) deleteColumn(t *rapid.T) {
	columns := w.columns()
	if len(columns) == 0 {
		return
	}
	c := rapid.SampledFrom(columns).Draw(t, "column")
	r := send(t, w.client, "DELETE", "/v1/columns/"+c.ID, nil)
	if slices.ContainsFunc(c.tasks, func(m *modelTask) bool { return !m.trashed }) {
		wantStatus(t, r, 409)
		return
	}
	wantStatus(t, r, 204)
	w.record(c.ID, "column.deleted")
	c.board.columns = without(c.board.columns, c)
	for _, m := range c.tasks {
		m.column = nil
	}
}

func (w *world) createTask(t *rapid.T) {
	columns := w.columns()
	if len(columns) == 0 {
		return
	}
	c := rapid.SampledFrom(columns).Draw(t, "column")
	got := newTask(t, w.client, c.ID, "A task")
	number := len(w.tasks) + 1
	want := task{ID: got.ID, Key: fmt.Sprintf("%s-%d", w.key, number), Number: number, ProjectID: w.id, BoardID: c.board.id, ColumnID: c.ID,
		Title: "A task", Status: c.Status, Priority: "none", AssigneeIDs: []string{}, LabelIDs: []string{}, CreatedBy: w.client.User,
		Rank: got.Rank, Version: 1, CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt, CompletedAt: got.CompletedAt}
	equal(t, "task", want, got)
	m := &modelTask{task: want, board: c.board, column: c}
	w.tasks = append(w.tasks, m)
	c.tasks = append(c.tasks, m)
	w.record(m.ID, "task.created")
}

func (w *world) patchTask(t *rapid.T) {
	m, ok := w.draw(t, false)
	if !ok {
		return
	}
	w.patch(t, m, body{"title": rapid.SampledFrom([]string{"One", "Two"}).Draw(t, "title")})
}

// moveTask names a place in every way that the API knows, also such as contradict each other.
func (w *world) moveTask(t *rapid.T) {
	m, ok := w.draw(t, false)
	if !ok {
		return
	}
	patch := body{}
	how := rapid.SampledFrom([]string{"before", "after", "column", "status", "both", "column and neighbour", "status and neighbour"}).Draw(t, "how")
	near := m.column
	if rapid.Bool().Draw(t, "elsewhere") {
		near = rapid.SampledFrom(w.columns()).Draw(t, "near")
	}
	neighbour := func(name string) {
		if len(near.tasks) > 0 {
			patch[name] = rapid.SampledFrom(near.tasks).Draw(t, name).ID
		}
	}
	switch how {
	case "before":
		neighbour("before_id")
	case "after":
		neighbour("after_id")
	case "both":
		neighbour("before_id")
		neighbour("after_id")
	case "column":
		patch["column_id"] = near.ID
	case "column and neighbour":
		patch["column_id"] = rapid.SampledFrom(w.columns()).Draw(t, "column").ID
		neighbour("before_id")
	case "status":
		patch["status"] = rapid.SampledFrom(statuses()).Draw(t, "status")
	case "status and neighbour":
		patch["status"] = near.Status
		neighbour("after_id")
	}
	w.patch(t, m, patch)
}

// patch sends the change and does it in the model.
func (w *world) patch(t *rapid.T, m *modelTask, patch body) {
	stale := rapid.IntRange(0, 9).Draw(t, "stale") == 9
	version := m.Version
	if stale {
		version--
	}
	r := send(t, w.client, "PATCH", "/v1/tasks/"+m.Key, patch, etag(version))
	if stale {
		wantStatus(t, r, 412)
		return
	}
	goal, refusal := w.goal(m, patch)
	if refusal != 0 {
		wantStatus(t, r, refusal)
		return
	}
	before, after := text(patch, "before_id"), text(patch, "after_id")
	moved := goal != m.column || before != "" || after != ""
	var at place
	if moved {
		at, refusal = placeIn(goal.tasks, m, before, after, func(m *modelTask) string { return m.ID }, func(m *modelTask) bool { return !m.trashed })
		if refusal != 0 {
			wantStatus(t, r, refusal)
			return
		}
	}
	got := as[task](t, r, 200)
	want := m.task
	want.Version++
	setIf(patch, "title", &want.Title)
	want.BoardID, want.ColumnID, want.Status = goal.board.id, goal.ID, goal.Status
	want.UpdatedAt, want.CompletedAt = got.UpdatedAt, completion(t, m.task, got)
	kind := "task.updated"
	if moved {
		kind = "task.moved"
		want.Rank = got.Rank
	}
	equal(t, "task", want, got)
	w.record(m.ID, kind)
	if moved {
		m.column.tasks = without(m.column.tasks, m)
		goal.tasks = insert(at, goal.tasks, m, func(o *modelTask) bool { return o.Rank < got.Rank })
	}
	m.task, m.column, m.board = want, goal, goal.board
}

// completion is when the task must have been completed: the time stands while it stays done.
func completion(t *rapid.T, was, is task) *time.Time {
	switch {
	case is.Status != "done":
		return nil
	case was.Status == "done":
		return was.CompletedAt
	case is.CompletedAt == nil:
		failf(t, "%s is done, but was never completed", is.Key)
	}
	return is.CompletedAt
}

// goal is the column that a patch names, or the status of its refusal.
func (w *world) goal(m *modelTask, patch body) (*modelColumn, int) {
	goal := m.column
	for _, name := range []string{"after_id", "before_id"} { // the later one wins
		id := text(patch, name)
		if id == "" {
			continue
		}
		beside := w.find(id)
		if beside == m || beside.trashed {
			return nil, 404
		}
		goal = beside.column
	}
	status := text(patch, "status")
	if id := text(patch, "column_id"); id != "" {
		goal = w.columns()[slices.IndexFunc(w.columns(), func(c *modelColumn) bool { return c.ID == id })]
	} else if status != "" && status != m.Status && text(patch, "before_id")+text(patch, "after_id") == "" {
		i := slices.IndexFunc(m.board.columns, func(c *modelColumn) bool { return c.Status == status })
		if i < 0 {
			return nil, 422
		}
		goal = m.board.columns[i]
	}
	if status != "" && goal.Status != status {
		return nil, 422
	}
	for _, name := range []string{"after_id", "before_id"} {
		if id := text(patch, name); id != "" && w.find(id).column != goal {
			return nil, 422
		}
	}
	return goal, 0
}

func (w *world) deleteTask(t *rapid.T) {
	m, ok := w.draw(t, false)
	if !ok {
		return
	}
	wantStatus(t, send(t, w.client, "DELETE", "/v1/tasks/"+m.ID, nil), 204)
	wantStatus(t, send(t, w.client, "DELETE", "/v1/tasks/"+m.ID, nil), 404)
	wantStatus(t, send(t, w.client, "GET", "/v1/tasks/"+m.Key, nil), 404)
	m.trashed = true
	m.Version++
	w.record(m.ID, "task.deleted")
}

func (w *world) restoreTask(t *rapid.T) {
	m, ok := w.draw(t, true)
	if !ok {
		return
	}
	goal := m.column
	if goal == nil && len(m.board.columns) > 0 {
		goal = m.board.columns[max(0, slices.IndexFunc(m.board.columns, func(c *modelColumn) bool { return c.Status == m.Status }))]
	}
	r := send(t, w.client, "POST", "/v1/tasks/"+m.ID+"/restore", nil)
	if goal == nil {
		wantStatus(t, r, 409)
		return
	}
	got := as[task](t, r, 200)
	want := m.task
	want.Version++
	want.ColumnID, want.Status, want.UpdatedAt = goal.ID, goal.Status, got.UpdatedAt
	want.CompletedAt = got.CompletedAt // what it was while in the trash is nobody's business
	if m.column == nil {
		want.Rank = got.Rank
		goal.tasks = append(goal.tasks, m)
	}
	equal(t, "task", want, got)
	m.task, m.column, m.trashed = want, goal, false
	w.record(m.ID, "task.restored")
	wantStatus(t, send(t, w.client, "POST", "/v1/tasks/"+m.ID+"/restore", nil), 404)
}

// deleteProject is rare: what follows begins from nothing.
func (w *world) deleteProject(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "really") < 9 {
		return
	}
	w.drop(t)
	w.found(t)
}

func (w *world) drop(t *rapid.T) {
	wantStatus(t, send(t, w.client, "DELETE", "/v1/projects/"+w.id, nil), 204)
	w.record(w.id, "project.deleted")
	w.checkEvents(t)
	wantStatus(t, send(t, w.client, "GET", "/v1/tasks?project_id="+w.id, nil), 404)
	for _, m := range w.tasks {
		wantStatus(t, send(t, w.client, "GET", "/v1/tasks/"+m.ID, nil), 404)
	}
}

// check compares the whole project.
func (w *world) check(t *rapid.T) {
	for _, b := range w.boards {
		got := as[board](t, send(t, w.client, "GET", "/v1/boards/"+b.id, nil), 200)
		var want []column
		for _, c := range b.columns {
			want = append(want, c.column)
		}
		if len(want)+len(got.Columns) > 0 {
			equal(t, "columns of a board", want, got.Columns)
		}
	}
	got := map[string][]task{}
	for _, k := range all[task](t, w.client, "/v1/tasks?sort=rank&limit=200&project_id="+w.id) {
		got[k.ColumnID] = append(got[k.ColumnID], k)
	}
	for _, c := range w.columns() {
		w.checkTasks(t, c, got[c.ID])
		delete(got, c.ID)
	}
	if len(got) > 0 {
		failf(t, "tasks in unknown columns: %v", got)
	}
	w.checkEvents(t)
}

// checkColumns reads each column by itself.
func (w *world) checkColumns(t *rapid.T) {
	for _, c := range w.columns() {
		w.checkTasks(t, c, all[task](t, w.client, "/v1/columns/"+c.ID+"/tasks?limit=3"))
	}
}

// checkTasks holds a column's tasks to the model. Times that a column's change set are learnt here.
func (w *world) checkTasks(t *rapid.T, c *modelColumn, got []task) {
	t.Helper()
	live := slices.DeleteFunc(slices.Clone(c.tasks), func(m *modelTask) bool { return m.trashed })
	if len(live) != len(got) {
		failf(t, "%d tasks in column %s, want %d", len(got), c.Name, len(live))
	}
	for i, m := range live {
		if m.ID == got[i].ID && m.Version > 1 {
			if got[i].UpdatedAt.Before(m.UpdatedAt) {
				failf(t, "%s changed at %s, before %s", m.Key, got[i].UpdatedAt, m.UpdatedAt)
			}
			m.UpdatedAt, m.CompletedAt = got[i].UpdatedAt, got[i].CompletedAt
		}
		if (got[i].CompletedAt != nil) != (got[i].Status == "done") {
			failf(t, "%s is %s and completed at %v", got[i].Key, got[i].Status, got[i].CompletedAt)
		}
		equal(t, "task in its column", m.task, got[i])
	}
}

// checkEvents holds the log to the history: each resource has its events in order, with versions counting up from 1.
func (w *world) checkEvents(t *rapid.T) {
	rows, err := w.client.Server.Owner.Query(context.Background(),
		"select entity_id::text, kind, version from app.events where project_id = $1 and kind not in ('project_member.added', 'task.left') order by xid, id", w.id)
	if err != nil {
		failf(t, "read events: %v", err)
	}
	got := map[string][]string{}
	var id, kind string
	var version int
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &version}, func() error {
		got[id] = append(got[id], kind)
		if version != len(got[id]) {
			return fmt.Errorf("%s has version %d, want %d", kind, version, len(got[id]))
		}
		return nil
	})
	if err != nil {
		failf(t, "events of %s: %v", id, err)
	}
	equal(t, "events", w.history, got)
}

func (w *world) columns() []*modelColumn {
	var out []*modelColumn
	for _, b := range w.boards {
		out = append(out, b.columns...)
	}
	return out
}

func (w *world) find(id string) *modelTask {
	return w.tasks[slices.IndexFunc(w.tasks, func(m *modelTask) bool { return m.ID == id })]
}

// draw picks a task that is in the trash, or is not.
func (w *world) draw(t *rapid.T, trashed bool) (*modelTask, bool) {
	of := slices.DeleteFunc(slices.Clone(w.tasks), func(m *modelTask) bool { return m.trashed != trashed })
	if len(of) == 0 {
		return nil, false
	}
	return rapid.SampledFrom(of).Draw(t, "task"), true
}

// neighbours puts before_id and after_id into a patch, at times.
func (w *world) neighbours(t *rapid.T, patch body, of []string) (before, after string) {
	how := rapid.SampledFrom([]string{"", "before", "after", "both"}).Draw(t, "place")
	if how == "before" || how == "both" {
		before = rapid.SampledFrom(of).Draw(t, "before_id")
		patch["before_id"] = before
	}
	if how == "after" || how == "both" {
		after = rapid.SampledFrom(of).Draw(t, "after_id")
		patch["after_id"] = after
	}
	return before, after
}

func columnIDs(columns []*modelColumn) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.ID)
	}
	return out
}

// place is where something goes in a list that it was taken out of: anywhere from first to last.
type place struct {
	unchanged   bool
	first, last int
}

// placeIn finds the place that two optional neighbours name, at the end where there is none, or the status of a refusal.
func placeIn[M comparable](list []M, moving M, before, after string, id func(M) string, usable func(M) bool) (place, int) {
	rest := without(list, moving)
	if before == "" && after == "" {
		return place{unchanged: len(rest) < len(list), first: len(rest), last: len(rest)}, 0
	}
	find := func(wanted string) int {
		return slices.IndexFunc(rest, func(m M) bool { return id(m) == wanted && usable(m) })
	}
	at := place{}
	if after != "" {
		i := find(after)
		if i < 0 {
			return at, 404
		}
		at.first, at.last = i+1, i+1
	}
	if before != "" {
		i := find(before)
		if i < 0 {
			return at, 404
		}
		at.last = i
		if after == "" {
			at.first = i
		}
	}
	if at.first > at.last {
		return at, 409
	}
	return at, 0
}

// insert moves m to the place. Where that is a range, below tells which of the others m now follows.
func insert[M comparable](p place, list []M, m M, below func(M) bool) []M {
	if p.unchanged {
		return list
	}
	rest := without(list, m)
	at := p.first
	for at < p.last && below(rest[at]) {
		at++
	}
	return slices.Insert(rest, at, m)
}

func without[M comparable](list []M, m M) []M {
	return slices.DeleteFunc(slices.Clone(list), func(o M) bool { return o == m })
}

func text(patch body, name string) string {
	s, _ := patch[name].(string)
	return s
}

func setIf(patch body, name string, field *string) {
	if s, ok := patch[name].(string); ok {
		*field = s
	}
}

func equal(t rapid.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		failf(t, "%s (-want +got):\n%s", what, diff)
	}
}
