package work_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/test/apitest"
)

// desk is a project with a board, and somebody at work on it.
type desk struct {
	*apitest.Client
	project string
	columns []string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	return deskOf(t, apitest.New(t).SignUp(t, "ada"), "ONE")
}

func deskOf(t *testing.T, c *apitest.Client, key string) desk {
	t.Helper()
	d := desk{Client: c, project: c.Do(t, "POST", "/v1/projects", map[string]any{"name": "Project", "key": key}).Want(t, 201).Text(t, "id")}
	board := d.Do(t, "POST", "/v1/projects/"+d.project+"/boards", map[string]any{"name": "Board", "template": "kanban"}).Want(t, 201)
	for i := range board.Len(t, "columns") {
		d.columns = append(d.columns, board.Text(t, fmt.Sprintf("columns.%d.id", i)))
	}
	return d
}

// field adds a custom field, with options where some are named.
func (d desk) field(t *testing.T, name, kind string, options ...string) *apitest.Response {
	t.Helper()
	content := map[string]any{"name": name, "type": kind}
	if len(options) > 0 {
		content["options"] = named(options...)
	}
	return d.Do(t, "POST", "/v1/projects/"+d.project+"/fields", content).Want(t, 201)
}

func named(names ...string) []map[string]any {
	var options []map[string]any
	for _, name := range names {
		options = append(options, map[string]any{"name": name})
	}
	return options
}

func (d desk) task(t *testing.T, fields map[string]any) *apitest.Response {
	t.Helper()
	if fields == nil {
		fields = map[string]any{}
	}
	return d.Do(t, "POST", "/v1/columns/"+d.columns[1]+"/tasks", map[string]any{"title": "Task", "fields": fields}).Want(t, 201)
}

// set changes fields of a task.
func (d desk) set(t *testing.T, task string, fields any) *apitest.Response {
	t.Helper()
	return d.Do(t, "PATCH", "/v1/tasks/"+task, map[string]any{"fields": fields})
}

// keys are those of the tasks that a list of tasks answers.
func (d desk) keys(t *testing.T, query ...string) []string {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	return listed(t, d.Do(t, "GET", "/v1/tasks?"+values.Encode(), nil))
}

func listed(t *testing.T, r *apitest.Response) []string {
	t.Helper()
	r.Want(t, 200)
	keys := []string{}
	for i := range r.Len(t, "items") {
		keys = append(keys, r.Text(t, fmt.Sprintf("items.%d.key", i)))
	}
	return keys
}

func alike(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// wrong fails the test unless the answer is a problem of the kind with an error at the place.
func wrong(t *testing.T, r *apitest.Response, status int, kind, place string) {
	t.Helper()
	r.WantProblem(t, status, kind)
	for i := range r.Len(t, "errors") {
		if r.Text(t, fmt.Sprintf("errors.%d.location", i)) == place {
			return
		}
	}
	t.Errorf("the problem does not name %s: %s", place, r.Body)
}

func TestFieldKeysAndOptionsAreDerived(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, x := range []struct{ name, key string }{
		{"Story points", "story_points"}, {"Story  points!", "story_points_2"}, {"2nd level", "field_2nd_level"}, {"完了", "field"}, {"…", "field_2"},
		{strings.Repeat("a", 80), strings.Repeat("a", 63)}, {strings.Repeat("a", 70), strings.Repeat("a", 61) + "_2"},
	} {
		alike(t, x.name, d.field(t, x.name, "text").Text(t, "key"), x.key)
	}
	f := d.Do(t, "POST", "/v1/projects/"+d.project+"/fields", map[string]any{"name": "Severity", "key": "sev", "type": "select", "options": []map[string]any{
		{"name": "In review"}, {"name": "In review"}, {"name": "x", "value": "in_review_2", "color": "#ff0000"}, {"name": "高い"}}}).Want(t, 201)
	alike(t, "options", f.Get(t, "options"), []any{
		map[string]any{"value": "in_review", "name": "In review", "color": nil}, map[string]any{"value": "in_review_3", "name": "In review", "color": nil},
		map[string]any{"value": "in_review_2", "name": "x", "color": "#ff0000"}, map[string]any{"value": "option", "name": "高い", "color": nil}})
	again := d.Do(t, "POST", "/v1/projects/"+d.project+"/fields", map[string]any{"name": "Other", "key": "sev", "type": "text"})
	wrong(t, again, 409, "name-taken", "body.key")
	two := deskOf(t, d.Client, "TWO")
	two.Do(t, "POST", "/v1/projects/"+two.project+"/fields", map[string]any{"name": "Other", "key": "sev", "type": "text"}).Want(t, 201)
}

func TestFieldInput(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	many := named(strings.Fields(strings.Repeat("x ", 101))...)
	for place, content := range map[string]map[string]any{
		"body.key":              {"name": "A", "type": "text", "key": "1a"},
		"body.type":             {"name": "A", "type": "select2"},
		"body.name":             {"name": "  ", "type": "text"},
		"body.options":          {"name": "A", "type": "select"},
		"body.options ":         {"name": "A", "type": "text", "options": named("a")},
		"body.options  ":        {"name": "A", "type": "select", "options": []any{}},
		"body.options   ":       {"name": "A", "type": "select", "options": many},
		"body.options[1].value": {"name": "A", "type": "select", "options": []map[string]any{{"name": "a", "value": "a"}, {"name": "b", "value": "a"}}},
		"body.options[0].value": {"name": "A", "type": "select", "options": []map[string]any{{"name": "a", "value": "A b"}}},
		"body.options[0].color": {"name": "A", "type": "multi_select", "options": []map[string]any{{"name": "a", "color": "red"}}},
		"body.options[0].name":  {"name": "A", "type": "multi_select", "options": []map[string]any{{"name": " "}}},
		"body.options    ":      {"name": "A", "type": "text", "options": nil},
	} {
		wrong(t, d.Do(t, "POST", "/v1/projects/"+d.project+"/fields", content), 422, "validation", strings.TrimSpace(place))
	}
	text := d.field(t, "Text", "text").Text(t, "id")
	wrong(t, d.Do(t, "PATCH", "/v1/fields/"+text, map[string]any{"options": named("a")}), 422, "validation", "body.options")
	wrong(t, d.Do(t, "PATCH", "/v1/fields/"+text, map[string]any{"type": "number"}), 422, "validation", "body.type")
	wrong(t, d.Do(t, "PATCH", "/v1/fields/"+text, map[string]any{"key": "other"}), 422, "validation", "body.key")
	other := deskOf(t, d.Client, "TWO").field(t, "Elsewhere", "text").Text(t, "id")
	wrong(t, d.Do(t, "PATCH", "/v1/fields/"+text, map[string]any{"before_id": other}), 404, "not-found", "body.before_id")
}

func TestFieldsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b, c := d.field(t, "a", "text").Text(t, "id"), d.field(t, "b", "text").Text(t, "id"), d.field(t, "c", "text").Text(t, "id")
	order := func(want ...string) {
		t.Helper()
		alike(t, "order", listed(t, d.Do(t, "GET", "/v1/projects/"+d.project+"/fields", nil)), want)
	}
	order("a", "b", "c")
	d.Do(t, "PATCH", "/v1/fields/"+c, map[string]any{"before_id": a}).Want(t, 200)
	order("c", "a", "b")
	d.Do(t, "PATCH", "/v1/fields/"+a, map[string]any{"after_id": b, "name": "A"}).Want(t, 200)
	order("c", "b", "a")
	alike(t, "name", d.Do(t, "GET", "/v1/fields/"+a, nil).Want(t, 200).Text(t, "name"), "A")
}

func TestAProjectHasAHundredFields(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 95 {
		d.field(t, "Same", "text")
	}
	var waiting sync.WaitGroup
	statuses := make([]int, 10)
	for i := range statuses {
		waiting.Go(func() {
			if r, err := d.Try("POST", "/v1/projects/"+d.project+"/fields", map[string]any{"name": "Same", "type": "text"}); err == nil {
				statuses[i] = r.Status
			}
		})
	}
	waiting.Wait()
	counts := map[int]int{}
	for _, s := range statuses {
		counts[s]++
	}
	alike(t, "statuses", counts, map[int]int{201: 5, 409: 5})
	wrong(t, d.Do(t, "POST", "/v1/projects/"+d.project+"/fields", map[string]any{"name": "One more", "type": "text"}), 409, "conflict", "path.project_id")
	deskOf(t, d.Client, "TWO").field(t, "First", "text")
}

// TestFieldValues tries good and bad values of every type, and how they are kept, merged and cleared.
func TestFieldValues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	guest := d.Join(t, "guest", "guest").User
	bob := d.Join(t, "bob", "member").User
	raw := func(s string) any { return json.RawMessage(s) }
	long := strings.Repeat("é", 500)
	for _, x := range []struct {
		kind      string
		good, bad []any
		status    map[int]int // of bad values that are no 422, by index
	}{
		{"text", []any{"x", " ", long, `"'\`, "😀"}, []any{"", long + "x", 1, true, []any{"x"}, map[string]any{}}, nil},
		{"number", []any{0, 1.0, -1.5, raw("1e300"), raw("-1e300"), raw("1e-300"), raw("0.1")},
			[]any{"1", raw("1e301"), raw("-2e300"), raw("1e-301"), raw("1e-9999"), raw("0." + strings.Repeat("1", 400)), true, []any{1}, map[string]any{}}, nil},
		{"date", []any{"2026-12-01", "2024-02-29", "0001-01-01", "9999-12-31"},
			[]any{"2025-02-29", "2026-13-01", "2026-12-1", "0000-01-01", "2026-12-01T00:00:00Z", "today", "infinity", 20261201, "", " 2026-12-01"}, nil},
		{"select", []any{"low", "very_high"}, []any{"Low", "none", "", 1, []any{"low"}, map[string]any{"value": "low"}}, nil},
		{"multi_select", []any{[]any{"low"}, []any{"very_high", "low"}}, []any{"low", []any{"none"}, []any{"low", "low"}, []any{1}, []any{nil}, []any{[]any{"low"}}, map[string]any{}}, nil},
		{"person", []any{bob, d.User}, []any{"bob", 1, uuid.NewString(), guest, strings.ToUpper(bob), []any{bob}, ""}, map[int]int{2: 404}},
		{"checkbox", []any{true, false}, []any{"true", 0, []any{}}, nil},
		{"url", []any{"https://example.com/a?b#c", "http://x"}, []any{"example.com", "ftp://example.com", "javascript:alert(1)", "https://", "https://a b", "https://x/" + strings.Repeat("y", 2000), 1}, nil},
	} {
		var options []string
		if strings.HasSuffix(x.kind, "select") {
			options = []string{"Low", "Very high"}
		}
		key := d.field(t, "My "+x.kind, x.kind, options...).Text(t, "key")
		task := d.task(t, map[string]any{key: x.good[0]}).Text(t, "key")
		for _, value := range x.good {
			r := d.set(t, task, map[string]any{key: value}).Want(t, 200)
			alike(t, key, r.Get(t, "fields."+key), jsoned(t, value))
		}
		last := d.Do(t, "GET", "/v1/tasks/"+task, nil).Want(t, 200).Get(t, "fields")
		for i, value := range x.bad {
			status, kind := 422, "validation"
			if s := x.status[i]; s != 0 {
				status, kind = s, "not-found"
			}
			wrong(t, d.set(t, task, map[string]any{key: value}), status, kind, "body.fields."+key)
			r := d.Do(t, "POST", "/v1/columns/"+d.columns[0]+"/tasks", map[string]any{"title": "Bad", "fields": map[string]any{key: value}})
			wrong(t, r, status, kind, "body.fields."+key)
		}
		alike(t, key+" after bad values", d.Do(t, "GET", "/v1/tasks/"+task, nil).Want(t, 200).Get(t, "fields"), last)
		alike(t, "cleared", d.set(t, task, map[string]any{key: nil}).Want(t, 200).Get(t, "fields"), map[string]any{})
		alike(t, "without", d.keys(t, "filter", "fields."+key+" = null AND key = \""+task+"\""), []string{task})
	}
	for _, key := range []string{"unheard_of", "My text", ""} {
		place := "body.fields"
		if key == "unheard_of" {
			place = "body.fields.unheard_of"
		}
		wrong(t, d.set(t, "ONE-1", map[string]any{key: 1}), 422, "validation", place)
	}
	d.set(t, "ONE-1", raw(`{"my_number": 1e400}`)).WantProblem(t, 400, "malformed-body")
	d.set(t, "ONE-1", raw(`{"my_text": "a\u0000b"}`)).Want(t, 400)
	d.set(t, "ONE-1", raw(`{"my_text": "a", "my_text": "b"}`)).Want(t, 400)
	d.set(t, "ONE-1", raw(`{"my\u0000text": "a"}`)).Want(t, 400)
	for _, whole := range []any{nil, 1, "x", []any{}} {
		wrong(t, d.set(t, "ONE-1", whole), 422, "validation", "body.fields")
	}
}

func jsoned(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var read any
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestFieldValuesAreMerged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.field(t, "Points", "number")
	d.field(t, "Tags", "multi_select", "a", "b", "c")
	socket := d.Listen(t)
	task := d.task(t, map[string]any{"points": 3, "tags": []string{"c", "a"}}).Text(t, "key")
	alike(t, "created", socket.Until(t, "task.created")[0].Data["fields"], map[string]any{"points": 3.0, "tags": []any{"c", "a"}})
	alike(t, "merged", d.set(t, task, map[string]any{"points": 5}).Want(t, 200).Get(t, "fields"), map[string]any{"points": 5.0, "tags": []any{"c", "a"}})
	alike(t, "event", socket.Until(t, "task.updated")[0].Data["fields"], map[string]any{"points": 5.0, "tags": []any{"c", "a"}})
	alike(t, "kept", d.Do(t, "PATCH", "/v1/tasks/"+task, map[string]any{"title": "New"}).Want(t, 200).Get(t, "fields.points"), 5.0)
	alike(t, "cleared", d.set(t, task, map[string]any{"tags": []string{}}).Want(t, 200).Get(t, "fields"), map[string]any{"points": 5.0})
	alike(t, "no tags", d.keys(t, "filter", "fields.tags = null"), []string{task})
}

// TestFieldValuesAtOnce: changes of different fields of a task do not undo each other, and lists find what the task holds.
func TestFieldValuesAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const n = 8
	for i := range n {
		d.field(t, fmt.Sprintf("f%d", i), "multi_select", "a", "b", "c")
	}
	task := d.task(t, nil).Text(t, "key")
	for round := range 6 {
		want := map[string]any{}
		var waiting sync.WaitGroup
		for i := range n {
			key := fmt.Sprintf("f%d", i)
			value := []any{"a", "b", "c"}[:(i+round)%4]
			if len(value) > 0 {
				want[key] = value
			}
			waiting.Go(func() {
				if r, err := d.Try("PATCH", "/v1/tasks/"+task, map[string]any{"fields": map[string]any{key: value}}); err != nil || r.Status != 200 {
					t.Errorf("%s: %v %v", key, err, r)
				}
			})
		}
		waiting.Wait()
		alike(t, "fields", d.Do(t, "GET", "/v1/tasks/"+task, nil).Want(t, 200).Get(t, "fields"), want)
		d.wantFiled(t)
	}
	for range 6 { // the same field
		var waiting sync.WaitGroup
		for i := range n {
			waiting.Go(func() {
				_, _ = d.Try("PATCH", "/v1/tasks/"+task, map[string]any{"fields": map[string]any{"f0": []any{"a", "b", "c"}[:i%4]}})
			})
		}
		waiting.Wait()
		d.wantFiled(t)
	}
}

// wantFiled fails the test unless the rows that lists read are those of the tasks' values.
func (d desk) wantFiled(t *testing.T) {
	t.Helper()
	var differences int
	err := d.Server.Owner.QueryRow(t.Context(), `select count(*) from
	  (select t.id, t.project_id, r.key, r.slot, r.value, r.sort_key from app.tasks t cross join lateral app.field_rows(t.org_id, t.project_id, t.fields) r) want
	  full join app.field_values v on v.task_id = want.id and v.key = want.key and v.slot = want.slot
	  where (v.project_id, v.value, v.sort_key) is distinct from (want.project_id, want.value, want.sort_key)`).Scan(&differences)
	if err != nil {
		t.Fatal(err)
	}
	if differences > 0 {
		t.Fatalf("%d rows of values are not what their tasks say", differences)
	}
}

func TestOptionsAreReplaced(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	f := d.field(t, "Size", "select", "S", "M", "L")
	path := "/v1/fields/" + f.Text(t, "id")
	small, large := d.task(t, map[string]any{"size": "s"}).Text(t, "key"), d.task(t, map[string]any{"size": "l"}).Text(t, "key")
	alike(t, "sorted", d.keys(t, "sort", "fields.size"), []string{small, large})
	d.Do(t, "PATCH", path, map[string]any{"options": []map[string]any{{"value": "l", "name": "Large", "color": "#00ff00"}, {"value": "xl", "name": "XL"}, {"value": "s", "name": "S"}}}).Want(t, 200)
	alike(t, "sorted anew", d.keys(t, "sort", "fields.size"), []string{large, small})
	alike(t, "above", d.keys(t, "filter", "fields.size > xl"), []string{small})
	d.wantFiled(t)
	r := d.Do(t, "PATCH", path, map[string]any{"options": named("XL")})
	wrong(t, r, 409, "option-in-use", "body.options")
	if !strings.Contains(r.Text(t, "errors.0.message"), "l, s") {
		t.Errorf("the options in use are not named: %s", r.Body)
	}
	d.Do(t, "DELETE", "/v1/tasks/"+large, nil).Want(t, 204)
	wrong(t, d.Do(t, "PATCH", path, map[string]any{"options": named("S", "XL")}), 409, "option-in-use", "body.options") // one in the trash may return
	d.set(t, small, map[string]any{"size": nil}).Want(t, 200)
	alike(t, "options", d.Do(t, "PATCH", path, map[string]any{"options": named("L")}).Want(t, 200).Len(t, "options"), 1)
	alike(t, "name alone", d.Do(t, "PATCH", path, map[string]any{"name": "Shirt"}).Want(t, 200).Len(t, "options"), 1)
	wrong(t, d.set(t, small, map[string]any{"size": "s"}), 422, "validation", "body.fields.size")
}

// TestOptionsDoNotGoUnderAValue: whoever sets an option while it goes is refused, or keeps it from going.
func TestOptionsDoNotGoUnderAValue(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 20 {
		f := d.field(t, fmt.Sprintf("f%d", i), "select", "a", "b")
		key := f.Text(t, "key")
		var task, field *apitest.Response
		var waiting sync.WaitGroup
		id := d.task(t, nil).Text(t, "id")
		waiting.Go(func() { task, _ = d.Try("PATCH", "/v1/tasks/"+id, map[string]any{"fields": map[string]any{key: "a"}}) })
		waiting.Go(func() {
			field, _ = d.Try("PATCH", "/v1/fields/"+f.Text(t, "id"), map[string]any{"options": named("b")})
		})
		waiting.Wait()
		if (task.Status == 200) == (field.Status == 200) {
			t.Fatalf("both or none: %d %s, %d %s", task.Status, task.Body, field.Status, field.Body)
		}
	}
}

// TestAFieldGoesWhileValuesCome: no task keeps a value of a field that is gone.
func TestAFieldGoesWhileValuesCome(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 15 {
		f := d.field(t, fmt.Sprintf("f%d", i), "number")
		key, id := f.Text(t, "key"), d.task(t, nil).Text(t, "id")
		var waiting sync.WaitGroup
		for path, method := range map[string]string{"/v1/columns/" + d.columns[1] + "/tasks": "POST", "/v1/tasks/" + id: "PATCH"} {
			waiting.Go(func() {
				_, _ = d.Try(method, path, map[string]any{"title": "Task", "fields": map[string]any{key: 1}})
			})
		}
		waiting.Go(func() {
			if r, err := d.Try("DELETE", "/v1/fields/"+f.Text(t, "id"), nil); err != nil || r.Status != 204 {
				t.Errorf("delete: %v %v", err, r)
			}
		})
		waiting.Wait()
		var left int
		if err := d.Server.Owner.QueryRow(t.Context(), "select count(*) from app.tasks where fields ? $1", key).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left > 0 {
			t.Fatalf("%d tasks have a value of a field that is gone", left)
		}
		d.wantFiled(t)
	}
}

// TestListsOfATaskAreReplacedWhole: of two who set a task's labels or assignees at once, one has set them.
func TestListsOfATaskAreReplacedWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.Join(t, "bob", "member")
	red := d.Do(t, "POST", "/v1/labels", map[string]any{"name": "red", "color": "#ff0000"}).Want(t, 201).Text(t, "id")
	blue := d.Do(t, "POST", "/v1/labels", map[string]any{"name": "blue", "color": "#0000ff"}).Want(t, 201).Text(t, "id")
	for range 15 {
		id := d.task(t, nil).Text(t, "id")
		var waiting sync.WaitGroup
		for label, person := range map[string]string{red: d.User, blue: bob.User} {
			waiting.Go(func() {
				_, _ = d.Try("PATCH", "/v1/tasks/"+id, map[string]any{"label_ids": []string{label}, "assignee_ids": []string{person}})
			})
		}
		waiting.Wait()
		r := d.Do(t, "GET", "/v1/tasks/"+id, nil).Want(t, 200)
		if r.Len(t, "label_ids") != 1 || r.Len(t, "assignee_ids") != 1 {
			t.Fatalf("neither's: %s", r.Body)
		}
	}
}

// TestValuesFollowATask: to another project as far as that has the same field, and into a copy.
func TestValuesFollowATask(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	two := deskOf(t, d.Client, "TWO")
	d.field(t, "Size", "select", "S", "L")
	two.field(t, "Size", "select", "L", "M", "S")
	d.field(t, "Tags", "multi_select", "a", "b")
	two.field(t, "Tags", "multi_select", "b")
	d.field(t, "Points", "number")
	two.field(t, "Points", "text")
	d.field(t, "Note", "text")
	two.field(t, "Note", "text")
	id := d.task(t, map[string]any{"size": "s", "tags": []string{"b", "a"}, "points": 3, "note": "N"}).Text(t, "id")
	d.Do(t, "POST", "/v1/tasks/"+id+"/duplicate", map[string]any{}).Want(t, 201)
	d.Do(t, "POST", "/v1/tasks/"+id+"/duplicate", map[string]any{"column_id": two.columns[0]}).Want(t, 201)
	d.wantFiled(t)
	r := d.Do(t, "PATCH", "/v1/tasks/"+id, map[string]any{"column_id": two.columns[0], "fields": map[string]any{"points": "three"}}).Want(t, 200)
	alike(t, "moved", r.Get(t, "fields"), map[string]any{"size": "s", "note": "N", "points": "three"})
	d.wantFiled(t)
}

func TestDeletingAFieldTakesItsValues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	f := d.field(t, "Points", "number")
	d.field(t, "Other", "number")
	two := deskOf(t, d.Client, "TWO")
	two.field(t, "Points", "number")
	elsewhere := two.task(t, map[string]any{"points": 1}).Text(t, "key")
	live := d.task(t, map[string]any{"points": 1, "other": 2}).Text(t, "key")
	archived := d.task(t, map[string]any{"points": 1}).Text(t, "key")
	trashed := d.task(t, map[string]any{"points": 1}).Text(t, "key")
	without := d.task(t, map[string]any{"other": 1}).Text(t, "key")
	d.Do(t, "POST", "/v1/tasks/"+archived+"/archive", nil).Want(t, 200)
	d.Do(t, "DELETE", "/v1/tasks/"+trashed, nil).Want(t, 204)
	socket := d.Listen(t)
	d.Do(t, "DELETE", "/v1/fields/"+f.Text(t, "id"), nil).Want(t, 204)
	seen := map[any]any{}
	for len(seen) < 3 {
		e := socket.Next(t)
		seen[e.Data["key"]] = e.Data["fields"]
		if e.Type == "task.updated" && e.Data["version"] != float64(e.Version) {
			t.Errorf("event %s", e.Raw)
		}
	}
	alike(t, "events", seen, map[any]any{"points": nil, live: map[string]any{"other": 2.0}, archived: map[string]any{}})
	for key, version := range map[string]float64{live: 2, archived: 3, without: 1, elsewhere: 1} {
		r := d.Do(t, "GET", "/v1/tasks/"+key, nil).Want(t, 200)
		alike(t, key, r.Number(t, "version"), version)
	}
	alike(t, "restored", d.Do(t, "POST", "/v1/tasks/"+trashed+"/restore", nil).Want(t, 200).Get(t, "fields"), map[string]any{})
	alike(t, "elsewhere", d.keys(t, "filter", "fields.points = 1"), []string{elsewhere})
	d.wantFiled(t)
	wrong(t, d.Do(t, "GET", "/v1/tasks?filter=fields.points%3D1&project_id="+d.project, nil), 422, "validation", "query.filter")
	wrong(t, d.Do(t, "GET", "/v1/tasks?sort=fields.points&project_id="+d.project, nil), 422, "validation", "query.sort")
	d.field(t, "Points", "text")
	wrong(t, d.Do(t, "GET", "/v1/tasks?sort=fields.points", nil), 422, "validation", "query.sort") // number there, text here
}

func TestFieldsOfAPrivateProject(t *testing.T) {
	t.Parallel()
	ada := apitest.New(t).SignUp(t, "ada")
	d := desk{Client: ada, project: ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Secret", "private": true}).Want(t, 201).Text(t, "id")}
	f := d.field(t, "Points", "number")
	member, reader := ada.Join(t, "member", "member"), ada.Join(t, "reader", "member")
	ada.Do(t, "POST", "/v1/projects/"+d.project+"/members", map[string]any{"user_id": reader.User, "role": "guest"}).Want(t, 201)
	for who, statuses := range map[*apitest.Client][2]int{member: {404, 404}, reader: {200, 403}, ada: {200, 200}} {
		path := "/v1/fields/" + f.Text(t, "id")
		who.Do(t, "GET", path, nil).Want(t, statuses[0])
		who.Do(t, "GET", "/v1/projects/"+d.project+"/fields", nil).Want(t, statuses[0])
		who.Do(t, "PATCH", path, map[string]any{"name": "New"}).Want(t, statuses[1])
		if who != ada {
			who.Do(t, "DELETE", path, nil).Want(t, statuses[1])
			who.Do(t, "POST", "/v1/projects/"+d.project+"/fields", map[string]any{"name": "A", "type": "text"}).Want(t, statuses[1])
		}
	}
	wrong(t, member.Do(t, "GET", "/v1/tasks?filter=fields.points%3D1", nil), 422, "validation", "query.filter")
}

func TestFieldFilters(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.Join(t, "bob", "member")
	d.field(t, "Text", "text")
	d.field(t, "Number", "number")
	d.field(t, "Date", "date")
	d.field(t, "Size", "select", "S", "M", "L")
	d.field(t, "Tags", "multi_select", "a", "ab", "b")
	d.field(t, "Owner", "person")
	d.field(t, "Done", "checkbox")
	d.field(t, "Link", "url")
	one := d.task(t, map[string]any{"text": "Hello 50% World", "number": -2, "date": "2026-12-01", "size": "s", "tags": []string{"ab"}, "owner": bob.User, "done": true, "link": "https://plinth.test/A"}).Text(t, "key")
	two := d.task(t, map[string]any{"text": "x", "number": 10, "date": "2027-01-01", "size": "l", "tags": []string{"a", "b"}, "owner": d.User, "done": false, "link": "http://other.test"}).Text(t, "key")
	none := d.task(t, nil).Text(t, "key")
	for filter, want := range map[string][]string{
		`fields.text = "hello 50% world"`: {one}, `fields.text:"0% W"`: {one}, `fields.text:"_"`: {}, `fields.text = "hello*"`: {one}, `fields.text != "h*"`: {none, two},
		`fields.number < 3`: {one}, `fields.number >= -2`: {two, one}, `fields.number:10`: {two}, `fields.number = "1e1"`: {two}, `NOT fields.number = 10`: {none, one},
		`fields.date > "2026-12-01"`: {two}, `fields.date:"2026-12-01"`: {one},
		`fields.size < m`: {one}, `fields.size >= m`: {two}, `fields.size != s`: {none, two}, `fields.size:L`: {two},
		`fields.tags:a`: {two}, `fields.tags = ab`: {one}, `fields.tags:(ab OR b)`: {two, one}, `fields.tags = null`: {none}, `fields.tags:*`: {two, one},
		`fields.owner = me`: {two}, `fields.owner = "` + bob.Email + `"`: {one}, `fields.owner:"` + bob.User + `"`: {one}, `fields.owner = "nobody@plinth.test"`: {},
		`fields.done = true`: {one}, `NOT fields.done = true`: {none, two}, `fields.link:"PLINTH.test/a"`: {one}, `fields.link != "http://*"`: {none, one},
	} {
		alike(t, filter, d.keys(t, "filter", filter), append([]string{}, want...))
	}
	for _, filter := range []string{`fields.none = 1`, `fields.number = x`, `fields.number = "NaN"`, `fields.number = "1e999"`, `fields.number = "1*"`, `fields.date = "2026"`, `fields.size = xxl`,
		`fields.size = "s*"`, `fields.tags > a`, `fields.tags:none`, `fields.owner = bob`, `fields.owner > me`, `fields.done = 1`, `fields.link > "http"`, `fields.Text = a`} {
		wrong(t, d.Do(t, "GET", "/v1/tasks?filter="+url.QueryEscape(filter), nil), 422, "validation", "query.filter")
	}
	other := deskOf(t, d.Client, "TWO")
	other.field(t, "Size", "select", "M", "S")
	wrong(t, d.Do(t, "GET", "/v1/tasks?filter="+url.QueryEscape("fields.size < m"), nil), 422, "validation", "query.filter")
	alike(t, "in one project", d.keys(t, "filter", "fields.size < m", "project_id", d.project), []string{one})
	alike(t, "equal in all", d.keys(t, "filter", "fields.size = s"), []string{one})
}
