// Package clamd runs ClamAV's daemon for tests, with a database of its own, and breaks it.
package clamd

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit  = 30 * time.Second
	answerLimit = 5 * time.Second
)

// Server is a clamd that knows EICAR and what AddSignature tells it, and ends with the test. It takes streams of 100 MiB and
// reports what exceeds its limits.
type Server struct {
	Addr string // 127.0.0.1:port, or unix:/path

	dir        string
	options    []string
	process    *os.Process
	exited     chan struct{}
	database   int // version
	signatures []signature
}

// Start runs clamd on a free port of 127.0.0.1, as clamav where the test runs as root. The options are lines of its
// configuration, such as "MaxFileSize 1M", and come before those of the server itself.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	return start(t, folder(t), addr, append(options, "TCPAddr 127.0.0.1", "TCPSocket "+port))
}

// StartUnix runs clamd as Start does, but on a socket in the file system.
func StartUnix(t testing.TB, options ...string) *Server {
	t.Helper()
	dir := folder(t)
	path := filepath.Join(dir, "clamd.sock")
	return start(t, dir, "unix:"+path, append(options, "LocalSocket "+path))
}

func start(t testing.TB, dir, addr string, options []string) *Server {
	t.Helper()
	s := &Server{Addr: addr, dir: dir, options: options}
	for _, name := range []string{"database", "tmp"} {
		makeFolder(t, filepath.Join(dir, name))
	}
	t.Cleanup(func() { s.end(t) })
	s.AddSignature(t, "Eicar-Test", EICAR())
	s.configure(t)
	s.Restart(t)
	return s
}

// configure writes the configuration. Of lines for the same setting clamd takes the first.
func (s *Server) configure(t testing.TB) {
	t.Helper()
	lines := slices.Concat(s.options, []string{
		"DatabaseDirectory " + filepath.Join(s.dir, "database"), "TemporaryDirectory " + filepath.Join(s.dir, "tmp"),
		"Foreground yes", "StreamMaxLength 100M", "AlertExceedsMax yes"})
	s.write(t, "clamd.conf", []byte(strings.Join(lines, "\n")+"\n"))
}

// Restart runs the server anew at its address, once Kill has ended it. It returns when the server answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	cmd := exec.Command(program(), "--config-file="+filepath.Join(s.dir, "clamd.conf"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account(t), Pdeathsig: syscall.SIGKILL}
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
		t.Fatalf("start clamd: %v", err)
	}
	s.process = cmd.Process
	if !s.until(func() bool { answer, err := s.ask("PING"); return err == nil && answer == "PONG" }) {
		_ = s.process.Kill()
		<-s.exited
		t.Fatalf("clamd does not answer:\n%s", &output)
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

// Reload has the server load its database, and returns once it judges by the one that AddSignature has written last.
func (s *Server) Reload(t testing.TB) {
	t.Helper()
	answer, err := s.ask("RELOAD")
	if err != nil || answer != "RELOADING" {
		t.Fatalf("reload clamd's database: %q, %v", answer, err)
	}
	loaded := func() bool {
		answer, err := s.ask("VERSION")
		return err == nil && strings.Contains(answer, fmt.Sprintf("/%d/", s.database))
	}
	if !s.until(loaded) {
		t.Fatalf("clamd does not load version %d of its database", s.database)
	}
}

// until polls the condition until it comes true, the server ends or too much time has passed.
func (s *Server) until(condition func() bool) bool {
	deadline := time.Now().Add(startLimit)
	for !condition() {
		select {
		case <-s.exited:
			return false
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func (s *Server) ask(command string) (string, error) {
	network, addr := "tcp", s.Addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	conn, err := net.DialTimeout(network, addr, answerLimit)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "z%s\x00", command); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString(0)
	return strings.TrimSuffix(answer, "\x00"), err
}

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := s.process.Signal(signal); err != nil {
		t.Fatalf("send %v to clamd: %v", signal, err)
	}
}

func (s *Server) end(t testing.TB) {
	if s.process == nil {
		return
	}
	if err := s.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end clamd: %v", err)
	}
	<-s.exited
}

// write replaces a file of the server's at once, so that a reload finds the old one or the new one.
func (s *Server) write(t testing.TB, name string, content []byte) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// program finds clamd, whose folder is not in every account's PATH.
func program() string {
	if path, err := exec.LookPath("clamd"); err == nil {
		return path
	}
	return "/usr/sbin/clamd"
}

// freeAddr finds a port that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// folder makes one that the server's account gets to, which t.TempDir under root is not.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plinth-clamd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	own(t, dir)
	return dir
}

func makeFolder(t testing.TB, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, path)
}

// own gives a folder to the server's account.
func own(t testing.TB, path string) {
	t.Helper()
	if account := account(t); account != nil {
		if err := os.Chown(path, int(account.Uid), int(account.Gid)); err != nil {
			t.Fatal(err)
		}
	}
}

// account is that of Debian's clamd for a server that root starts; nil for others, who start it as themselves.
func account(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("clamav")
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
