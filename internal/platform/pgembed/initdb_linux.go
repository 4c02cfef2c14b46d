package pgembed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// unfinished is the prefix of the folders that initdb works in.
const unfinished = "initdb-"

// majorOf reads which major version made the cluster, "" when there is none.
func majorOf(data string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read version of the data directory: %w", err)
	}
	if _, err := os.Lstat(data); err == nil {
		return "", fmt.Errorf("data directory %s holds no PG_VERSION and is not a PostgreSQL cluster", data)
	}
	return "", nil
}

// create makes the cluster in a folder beside data and renames it into place
// when it is complete and synced, so that an interruption leaves only a folder
// that the next start removes.
func create(ctx context.Context, dir, data string, acct account, bin binaries) error {
	if err := removeUnfinished(ctx, dir); err != nil {
		return fmt.Errorf("remove interrupted initdb: %w", err)
	}
	work, err := os.MkdirTemp(dir, unfinished)
	if err != nil {
		return fmt.Errorf("create data directory: %w", err)
	}
	if err := acct.own(work); err != nil {
		return fmt.Errorf("give data directory to %s: %w", acct.name, err)
	}
	if err := initdb(ctx, work, acct, bin); err != nil {
		return errors.Join(err, os.RemoveAll(work))
	}
	if err := os.Rename(work, data); err != nil {
		return fmt.Errorf("put data directory in place: %w", err)
	}
	return syncDir(dir)
}

// initdb trusts the socket, whose folder is the protection, and rejects TCP
// should an operator ever switch it on without thinking of pg_hba.conf. The
// order of text is that of bytes; only the classes and cases of letters are
// Unicode's, which pg_trgm needs outside ASCII.
func initdb(ctx context.Context, dir string, acct account, bin binaries) error {
	cmd := acct.command(syscall.SIGKILL, filepath.Join(bin.dir, "initdb"),
		"--pgdata="+dir,
		"--username="+Superuser,
		"--encoding=UTF8",
		"--locale=C",
		"--lc-ctype=C.UTF-8",
		"--data-checksums",
		"--auth-local=trust",
		"--auth-host=reject",
		"--no-instructions",
	)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = waitDelay
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start initdb: %w", err)
	}
	select {
	case <-p.exited:
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group: initdb and its postgres
		<-p.exited
		return fmt.Errorf("initdb: %w", context.Cause(ctx))
	}
	if p.err != nil {
		return fmt.Errorf("initdb: %w: %s", p.err, lastLines(out.String(), 12))
	}
	return nil
}

func removeUnfinished(ctx context.Context, dir string) error {
	left, err := filepath.Glob(filepath.Join(globQuote(dir), unfinished+"*"))
	if err != nil {
		return err
	}
	for _, d := range left {
		if err := endLeftovers(ctx, d, 0); err != nil {
			return err
		}
		if err := os.RemoveAll(d); err != nil {
			return err
		}
	}
	return nil
}

func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
