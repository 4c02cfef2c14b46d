package scan

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const (
	chunkBytes    = 64 << 10
	sizeBytes     = 4       // before each chunk
	longestAnswer = 4 << 10 // names of signatures are far shorter
	lastWords     = time.Second
)

// session is a connection on which clamd numbers its answers (IDSESSION), and behind which is one clamd, whoever shares out
// the connections.
type session struct {
	conn     net.Conn
	answers  *bufio.Reader
	asked    int
	progress time.Duration
}

// version gives the answer to VERSION.
func (s *session) version() (string, error) {
	answer, err := s.ask("VERSION")
	if err == nil && !strings.HasPrefix(answer, "ClamAV ") {
		err = fmt.Errorf("clamd answered %q", answer)
	}
	return answer, err
}

// ask sends a command and gives the answer to it.
func (s *session) ask(command string) (string, error) {
	if err := s.command(command); err != nil {
		return "", err
	}
	return s.answer(s.progress)
}

// stream sends all of r and gives the answer to it, within a second for each MiB on top of the limit.
func (s *session) stream(r io.Reader, limit time.Duration) (string, error) {
	if err := s.command("INSTREAM"); err != nil {
		return "", err
	}
	chunk, sent := make([]byte, sizeBytes+chunkBytes), 0
	for end := false; !end; {
		n, last, err := fill(r, chunk[sizeBytes:])
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrSource, err)
		}
		if n > 0 {
			err = s.sendChunk(chunk[:sizeBytes+n])
		}
		if err != nil {
			return s.refusal(err)
		}
		end, sent = last, sent+n
	}
	if err := s.sendChunk(chunk[:sizeBytes]); err != nil { // an empty one is the end
		return s.refusal(err)
	}
	return s.answer(limit + time.Duration(sent)*time.Second>>20)
}

// refusal is why clamd took no more of a stream, if it said so. No other answer to a part of it is one.
func (s *session) refusal(err error) (string, error) {
	if answer, errAnswer := s.answer(lastWords); errAnswer == nil && strings.HasSuffix(answer, " ERROR") {
		return answer, nil
	}
	return "", err
}

func (s *session) command(name string) error {
	s.asked++
	return s.send([]byte("z" + name + "\x00"))
}

// sendChunk sends what follows the room for its size.
func (s *session) sendChunk(chunk []byte) error {
	binary.BigEndian.PutUint32(chunk, uint32(len(chunk)-sizeBytes))
	return s.send(chunk)
}

func (s *session) send(b []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.progress)); err != nil {
		return fmt.Errorf("send to clamd: %w", err)
	}
	if _, err := s.conn.Write(b); err != nil {
		return fmt.Errorf("send to clamd: %w", err)
	}
	return nil
}

// answer reads the answer to the latest command.
func (s *session) answer(limit time.Duration) (string, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return "", fmt.Errorf("read clamd's answer: %w", err)
	}
	line, err := s.answers.ReadSlice(0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", fmt.Errorf("read clamd's answer: %w", err)
	}
	answer, ok := strings.CutPrefix(string(line[:len(line)-1]), fmt.Sprintf("%d: ", s.asked))
	if !ok {
		return "", fmt.Errorf("clamd answered %q", line)
	}
	return answer, nil
}

// fill reads until b is full or r has ended. Only a bare io.EOF ends r: an io.ErrUnexpectedEOF, or what wraps one, is of a
// source that was cut off, and the rest of which nobody would look through.
func fill(r io.Reader, b []byte) (n int, end bool, err error) {
	for n < len(b) {
		m, err := r.Read(b[n:])
		n += m
		if err == io.EOF {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}
