package model_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth/plinth/test/apitest"
)

// TestRanksStayShort inserts between the same two neighbours again and again. The narrowing room makes ranks long, and
// long ranks make the column's ranks anew.
func TestRanksStayShort(t *testing.T) {
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	for _, test := range []struct {
		name, key string
		upper     func(i int) bool // the inserted task becomes the upper neighbour, or the lower one
		inserts   int
		anew      bool // the room narrows so that ranks must be made anew
	}{
		{"below", "LOW", func(int) bool { return true }, 200, false},
		{"above", "HIGH", func(int) bool { return false }, 700, true},
		{"zigzag", "ZIG", func(i int) bool { return i%2 == 0 }, 700, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			project, b := newBoard(t, ada, test.key)
			anew := insertBetween(t, ada, b.Columns[1].ID, test.inserts, test.upper)
			if test.anew && anew == 0 {
				t.Error("the ranks were never made anew")
			}
			checkInvariants(t, s, project)
		})
	}
}

// insertBetween inserts again and again and gives how often the ranks were made anew: the first task, which nobody moves,
// has a version for each.
func insertBetween(t *testing.T, ada *apitest.Client, column string, inserts int, upper func(i int) bool) int {
	t.Helper()
	const most = 110
	var tasks []task
	for _, title := range []string{"first", "low", "free", "high", "last", "in the trash"} {
		tasks = append(tasks, newTask(t, ada, column, title))
	}
	first, low, free, high, last, trashed := tasks[0].ID, tasks[1].ID, tasks[2].ID, tasks[3].ID, tasks[4].ID, tasks[5].ID
	send(t, ada, "DELETE", "/v1/tasks/"+trashed, nil)
	longest, length := 0, 0
	for i := range inserts {
		got := as[task](t, send(t, ada, "PATCH", "/v1/tasks/"+free, body{"after_id": low, "before_id": high}), 200)
		if len(got.Rank) < length-10 || i%50 == 0 || i == inserts-1 {
			order := ids(all[task](t, ada, "/v1/columns/"+column+"/tasks?limit=200"))
			if at := slices.Index(order, free); order[0] != first || order[at-1] != low || order[at+1] != high || order[4] != last {
				t.Fatalf("after insertion %d the order is %v, want %s between %s and %s", i, order, free, low, high)
			}
			shown := as[task](t, send(t, ada, "GET", "/v1/tasks/"+got.ID, nil), 200)
			if diff := cmp.Diff(got, shown); diff != "" {
				t.Fatalf("insertion %d answered other than what is (-answer +shown):\n%s", i, diff)
			}
		}
		length = len(got.Rank)
		longest = max(longest, length)
		if upper(i) {
			high, free = free, high
		} else {
			low, free = free, low
		}
	}
	if n := count(t, ada.Server, "select max(length(rank)) from app.tasks where column_id = $1", column); max(n, longest) > most {
		t.Errorf("ranks of up to %d characters, want at most %d", max(n, longest), most)
	}
	as[task](t, send(t, ada, "POST", "/v1/tasks/"+trashed+"/restore", nil), 200)
	if order := ids(all[task](t, ada, "/v1/columns/"+column+"/tasks?limit=200")); order[len(order)-1] != trashed {
		t.Errorf("the restored task %s is not last: %v", trashed, order)
	}
	return as[task](t, send(t, ada, "GET", "/v1/tasks/"+first, nil), 200).Version - 1
}
