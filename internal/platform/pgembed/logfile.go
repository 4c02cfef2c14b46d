package pgembed

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

const (
	// maxLogBytes bounds postgres.log; one older file of the same size is kept.
	maxLogBytes = 8 << 20
	// tailBytes is how much of the newest output an error can quote.
	tailBytes = 4 << 10
)

// logFile is the destination of the server's stderr: a file in two
// generations and the last few kilobytes in memory. Writing never fails,
// because an unwritable log must not stop the server.
type logFile struct {
	mu   sync.Mutex
	path string
	file *os.File
	size int64
	tail []byte
}

func openLogFile(path string) (*logFile, error) {
	l := &logFile{path: path}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.size = f, info.Size()
	return nil
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	if over := len(l.tail) - tailBytes; over > 0 {
		l.tail = append(l.tail[:0], l.tail[over:]...)
	}
	if l.size+int64(len(p)) > maxLogBytes {
		l.rotate()
	}
	if l.file != nil {
		n, _ := l.file.Write(p)
		l.size += int64(n)
	}
	return len(p), nil
}

func (l *logFile) rotate() {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
	if os.Rename(l.path, l.path+".1") == nil {
		_ = l.open() // without a file the tail still works
	}
}

// Tail returns the last lines written since the file was opened.
func (l *logFile) Tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lastLines(string(l.tail), 12)
}

func (l *logFile) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
