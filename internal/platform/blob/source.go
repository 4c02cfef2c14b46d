package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// source reads what is to be stored, holds it to its size and ends with its context.
type source struct {
	ctx  context.Context
	r    io.Reader
	size int64 // -1: any
	read int64
}

// Read implements io.Reader. io.EOF comes after exactly size bytes.
func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.read += int64(n)
	switch {
	case s.size < 0:
		return n, err
	case s.read > s.size:
		return n, fmt.Errorf("longer than the %d bytes that were announced", s.size)
	case err == io.EOF && s.read < s.size: //nolint:errorlint // as in fill
		return n, fmt.Errorf("%d bytes of the %d that were announced", s.read, s.size)
	}
	return n, err
}

const headBytes = 256 << 10

// head reads until there are most bytes or the source ends, into a buffer that grows with them: many are small, and some slow.
func (s *source) head(most int) (buf []byte, end bool, err error) {
	for n := 0; ; {
		grown := make([]byte, min(max(2*n, headBytes), most))
		copy(grown, buf)
		read, end, err := s.fill(grown[n:])
		buf, n = grown, n+read
		if end || err != nil || n == most {
			return buf[:n], end, err
		}
	}
}

// fill reads until buf is full or the source ends. io.ReadFull does not tell that end from a source that was cut.
func (s *source) fill(buf []byte) (n int, end bool, err error) {
	for n < len(buf) {
		read, err := s.Read(buf[n:])
		n += read
		if err == io.EOF { //nolint:errorlint // one that is wrapped tells of a failure
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// whole is a body that must have exactly left bytes.
type whole struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (w *whole) Read(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	n, err := w.ReadCloser.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	if errors.Is(err, io.EOF) && w.left > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
