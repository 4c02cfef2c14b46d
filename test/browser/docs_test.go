// Package browser_test drives the pages that the server ships with a real browser.
package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/plinth/plinth/test/binary"
)

const (
	installLimit = 5 * time.Minute
	pageLimit    = 3 * time.Minute
	// pipeLimit is how long a browser that the driver leaves behind may hold its output open.
	pipeLimit = 5 * time.Second
)

func TestMain(m *testing.M) { os.Exit(binary.Main(m)) }

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
	baseURL := binary.Start(t)
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
	ctx, cancel := context.WithTimeout(t.Context(), installLimit)
	defer cancel()
	tool := exec.CommandContext(ctx, name, args...)
	tool.Dir = dir
	if output, err := tool.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, output)
	}
}
