package model_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
)

// fieldKind is a type of custom field, with what its field is tried with. In memory its values are JSON's: what reads a
// task's answer reads them, too.
type fieldKind struct {
	name    string
	options []string
	values  []any                 // that tasks get
	ops     []string              // that filters may use
	order   func(a, b any) int    // of two values; nil where they have none but for sorts
	sorts   func(value any) any   // what a sort compares; nil for the value
	holds   func(value any) []any // what it holds: itself, but for a list
}

// fieldKinds are all types.
func fieldKinds(people []string) []fieldKind {
	equality, ordered := []string{"=", "!=", ":"}, []string{"=", "!=", ":", "<", "<=", ">", ">="}
	options := []string{"medium", "low", "urgent", "high", "a-1", "b_2"} // in an order that is not the alphabet's
	byOption := func(a, b any) int {
		return cmp.Compare(slices.Index(options, a.(string)), slices.Index(options, b.(string)))
	}
	return []fieldKind{
		{name: "text", ops: ordered, order: byText, values: []any{"a", "A", "ab", "aB c", "b%", "b_", `b\`, `"b"`, "'b'", "ü", "Ü", "*", "null", "10", "9", " "}},
		{name: "number", ops: ordered, order: func(a, b any) int { return cmp.Compare(a.(float64), b.(float64)) },
			values: []any{0.0, -1e300, -1e290, -1e230, -1e150, -123456.75, -2.0, -1.5, -1.0, -0.1, -1e-300, 1e-300, 1e-299, 0.1, 1.0, 1.5, 2.0, 9.0, 10.0, 100.0, 123456.75, 1e290, 1e300}},
		{name: "date", ops: ordered, order: byText, values: []any{"0001-01-01", "1999-12-31", "2026-02-28", "2026-12-01", "2026-12-02", "9999-12-31"}},
		{name: "select", ops: ordered, options: options, order: byOption, values: []any{"medium", "low", "urgent", "high", "a-1", "b_2"}},
		{name: "multi_select", ops: equality, options: options,
			values: []any{[]any{"medium"}, []any{"low", "medium"}, []any{"medium", "low"}, []any{"b_2", "a-1", "high"}, []any{"urgent"}, []any{}},
			order:  byOption, sorts: func(v any) any { return v.([]any)[0] }, holds: func(v any) []any { return v.([]any) }},
		{name: "person", ops: equality, order: byText, values: []any{people[0], people[1]}},
		{name: "checkbox", ops: equality, values: []any{true, false}, order: func(a, b any) int { return byText(fmt.Sprint(a), fmt.Sprint(b)) }},
		{name: "url", ops: equality, order: byText, values: []any{"https://a.test/", "https://A.test/b", "http://b.test/?q=%20_", "https://a.test/b"}},
	}
}

// byText compares texts as lists do: without their case, bytewise.
func byText(a, b any) int {
	return strings.Compare(strings.ToLower(a.(string)), strings.ToLower(b.(string)))
}

func (k fieldKind) texts() bool { return k.name == "text" || k.name == "url" }

// valuedTask is a task with its custom fields.
type valuedTask struct {
	ID     string         `json:"id"`
	Fields map[string]any `json:"fields"`
}

// drawer is a project with a field of every type, called as the type, and tasks that have values at random.
type drawer struct {
	client *apitest.Client
	kinds  []fieldKind
	tasks  []valuedTask
}

func newDrawer(t *testing.T) *drawer {
	t.Helper()
	ada := apitest.New(t).SignUp(t, "ada")
	grace := ada.Join(t, "grace", "member")
	project, b := newBoard(t, ada, "ONE")
	d := &drawer{client: ada, kinds: fieldKinds([]string{ada.User, grace.User})}
	for _, k := range d.kinds {
		content := body{"name": k.name, "key": k.name, "type": k.name}
		if k.options != nil {
			var options []body
			for _, o := range k.options {
				options = append(options, body{"value": o, "name": o})
			}
			content["options"] = options
		}
		ada.Do(t, "POST", "/v1/projects/"+project+"/fields", content).Want(t, 201)
	}
	random := rand.New(rand.NewPCG(3, 3))
	for range 70 {
		id := newTask(t, ada, b.Columns[random.IntN(4)].ID, "Task").ID
		var k valuedTask
		for range 2 { // the second time over what there is
			k = as[valuedTask](t, send(t, ada, "PATCH", "/v1/tasks/"+id, body{"fields": d.some(random)}), 200)
		}
		d.tasks = append(d.tasks, k)
	}
	return d
}

// some are values for some of the fields, null among them.
func (d *drawer) some(random *rand.Rand) body {
	values := body{}
	for _, k := range d.kinds {
		switch v := k.values[random.IntN(len(k.values))]; random.IntN(3) {
		case 0:
		case 1:
			values[k.name] = v
		default:
			values[k.name] = v
			if random.IntN(3) == 0 {
				values[k.name] = nil
			}
		}
	}
	if _, ok := values["number"]; ok && random.IntN(8) == 0 {
		values["number"] = json.RawMessage("-0")
	}
	return values
}

// condition is a filter expression and what it means.
type condition struct {
	text string
	keep func(valuedTask) bool
}

// draw makes a random expression over the fields.
func (d *drawer) draw(t *rapid.T, depth int) condition {
	shape := "comparison"
	if depth > 0 {
		shape = rapid.SampledFrom([]string{"comparison", "not", "and", "or"}).Draw(t, "shape")
	}
	switch shape {
	case "not":
		a := d.draw(t, depth-1)
		return condition{"NOT (" + a.text + ")", func(k valuedTask) bool { return !a.keep(k) }}
	case "and":
		a, b := d.draw(t, depth-1), d.draw(t, depth-1)
		return condition{"(" + a.text + ") AND (" + b.text + ")", func(k valuedTask) bool { return a.keep(k) && b.keep(k) }}
	case "or":
		a, b := d.draw(t, depth-1), d.draw(t, depth-1)
		return condition{"(" + a.text + ") OR (" + b.text + ")", func(k valuedTask) bool { return a.keep(k) || b.keep(k) }}
	}
	return rapid.SampledFrom(d.kinds).Draw(t, "field").draw(t)
}

// draw makes a random comparison of the field.
func (k fieldKind) draw(t *rapid.T) condition {
	left := "fields." + k.name
	absent := func(task valuedTask) bool { return task.Fields[k.name] == nil }
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return rapid.SampledFrom([]condition{
			{left + " = null", absent},
			{left + " != null", func(task valuedTask) bool { return !absent(task) }},
			{left + ":*", func(task valuedTask) bool { return !absent(task) }},
		}).Draw(t, "comparison with null")
	}
	op := rapid.SampledFrom(k.ops).Draw(t, "operator")
	operand := rapid.SampledFrom(k.values).Draw(t, "operand")
	if list, ok := operand.([]any); ok {
		operand = append(list, "low")[0]
	}
	text, prefix := fmt.Sprint(operand), false
	if n, ok := operand.(float64); ok {
		text = rapid.SampledFrom([]string{fmt.Sprint(n), strconv.FormatFloat(n, 'e', -1, 64)}).Draw(t, "digits")
		if n == 0 {
			text = rapid.SampledFrom([]string{"0", "-0", "0.0"}).Draw(t, "zero")
		}
	}
	if k.texts() {
		if op == ":" {
			text = text[:rapid.IntRange(0, len(text)).Filter(func(n int) bool { return strings.ToValidUTF8(text[:n], "") == text[:n] }).Draw(t, "part")]
		}
		text = strings.TrimSuffix(text, "*")
		prefix = (op == "=" || op == "!=") && rapid.Bool().Draw(t, "star")
		operand = text
	}
	matches := func(v any) bool {
		switch {
		case prefix:
			return strings.HasPrefix(strings.ToLower(v.(string)), strings.ToLower(text))
		case op == ":" && k.texts():
			return strings.Contains(strings.ToLower(v.(string)), strings.ToLower(text))
		case op == "<", op == "<=", op == ">", op == ">=":
			c := k.order(v, operand)
			return map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
		}
		return k.order(v, operand) == 0
	}
	star := map[bool]string{true: "*"}[prefix]
	return condition{fmt.Sprintf(`%s %s "%s%s"`, left, op, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text), star), func(task valuedTask) bool {
		return slices.ContainsFunc(k.held(task), matches) != (op == "!=")
	}}
}

func (k fieldKind) held(task valuedTask) []any {
	switch v := task.Fields[k.name]; {
	case v == nil:
		return nil
	case k.holds != nil:
		return k.holds(v)
	default:
		return []any{v}
	}
}

// sorted compares as a sort by the field does: what has no value comes last in both directions.
func (k fieldKind) sorted(descending bool) func(a, b valuedTask) int {
	return func(a, b valuedTask) int {
		x, y := a.Fields[k.name], b.Fields[k.name]
		c := strings.Compare(a.ID, b.ID)
		switch {
		case x == nil && y != nil:
			return 1
		case x != nil && y == nil:
			return -1
		case x != nil && k.sorts != nil:
			x, y = k.sorts(x), k.sorts(y)
		}
		if x != nil {
			c = cmp.Or(k.order(x, y), c)
		}
		if descending {
			return -c
		}
		return c
	}
}

// TestCustomFieldsAreFilteredAndSorted holds lists by custom fields of all types to a loop over all tasks.
func TestCustomFieldsAreFilteredAndSorted(t *testing.T) {
	d := newDrawer(t)
	found := 0
	fewerChecks(t, 200)
	rapid.Check(t, func(t *rapid.T) {
		query := url.Values{}
		want := slices.Clone(d.tasks)
		if rapid.IntRange(0, 5).Draw(t, "filtered") > 0 {
			c := d.draw(t, 3)
			query.Set("filter", c.text)
			want = slices.DeleteFunc(want, func(k valuedTask) bool { return !c.keep(k) })
		}
		k := rapid.SampledFrom(d.kinds).Draw(t, "sort")
		direction := rapid.SampledFrom([]string{"", "-"}).Draw(t, "direction")
		query.Set("sort", direction+"fields."+k.name)
		slices.SortFunc(want, k.sorted(direction == "-"))
		query.Set("limit", fmt.Sprint(rapid.SampledFrom([]int{200, 20, 7, 3}).Draw(t, "limit")))
		found += len(want)
		path := "/v1/tasks?" + query.Encode()
		equal(t, path, want, append([]valuedTask{}, all[valuedTask](t, d.client, path)...))
	})
	if found == 0 {
		t.Error("no list had a task")
	}
}
