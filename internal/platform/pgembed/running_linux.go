package pgembed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Running gives the connection URLs of a cluster that another process runs, for
// what may work beside it. It is meant for after [Start] has failed with
// [ErrInUse]: on its own it proves nothing, since the cluster's owner may end at
// any moment.
func Running(o Options) (url func(user, database string) string, err error) {
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("find the running PostgreSQL: %w", err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		return nil, fmt.Errorf("find the running PostgreSQL: %w", err)
	}
	socketDir, ok := socketOf(string(raw))
	if !ok {
		return nil, errors.New("the running PostgreSQL is not ready yet: try again")
	}
	return (&Cluster{socketDir: socketDir}).URL, nil
}

// socketOf reads the folder of the socket from a postmaster.pid, once the server
// has noted in the last of its eight lines that it is ready.
// See https://www.postgresql.org/docs/current/storage-file-layout.html and miscadmin.h.
func socketOf(pidFile string) (dir string, ok bool) {
	const socketLine, statusLine = 4, 7
	lines := strings.Split(pidFile, "\n")
	if len(lines) <= statusLine || strings.TrimSpace(lines[statusLine]) != "ready" {
		return "", false
	}
	return lines[socketLine], lines[socketLine] != ""
}
