// Package binary runs the plinth program for tests that see it as its users do: as a process.
//
// A package of such tests calls [Main] from its TestMain.
package binary

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// startLimit covers the making of an embedded database, stopLimit the drain.
	startLimit = 2 * time.Minute
	stopLimit  = 45 * time.Second
	// runLimit is for commands that end by themselves.
	runLimit = 2 * time.Minute
	// pipeLimit is how long a process that a program leaves behind may hold its output open.
	pipeLimit = 5 * time.Second

	shownLog = 16 << 10 // bytes
)

// variable names the program under test.
const variable = "PLINTH_BIN"

// Main runs a package's tests against PLINTH_BIN, or where that is not set, against a program built from this checkout.
// It returns the exit status.
func Main(m *testing.M) int {
	if os.Getenv(variable) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "plinth-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "plinth")
	build := exec.Command("go", "build", "-o", path, "github.com/plinth/plinth/cmd/plinth")
	build.Stderr = os.Stderr
	// Other accounts run the program too.
	if err := errors.Join(build.Run(), os.Chmod(dir, 0o755), os.Setenv(variable, path)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Command prepares the program to run in dir, away from any .env file and from the settings of whoever runs the test.
// env is added to what it needs from its surroundings.
func Command(t testing.TB, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(os.Getenv(variable))
	if err := errors.Join(err, openSources()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(surroundings(), append([]string{"PLINTH_METRICS_ADDR=off"}, env...)...)
	cmd.WaitDelay = pipeLimit
	return cmd
}

// Result is how a command ended.
type Result struct {
	Stdout, Stderr string
	Status         int
}

// Run runs a command to its end.
func Run(t testing.TB, cmd *exec.Cmd) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd, err)
	}
	overdue := time.AfterFunc(runLimit, func() { _ = cmd.Process.Kill() }) // fails only when it has ended
	defer overdue.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", cmd, err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// openSources opens the folders that the program is built from. go test notes what a test opens, and so tells no cached
// result once one of them has changed.
func openSources() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	for _, dir := range []string{"cmd", "internal", "migrations"} {
		if err := filepath.WalkDir(filepath.Join(root, dir), func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			return fmt.Errorf("open sources: %w", err)
		}
	}
	return nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find the module: no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

func surroundings() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Dir makes a folder that other accounts can enter, as the embedded database's must where the test runs as root;
// t.TempDir is closed to them.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plinth-run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Start serves on a free port with a data directory of its own until the test ends.
func Start(t testing.TB) (baseURL string) {
	t.Helper()
	return Serve(t, Command(t, Dir(t), nil, "serve", "--addr", "127.0.0.1:0")).BaseURL
}

// Server is a running plinth serve.
type Server struct {
	BaseURL string

	cmd    *exec.Cmd
	exited chan struct{}
	err    error // of Wait; read after exited

	mu   sync.Mutex
	log  bytes.Buffer
	line chan string // each line of the log, until nobody reads any more
}

// Serve starts the command and returns once it has said that it is ready. The server is stopped when the test ends, and
// has to end well unless the test has ended it.
func Serve(t testing.TB, cmd *exec.Cmd) *Server {
	t.Helper()
	s := &Server{cmd: cmd, exited: make(chan struct{}), line: make(chan string, 10_000)}
	output, logEnd := io.Pipe()
	cmd.Stderr = logEnd
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	logRead := make(chan struct{})
	go func() {
		defer close(logRead)
		s.readLog(output)
	}()
	go func() {
		s.err = cmd.Wait()
		_ = logEnd.Close()
		<-logRead
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("server log:\n%s", tail(s.Log()))
		}
	})
	ready := s.WaitFor(t, "ready: ")
	s.BaseURL = strings.TrimPrefix(ready, "ready: ")
	return s
}

func (s *Server) readLog(output io.Reader) {
	defer close(s.line)
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadString('\n')
		s.mu.Lock()
		s.log.WriteString(line)
		s.mu.Unlock()
		if line != "" {
			select {
			case s.line <- line:
			default: // a test that does not follow the log has had enough of it
			}
		}
		if err != nil {
			return
		}
	}
}

// Log is what the server has written to stderr so far.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// tail is the end of a log, as much as a failed test shows.
func tail(log string) string {
	if cut := len(log) - shownLog; cut > 0 {
		return "... " + log[cut:]
	}
	return log
}

// WaitFor reads on in the log to the message that begins so, and returns it.
func (s *Server) WaitFor(t testing.TB, prefix string) string {
	t.Helper()
	deadline := time.After(startLimit)
	for {
		select {
		case line, ok := <-s.line:
			if !ok {
				t.Fatalf("the server ended and never said %q:\n%s", prefix, s.Log())
			}
			var entry struct{ Msg string }
			if json.Unmarshal([]byte(line), &entry) == nil && strings.HasPrefix(entry.Msg, prefix) {
				return entry.Msg
			}
		case <-deadline:
			t.Fatalf("the server has not said %q for %s:\n%s", prefix, startLimit, s.Log())
		}
	}
}

// Pid is the server's process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Terminate sends SIGTERM and does not wait.
func (s *Server) Terminate(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop the server: %v", err)
	}
}

// Stop sends SIGTERM and has the server end with status 0. A server that Kill has ended is left alone.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	select {
	case <-s.exited:
	default:
		s.Terminate(t)
	}
	if err := s.Wait(t); err != nil && !killed(err) {
		t.Errorf("the server ended with: %v", err)
	}
}

// Wait returns how the server ended.
func (s *Server) Wait(t testing.TB) error {
	t.Helper()
	select {
	case <-s.exited:
	case <-time.After(stopLimit):
		t.Errorf("the server was still running after %s", stopLimit)
		if err := s.cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-s.exited
	}
	return s.err
}

func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
