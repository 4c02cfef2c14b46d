package tour_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/test/binary"
)

const (
	readme = "../../README.md"
	script = "../../examples/tour.sh"
	// tourLimit covers the compiling of the listener.
	tourLimit = 5 * time.Minute
)

func TestTour(t *testing.T) {
	t.Parallel()
	base := binary.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), tourLimit)
	defer cancel()
	tour := exec.CommandContext(ctx, "bash", script)
	tour.Env = append(os.Environ(), "BASE_URL="+base)
	var stderr strings.Builder
	tour.Stderr = &stderr
	tour.WaitDelay = 5 * time.Second
	stdout, err := tour.Output()
	if err != nil {
		t.Fatalf("the tour ended with %v:\n%s%s", err, stdout, stderr.String())
	}
	var last struct {
		Type, Status string
		Data         struct{ Key, Title string }
	}
	for line := range strings.Lines(string(stdout)) {
		if strings.HasPrefix(line, `{"type":"task.moved"`) {
			if err := json.Unmarshal([]byte(line), &last); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
		}
	}
	if last.Status != "done" || last.Data.Key != "APP-1" || last.Data.Title != "Fix the login button" {
		t.Errorf("the event of the move is %+v in\n%s", last, stdout)
	}
}

func TestTourSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tour := exec.CommandContext(t.Context(), "bash", script)
	tour.Env = append(os.Environ(), "BASE_URL=http://127.0.0.1:1")
	got := binary.Run(t, tour)
	if got.Status != 1 || !strings.Contains(got.Stderr, "tour: no Plinth answers at http://127.0.0.1:1") {
		t.Errorf("without a server: status %d, %q", got.Status, got.Stderr)
	}
}

// TestTourIsTheReadme keeps the README from telling commands that the script, which is tested, does not run.
func TestTourIsTheReadme(t *testing.T) {
	t.Parallel()
	text := read(t, readme)
	_, section, _ := strings.Cut(text, "\n## Tour\n")
	section, _, _ = strings.Cut(section, "\n## ")
	inScript := map[string]bool{}
	for line := range strings.Lines(read(t, script)) {
		inScript[strings.TrimSpace(line)] = true
	}
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```(?:bash|sh)\n(.*?)```").FindAllStringSubmatch(section, -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			commands++
			if !inScript[line] {
				t.Errorf("the README's tour has a line that examples/tour.sh does not run:\n%s", line)
			}
		}
	}
	if commands < 15 {
		t.Errorf("the README's tour has %d commands", commands)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
