package blob

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// filePin tells a file from all others, and from itself once it was written to.
type filePin struct {
	inode   uint64
	size    int64
	written int64 // in ns of Unix time, as is changed
	changed int64 // also by links and modes
}

func pinOf(info fs.FileInfo) filePin {
	inode, changed := identity(info)
	return filePin{inode, info.Size(), info.ModTime().UnixNano(), changed}
}

// String is the pin as Object has it.
func (p filePin) String() string {
	return fmt.Sprintf("%d-%d-%d-%d", p.inode, p.size, p.written, p.changed)
}

// sameButChange tells whether only the last change can have been another one: a file that was given another name.
func (p filePin) sameButChange(pin string) bool {
	at := strings.LastIndexByte(pin, '-')
	return at >= 0 && strings.HasPrefix(p.String(), pin[:at+1])
}

// objectPin names an object of S3 by what the service answered. The size is there to hold ranges and transfers to.
type objectPin struct {
	size    int64
	etag    string
	version string // "" without versions
}

// String is the pin as Object has it.
func (p objectPin) String() string { return fmt.Sprintf("%d %s %s", p.size, p.etag, p.version) }

// parsePin gives ErrChanged for what is no pin of S3's.
func parsePin(pin string) (objectPin, error) {
	parts := strings.SplitN(pin, " ", 3)
	if len(parts) != 3 || parts[1] == "" {
		return objectPin{}, ErrChanged
	}
	size, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return objectPin{}, ErrChanged
	}
	return objectPin{size, parts[1], parts[2]}, nil
}
