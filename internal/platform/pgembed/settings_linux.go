package pgembed

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	socketName = "/.s.PGSQL.5432"
	// maxSocketPath is the longest sun_path without its closing zero, unix(7).
	maxSocketPath = 107
)

// settings is the text of postgresql.conf. ALTER SYSTEM and local.conf override
// it. It lives outside the data directory so that a process running as root
// never writes where the server's account could have put a symbolic link.
const settings = `# Written by Plinth at every start. Put your own settings into local.conf.
include 'data/postgresql.conf'

max_connections = 100
shared_buffers = 256MB
random_page_cost = 1.1
jit = off
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '

include_if_exists 'local.conf'
`

// fixed are the settings that this package relies on; on the command line they
// override every file.
func fixed(socketDir string) []string {
	return []string{
		"-c", "listen_addresses=",
		"-c", "port=5432",
		"-c", "unix_socket_directories=" + socketDirectories(socketDir),
		"-c", "unix_socket_permissions=0700",
		"-c", "logging_collector=off",
		"-c", "log_destination=stderr",
	}
}

// socketDirectories quotes one folder for a setting that is a list.
func socketDirectories(dir string) string {
	return `"` + strings.ReplaceAll(dir, `"`, `""`) + `"`
}

// writeSettings replaces the file in one step: a start that is killed halfway
// must not leave half a file.
func writeSettings(path string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(settings), 0o644); err != nil {
		return err
	}
	if err := os.Chmod(next, 0o644); err != nil { // past the umask: another account reads it
		return err
	}
	return os.Rename(next, path)
}

// prepareSocketDir makes the folder of the socket: dir/run, or where that makes
// too long a path, a folder among the temporary files named after dir.
func prepareSocketDir(dir string, acct account) (string, error) {
	name := fmt.Sprintf("plinth-pg-%x", sha256.Sum256([]byte(dir)))[:26]
	for _, path := range []string{
		filepath.Join(dir, "run"),
		filepath.Join(os.TempDir(), name),
		filepath.Join("/tmp", name),
	} {
		if len(path)+len(socketName) > maxSocketPath || acct.reaches(filepath.Dir(path)) != nil {
			continue
		}
		if err := makePrivate(path, acct); err != nil {
			return "", fmt.Errorf("socket directory: %w", err)
		}
		return path, removeSockets(path)
	}
	return "", errors.New("no reachable folder short enough for a Unix socket: set TMPDIR")
}

// makePrivate makes path, or accepts it, as a folder of mode 0700 of the
// account. A folder of anybody else is refused: it could be a trap laid among
// the temporary files. One of root is ours from a start that was killed before
// the chown.
func makePrivate(path string, acct account) error {
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	uid := info.Sys().(*syscall.Stat_t).Uid
	ours := uid == acct.uid || uid == uint32(os.Geteuid())
	if !info.IsDir() || !ours || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s is not a folder of mode 0700 of ours: remove it", path)
	}
	return acct.own(path)
}

// removeSockets clears what a killed postmaster left. Its lock file would stop
// the next one when the pid in it has been given to another process.
func removeSockets(dir string) error {
	for _, name := range []string{socketName, socketName + ".lock"} {
		if err := os.Remove(dir + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
