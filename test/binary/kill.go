package binary

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Kill ends the server and every process below it with SIGKILL, as a machine that loses power does. All are stopped
// first, so that none can tidy up after another.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	tree := descendants(t, s.Pid())
	if len(tree) < 2 {
		t.Fatalf("the server has no PostgreSQL below it: %v", tree)
	}
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
		for _, pid := range tree {
			if err := syscall.Kill(pid, signal); err != nil && err != syscall.ESRCH {
				t.Fatalf("send %v to process %d: %v", signal, pid, err)
			}
		}
	}
	if err := s.Wait(t); !killed(err) {
		t.Errorf("the server ended with %v, not by SIGKILL", err)
	}
}

// KillAlone ends the server's own process with SIGKILL, which leaves a database that is not its own as it is.
func (s *Server) KillAlone(t testing.TB) {
	t.Helper()
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatalf("kill the server: %v", err)
	}
	if err := s.Wait(t); !killed(err) {
		t.Errorf("the server ended with %v, not by SIGKILL", err)
	}
}

// descendants lists a process and all below it, parents first, from /proc.
func descendants(t testing.TB, root int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, path := range stats {
		pid, parent, ok := readStat(path)
		if ok {
			children[parent] = append(children[parent], pid)
		}
	}
	tree := []int{root}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree
}

// readStat reads "pid (name) state parent ...", proc(5); the name may hold anything.
func readStat(path string) (pid, parent int, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, false // it has ended
	}
	pid, errPid := strconv.Atoi(filepath.Base(filepath.Dir(path)))
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	if len(fields) < 2 {
		return 0, 0, false
	}
	parent, errParent := strconv.Atoi(fields[1])
	return pid, parent, errPid == nil && errParent == nil
}
