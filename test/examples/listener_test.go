package examples_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// line is one that a listener prints: a frame, or of the browser, its event's id or what its page shows.
type line struct {
	Type, ID string

	State, Text, Newest, Address string
	Rows                         int
}

// listener is a running example.
type listener struct {
	name   string
	cmd    *exec.Cmd
	stderr strings.Builder // read after exited
	exited chan struct{}

	mu    sync.Mutex
	lines []line
	page  line // the last of its type
}

// startAll runs all three examples on an account's stream, and returns once each has said hello.
func startAll(t *testing.T, base string, a *account) []*listener {
	t.Helper()
	all := []*listener{startGo(t, base, a), startTypeScript(t, base, a), startBrowser(t, base, a)}
	for _, l := range all {
		until(t, l.name+" says hello", func() bool { return l.count("hello") == 1 })
	}
	return all
}

func startGo(t *testing.T, base string, a *account) *listener {
	t.Helper()
	return start(t, "examples/listen", base, a, exec.Command(os.Getenv(goListener)))
}

func startTypeScript(t *testing.T, base string, a *account) *listener {
	t.Helper()
	return start(t, "examples/listen-ts", base, a, exec.Command("node", examples+"/listen-ts/dist/main.js"))
}

func startBrowser(t *testing.T, base string, a *account) *listener {
	t.Helper()
	pages := httptest.NewServer(http.FileServer(http.Dir(examples + "/browser")))
	t.Cleanup(pages.Close)
	browser := exec.Command("node", "browser.mjs")
	// The server lets pages of localhost open sockets, not those of any address.
	browser.Env = []string{"PAGE=" + strings.Replace(pages.URL, "127.0.0.1", "localhost", 1) + "/"}
	if dir := os.Getenv("PLINTH_SCREENSHOT_DIR"); dir != "" {
		browser.Env = append(browser.Env, "SCREENSHOT="+filepath.Join(dir, t.Name()))
	}
	return start(t, "examples/browser", base, a, browser)
}

func start(t *testing.T, name, base string, a *account, cmd *exec.Cmd) *listener {
	t.Helper()
	l := &listener{name: name, cmd: cmd, exited: make(chan struct{})}
	cmd.Env = append(append(os.Environ(), cmd.Env...), "BASE_URL="+base, "TOKEN="+a.token, "ORG="+a.org)
	cmd.Stderr = &l.stderr
	cmd.WaitDelay = 5 * time.Second // a browser may hold them open
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(l.exited)
		l.read(bufio.NewScanner(stdout))
		_ = cmd.Wait() // its status tells
	}()
	t.Cleanup(func() {
		l.stop()
		for _, problem := range l.seen("problem") {
			t.Errorf("%s: %s", l.name, problem.Text)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", l.name, l.stderr.String())
		}
	})
	return l
}

func (l *listener) read(lines *bufio.Scanner) {
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var next line
		if err := json.Unmarshal(lines.Bytes(), &next); err != nil {
			next = line{Type: "problem", Text: err.Error() + ": " + lines.Text()}
		}
		l.mu.Lock()
		if next.Type == "page" {
			l.page = next
		} else {
			l.lines = append(l.lines, next)
		}
		l.mu.Unlock()
	}
}

// stop ends the listener, unless it has ended.
func (l *listener) stop() {
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	overdue := time.AfterFunc(patience, func() { _ = l.cmd.Process.Kill() })
	defer overdue.Stop()
	<-l.exited
}

func (l *listener) seen(kind string) []line {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []line
	for _, one := range l.lines {
		if one.Type == kind {
			found = append(found, one)
		}
	}
	return found
}

func (l *listener) count(kind string) int { return len(l.seen(kind)) }

// events are the ids received, in order.
func (l *listener) events() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []string
	for _, one := range l.lines {
		if one.ID != "" {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// shown is what the browser's page shows.
func (l *listener) shown() line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.page
}

// wantRefused expects the listener to end by itself, with status 1 and the reason.
func (l *listener) wantRefused(t *testing.T, reason string) {
	t.Helper()
	select {
	case <-l.exited:
	case <-time.After(patience):
		t.Fatalf("%s goes on", l.name)
	}
	if status := l.cmd.ProcessState.ExitCode(); status != 1 || !strings.Contains(l.stderr.String(), reason) {
		t.Errorf("%s ended with status %d and said %q; want 1 and %q", l.name, status, l.stderr.String(), reason)
	}
}
