package model_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
)

// shelf is an organization with many tasks, as their answers told of them.
type shelf struct {
	client  *apitest.Client
	users   []string
	labels  []string
	columns []string
	boards  []string
	project []string
	tasks   []task
}

func words() []string {
	return []string{"alpha", "alphabet", "beta", "bet", "gamma", "Delta", "über", "x1"}
}

// newShelf makes the tasks at random, the same ones each time, changes some and throws some away.
func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	grace := ada.Join(t, "grace", "member")
	sh := &shelf{client: ada, users: []string{ada.User, grace.User}}
	for _, name := range []string{"red", "green", "blue"} {
		sh.labels = append(sh.labels, ada.Do(t, "POST", "/v1/labels", body{"name": name, "color": "#ff0000"}).Want(t, 201).Text(t, "id"))
	}
	for _, key := range []string{"ONE", "TWO"} {
		project, b := newBoard(t, ada, key)
		sh.project, sh.boards = append(sh.project, project), append(sh.boards, b.ID)
		for _, c := range b.Columns[1:] {
			sh.columns = append(sh.columns, c.ID)
		}
	}
	random := rand.New(rand.NewPCG(7, 7))
	for i := range 90 {
		as := []*apitest.Client{ada, grace}[random.IntN(2)]
		k := sh.create(t, as, random)
		switch {
		case i%3 == 0:
			k = sh.change(t, k, random)
			sh.tasks = append(sh.tasks, k)
		case i%10 == 1:
			as.Do(t, "DELETE", "/v1/tasks/"+k.ID, nil).Want(t, 204)
		default:
			sh.tasks = append(sh.tasks, k)
		}
	}
	for i := range 12 { // each blocks a later one
		from, to := sh.tasks[i], sh.tasks[20+random.IntN(20)]
		send(t, ada, "POST", "/v1/tasks/"+from.ID+"/links", body{"kind": "blocks", "task_id": to.ID})
	}
	for i, k := range sh.tasks {
		sh.tasks[i] = as[task](t, send(t, ada, "GET", "/v1/tasks/"+k.ID, nil), 200)
	}
	return sh
}

func some(random *rand.Rand, of []string) []string {
	return slices.DeleteFunc(slices.Clone(of), func(string) bool { return random.IntN(3) > 0 })
}

func dueTime(n int) time.Time { return time.Date(2027, 1, 1+n, 12, 0, 0, 123456000, time.UTC) }

func (sh *shelf) create(t *testing.T, c *apitest.Client, random *rand.Rand) task {
	t.Helper()
	content := body{
		"title":        strings.Join(append(some(random, words()), "title"), " "),
		"description":  strings.Join(some(random, words()), ", "),
		"priority":     priorities()[random.IntN(5)],
		"assignee_ids": some(random, sh.users),
		"label_ids":    some(random, sh.labels),
	}
	if random.IntN(3) > 0 {
		content["due_at"] = dueTime(random.IntN(5))
	}
	if random.IntN(2) > 0 {
		content["start_at"] = dueTime(-random.IntN(3))
	}
	if random.IntN(3) > 0 {
		content["estimate"] = []float64{0, 0.5, 1, 2, 100}[random.IntN(5)]
	}
	if len(sh.tasks) > 0 && random.IntN(3) == 0 {
		content["parent_id"] = sh.tasks[random.IntN(len(sh.tasks))].ID
	}
	return as[task](t, send(t, c, "POST", "/v1/columns/"+sh.columns[random.IntN(len(sh.columns))]+"/tasks", content), 201)
}

// change moves a task to the front of its column, with another title.
func (sh *shelf) change(t *testing.T, k task, random *rand.Rand) task {
	t.Helper()
	content := body{"title": strings.Join(some(random, words()), "-") + " changed", "label_ids": some(random, sh.labels)}
	if first := as[page[task]](t, send(t, sh.client, "GET", "/v1/columns/"+k.ColumnID+"/tasks?limit=1", nil), 200).Items[0]; first.ID != k.ID {
		content["before_id"] = first.ID
	}
	return as[task](t, send(t, sh.client, "PATCH", "/v1/tasks/"+k.ID, content), 200)
}

func priorities() []string { return []string{"none", "low", "medium", "high", "urgent"} }

// TestListsAreWhatTheirFiltersSay holds both lists to a loop over all tasks, with every filter, in every order.
func TestListsAreWhatTheirFiltersSay(t *testing.T) {
	sh := newShelf(t)
	found := 0
	fewerChecks(t, 120)
	rapid.Check(t, func(t *rapid.T) {
		query := url.Values{}
		path, order, inColumn := "/v1/tasks", "-created_at", ""
		if rapid.Bool().Draw(t, "of a column") {
			inColumn = rapid.SampledFrom(sh.columns).Draw(t, "column")
			path, order = "/v1/columns/"+inColumn+"/tasks", "rank"
		}
		keep := sh.draw(t, query, inColumn == "")
		if sort := rapid.SampledFrom([]string{"", "rank", "created_at", "updated_at", "due_at", "start_at", "estimate", "priority"}).Draw(t, "sort"); sort != "" {
			order = rapid.SampledFrom([]string{"", "-"}).Draw(t, "direction") + sort
			query.Set("sort", order)
		}
		if query.Has("q") { // else by relevance, which TestSearch holds
			query.Set("sort", order)
		}
		if rapid.Bool().Draw(t, "expression") {
			text, holds := sh.expression(t, 2)
			query.Set("filter", text)
			kept := keep
			keep = func(k task) bool { return kept(k) && holds(k) }
		}
		query.Set("limit", fmt.Sprint(rapid.SampledFrom([]int{200, 50, 7, 2, 1}).Draw(t, "limit")))
		want := slices.DeleteFunc(slices.Clone(sh.tasks), func(k task) bool { return inColumn != "" && k.ColumnID != inColumn || !keep(k) })
		slices.SortFunc(want, inOrder(order))
		found += len(want)
		equal(t, path+"?"+query.Encode(), want, append([]task{}, all[task](t, sh.client, path+"?"+query.Encode())...))
	})
	if found == 0 {
		t.Error("no list had a task")
	}
}

// draw chooses filters, puts them into the query and gives what they keep.
func (sh *shelf) draw(t *rapid.T, query url.Values, wide bool) func(task) bool {
	filters := map[string]func() func(task) bool{
		"status": func() func(task) bool {
			v := choose(t, query, "status", statuses())
			return func(k task) bool { return k.Status == v }
		},
		"priority": func() func(task) bool {
			v := choose(t, query, "priority", priorities())
			return func(k task) bool { return k.Priority == v }
		},
		"assignee_id": func() func(task) bool {
			v := choose(t, query, "assignee_id", sh.users)
			return func(k task) bool { return slices.Contains(k.AssigneeIDs, v) }
		},
		"label_id": func() func(task) bool {
			v := choose(t, query, "label_id", sh.labels)
			return func(k task) bool { return slices.Contains(k.LabelIDs, v) }
		},
		"created_by": func() func(task) bool {
			v := choose(t, query, "created_by", sh.users)
			return func(k task) bool { return k.CreatedBy == v }
		},
		"due_before": func() func(task) bool {
			at := chooseTime(t, query, "due_before", sh.tasks, due)
			return func(k task) bool { return k.DueAt != nil && k.DueAt.Before(at) }
		},
		"due_after": func() func(task) bool {
			at := chooseTime(t, query, "due_after", sh.tasks, due)
			return func(k task) bool { return k.DueAt != nil && !k.DueAt.Before(at) }
		},
		"updated_since": func() func(task) bool {
			at := chooseTime(t, query, "updated_since", sh.tasks, func(k task) time.Time { return k.UpdatedAt })
			return func(k task) bool { return !k.UpdatedAt.Before(at) }
		},
		"q": func() func(task) bool {
			q := choose(t, query, "q", []string{"alpha", "ALPHABET bet", "be", "delta", "Ü", "x1 t", "alpha changed", "nowhere", "!?", "gamma, beta"})
			return func(k task) bool { return matches(k, q) }
		},
	}
	if wide {
		filters["project_id"] = func() func(task) bool {
			v := choose(t, query, "project_id", sh.project)
			return func(k task) bool { return k.ProjectID == v }
		}
		filters["board_id"] = func() func(task) bool {
			v := choose(t, query, "board_id", sh.boards)
			return func(k task) bool { return k.BoardID == v }
		}
		filters["column_id"] = func() func(task) bool {
			v := choose(t, query, "column_id", sh.columns)
			return func(k task) bool { return k.ColumnID == v }
		}
	}
	names := make([]string, 0, len(filters))
	for name := range filters {
		names = append(names, name)
	}
	slices.Sort(names)
	var keeps []func(task) bool
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "filters") {
		keeps = append(keeps, filters[name]())
	}
	return func(k task) bool {
		return !slices.ContainsFunc(keeps, func(keep func(task) bool) bool { return !keep(k) })
	}
}

func choose(t *rapid.T, query url.Values, name string, of []string) string {
	v := rapid.SampledFrom(of).Draw(t, name)
	query.Set(name, v)
	return v
}

// chooseTime draws a time of one of the tasks, or one beside it.
func chooseTime(t *rapid.T, query url.Values, name string, of []task, get func(task) time.Time) time.Time {
	at := get(of[rapid.IntRange(0, len(of)-1).Draw(t, name)]).Add(rapid.SampledFrom([]time.Duration{0, time.Microsecond, -time.Microsecond}).Draw(t, "off"))
	query.Set(name, at.Format(time.RFC3339Nano))
	return at
}

func due(k task) time.Time {
	if k.DueAt == nil {
		return dueTime(2)
	}
	return *k.DueAt
}

// matches: every word of the query begins a word of the task, whatever the case.
func matches(k task, q string) bool {
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" -,!?", r) })
	}
	wanted, has := split(q), split(k.Title+" "+k.Description)
	missing := func(w string) bool {
		return !slices.ContainsFunc(has, func(h string) bool { return strings.HasPrefix(h, w) })
	}
	return len(wanted) > 0 && !slices.ContainsFunc(wanted, missing)
}

// inOrder compares as a sort does: by what it names, then by id, both in its direction. No value comes last in both.
func inOrder(order string) func(a, b task) int {
	name, descending := strings.CutPrefix(order, "-")
	compare := map[string]func(a, b task) int{
		"rank":       func(a, b task) int { return strings.Compare(a.Rank, b.Rank) },
		"created_at": func(a, b task) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b task) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"priority": func(a, b task) int {
			return cmp.Compare(slices.Index(priorities(), a.Priority), slices.Index(priorities(), b.Priority))
		},
		"due_at":   func(a, b task) int { return instant(a.DueAt).Compare(instant(b.DueAt)) },
		"start_at": func(a, b task) int { return instant(a.StartAt).Compare(instant(b.StartAt)) },
		"estimate": func(a, b task) int { return cmp.Compare(number(a.Estimate), number(b.Estimate)) },
	}[name]
	missing := map[string]func(k task) bool{
		"due_at":   func(k task) bool { return k.DueAt == nil },
		"start_at": func(k task) bool { return k.StartAt == nil },
		"estimate": func(k task) bool { return k.Estimate == nil },
	}[name]
	return func(a, b task) int {
		if missing != nil && missing(a) != missing(b) {
			if missing(a) {
				return 1
			}
			return -1
		}
		c := cmp.Or(compare(a, b), strings.Compare(a.ID, b.ID))
		if descending {
			return -c
		}
		return c
	}
}

func instant(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

func number(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

// TestAnythingCanBeSearchedFor: whatever is typed is a search, and finds nothing or something.
func TestAnythingCanBeSearchedFor(t *testing.T) {
	ada := apitest.New(t).SignUp(t, "ada")
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.OneOf(
			rapid.StringN(0, 30, 120),
			rapid.StringOfN(rapid.SampledFrom([]rune(`ab1'"\/:*&|!<->()@.%_-+ `+"\t\n")), 1, 40, -1),
		).Filter(func(s string) bool { return !strings.Contains(s, "\x00") }).Draw(t, "q")
		as[page[task]](t, send(t, ada, "GET", "/v1/tasks?q="+url.QueryEscape(q), nil), 200)
	})
}
