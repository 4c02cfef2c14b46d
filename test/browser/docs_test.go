// Package browser_test drives the pages that the server ships with a real browser.
package browser_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// buildLimit covers a cold build cache, startLimit the first start of an embedded database.
	buildLimit = 5 * time.Minute
	startLimit = time.Minute
	pageLimit  = 3 * time.Minute
	stopLimit  = 30 * time.Second
	// pipeLimit is how long a process that a program leaves behind may hold its output open.
	pipeLimit = 5 * time.Second
)

// docsReport is the line that docs.mjs prints.
type docsReport struct {
	OK               bool     `json:"ok"`
	Error            string   `json:"error"`
	ForeignRequests  []string `json:"foreign_requests"`
	ConsoleErrors    []string `json:"console_errors"`
	PolicyViolations []string `json:"policy_violations"`
	User             struct {
		Email, Name string
	} `json:"user"`
	Signup struct {
		Status int
		Email  string
	} `json:"signup"`
	Me struct {
		Status      int
		Email, Name string
	} `json:"me"`
	AnonymousAfterReload bool  `json:"anonymous_after_reload"`
	OverflowsOnPhone     *bool `json:"overflows_on_phone"`
}

// TestDocsPage signs up and reads the new account from the API reference, in a browser that reaches the server only.
// Screenshots go to PLINTH_SCREENSHOT_DIR where it is set.
func TestDocsPage(t *testing.T) {
	installDriver(t)
	baseURL := startServer(t, serverBinary(t))
	report := runDocsScript(t, baseURL)

	if !report.OK {
		t.Errorf("the walk through the page failed: %s", report.Error)
	}
	for problem, found := range map[string][]string{
		"requests to other origins":          report.ForeignRequests,
		"console errors":                     report.ConsoleErrors,
		"Content-Security-Policy violations": report.PolicyViolations,
	} {
		if len(found) > 0 {
			t.Errorf("%s: %q", problem, found)
		}
	}
	if report.User.Email == "" || report.Signup.Status != 201 || report.Signup.Email != report.User.Email {
		t.Errorf("signup answered %+v for %+v", report.Signup, report.User)
	}
	if report.Me.Status != 200 || report.Me.Email != report.User.Email || report.Me.Name != report.User.Name {
		t.Errorf("GET /v1/me answered %+v for %+v", report.Me, report.User)
	}
	if !report.AnonymousAfterReload {
		t.Error("the page kept the access token over a reload")
	}
	if report.OverflowsOnPhone == nil || *report.OverflowsOnPhone {
		t.Error("the page is wider than a phone")
	}
}

// installDriver fetches what package-lock.json pins, once per checkout.
func installDriver(t *testing.T) {
	t.Helper()
	_, err := os.Stat("node_modules")
	if err == nil {
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	run(t, ".", "npm", "ci")
}

// serverBinary returns PLINTH_BIN, or else builds the program from this checkout.
func serverBinary(t *testing.T) string {
	t.Helper()
	if binary := os.Getenv("PLINTH_BIN"); binary != "" {
		return binary
	}
	binary := filepath.Join(t.TempDir(), "plinth")
	run(t, filepath.Join("..", ".."), "go", "build", "-o", binary, "./cmd/plinth")
	return binary
}

// startServer runs the server on a free port with a data directory of its own and stops it when the test ends.
func startServer(t *testing.T, binary string) (baseURL string) {
	t.Helper()
	workDir := sharedTempDir(t)
	server := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--data-dir", filepath.Join(workDir, "data"))
	// Away from any .env file and from the settings of whoever runs the test.
	server.Dir = workDir
	server.Env = plainEnvironment()
	server.WaitDelay = pipeLimit
	output, logEnd := io.Pipe()
	server.Stderr = logEnd
	if err := server.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}

	var log bytes.Buffer
	ready := make(chan string, 1)
	logRead := make(chan struct{})
	go func() {
		defer close(logRead)
		readLog(output, &log, ready)
	}()
	exited := make(chan error, 1)
	go func() {
		err := server.Wait()
		logEnd.Close()
		<-logRead
		exited <- err
	}()
	t.Cleanup(func() { stopServer(t, server, exited, &log) })

	select {
	case baseURL = <-ready:
		return baseURL
	case err := <-exited:
		exited <- err
		t.Fatalf("the server ended before it was ready: %v", err)
	case <-time.After(startLimit):
		t.Fatalf("the server was not ready after %s", startLimit)
	}
	return ""
}

// sharedTempDir is a temporary directory that another user can enter, as the embedded database does when the test
// runs as root; t.TempDir is closed to others.
func sharedTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plinth-browser-")
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

func plainEnvironment() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// readLog copies the log until the server closes it and sends the address of the first ready line.
func readLog(output io.Reader, log *bytes.Buffer, ready chan<- string) {
	announced := false
	lines := bufio.NewReader(io.TeeReader(output, log))
	for {
		line, err := lines.ReadBytes('\n')
		if baseURL, ok := readyURL(line); ok && !announced {
			announced = true
			ready <- baseURL
		}
		if err != nil {
			return
		}
	}
}

func readyURL(line []byte) (string, bool) {
	var entry struct{ Msg string }
	if json.Unmarshal(line, &entry) != nil {
		return "", false
	}
	return strings.CutPrefix(entry.Msg, "ready: ")
}

func stopServer(t *testing.T, server *exec.Cmd, exited <-chan error, log *bytes.Buffer) {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop the server: %v", err)
	}
	select {
	case err := <-exited:
		if err != nil {
			t.Errorf("the server ended with: %v", err)
		}
	case <-time.After(stopLimit):
		t.Errorf("the server was still running %s after SIGTERM", stopLimit)
		if err := server.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-exited
	}
	if t.Failed() {
		t.Logf("server log:\n%s", log)
	}
}

func runDocsScript(t *testing.T, baseURL string) docsReport {
	t.Helper()
	outDir := os.Getenv("PLINTH_SCREENSHOT_DIR")
	if outDir == "" {
		outDir = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(t.Context(), pageLimit)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "docs.mjs")
	node.Env = append(os.Environ(), "BASE_URL="+baseURL, "OUT_DIR="+outDir)
	// On SIGTERM the driver takes the browser with it.
	node.Cancel = func() error { return node.Process.Signal(syscall.SIGTERM) }
	node.WaitDelay = pipeLimit
	var stderr bytes.Buffer
	node.Stderr = &stderr
	// Status 1 comes with a report that says more than the status.
	stdout, runErr := node.Output()

	var report docsReport
	if err := json.Unmarshal(stdout, &report); err != nil {
		t.Fatalf("docs.mjs gave no report: %v\n%s%s", errors.Join(runErr, err), stdout, stderr.Bytes())
	}
	if info, err := os.Stat(filepath.Join(outDir, "docs.png")); report.OK && (err != nil || info.Size() == 0) {
		t.Errorf("no screenshot: %v", err)
	}
	return report
}

// run runs a tool in dir and fails the test with its output.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), buildLimit)
	defer cancel()
	tool := exec.CommandContext(ctx, name, args...)
	tool.Dir = dir
	if output, err := tool.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, output)
	}
}
