package model_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/rank"
)

// gap is where a rank is to go; "" is an open end.
type gap struct{ lo, hi string }

// gaps are such as a list has: any two keys, and keys that were made beside each other.
func gaps() *rapid.Generator[gap] {
	return rapid.Custom(func(t *rapid.T) gap {
		g := gap{keys().Draw(t, "lo"), keys().Draw(t, "hi")}
		if g.lo > g.hi {
			g.lo, g.hi = g.hi, g.lo
		}
		if g.lo == g.hi {
			g.hi = ""
		}
		for _, upper := range rapid.SliceOfN(rapid.Bool(), 0, 12).Draw(t, "narrowed") {
			middle, err := rank.Between(g.lo, g.hi)
			if err != nil {
				failf(t, "between %+v: %v", g, err)
			}
			if upper {
				g.hi = middle
			} else {
				g.lo = middle
			}
		}
		if open := rapid.IntRange(0, 5).Draw(t, "open"); open == 0 {
			g.lo = ""
		} else if open == 1 {
			g.hi = ""
		}
		return g
	})
}

// keys have few digits, so that carries and shared prefixes are common.
func keys() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		head := rapid.SampledFrom([]string{"A", "B", "X", "Y", "Z", "a", "b", "c", "y", "z"}).Draw(t, "head")
		length := int('Z'-head[0]) + 1
		if head >= "a" {
			length = int(head[0]-'a') + 1
		}
		whole := rapid.StringOfN(rapid.SampledFrom([]rune("01Vyz")), length, length, -1).Draw(t, "whole")
		fraction := rapid.StringOfN(rapid.SampledFrom([]rune("01Vyz")), 0, 6, -1).Draw(t, "fraction")
		return head + whole + strings.TrimRight(fraction, "0")
	}).Filter(rank.Valid)
}

// TestRanksAreThoseOfTheReference holds the SQL functions to the Go ones, many pairs to a call.
func TestRanksAreThoseOfTheReference(t *testing.T) {
	s := apitest.New(t)
	lowest := "A" + strings.Repeat("0", 26)
	checkGaps(t, s, []gap{
		{}, {"a0", "a1"}, {"Zz", "a0"}, {"", "a0"}, {"", "a00V"}, {"", lowest + "V"}, {"", lowest + "01"}, {"", lowest[:26] + "1"},
		{lowest + "V", lowest[:26] + "1"}, {strings.Repeat("z", 27), ""}, {strings.Repeat("z", 27) + "V", ""}, {"a0zz", "a1"}, {"a0", "a00001"},
	})
	rapid.Check(t, func(t *rapid.T) {
		checkGaps(t, s, rapid.SliceOfN(gaps(), 20, 20).Draw(t, "gaps"))
	})
}

func checkGaps(t rapid.TB, s *apitest.Server, of []gap) {
	t.Helper()
	var los, his []string
	for _, g := range of {
		los, his = append(los, g.lo), append(his, g.hi)
	}
	rows, err := s.Owner.Query(context.Background(), `select app.rank_exact_between(nullif(lo, ''), nullif(hi, '')), app.rank_between(nullif(lo, ''), nullif(hi, ''))
		from unnest($1::text[], $2::text[]) with ordinality u (lo, hi, n) order by n`, los, his)
	if err != nil {
		failf(t, "make ranks: %v", err)
	}
	made, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Exact, Random string }])
	if err != nil {
		failf(t, "make ranks: %v", err)
	}
	for i, g := range of {
		want, err := rank.Between(g.lo, g.hi)
		if err != nil || made[i].Exact != want {
			failf(t, "rank_exact_between %+v is %q, want %q, %v", g, made[i].Exact, want, err)
		}
		if r := made[i].Random; !rank.Valid(r) || r <= g.lo || g.hi != "" && r >= g.hi {
			failf(t, "rank_between %+v is %q", g, r)
		}
	}
}

func TestRanksAtTheEndsStayShort(t *testing.T) {
	s := apitest.New(t)
	for name, next := range map[string]string{"append": "app.rank_between(rank, null)", "prepend": "app.rank_between(null, rank)"} {
		var longest, inOrder int
		err := s.Owner.QueryRow(context.Background(), `with recursive list (n, rank) as (
				select 1, app.rank_between(null, null) collate "C" union all select n + 1, `+next+` from list where n < 50000
			), neighbours as (select n, rank, lag(rank) over (order by rank) as before, row_number() over (order by rank) as place from list)
			select max(length(rank)), count(*) filter (where place in (n, 50001 - n) and rank is distinct from before) from neighbours`).Scan(&longest, &inOrder)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// A letter for the length, three digits and two random ones: 62 + 62² + 62³ ranks.
		if longest > 6 || inOrder != 50000 {
			t.Errorf("%s 50,000 times: %d in order, the longest of %d characters", name, inOrder, longest)
		}
	}
}

func TestParallelRanksRarelyCollide(t *testing.T) {
	s := apitest.New(t)
	for _, g := range []gap{{}, {"a5Vx", ""}, {"", "a5Vx"}, {"a5Vx", "a6"}, {"a5", "a5001"}, {"a5", "a50V1"}} {
		distinct := count(t, s, "select count(distinct app.rank_between(nullif($1, ''), nullif($2, ''))) from generate_series(1, 1000)", g.lo, g.hi)
		if distinct < 800 { // 879 expected of 3,782
			t.Errorf("%d different ranks of 1,000 between %+v", distinct, g)
		}
	}
}

func TestRanksOutOfOrderAreRefused(t *testing.T) {
	s := apitest.New(t)
	for _, g := range []gap{{"a0", "a0"}, {"a1", "a0"}, {"a0", "Zz"}} {
		_, err := s.Owner.Exec(context.Background(), "select app.rank_between($1, $2)", g.lo, g.hi)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "PLNTH" || refused.ConstraintName != "conflict" {
			t.Errorf("between %+v: %v", g, err)
		}
	}
}

// TestNobodyGivesARank: a malformed rank could only come from a client, and none can give one.
func TestNobodyGivesARank(t *testing.T) {
	ada := apitest.New(t).SignUp(t, "ada")
	_, b := newBoard(t, ada, "RANK")
	column := "/v1/columns/" + b.Columns[0].ID
	k := newTask(t, ada, b.Columns[0].ID, "A task")
	for _, request := range []struct {
		method, path string
		body         body
	}{
		{"POST", column + "/tasks", body{"title": "A task"}},
		{"PATCH", "/v1/tasks/" + k.ID, body{}},
		{"POST", "/v1/boards/" + b.ID + "/columns", body{"name": "A column"}},
		{"PATCH", column, body{}},
	} {
		request.body["rank"] = "a00"
		ada.Do(t, request.method, request.path, request.body).WantProblem(t, 422, "validation")
	}
}
