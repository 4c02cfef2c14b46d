// Package redis runs Redis servers for tests, and breaks them.
package redis

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit  = 20 * time.Second
	answerLimit = 5 * time.Second
)

// Server is a Redis that keeps nothing on disk and ends with the test.
type Server struct {
	URL string // redis://127.0.0.1:port

	addr    string
	dir     string
	options []string
	process *os.Process
	exited  chan struct{}
}

// Start runs redis-server on a free port of 127.0.0.1, as nobody where the test runs as root. The options are those of its
// command line.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	addr := freeAddr(t)
	s := &Server{URL: "redis://" + addr, addr: addr, dir: folder(t), options: options}
	t.Cleanup(func() { s.end(t) })
	s.Restart(t)
	return s
}

// Restart runs the server anew on its port, once Kill has ended it. It returns when the server answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	cmd := exec.Command("redis-server", append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--save", "", "--appendonly", "no"}, s.options...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody(t), Pdeathsig: syscall.SIGKILL}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	s.exited = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for Pdeathsig, which is sent when the thread ends: prctl(2)
		defer runtime.UnlockOSThread()
		defer close(s.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	s.process = cmd.Process
	deadline := time.Now().Add(startLimit)
	for {
		answer, err := s.try("PING")
		if err == nil && (strings.HasPrefix(answer, "+PONG") || strings.HasPrefix(answer, "-NOAUTH")) {
			return
		}
		select {
		case <-s.exited:
			t.Fatalf("redis-server ended:\n%s", &output)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not answer: %q, %v", answer, err)
		}
	}
}

// Kill ends the server with SIGKILL. Connecting is refused from then on.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	<-s.exited
}

// Stop stops the server with SIGSTOP: its connections stay, the system accepts new ones, and none is answered.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP)
}

// Continue has a stopped server go on.
func (s *Server) Continue(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

// Do sends one command, its words separated by blanks, and gives the answer: a bulk string's text, all else's first line as
// it is sent (RESP2).
func (s *Server) Do(t testing.TB, command string) string {
	t.Helper()
	answer, err := s.try(command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return answer
}

func (s *Server) try(command string) (string, error) {
	conn, err := net.DialTimeout("tcp", s.addr, answerLimit)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	return readAnswer(bufio.NewReader(conn))
}

func readAnswer(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if size, err := strconv.Atoi(strings.TrimPrefix(line, "$")); err == nil && line[0] == '$' && size >= 0 {
		text := make([]byte, size)
		_, err := io.ReadFull(r, text)
		return string(text), err
	}
	return line, nil
}

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := s.process.Signal(signal); err != nil {
		t.Fatalf("send %v to redis-server: %v", signal, err)
	}
}

func (s *Server) end(t testing.TB) {
	if s.process == nil {
		return
	}
	if err := s.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end redis-server: %v", err)
	}
	<-s.exited
}

// freeAddr finds a port that nobody listens on, low enough for that of a cluster's bus, which is 10000 higher.
func freeAddr(t testing.TB) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := listener.Addr().(*net.TCPAddr)
		_ = listener.Close()
		if addr.Port <= 55535 {
			return addr.String()
		}
	}
}

// folder makes one that the server's account gets to, which t.TempDir under root is not.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plinth-redis-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if account := nobody(t); account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// nobody is the account for a server that root starts; nil for others, who start it as themselves.
func nobody(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
