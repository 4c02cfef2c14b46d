package blob

import (
	"io/fs"
	"syscall"
)

// identity is a file's inode and the time of its last change, in ns, which users cannot set.
func identity(info fs.FileInfo) (inode uint64, changed int64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino, s.Ctim.Nano()
	}
	return 0, 0
}
