package plans_test

import (
	"net/url"
	"strings"
	"time"

	"github.com/plinth/plinth/test/volume"
)

// listCase is a list that is asked for.
type listCase struct {
	path  string
	items int    // at least so many, so that the case is about what it seems to be; -1 where the answer is no list
	deep  *place // asks for the page behind it in place of the first
	bound bound
	as    []int // users; the admin where empty
}

// bound is what a request may cost the database.
type bound struct {
	blocks int    // touched by all its statements but the entry; each of the 51 rows has its entries in several indexes
	rows   int    // given to a sort, or read without an index
	why    string // it is more than for others
}

var (
	// ordered lists are read in the order of an index, up to the last row of the page.
	ordered = bound{blocks: 51 * 25, rows: 1000}
	// sifted ones too, but pass over rows that the filter leaves out; or they are so few that they are sorted.
	sifted = bound{blocks: 6000, rows: 5000}
)

// smallTable is how many rows may be read without an index: the planner is right to read a page or two as a whole.
const smallTable = 1000

func slow(blocks int, why string) bound { return bound{blocks, 1_000_000, why} }

// everybody is who asks where the rights matter most: the member has a project hidden, the guest sees three small ones.
var everybody = []int{volume.Admin, volume.Member, volume.Guest}

const day = 24 * time.Hour

func id(k volume.Kind, n int) string { return k.ID(n).String() }

func tasks(query ...string) string {
	v := url.Values{}
	for i := 0; i < len(query); i += 2 {
		v.Set(query[i], query[i+1])
	}
	return "/v1/tasks?" + v.Encode()
}

func ago(d time.Duration) string { return time.Now().UTC().Add(-d).Format(time.RFC3339) }

// sorts are the orders of lists of tasks.
var sorts = []string{"rank", "created_at", "updated_at", "due_at", "priority", "start_at", "estimate", "fields.points", "fields.severity"}

func sortCases() []listCase {
	var list []listCase
	for _, sort := range sorts {
		for _, direction := range []string{"", "-"} {
			by := direction + sort
			list = append(list,
				listCase{path: tasks("sort", by), items: 50, as: []int{volume.Admin, volume.Member}},
				listCase{path: tasks("sort", by, "project_id", id(volume.Project, 0)), items: 50, bound: sifted})
			if strings.HasPrefix(sort, "fields.") {
				continue // of the large projects alone
			}
			list = append(list,
				listCase{path: tasks("sort", by), items: 50, as: []int{volume.Guest}, bound: sifted},
				listCase{path: tasks("sort", by, "project_id", id(volume.Project, volume.Small)), items: 50, bound: sifted})
		}
	}
	return list
}

// deepCases are pages far into the list, and among the tasks that have nothing to be sorted by.
func deepCases() []listCase {
	middle := id(volume.Task, volume.Tasks/2)
	then, number, rank, key := ago(70*day), "2", "d1", "c"
	var list []listCase
	for _, d := range []struct {
		sort  string
		value *string
	}{{"-created_at", &then}, {"updated_at", &then}, {"rank", &rank}, {"-priority", &number}, {"due_at", &then}, {"-due_at", nil}, {"due_at", nil},
		{"start_at", nil}, {"-estimate", &number}, {"-estimate", nil}, {"fields.points", &key}, {"fields.points", nil}} {
		c := listCase{path: tasks("sort", d.sort), items: 50, deep: &place{d.value, middle}, as: []int{volume.Admin, volume.Member}}
		if strings.HasPrefix(d.sort, "fields.") {
			c.bound = sifted
		}
		list = append(list, c)
	}
	return list
}

// placeCases are the lists of a column, a board and a project: a large one and a small one each.
func placeCases() []listCase {
	var list []listCase
	for _, place := range []string{"/v1/columns/" + id(volume.Column, 3), "/v1/boards/" + id(volume.Board, 0), "/v1/projects/" + id(volume.Project, 0),
		"/v1/columns/" + id(volume.Column, 15*volume.Small+3), "/v1/boards/" + id(volume.Board, 3*volume.Small), "/v1/projects/" + id(volume.Project, volume.Small)} {
		list = append(list, listCase{path: place + "/tasks", items: 50, as: []int{volume.Admin, volume.Member}})
		for _, sort := range []string{"rank", "-created_at", "-updated_at", "due_at", "-priority"} {
			list = append(list, listCase{path: place + "/tasks?sort=" + sort, items: 50, bound: sifted})
		}
	}
	return list
}

// filterCases are each filter alone, for what is common and what is rare, and with an order or a project.
func filterCases() []listCase {
	inOrder := [][2]string{
		{"status", "done"}, {"status", "canceled"}, {"priority", "none"},
		{"assignee_id", id(volume.User, 0)}, {"assignee_id", id(volume.User, volume.RareUser)},
		{"label_id", id(volume.Label, 0)}, {"label_id", id(volume.Label, volume.RareLabel)},
		{"created_by", id(volume.User, 0)}, {"created_by", id(volume.User, 58)},
		{"project_id", id(volume.Project, 0)}, {"board_id", id(volume.Board, 0)},
		{"state", "archived"}, {"state", "trashed"},
	}
	others := [][2]string{
		{"priority", "urgent"}, {"column_id", id(volume.Column, 3)}, {"column_id", id(volume.Column, 4)},
		{"due_after", ago(0)}, {"updated_since", ago(3 * time.Hour)}, {"updated_since", ago(60 * day)},
	}
	var list []listCase
	for _, f := range inOrder {
		list = append(list, listCase{path: tasks(f[0], f[1]), items: 50, as: []int{volume.Admin, volume.Member}})
	}
	for _, f := range others {
		list = append(list, listCase{path: tasks(f[0], f[1]), items: 50, bound: sifted})
	}
	for _, f := range append(inOrder, others...) {
		for _, sort := range []string{"-updated_at", "due_at", "-priority", "rank"} {
			c := listCase{path: tasks(f[0], f[1], "sort", sort), items: 20, bound: sifted}
			if f[1] == "archived" {
				c.bound = slow(15_000, "the archive has an index for the order of creation alone")
			}
			list = append(list, c)
		}
		if f[0] != "board_id" && f[0] != "column_id" {
			c := listCase{path: tasks(f[0], f[1], "project_id", id(volume.Project, 0)), items: 1, bound: sifted}
			list = append(list, c)
		}
	}
	return append(list,
		listCase{path: tasks("updated_since", ago(60*day), "sort", "updated_at"), items: 50},
		listCase{path: tasks("updated_since", ago(60*day), "sort", "-updated_at"), items: 50},
		listCase{path: tasks("due_before", ago(100*day), "sort", "due_at"), items: 50},
		listCase{path: tasks("due_after", ago(10*day), "sort", "due_at"), items: 50},
		listCase{path: tasks("due_before", ago(100*day)), items: 50, bound: slow(15_000, "what was due long ago is read up to the page, newest first")},
	)
}

// searchCases are words: rare and common ones, beginnings, and misspelt ones.
func searchCases() []listCase {
	common := "every match is ranked or sorted: three of ten tasks have the word"
	alike := "words that are spelt alike are compared one by one"
	words := []struct {
		q     string
		bound bound
	}{
		{volume.RareWord, ordered}, {"zeppel", ordered}, {volume.CommonWord + " " + volume.RareWord, sifted},
		{volume.CommonWord, slow(350_000, common)}, {"rep", slow(350_000, common)}, {"zepelin", slow(40_000, alike)},
	}
	var list []listCase
	for _, w := range words {
		list = append(list,
			listCase{path: tasks("q", w.q), items: 5, bound: w.bound, as: []int{volume.Admin, volume.Member}},
			listCase{path: tasks("q", w.q, "sort", "-updated_at"), items: 5, bound: w.bound},
			listCase{path: tasks("q", w.q, "project_id", id(volume.Project, 0)), bound: w.bound})
	}
	return list
}

// expressionCases are filter expressions: each field, and what views are made of.
func expressionCases() []listCase {
	together := "each condition is common, all together are rare"
	unindexed := "has no index: the list is read until the page is full"
	expressions := []struct {
		text  string
		bound bound
	}{
		{`assignee = me`, sifted}, {`assignee = "user59@example.com"`, sifted}, {`assignee = "user20@example.com"`, slow(25_000, "one of a hundred: read up to the page, or sorted")},
		{`assignee = null`, sifted}, {`assignee != null`, ordered},
		{`labels:"label 0"`, sifted}, {`labels:"label 49"`, sifted}, {`labels:("label 3" OR "label 49")`, slow(15_000, "an alternative is tried row by row")},
		{`labels = null`, sifted}, {`watcher = me`, sifted}, {`created_by = me`, sifted}, {`mentions = me`, slow(250_000, unindexed)},
		{`project = "P39"`, sifted}, {`project = "P0"`, sifted}, {`board = "Board 1"`, sifted}, {`column = "done"`, sifted}, {`column = "canceled"`, slow(10_000, "one of fifty, in some hundred columns")},
		{`parent != null`, sifted}, {`parent = "P0-1"`, ordered}, {`key = "P5-1"`, ordered},
		{`blocked = true`, slow(25_000, "every link that blocks is looked at")}, {`blocked = false`, ordered},
		{`status = "done"`, ordered}, {`status = "canceled"`, sifted}, {`status = ("todo" OR "in_progress")`, sifted}, {`priority >= "high"`, sifted},
		{`due_at = null`, sifted}, {`due_at < "` + ago(-10*day) + `"`, sifted}, {`created_at > "` + ago(day) + `"`, sifted}, {`updated_at > "` + ago(day) + `"`, sifted},
		{`start_at > "` + ago(-30*day) + `"`, sifted}, {`estimate > 18`, sifted},
		{`completed_at > "` + ago(6*time.Hour) + `"`, slow(250_000, unindexed)},
		{`fields.points = 7`, slow(15_000, "every value that is equal is read")}, {`fields.points > 35`, slow(15_000, "read up to the page")},
		{`fields.severity = "worst"`, sifted}, {`fields.points = null`, sifted},
		{`fields.customer:"bara"`, slow(10_000, "what a text holds has no index")},
		{`zeppelin`, ordered}, {`title:"zeppelin"`, slow(300_000, "what a text holds has no index; a word alone has")}, {`title:"report"`, sifted}, {`description:"report"`, sifted},
		{`status = "todo" AND labels:"label 0" AND assignee = me`, slow(110_000, together)},
		{`status = "in_progress" AND labels:"label 2" AND due_at < "` + ago(-10*day) + `"`, slow(50_000, together)},
	}
	var list []listCase
	for _, e := range expressions {
		b := e.bound
		list = append(list, listCase{path: tasks("filter", e.text), bound: b})
		if b == ordered {
			b = sifted
		}
		list = append(list, listCase{path: tasks("filter", e.text, "sort", "-updated_at"), bound: b})
	}
	return list
}

// satelliteCases are the lists of all else, on the task where most of it is.
func satelliteCases() []listCase {
	hub := "/v1/tasks/" + volume.Key(2, volume.Hub)
	expand := "expand=assignees,labels,column,project,parent,counts,description_html"
	project := "/v1/projects/" + id(volume.Project, 0)
	view := "/v1/views/" + id(volume.View, volume.MyView)
	return []listCase{
		{path: hub, items: -1, bound: bound{blocks: 60}, as: []int{volume.Admin, volume.Member}},
		{path: hub + "?" + expand, items: -1},
		{path: "/v1/tasks?fields=key,title,status", items: 50},
		{path: "/v1/tasks?" + expand, items: 50, bound: sifted},
		{path: hub + "/comments", items: 50, as: []int{volume.Admin, volume.Member}},
		{path: hub + "/checklist", items: 50},
		{path: hub + "/links", items: 50, as: []int{volume.Admin, volume.Member}},
		{path: hub + "/watchers", items: 50},
		{path: hub + "/activity", items: 50, as: []int{volume.Admin, volume.Member}},
		{path: "/v1/orgs/" + id(volume.Org, 0) + "/members", items: 50},
		{path: "/v1/projects", items: 3, as: everybody},
		{path: project + "/boards", items: 3},
		{path: project + "/members", items: 50},
		{path: project + "/fields", items: 3},
		{path: "/v1/boards/" + id(volume.Board, 0) + "/columns", items: 5},
		{path: "/v1/labels", items: 50},
		{path: "/v1/views", items: 50},
		{path: view + "/tasks", items: 20, bound: sifted},
	}
}

func (c listCase) users() []int {
	if c.as == nil {
		return []int{volume.Admin}
	}
	return c.as
}
