// Package redis runs Redis servers for tests, and breaks them.
package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/test/process"
)

const answerLimit = 5 * time.Second

// Server is a Redis that keeps nothing on disk and ends with the test.
type Server struct {
	*process.Process
	URL string // redis://127.0.0.1:port

	addr string
}

// Start runs redis-server on a free port of 127.0.0.1, as nobody where the test runs as root. The options are those of its
// command line.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	addr, account := freeAddr(t), process.Account(t, "nobody")
	_, port, _ := net.SplitHostPort(addr)
	args := append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", process.Folder(t, account), "--save", "", "--appendonly", "no"}, options...)
	s := &Server{URL: "redis://" + addr, addr: addr}
	s.Process = process.Start(t, account, func() *exec.Cmd { return exec.Command("redis-server", args...) }, s.ping)
	return s
}

func (s *Server) ping() error {
	answer, err := s.try("PING")
	if err == nil && !strings.HasPrefix(answer, "+PONG") && !strings.HasPrefix(answer, "-NOAUTH") {
		err = fmt.Errorf("PING is answered %q", answer)
	}
	return err
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

// freeAddr is one with a port low enough for that of a cluster's bus, which is 10000 higher.
func freeAddr(t testing.TB) string {
	t.Helper()
	for {
		addr := process.FreeAddr(t)
		_, text, _ := net.SplitHostPort(addr)
		if port, err := strconv.Atoi(text); err == nil && port <= 55535 {
			return addr
		}
	}
}
