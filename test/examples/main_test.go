// Package examples_test holds the listeners of examples/ to what they promise: no event of the live stream is missed and
// none comes twice, whatever happens to the connection or to the server.
package examples_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/plinth/plinth/test/binary"
)

const (
	examples = "../../examples"
	// patience bounds the wait for something that is to happen; it is no measure of speed.
	patience = 60 * time.Second
	// buildLimit covers the fetching of packages.
	buildLimit = 5 * time.Minute
)

// goListener names the program built from examples/listen.
const goListener = "PLINTH_TEST_LISTEN"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "plinth-listen-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := build(filepath.Join(dir, "listen")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return binary.Main(m)
}

// build makes the listeners in Go and TypeScript, and fetches what package-lock.json pins where nobody has by now.
func build(program string) error {
	for _, dir := range []string{examples + "/listen-ts", "../browser"} {
		if _, err := os.Stat(dir + "/node_modules"); err == nil {
			continue
		}
		if err := tool(dir, "npm", "ci"); err != nil {
			return err
		}
	}
	return errors.Join(
		tool(examples+"/listen", "go", "build", "-o", program, "."),
		tool(examples+"/listen-ts", "npm", "run", "build"),
		os.Setenv(goListener, program),
	)
}

func tool(dir, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	return nil
}

// until polls the condition and fails the test when it does not come true.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-tick.C
	}
}
