// Package clamd runs ClamAV's daemon for tests, with a database of its own, and breaks it.
package clamd

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plinth/plinth/test/process"
)

const answerLimit = 5 * time.Second

// Server is a clamd that knows EICAR and what AddSignature tells it, and ends with the test. It takes streams of 100 MiB and
// reports what exceeds its limits.
type Server struct {
	*process.Process
	Addr string // 127.0.0.1:port, or unix:/path

	dir        string
	options    []string
	account    *syscall.Credential // Debian's for clamd
	database   int                 // version
	signatures []signature
}

// Start runs clamd on a free port of 127.0.0.1, as clamav where the test runs as root. The options are lines of its
// configuration, such as "MaxFileSize 1M", and come before those of the server itself.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	addr := process.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	account := process.Account(t, "clamav")
	return start(t, account, process.Folder(t, account), addr, append(options, "TCPAddr 127.0.0.1", "TCPSocket "+port))
}

// StartUnix runs clamd as Start does, but on a socket in the file system.
func StartUnix(t testing.TB, options ...string) *Server {
	t.Helper()
	account := process.Account(t, "clamav")
	dir := process.Folder(t, account)
	path := filepath.Join(dir, "clamd.sock")
	return start(t, account, dir, "unix:"+path, append(options, "LocalSocket "+path))
}

func start(t testing.TB, account *syscall.Credential, dir, addr string, options []string) *Server {
	t.Helper()
	s := &Server{Addr: addr, dir: dir, options: options, account: account}
	for _, name := range []string{"database", "tmp"} {
		s.makeFolder(t, filepath.Join(dir, name))
	}
	s.AddSignature(t, "Eicar-Test", EICAR())
	s.configure(t)
	command := func() *exec.Cmd { return exec.Command(program(), "--config-file="+filepath.Join(dir, "clamd.conf")) }
	s.Process = process.Start(t, account, command, s.ping)
	return s
}

func (s *Server) ping() error {
	answer, err := s.ask("PING")
	if err == nil && answer != "PONG" {
		err = fmt.Errorf("PING is answered %q", answer)
	}
	return err
}

// configure writes the configuration. Of lines for the same setting clamd takes the first.
func (s *Server) configure(t testing.TB) {
	t.Helper()
	lines := slices.Concat(s.options, []string{
		"DatabaseDirectory " + filepath.Join(s.dir, "database"), "TemporaryDirectory " + filepath.Join(s.dir, "tmp"),
		"Foreground yes", "StreamMaxLength 100M", "AlertExceedsMax yes"})
	s.write(t, "clamd.conf", []byte(strings.Join(lines, "\n")+"\n"))
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
	if !s.Until(loaded) {
		t.Fatalf("clamd does not load version %d of its database", s.database)
	}
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

func (s *Server) makeFolder(t testing.TB, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	process.Own(t, s.account, path)
}
