package filefaults_test

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// stream is a content of a size that is nowhere held as a whole.
func stream(size int64) io.Reader {
	block := make([]byte, 251<<10) // of no size that anything is cut by
	_, _ = rand.NewChaCha8([32]byte{}).Read(block)
	return io.LimitReader(&pattern{block: block}, size)
}

// pattern repeats a block without end.
type pattern struct {
	block []byte
	at    int
}

// Read implements io.Reader.
func (p *pattern) Read(b []byte) (int, error) {
	n := copy(b, p.block[p.at:])
	p.at = (p.at + n) % len(p.block)
	return n, nil
}

// halting is a content that stops in between until it is told to go on.
type halting struct {
	io.Reader
	left int
	once sync.Once
	more chan struct{}
}

// slowly is a content of size bytes that halts after the first ones.
func slowly(first, size int) *halting {
	return &halting{Reader: stream(int64(size)), left: first, more: make(chan struct{})}
}

// rest lets the rest go.
func (h *halting) rest() { h.once.Do(func() { close(h.more) }) }

// Read implements io.Reader.
func (h *halting) Read(p []byte) (int, error) {
	if h.left == 0 {
		<-h.more
		return h.Reader.Read(p)
	}
	n, err := h.Reader.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

// partial is how many bytes lie in the directory that are no object yet.
func (s *site) partial(t testing.TB) int64 {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "files", ".partial", "*"))
	must(t, err)
	var total int64
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			total += info.Size()
		}
	}
	return total
}
