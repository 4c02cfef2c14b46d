package hostile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/test/apitest"
)

// wires dials the database and breaks the connections as a test asks.
type wires struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	down      atomic.Bool // refuses new connections
	cutCommit atomic.Bool // loses the next reply to a COMMIT

	mu   sync.Mutex
	open map[*wire]struct{}
}

type wire struct {
	net.Conn
	w *wires
}

func (w *wires) option() apitest.Option {
	w.open = map[*wire]struct{}{}
	return func(o *app.Options) { w.dial, o.Dial = o.Dial, w.Dial }
}

func (w *wires) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if w.down.Load() {
		return nil, errors.New("connection refused")
	}
	conn, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &wire{conn, w}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[c] = struct{}{}
	return c, nil
}

func (c *wire) Close() error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	delete(c.w.open, c)
	return c.Conn.Close()
}

func (c *wire) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if bytes.Contains(b[:max(n, 0)], []byte("COMMIT\x00")) && c.w.cutCommit.CompareAndSwap(true, false) {
		_ = c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// stop takes the database away.
func (w *wires) stop() {
	w.down.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		_ = c.Conn.Close()
	}
}

// wantUnavailable holds an answer to 503 with Retry-After, and a request to so much time.
func wantUnavailable(t *testing.T, within time.Duration, do func() *apitest.Response) {
	t.Helper()
	began := time.Now()
	r := do()
	if r.Status != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("answer %d, Retry-After %q, want 503: %s", r.Status, r.Header.Get("Retry-After"), r.Body)
		return
	}
	if wrong := wrongProblem(r); wrong != "" {
		t.Errorf("%s: %s", wrong, r.Body)
	}
	if took := time.Since(began); took > within {
		t.Errorf("503 after %v, want it within %v", took, within)
	}
}

// Fault: Postgres is gone, then back. What was acknowledged is there.
func TestDatabaseGoneAndBack(t *testing.T) {
	t.Parallel()
	var w wires
	s := apitest.New(t, w.option())
	ada := s.SignUp(t, "ada")
	socket := ada.Listen(t)
	kept := ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Kept"}).Want(t, 201).Text(t, "id")
	socket.Until(t, "project.created")
	w.stop()
	for _, do := range []func() *apitest.Response{
		func() *apitest.Response { return ada.Do(t, "GET", "/v1/projects", nil) },
		func() *apitest.Response { return ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Lost"}) },
		func() *apitest.Response {
			return ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Lost"}, apitest.Header{Name: "Idempotency-Key", Value: "k"})
		},
		func() *apitest.Response {
			return s.Anonymous().Do(t, "POST", "/v1/auth/login", login(ada.Email, apitest.Password))
		},
		func() *apitest.Response { return s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(ada.Refresh)) },
		func() *apitest.Response { return s.Anonymous().Do(t, "GET", "/readyz", nil) },
		func() *apitest.Response {
			return s.Anonymous().Do(t, "GET", "/ws?org_id="+ada.Org+"&token="+ada.Token, nil)
		},
	} {
		wantUnavailable(t, 2*time.Second, do)
	}
	s.Anonymous().Do(t, "GET", "/healthz", nil).Want(t, 200)
	s.Anonymous().Do(t, "GET", "/v1/projects", nil).WantProblem(t, 401, "unauthenticated")
	w.down.Store(false)
	until(t, "the service is back", func() bool { return ada.Do(t, "GET", "/v1/projects/"+kept, nil).Status == 200 })
	s.Anonymous().Do(t, "GET", "/readyz", nil).Want(t, 200)
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "After"}).Want(t, 201)
	socket.Until(t, "project.created") // live events flow again
	if n := number(t, s, "select count(*) from app.projects where name = 'Lost'"); n != 0 {
		t.Errorf("%d projects of requests that were refused", n)
	}
}

// Fault: Postgres ends every connection, as a restart does.
func TestConnectionsTerminated(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Kept"}).Want(t, 201)
	exec(t, s, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
	until(t, "the service is back", func() bool {
		r := ada.Do(t, "GET", "/v1/projects", nil)
		if r.Status != 200 && (r.Status != 503 || r.Header.Get("Retry-After") == "") {
			t.Errorf("meanwhile %d %s", r.Status, r.Body)
		}
		return r.Status == 200 && r.Len(t, "items") == 1
	})
}

// Fault: the pool is exhausted. Who needs no connection gets his answer, everybody else a 503 in time.
func TestPoolExhausted(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithConfig(func(c *config.Config) { c.PoolSize = 4 }))
	ada := s.SignUp(t, "ada")
	s.StopRelay() // it takes a connection now and then
	ctx := context.Background()
	hold, err := s.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Rollback(ctx) }()
	if _, err := hold.Exec(ctx, "lock table app.projects in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	stuck := make(chan map[int]int, 1)
	go func() {
		stuck <- together(t, 4, func(int) (*apitest.Response, error) { return ada.Try("GET", "/v1/projects", nil) })
	}()
	until(t, "every connection waits", func() bool {
		return number(t, s, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 4
	})
	trips := s.Wire.Trips()
	s.Anonymous().Do(t, "GET", "/v1/projects", nil).WantProblem(t, 401, "unauthenticated")
	s.Anonymous().Do(t, "GET", "/v1/me", nil, apitest.Header{Name: "Authorization", Value: "Bearer x"}).WantProblem(t, 401, "invalid-token")
	ada.Do(t, "GET", "/v1/nothing", nil).WantProblem(t, 404, "not-found")
	ada.Do(t, "PUT", "/v1/projects", nil).WantProblem(t, 405, "method-not-allowed")
	ada.Do(t, "GET", "/v1/projects?limit=0", nil).WantProblem(t, 422, "validation")
	ada.Do(t, "POST", "/v1/projects", "{").WantProblem(t, 400, "malformed-body")
	ada.In("").Do(t, "GET", "/v1/projects", nil).WantProblem(t, 400, "org-header")
	s.Anonymous().Do(t, "GET", "/healthz", nil).Want(t, 200)
	s.Anonymous().Do(t, "GET", "/openapi.json", nil).Want(t, 200)
	if s.Wire.Trips() != trips {
		t.Error("a refusal asked the database")
	}
	wantUnavailable(t, 4*time.Second, func() *apitest.Response { return ada.Do(t, "GET", "/v1/labels", nil) }) // the bound is 2 s
	if err := hold.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-stuck; got[200]+got[503] != 4 {
		t.Errorf("those that held the connections: %v", got)
	}
	until(t, "all is well again", func() bool { return ada.Do(t, "GET", "/v1/labels", nil).Status == 200 })
}

// Fault: the reply to COMMIT is lost. The client cannot know, and the same Idempotency-Key shows the truth.
func TestReplyToCommitCut(t *testing.T) {
	t.Parallel()
	var w wires
	s := apitest.New(t, w.option())
	ada := s.SignUp(t, "ada")
	key := apitest.Header{Name: "Idempotency-Key", Value: "once"}
	w.cutCommit.Store(true)
	wantUnavailable(t, patience, func() *apitest.Response {
		return ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Engine"}, key)
	})
	if w.cutCommit.Load() {
		t.Fatal("no reply to a COMMIT was cut")
	}
	again := ada.Do(t, "POST", "/v1/projects", map[string]any{"name": "Engine"}, key).Want(t, 201)
	if again.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("the answer is no replay")
	}
	if n := number(t, s, "select count(*) from app.projects where id = $1 and name = 'Engine'", again.Text(t, "id")); n != 1 || number(t, s, "select count(*) from app.projects") != 1 {
		t.Error("not the one effect that was committed")
	}
	if n := number(t, s, "select count(*) from app.events where kind = 'project.created'"); n != 1 {
		t.Errorf("%d events", n)
	}
}

// Fault: a deadlock or a serialization failure is tried again, so often and no more, with one effect.
func TestLostRacesAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	b := newBoard(t, ada)
	exec(t, s, `create sequence app.tries;
		create table app.plan (code text, failures int);
		create function app.stumble() returns trigger language plpgsql security definer as $$
		declare p app.plan;
		begin
			select * into p from app.plan;
			if nextval('app.tries') <= p.failures then raise exception 'stumbled' using errcode = p.code; end if;
			return new;
		end $$;
		create trigger stumble before insert on app.tasks for each row execute function app.stumble();
		grant execute on function app.stumble to plinth_app`)
	plan := func(code string, failures int) {
		exec(t, s, "select setval('app.tries', 1, false)")
		exec(t, s, "truncate app.plan")
		exec(t, s, "insert into app.plan values ($1, $2)", code, failures)
	}
	tries := func() int { return number(t, s, "select last_value from app.tries") }
	tasks := 1
	for _, code := range []string{"40P01", "40001"} {
		for _, headers := range [][]apitest.Header{nil, {{Name: "Idempotency-Key", Value: "key " + code}}} {
			plan(code, 3)
			r := ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "Once"}, headers...).Want(t, 201)
			tasks++
			if r.Number(t, "number") != float64(tasks) || tries() != 4 {
				t.Errorf("%s: task number %v after %d tries, want %d after 4", code, r.Number(t, "number"), tries(), tasks)
			}
			if n := number(t, s, "select count(*) from app.events where kind = 'task.created'"); n != tasks {
				t.Errorf("%s: %d events, want %d", code, n, tasks)
			}
		}
		plan(code, 1000)
		before := fingerprint(t, s)
		r := ada.Do(t, "POST", "/v1/columns/"+b.column+"/tasks", map[string]any{"title": "Never"})
		r.WantProblem(t, 409, "conflict")
		if wrong := wrongWith(r); wrong != "" || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, Retry-After %q", code, wrong, r.Header.Get("Retry-After"))
		}
		if n := tries(); n > 10 {
			t.Errorf("%s: given up after %d tries", code, n)
		}
		if fingerprint(t, s) != before {
			t.Errorf("%s: something was written", code)
		}
	}
}

// Fault: a panic in a handler costs its own request.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := apitest.New(t, apitest.WithLog(&log))
	s.App.Router.Handle("GET /panic", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a foreign value") }))
	s.App.Router.Handle("GET /late", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("begun"))
		panic("a foreign value")
	}))
	for range 3 {
		r := s.Anonymous().Do(t, "GET", "/panic", nil)
		r.WantProblem(t, 500, "internal")
		if wrong := wrongProblem(r); wrong != "" || strings.Contains(string(r.Body), "foreign") {
			t.Errorf("%s: %s", wrong, r.Body)
		}
		_, _ = s.Anonymous().Try("GET", "/late", nil)
	}
	s.SignUp(t, "ada").Do(t, "GET", "/v1/me", nil).Want(t, 200)
	if !strings.Contains(log.String(), `"msg":"panic"`) {
		t.Error("the log does not tell of it")
	}
}

var readyLine = regexp.MustCompile(`ready: http://([0-9.:]+)`)

// serve runs the service as the binary does, with its own server's timeouts, over the test's database.
func serve(t *testing.T, s *apitest.Server) (address string) {
	t.Helper()
	c, err := config.Load([]string{"PLINTH_ADDR=127.0.0.1:0", "PLINTH_METRICS_ADDR=off", "PLINTH_DATA_DIR=" + t.TempDir(), "JWT_SECRET=" + jwtSecret,
		"DATABASE_URL=" + s.DatabaseURL(db.AppRole), "PLINTH_MIGRATE_DATABASE_URL=" + s.DatabaseURL(pgembed.Superuser)}, "", config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- app.Serve(context.Background(), c, slog.New(slog.NewJSONHandler(&log, nil)), stop) }()
	t.Cleanup(func() {
		close(stop)
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	until(t, "the service is ready", func() bool {
		select {
		case err := <-done:
			t.Fatalf("serve: %v", err)
		default:
		}
		if m := readyLine.FindStringSubmatch(log.String()); m != nil {
			address = m[1]
		}
		return address != ""
	})
	return address
}

// Row 21 and the faults of slow clients, at the server that the binary runs.
func TestServerLimits(t *testing.T) {
	t.Parallel()
	address := serve(t, apitest.New(t))
	t.Run("giant header", func(t *testing.T) {
		resp := raw(t, address, "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+strings.Repeat(".", 100_000)+"\r\n\r\n")
		if resp == nil || resp.StatusCode != 431 {
			t.Errorf("answer %v, want 431", resp)
		}
	})
	t.Run("many headers", func(t *testing.T) {
		resp := raw(t, address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"+strings.Repeat("X-Filler: 0123456789\r\n", 5000)+"\r\n")
		if resp == nil || resp.StatusCode != 431 {
			t.Errorf("answer %v, want 431", resp)
		}
	})
	t.Run("slow head", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		began := time.Now()
		_, _ = conn.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "))
		drip := time.NewTicker(500 * time.Millisecond)
		defer drip.Stop()
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			_, _ = io.Copy(io.Discard, conn)
		}()
		for waiting := true; waiting; {
			select {
			case <-drip.C:
				_, _ = conn.Write([]byte("x"))
			case <-cut:
				waiting = false
			}
		}
		if took := time.Since(began); took > 14*time.Second { // the limit is 10 s
			t.Errorf("a head that drips is cut after %v", took)
		}
	})
}

// Fault: a body of 10 GB, chunked, is refused at the limit, and memory stays flat. It does not run in parallel: it
// measures what the process allocates.
func TestEndlessBody(t *testing.T) {
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	conn, err := net.Dial("tcp", address(s))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	answer := make(chan []byte, 1)
	go func() {
		got, _ := io.ReadAll(conn)
		answer <- got
	}()
	_, err = fmt.Fprintf(conn, "POST /v1/projects HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nX-Org-Id: %s\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n", ada.Token, ada.Org)
	chunk := []byte("10000\r\n" + strings.Repeat(" ", 1<<16) + "\r\n")
	sent := 0
	for ; err == nil && sent < 10<<30; sent += 1 << 16 {
		_, err = conn.Write(chunk)
	}
	if err == nil {
		t.Fatal("the server read all of it")
	}
	runtime.ReadMemStats(&after)
	if got := <-answer; !bytes.HasPrefix(got, []byte("HTTP/1.1 413 ")) || !bytes.Contains(got, []byte("/problems/too-large")) {
		t.Errorf("answer %.300q", got)
	}
	if sent > 64<<20 {
		t.Errorf("%d bytes went out before the refusal", sent)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	ada.Do(t, "GET", "/v1/projects", nil).Want(t, 200)
}
