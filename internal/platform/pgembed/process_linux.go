package pgembed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// orphanGrace is what an abandoned postmaster gets for its shutdown checkpoint,
// and lonelyGrace what backends without a postmaster get to notice.
const (
	orphanGrace = 60 * time.Second
	lonelyGrace = 2 * time.Second
	pollEvery   = 20 * time.Millisecond
)

// process is a child that dies with us.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // of Wait; read after exited
}

// spawn starts cmd from a thread that lives as long as the child, because the
// kernel sends the parent-death signal when the starting thread ends, not the
// process: see prctl(2), PR_SET_PDEATHSIG.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	return p, <-started
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // fails only when it has ended
}

// serversIn lists the PostgreSQL processes that work in a cluster. Every one
// of them has the data directory as its working directory.
func serversIn(data string) ([]int, error) {
	want, err := os.Stat(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	recorded, _ := recordedPID(data)
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && worksIn(pid, want, recorded) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func worksIn(pid int, want fs.FileInfo, recorded int) bool {
	if !runsPostgres(pid) {
		return false
	}
	cwd, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if errors.Is(err, fs.ErrPermission) {
		// A root without CAP_SYS_PTRACE sees no working directories; the pid
		// file is the next best witness.
		return pid == recorded
	}
	return err == nil && os.SameFile(cwd, want)
}

// runsPostgres reads the name and the state, which is Z for a process that has
// ended and waits for its parent to notice, from /proc/PID/stat, proc(5).
func runsPostgres(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	_, state, ok := strings.Cut(string(stat), " (postgres) ")
	return err == nil && ok && !strings.HasPrefix(state, "Z")
}

// recordedPID reads the first line of postmaster.pid.
func recordedPID(data string) (int, bool) {
	raw, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	return pid, err == nil && pid > 0
}

// endLeftovers makes sure that no process of an earlier life works in the
// cluster. The lock is ours, so a postmaster found here is an orphan, usually
// in the middle of the shutdown its owner's death began: it gets the grace for
// it, the rest is killed.
func endLeftovers(ctx context.Context, data string, grace time.Duration) error {
	pids, err := serversIn(data)
	if err != nil {
		return err
	}
	if postmaster, ok := recordedPID(data); !ok || !slices.Contains(pids, postmaster) {
		grace = min(grace, lonelyGrace)
	} else if grace > 0 {
		_ = syscall.Kill(postmaster, syscall.SIGINT) // fast shutdown; fails only when it has ended
	}
	kill := time.Now().Add(grace)
	for len(pids) > 0 {
		if time.Now().After(kill) {
			for _, pid := range pids {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if time.Now().After(kill.Add(10 * time.Second)) {
			return fmt.Errorf("earlier PostgreSQL processes %v do not end", pids)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for earlier PostgreSQL processes %v: %w", pids, context.Cause(ctx))
		case <-time.After(pollEvery):
		}
		if pids, err = serversIn(data); err != nil {
			return err
		}
	}
	return nil
}

// dropReusedPID removes a postmaster.pid whose number now belongs to an
// unrelated process, which is common in containers and which PostgreSQL would
// take for a running server. In every other case PostgreSQL judges the file
// better than we can, since it also looks at the shared memory named in it.
func dropReusedPID(data string) error {
	pid, ok := recordedPID(data)
	if !ok || runsPostgres(pid) || !processExists(pid) {
		return nil
	}
	return os.Remove(filepath.Join(data, "postmaster.pid"))
}

func processExists(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
