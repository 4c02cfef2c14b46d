package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// server is a program that serves in a process of its own, so that it shares no runtime with its clients.
type server struct {
	addr   string
	cmd    *exec.Cmd
	exited chan error
}

const plinthCommand = "github.com/plinth/plinth/cmd/plinth"

// build compiles a command as it is now, into the folder.
func build(ctx context.Context, dir, command string) (string, error) {
	program := filepath.Join(dir, path.Base(command))
	out, err := exec.CommandContext(ctx, "go", "build", "-o", program, command).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return program, nil
}

const readyWithin = 30 * time.Second

// startPlinth serves the house's database, from a folder without a .env.
func startPlinth(ctx context.Context, program string, h *house) (*server, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "serve", "--addr", addr)
	cmd.Dir, cmd.Env = h.dir, h.environ()
	return startServer(ctx, cmd, addr)
}

// startServer runs a command that serves on the address, and waits until it is ready.
func startServer(ctx context.Context, cmd *exec.Cmd, addr string) (*server, error) {
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	s := &server{addr: addr, cmd: cmd, exited: make(chan error, 1)}
	go func() { s.exited <- cmd.Wait() }()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func freeAddr(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		if s.answersReady(ctx) {
			return nil
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("server ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("server is not ready: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) answersReady(ctx context.Context) bool {
	hr, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(hr)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// stop drains the server and waits for its end.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop server: %w", err)
	}
	if err := <-s.exited; err != nil {
		return fmt.Errorf("server ended: %w", err)
	}
	return nil
}
