package plans_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/tap"
	"github.com/plinth/plinth/test/volume"
)

// house is the server over the large organization, and what looks at its statements.
type house struct {
	server  *apitest.Server
	tap     *tap.Tap
	secret  string
	pool    *db.Pool
	conn    *pgx.Conn // to describe statements
	clients map[int]*apitest.Client
	named   int
}

// node is a part of a plan, as EXPLAIN (FORMAT JSON) has it. Rows are those of one loop.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Hit      int     `json:"Shared Hit Blocks"`
	Read     int     `json:"Shared Read Blocks"`
	Plans    []node  `json:"Plans"`
}

type plan struct {
	Plan      node
	Planning  float64 `json:"Planning Time"`
	Execution float64 `json:"Execution Time"`
}

// entries are what a scope sends ahead of all else; they are the same for every request.
var entries = []string{"select app.enter_org(", "select app.enter_user("}

// statements does a request and gives what it sent to the database, but for the entry of its scope.
func (h *house) statements(t *testing.T, user int, path string) ([]tap.Binding, *apitest.Response) {
	t.Helper()
	before := len(h.tap.Seen())
	r := h.clients[user].Do(t, "GET", path, nil).Want(t, 200)
	var sent []tap.Binding
	for _, b := range h.tap.Seen()[before:] {
		entry := false
		for _, e := range entries {
			entry = entry || strings.HasPrefix(b.SQL, e)
		}
		if !entry {
			sent = append(sent, b)
		}
	}
	if len(sent) == 0 {
		t.Fatal("the request sent no statement")
	}
	return sent, r
}

// explain runs the last of the statements anew in a scope of the user, behind what the others before it set, planned for
// its parameters or, with mode force_generic_plan, for any.
func (h *house) explain(t *testing.T, user int, sent []tap.Binding, mode string) (plan, string) {
	t.Helper()
	ctx := context.Background()
	s := h.pool.Org(volume.Subject(user), volume.Org.ID(0), int16(rbac.Guest))
	ahead := func(sql string) {
		if _, err := s.Ahead().Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	last := len(sent) - 1
	for _, b := range sent[:last] {
		if strings.Contains(b.SQL, "set_config(") {
			prepare, execute := h.call(t, b)
			ahead(prepare)
			ahead(execute)
		}
	}
	ahead("select set_config('plan_cache_mode', '" + mode + "', true)")
	prepare, execute := h.call(t, sent[last])
	ahead(prepare)
	var text []byte
	if err := s.QueryRow(ctx, "explain (analyze, buffers, timing off, format json) "+execute).Scan(&text); err != nil {
		t.Fatalf("explain: %v\n%s", err, sent[last].SQL)
	}
	var plans []plan
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0], string(text)
}

// call writes a statement as PREPARE and EXECUTE, which EXPLAIN takes in either mode.
func (h *house) call(t *testing.T, b tap.Binding) (prepare, execute string) {
	t.Helper()
	ctx := context.Background()
	parameters, err := b.Parameters(ctx, h.conn)
	if err != nil {
		t.Fatal(err)
	}
	types, values := make([]string, len(parameters)), make([]string, len(parameters))
	for i, p := range parameters {
		values[i] = "null"
		if err := h.conn.QueryRow(ctx, "select format_type($1, null)", p.Type).Scan(&types[i]); err != nil {
			t.Fatal(err)
		}
		if p.Text != nil {
			values[i] = "'" + strings.ReplaceAll(*p.Text, "'", "''") + "'"
		}
	}
	h.named++
	prepare, execute = fmt.Sprintf("prepare plan%d", h.named), fmt.Sprintf("execute plan%d", h.named)
	if len(parameters) > 0 {
		prepare += "(" + strings.Join(types, ", ") + ")"
		execute += "(" + strings.Join(values, ", ") + ")"
	}
	return prepare + " as " + b.SQL, execute
}

// buffers are all that the statement touched, with what its functions did.
func (p plan) buffers() int { return p.Plan.Hit + p.Plan.Read }

// each calls visit for every part of the plan.
func (n node) each(visit func(node)) {
	visit(n)
	for _, child := range n.Plans {
		child.each(visit)
	}
}

// scanned is how many rows were read from tables without an index.
func (p plan) scanned() (most float64, of string) {
	p.Plan.each(func(n node) {
		if rows := (n.Rows + n.Removed) * n.Loops; n.Type == "Seq Scan" && rows > most {
			most, of = rows, n.Relation
		}
	})
	return most, of
}

// sorted is how many rows the largest sort was given.
func (p plan) sorted() (most float64) {
	p.Plan.each(func(n node) {
		if strings.HasSuffix(n.Type, "Sort") {
			most = max(most, n.Plans[0].Rows*n.Plans[0].Loops)
		}
	})
	return most
}
