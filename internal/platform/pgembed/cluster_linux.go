package pgembed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// readyWithin bounds the time from the postmaster's start to the first
	// answer, crash recovery included.
	readyWithin = 60 * time.Second
	// maxPause is the longest pause between two attempts to connect.
	maxPause = 250 * time.Millisecond
	// abortWithin is what a failed start gives the server to end in order.
	abortWithin = 10 * time.Second
	// waitDelay is how long the backends of a killed postmaster may hold its
	// stderr open before its exit is reported all the same.
	waitDelay = 5 * time.Second
)

// Cluster is a running private PostgreSQL. Its methods may be called from
// several goroutines.
type Cluster struct {
	bin       binaries
	socketDir string
	lock      *os.File
	log       *logFile
	postgres  *process

	stopping chan struct{} // closed when Stop begins
	stopOnce sync.Once
	done     chan struct{}
}

// Start runs PostgreSQL on o.Dir and returns when it answers and has the
// database [Database]. The server ends when Stop is called or when this process
// ends, in whatever way; cancelling ctx after Start has returned does not end
// it. A folder that another process runs is refused at once. Processes and
// files that a killed earlier life left are cleared first. The error of a
// server that does not come up ends with the last lines of its log.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	dir, err := prepareDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("embedded PostgreSQL: %w", err)
	}
	held, err := lock(dir, filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	c, err := start(ctx, dir, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded PostgreSQL: %w", err), unlock(held))
	}
	c.lock = held
	go c.watch()
	return c, nil
}

// prepareDir creates the folder and returns its real absolute path. Others may
// pass through it, since the server's account is another one under root, but
// may not list it.
func prepareDir(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("create data directory: %w", err)
	}
	err = os.Mkdir(dir, 0o711)
	if err == nil {
		err = os.Chmod(dir, 0o711) // past the umask
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("create data directory: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// start does everything that needs the lock.
func start(ctx context.Context, dir string, o Options) (*Cluster, error) {
	data := filepath.Join(dir, "data")
	acct, err := chooseAccount(data)
	if err != nil {
		return nil, err
	}
	if err := endLeftovers(ctx, data, orphanGrace); err != nil {
		return nil, err
	}
	major, err := majorOf(data)
	if err != nil {
		return nil, err
	}
	if o.CacheDir, err = acct.cacheDir(o.CacheDir); err != nil {
		return nil, err
	}
	bin, err := choose(ctx, o, wish{major: major, reachable: acct.reaches})
	if err != nil {
		return nil, err
	}
	if acct, err = acct.enter(dir); err != nil {
		return nil, err
	}
	if major == "" {
		o.logger().InfoContext(ctx, "creating the PostgreSQL cluster", "dir", data, "version", bin.version)
		if err := create(ctx, dir, data, acct, bin); err != nil {
			return nil, err
		}
	}
	if err := dropReusedPID(data); err != nil {
		return nil, fmt.Errorf("remove stale postmaster.pid: %w", err)
	}
	c, err := launch(dir, data, acct, bin)
	if err != nil {
		return nil, err
	}
	if err := c.ready(ctx); err != nil {
		return nil, c.abort(ctx, err)
	}
	o.logger().InfoContext(ctx, "PostgreSQL is ready", "version", bin.version, "dir", dir, "bin", bin.dir)
	return c, nil
}

func launch(dir, data string, acct account, bin binaries) (*Cluster, error) {
	conf := filepath.Join(dir, "postgresql.conf")
	if err := writeSettings(conf); err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	socketDir, err := prepareSocketDir(dir, acct)
	if err != nil {
		return nil, err
	}
	log, err := openLogFile(filepath.Join(dir, "postgres.log"))
	if err != nil {
		return nil, err
	}
	args := append([]string{"-D", data, "-c", "config_file=" + conf}, fixed(socketDir)...)
	cmd := acct.command(syscall.SIGINT, filepath.Join(bin.dir, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = waitDelay
	postgres, err := spawn(cmd)
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	return &Cluster{
		bin:       bin,
		socketDir: socketDir,
		log:       log,
		postgres:  postgres,
		stopping:  make(chan struct{}),
		done:      make(chan struct{}),
	}, nil
}

// ready waits for the first answer and makes the database.
func (c *Cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for pause := pollEvery; ; pause = min(2*pause, maxPause) {
		err := c.ensureDatabase(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.postgres.exited:
			return fmt.Errorf("postgres ended (%v)", c.postgres.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("postgres is not ready (%w): %w", context.Cause(ctx), err)
		case <-time.After(pause):
		}
	}
}

func (c *Cluster) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.URL(Superuser, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", Database).Scan(&exists); err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{Database}.Sanitize())
	return err
}

// abort ends a server that did not become ready, also when ctx is why.
func (c *Cluster) abort(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortWithin)
	defer cancel()
	err := c.end(ctx)
	if tail := c.log.Tail(); tail != "" {
		cause = fmt.Errorf("%w\n%s", cause, tail)
	}
	return errors.Join(cause, err)
}

// watch closes done when the postmaster ends unasked.
func (c *Cluster) watch() {
	<-c.postgres.exited
	select {
	case <-c.stopping:
	default:
		close(c.done)
	}
}

// URL is the connection URL of a role and a database over the private socket.
// No password is needed: reaching the socket is the proof.
func (c *Cluster) URL(user, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(user),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {c.socketDir}, "port": {"5432"}}.Encode(),
	}
	return u.String()
}

// Version is the full version of the running server, such as "15.18".
func (c *Cluster) Version() string { return c.bin.version }

// Done is closed when the postmaster ends without Stop having been called; see
// Err for why. Stop must still be called, it lets go of the folder.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err tells how a postmaster that has ended did so, nil while it runs or after
// an orderly end.
func (c *Cluster) Err() error {
	select {
	case <-c.postgres.exited:
		return c.postgres.err
	default:
		return nil
	}
}

// Stop shuts the server down: open transactions are rolled back, clients cut
// off, a checkpoint written. When ctx ends first the server is killed, which
// loses no committed transaction and costs a crash recovery at the next start,
// and the error says so. Calls after the first return nil.
func (c *Cluster) Stop(ctx context.Context) error {
	var err error
	c.stopOnce.Do(func() {
		close(c.stopping)
		err = errors.Join(c.end(ctx), unlock(c.lock))
	})
	return err
}

func (c *Cluster) end(ctx context.Context) error {
	defer func() {
		c.log.Close()
		_ = os.Remove(c.socketDir) // tidiness: it may lie among the temporary files
	}()
	c.postgres.signal(syscall.SIGINT)
	select {
	case <-c.postgres.exited:
		return nil
	case <-ctx.Done():
	}
	// SIGQUIT makes the postmaster kill its children too, and follow up with
	// SIGKILL after five seconds.
	c.postgres.signal(syscall.SIGQUIT)
	select {
	case <-c.postgres.exited:
	case <-time.After(abortWithin):
		c.postgres.signal(syscall.SIGKILL)
		<-c.postgres.exited
	}
	return fmt.Errorf("PostgreSQL did not shut down in time and was killed: %w", context.Cause(ctx))
}
