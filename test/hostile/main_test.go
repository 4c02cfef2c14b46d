// Package hostile_test attacks the whole app over HTTP. Each test names the rows of the threat and fault model that it
// holds the product to: the row number for a threat, "fault" and the name for a fault.
package hostile_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }

// patience bounds the wait for what must happen; it is no measure of speed.
const patience = 20 * time.Second

// nobody is an id that no thing has.
const nobody = "0190a5b0-0000-7000-8000-00000000dead"

// until polls the condition and fails the test when it does not come true.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-tick.C
	}
}

// board is a project with a kanban board, one task in its second column and a label, all of one organization.
type board struct {
	project, id, column, other, task, label string
}

func newBoard(t testing.TB, c *apitest.Client) board {
	t.Helper()
	project := c.Do(t, "POST", "/v1/projects", map[string]any{"name": "Engine"}).Want(t, 201)
	made := c.Do(t, "POST", "/v1/projects/"+project.Text(t, "id")+"/boards", map[string]any{"name": "Work", "template": "kanban"}).Want(t, 201)
	b := board{project: project.Text(t, "id"), id: made.Text(t, "id"), column: made.Text(t, "columns.1.id"), other: made.Text(t, "columns.2.id")}
	b.task = c.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "Mill"}).Want(t, 201).Text(t, "id")
	b.label = c.Do(t, "POST", "/v1/labels", map[string]any{"name": "bug in " + project.Text(t, "key"), "color": "#d73a4a"}).Want(t, 201).Text(t, "id")
	return b
}

// fingerprint tells whether any row of any table changed.
func fingerprint(t testing.TB, s *apitest.Server) string {
	t.Helper()
	var print string
	err := s.Owner.QueryRow(context.Background(), `
		select string_agg(c.relname || ' ' || (xpath('/row/x/text()', query_to_xml(format(
			'select count(*) || '':'' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as x from app.%I t', c.relname), false, true, '')))[1]::text,
			', ' order by c.relname)
		from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind = 'r'`).Scan(&print)
	if err != nil {
		t.Fatalf("fingerprint the database: %v", err)
	}
	return print
}

// exec runs SQL past every policy.
func exec(t testing.TB, s *apitest.Server, sql string, args ...any) {
	t.Helper()
	if _, err := s.Owner.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// number is the one number that the SQL gives.
func number(t testing.TB, s *apitest.Server, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := s.Owner.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// leak finds what no client may read: SQL, the names of Go's types and packages, a stack.
var leak = regexp.MustCompile(`(?i)pgx|pgconn|sqlstate|goroutine|plinth_app|plinth_entry|internal/|\bjson: |jsontext|relation "|column "|constraint "|syntax error at|` +
	`\bGo (type|value|struct)\b|uuid\.UUID|map\[string|interface ?\{|\bapi\.(Optional|Nullable|Time|IDs)|Optional\[|Nullable\[|int32|float64|strconv|reflect\.|huma|\.go:\d|runtime error|nil pointer|app\.[a-z_]+\(`)

// problem is RFC 9457 as the contract has it.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
	Errors    []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

// wrongWith says what is wrong with a refusal; "" is nothing. It must be a complete problem of status 4xx that leaks
// nothing.
func wrongWith(r *apitest.Response) string {
	if r.Status < 400 || r.Status > 499 {
		return "not refused with 4xx"
	}
	return wrongProblem(r)
}

func wrongProblem(r *apitest.Response) string {
	if r.Head && r.Header.Get("Content-Type") == "application/problem+json" { // which has no body
		return ""
	}
	var p problem
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return "no problem document: " + err.Error()
	}
	switch {
	case r.Header.Get("Content-Type") != "application/problem+json":
		return "content type " + r.Header.Get("Content-Type")
	case !strings.HasPrefix(p.Type, "/problems/") || p.Title == "" || p.RequestID == "":
		return "type, title or request_id is missing"
	case p.Status != r.Status:
		return "status in the body differs"
	case p.RequestID != r.Header.Get("X-Request-Id"):
		return "request_id differs from X-Request-Id"
	}
	if found := leak.FindString(string(r.Body)); found != "" {
		return "leaks " + found
	}
	return ""
}

// sameButID fails the test unless two answers are equal but for their request ids.
func sameButID(t testing.TB, what string, a, b *apitest.Response) {
	t.Helper()
	if a.Status != b.Status || anonymous(a) != anonymous(b) {
		t.Errorf("%s can be told apart:\n%d %s\n%d %s", what, a.Status, a.Body, b.Status, b.Body)
	}
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

func anonymous(r *apitest.Response) string { return requestID.ReplaceAllString(string(r.Body), "") }

// raw sends bytes that no HTTP client would and reads one answer; nil where the server closed without one.
func raw(t testing.TB, address, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write([]byte(request)) // the server may hang up on it, which the read shows
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func address(s *apitest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

// logBuffer keeps a log that is being written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// together runs f n times at once and gives the statuses that it counted.
func together(t testing.TB, n int, f func(i int) (*apitest.Response, error)) map[int]int {
	t.Helper()
	statuses := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			r, err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("request %d: %v", i, err)
				return
			}
			statuses[r.Status]++
		})
	}
	close(start)
	wg.Wait()
	return statuses
}
