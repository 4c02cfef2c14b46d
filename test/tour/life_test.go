package tour_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plinth/plinth/test/binary"
)

func serve(t *testing.T, dir string, env ...string) *binary.Server {
	t.Helper()
	return binary.Serve(t, binary.Command(t, dir, env, "serve", "--addr", "127.0.0.1:0"))
}

func TestReadyMeansReady(t *testing.T) {
	t.Parallel()
	base := binary.Start(t)
	for _, path := range []string{"/readyz", "/healthz", "/openapi.json", "/docs"} {
		resp, err := http.Get(base + path) // the first try must do
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("GET %s after the ready line: %s", path, resp.Status)
		}
	}
}

// TestDrain has a request under way when SIGTERM comes: it is answered, nobody else is let in, and the status is 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	server := serve(t, binary.Dir(t))
	address := strings.TrimPrefix(server.BaseURL, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := `{"email":"late@example.com","password":"` + password + `","name":"Late"}`
	answers := bufio.NewReader(conn)
	// The server asks for the rest, so it has the request in hand.
	fmt.Fprintf(conn, "POST /v1/auth/signup HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", address, len(body))
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the server answered %q, %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}

	server.Terminate(t)
	server.WaitFor(t, "draining")
	if _, err := fmt.Fprint(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("the request under way got no answer: %v", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("the request under way was answered %s", resp.Status)
	}
	if err := server.Wait(t); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if late, err := net.Dial("tcp", address); err == nil {
		_ = late.Close()
		t.Error("somebody still listens")
	}
}

func TestRestartKeepsDataAndSessions(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	first := serve(t, dir)
	ada := signUp(t, first.BaseURL, "ada@example.com")
	ada.want(http.StatusCreated, "POST", "/v1/columns/"+ada.column()+"/tasks", map[string]any{"title": "Kept"}, nil)
	first.Stop(t)

	ada.base = serve(t, dir).BaseURL
	var task struct{ Title string }
	ada.want(http.StatusOK, "GET", "/v1/tasks/APP-1", nil, &task)
	if task.Title != "Kept" {
		t.Errorf("the task is %+v", task)
	}
	ada.want(http.StatusOK, "POST", "/v1/auth/refresh", map[string]any{"refresh_token": ada.refresh}, nil)
}

// TestKillKeepsWhatWasAcknowledged kills the server with its database in the middle of many writes.
func TestKillKeepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	first := serve(t, dir)
	ada := signUp(t, first.BaseURL, "ada@example.com")
	column := ada.column()

	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var count atomic.Int64
	enough := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ; n++ {
				title := fmt.Sprintf("writer %d task %d", w, n)
				if !createTask(t.Context(), ada, column, title) {
					return
				}
				mu.Lock()
				acknowledged[title] = true
				mu.Unlock()
				if count.Add(1) == 50 {
					close(enough)
				}
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		t.Error("no 50 tasks in a minute")
	}
	first.Kill(t)
	writers.Wait()

	ada.base = serve(t, dir).BaseURL
	found := map[string]bool{}
	for _, task := range all[struct{ Title string }](ada, "/v1/tasks") {
		found[task.Title] = true
	}
	for title := range acknowledged {
		if !found[title] {
			t.Errorf("lost %q", title)
		}
	}
	if extra := len(found) - len(acknowledged); extra > 4 {
		t.Errorf("%d tasks more than acknowledged, from 4 writers", extra)
	}
}

// createTask reports whether the server has acknowledged the task.
func createTask(ctx context.Context, s *session, column, title string) bool {
	body, err := json.Marshal(map[string]any{"title": title})
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, "POST", s.base+"/v1/columns/"+column+"/tasks", strings.NewReader(string(body)))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("X-Org-Id", s.org)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusCreated
}

// nobody is the account that a root's test runs the program as.
const nobody = 65534

// TestOrdinaryUser runs the whole life without root: as nobody where the test has root, else as the one who runs it.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	command := func(args ...string) *exec.Cmd {
		cmd := binary.Command(t, dir, nil, args...)
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			cmd.Env = append(cmd.Env, "HOME="+dir)
		}
		return cmd
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	first := binary.Serve(t, command("serve", "--addr", "127.0.0.1:0"))
	signUp(t, first.BaseURL, "ada@example.com")
	if got := binary.Run(t, command("doctor")); got.Status != 0 {
		t.Errorf("doctor: status %d\n%s%s", got.Status, got.Stdout, got.Stderr)
	}
	first.Stop(t)
	second := binary.Serve(t, command("serve", "--addr", "127.0.0.1:0"))
	logIn(t, second.BaseURL, "ada@example.com", password)
}

// TestGivenDatabase serves from a PostgreSQL that is not its own: one of another Plinth's, under its URL.
func TestGivenDatabase(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	serve(t, dir)
	pidFile := strings.Split(read(t, filepath.Join(dir, "data", "postgres", "data", "postmaster.pid")), "\n")
	env := []string{
		"DATABASE_URL=postgresql+asyncpg://postgres@/postgres?host=" + pidFile[4] + "&port=" + pidFile[3],
		"JWT_SECRET=9f6c1b7e02d84a35c1e7f4a06b9d5283e47a",
	}
	elsewhere := binary.Dir(t)
	given := serve(t, elsewhere, env...)
	ada := signUp(t, given.BaseURL, "ada@example.com")
	ada.want(http.StatusCreated, "POST", "/v1/columns/"+ada.column()+"/tasks", map[string]any{"title": "Elsewhere"}, nil)
	if _, err := os.Stat(filepath.Join(elsewhere, "data", "postgres")); !os.IsNotExist(err) {
		t.Errorf("it has made a database of its own: %v", err)
	}
	given.Stop(t)
	ada.base = serve(t, elsewhere, env...).BaseURL
	ada.want(http.StatusOK, "GET", "/v1/tasks/APP-1", nil, nil)
}
