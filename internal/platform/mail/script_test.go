package mail_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// script plays a server line by line.
type script struct {
	r *bufio.Reader
	w io.Writer
}

func newScript(conn io.ReadWriter) *script { return &script{bufio.NewReader(conn), conn} }

func (s *script) say(line string) { _, _ = fmt.Fprintf(s.w, "%s\r\n", line) }

// line returns the next line, and the end of a message when there is none.
func (s *script) line() string {
	line, err := s.r.ReadString('\n')
	if err != nil {
		return "."
	}
	return strings.TrimRight(line, "\r\n")
}
