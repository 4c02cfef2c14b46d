package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// allowFiles lets this program and those that it starts have as many files open.
func allowFiles(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read limit of open files: %w", err)
	}
	limit.Cur, limit.Max = max(limit.Max, n), max(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("allow %d open files (ulimit -n, or smaller -subscribers and -idle): %w", n, err)
	}
	return nil
}

func (s *server) process(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), file))
	if err != nil {
		return "", fmt.Errorf("look at the server's process (Linux alone has /proc): %w", err)
	}
	return string(text), nil
}

// memory is a size of the server's process, in bytes, by its name in proc(5).
func (s *server) memory(name string) (int64, error) {
	text, err := s.process("status")
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(text, name+":")
	size, _, whole := strings.Cut(rest, "kB")
	if !found || !whole {
		return 0, errors.New("the server's process has no size")
	}
	n, err := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	return n << 10, err
}

// resident is the memory that the server holds.
func (s *server) resident() (int64, error) { return s.memory("VmRSS") }

// peak is the most that it has held since forgetPeak.
func (s *server) peak() (int64, error) { return s.memory("VmHWM") }

func (s *server) forgetPeak() error {
	if err := os.WriteFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "clear_refs"), []byte("5"), 0); err != nil {
		return fmt.Errorf("forget the server's greatest size: %w", err)
	}
	return nil
}

// settled is the memory that the server holds when it has stopped to change, or after the time at the latest: its garbage
// collector cannot be made to run from outside.
func (s *server) settled(ctx context.Context, within time.Duration) (int64, error) {
	const looks, still = time.Second / 2, 6
	last, err := s.resident()
	for unchanged, end := 0, time.Now().Add(within); err == nil && unchanged < still && time.Now().Before(end); {
		if err := pause(ctx, looks); err != nil {
			return 0, err
		}
		var now int64
		now, err = s.resident()
		if unchanged++; max(now-last, last-now) > last/200 {
			unchanged = 0
		}
		last = now
	}
	return last, err
}

// clockTick is the unit of times in /proc.
const clockTick = 10 * time.Millisecond

// cpuTime is what the server's process has used until now.
func (s *server) cpuTime() (time.Duration, error) {
	text, err := s.process("stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // from the third on, proc(5)
	if len(fields) < 13 {
		return 0, errors.New("the server's process has no times")
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, fmt.Errorf("read times of the server: %w", err)
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick, err
}
