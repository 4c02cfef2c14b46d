package pgembed_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/pgembed"
)

// ownerDir makes this binary run a cluster instead of the tests, so that a test
// can kill the owner of one.
const ownerDir = "PGEMBED_TEST_OWNER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerDir); dir != "" {
		os.Exit(own(dir))
	}
	os.Exit(m.Run())
}

// own runs a cluster until it is told to end, and prints "ready" when it is.
func own(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := pgembed.Start(ctx, pgembed.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	<-ctx.Done()
	if err := c.Stop(context.WithoutCancel(ctx)); err != nil {
		return 1
	}
	return 0
}

// clusterDir is a folder that the account of PostgreSQL gets to, which
// t.TempDir under root is not.
func clusterDir(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("", "pgembed")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(parent)) })
	must(t, os.Chmod(parent, 0o755))
	return filepath.Join(parent, "postgres")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, dir string) *pgembed.Cluster {
	t.Helper()
	c, err := pgembed.Start(t.Context(), pgembed.Options{Dir: dir})
	must(t, err)
	t.Cleanup(func() { stop(t, c) })
	return c
}

func stop(t *testing.T, c *pgembed.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	must(t, c.Stop(ctx))
}

func query(t *testing.T, c *pgembed.Cluster, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL(pgembed.Superuser, pgembed.Database))
	must(t, err)
	defer conn.Close(t.Context())
	var answer string
	must(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

func execute(t *testing.T, c *pgembed.Cluster, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL(pgembed.Superuser, pgembed.Database))
	must(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), sql)
	must(t, err)
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	must(t, err)
	line, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(line)
	must(t, err)
	return pid
}

// TestLife follows one cluster from its first start, because making one is what
// takes time.
func TestLife(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	c := start(t, dir)

	t.Run("settings", func(t *testing.T) { checkSettings(t, c) })
	t.Run("socket is private", func(t *testing.T) { checkSocket(t, dir, c) })
	t.Run("no capability without need", func(t *testing.T) { checkCapabilities(t, dir, "0000000000000000") })

	execute(t, c, "create table kept as select 'row' as v")
	_, err := pgembed.Start(t.Context(), pgembed.Options{Dir: dir})
	wantErr := fmt.Sprintf("data directory %s is in use by another Plinth (pid %d)", dir, os.Getpid())
	if err == nil || err.Error() != wantErr {
		t.Fatalf("second start: got %v, want %s", err, wantErr)
	}

	stop(t, c)
	stop(t, c)
	if isClosed(c.Done()) {
		t.Fatal("Done is closed by Stop")
	}
	c = start(t, dir)
	want(t, query(t, c, "select v from kept"), "row")

	must(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	select {
	case <-c.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("Done stays open after the postmaster was killed")
	}
	if c.Err() == nil {
		t.Fatal("no error after the postmaster was killed")
	}
	stop(t, c)
	c = start(t, dir)
	want(t, query(t, c, "select v from kept"), "row")
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func checkSettings(t *testing.T, c *pgembed.Cluster) {
	for name, value := range map[string]string{
		"listen_addresses":   "",
		"server_encoding":    "UTF8",
		"data_checksums":     "on",
		"TimeZone":           "UTC",
		"jit":                "off",
		"fsync":              "on",
		"synchronous_commit": "on",
		"shared_buffers":     "256MB",
		"max_connections":    "100",
		"random_page_cost":   "1.1",
	} {
		if got := query(t, c, "show "+name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	if got := query(t, c, "select datcollate || ' ' || datctype from pg_database where datname = current_database()"); got != "C C.UTF-8" {
		t.Errorf("locale is %s", got)
	}
	if got := query(t, c, "show server_version"); !strings.HasPrefix(got, c.Version()) {
		t.Errorf("Version() = %s, the server says %s", c.Version(), got)
	}
}

func checkSocket(t *testing.T, dir string, c *pgembed.Cluster) {
	config, err := pgx.ParseConfig(c.URL(pgembed.Superuser, pgembed.Database))
	must(t, err)
	for _, path := range []string{config.Host, filepath.Join(dir, "data")} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		uid := info.Sys().(*syscall.Stat_t).Uid
		if running := ownerOf(t, postmaster(t, dir)); uid != running || uid == 0 {
			t.Errorf("%s belongs to uid %d, the server runs as %d", path, uid, running)
		}
	}
}

func ownerOf(t *testing.T, pid int) uint32 {
	t.Helper()
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	must(t, err)
	return info.Sys().(*syscall.Stat_t).Uid
}

func checkCapabilities(t *testing.T, dir, want string) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", postmaster(t, dir)))
	must(t, err)
	for _, set := range []string{"CapEff", "CapPrm", "CapAmb"} {
		if !strings.Contains(string(status), set+":\t"+want+"\n") {
			t.Errorf("postmaster has not %s %s:\n%s", set, want, status)
		}
	}
}

// owner is another process that runs a cluster.
type owner struct {
	cmd *exec.Cmd
	out *os.File
}

func startOwner(t *testing.T, dir string) owner {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	r, w, err := os.Pipe()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), ownerDir+"="+dir)
	cmd.Stdout, cmd.Stderr = w, os.Stderr
	must(t, cmd.Start())
	must(t, w.Close())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // ended already unless the test failed
		_ = cmd.Wait()
		r.Close()
	})
	return owner{cmd: cmd, out: r}
}

func (o owner) awaitReady(t *testing.T) {
	t.Helper()
	must(t, o.out.SetReadDeadline(time.Now().Add(60*time.Second)))
	buf := make([]byte, 4096)
	n, err := o.out.Read(buf)
	must(t, err)
	want(t, string(buf[:n]), "ready\n")
}

func (o owner) kill(t *testing.T) {
	t.Helper()
	must(t, o.cmd.Process.Kill())
	_ = o.cmd.Wait() // the error is the kill
}

// TestOwnerKilled also has the long path and, as root, the closed folder: what
// they change is how processes start.
func TestOwnerKilled(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	must(t, os.Chmod(parent, 0o700))
	dir := filepath.Join(parent, strings.Repeat("long-", 20), "postgres")

	c := start(t, dir)
	if os.Geteuid() == 0 {
		checkCapabilities(t, dir, "0000000000000004") // CAP_DAC_READ_SEARCH alone
	}
	if strings.Contains(c.URL("u", "d"), "long-") {
		t.Fatalf("socket at too long a path: %s", c.URL("u", "d"))
	}
	execute(t, c, "create table committed (v text)")
	stop(t, c)

	first := startOwner(t, dir)
	first.awaitReady(t)
	want(t, query(t, c, "insert into committed values ('first') returning v"), "first")
	orphan := postmaster(t, dir)
	checkpointer, err := strconv.Atoi(query(t, c, "select pid::text from pg_stat_activity where backend_type = 'checkpointer'"))
	must(t, err)
	must(t, syscall.Kill(checkpointer, syscall.SIGSTOP)) // makes the shutdown take long
	resume := sync.OnceValue(func() error { return syscall.Kill(checkpointer, syscall.SIGCONT) })
	t.Cleanup(func() { _ = resume() }) // for a test that failed before
	first.kill(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = pgembed.Start(ctx, pgembed.Options{Dir: dir})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for earlier PostgreSQL processes") {
		t.Fatalf("start beside an orphan: got %v", err)
	}
	must(t, resume())
	second := startOwner(t, dir)
	second.awaitReady(t)
	if postmaster(t, dir) == orphan {
		t.Fatal("the orphan postmaster still runs")
	}

	want(t, query(t, c, "insert into committed values ('second') returning v"), "second")
	conn, err := pgx.Connect(t.Context(), c.URL(pgembed.Superuser, pgembed.Database))
	must(t, err)
	defer conn.Close(t.Context())
	orphan = postmaster(t, dir)
	must(t, second.cmd.Process.Signal(syscall.SIGSTOP))
	must(t, syscall.Kill(orphan, syscall.SIGKILL))
	second.kill(t)

	c = start(t, dir)
	want(t, query(t, c, "select string_agg(v, ',' order by v) from committed"), "first,second")
}

// TestOrphanEnds shows that the server shuts down in order when its owner is
// killed and nobody starts another.
func TestOrphanEnds(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	o := startOwner(t, dir)
	o.awaitReady(t)
	o.kill(t)
	eventually(t, "the orphan postmaster removes its pid file, its last act", func() bool {
		_, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid"))
		return errors.Is(err, os.ErrNotExist)
	})

	t.Run("reused pid", func(t *testing.T) {
		file := filepath.Join(dir, "data", "postmaster.pid")
		info, err := os.Stat(filepath.Dir(file))
		must(t, err)
		st := info.Sys().(*syscall.Stat_t)
		must(t, os.WriteFile(file, fmt.Appendf(nil, "%d\n%s\n", bystander(t, st.Uid, st.Gid), filepath.Dir(file)), 0o600))
		must(t, os.Chown(file, int(st.Uid), int(st.Gid)))
		want(t, query(t, start(t, dir), "select 'ok'"), "ok")
	})
}

// bystander is a process of the server's account that is no PostgreSQL.
func bystander(t *testing.T, uid, gid uint32) int {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, cmd.Process.Kill())
		_ = cmd.Wait() // the error is the kill
	})
	return cmd.Process.Pid
}

func TestInterruptedInitdb(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	o := startOwner(t, dir)
	eventually(t, "initdb is at work", func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "initdb-*", "global", "pg_control"))
		return err == nil && len(found) == 1
	})
	o.kill(t)
	if _, err := os.Stat(filepath.Join(dir, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a half-made cluster is in place: %v", err)
	}

	want(t, query(t, start(t, dir), "select 'ok'"), "ok")
	left, err := filepath.Glob(filepath.Join(dir, "initdb-*"))
	must(t, err)
	if len(left) > 0 {
		t.Fatalf("left over: %v", left)
	}
}

func TestCancelledStart(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	because := errors.New("changed my mind")
	go func() {
		for ctx.Err() == nil {
			if found, _ := filepath.Glob(filepath.Join(dir, "initdb-*", "base")); len(found) > 0 {
				cancel(because)
			}
		}
	}()
	if _, err := pgembed.Start(ctx, pgembed.Options{Dir: dir}); !errors.Is(err, because) {
		t.Fatalf("got %v, want %v", err, because)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("initdb was not cut short: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "initdb-*"))
	must(t, err)
	if len(left) > 0 {
		t.Fatalf("left over: %v", left)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"other major version": {
			func(t *testing.T, dir string) { fakeCluster(t, dir, "9") },
			"was made by PostgreSQL 9: install the Debian package postgresql-9",
		},
		"no cluster": {
			func(t *testing.T, dir string) { fakeCluster(t, dir, "") },
			"is not a PostgreSQL cluster",
		},
		"server does not start": {
			func(t *testing.T, dir string) {
				must(t, os.MkdirAll(dir, 0o755))
				must(t, os.WriteFile(filepath.Join(dir, "local.conf"), []byte("no_such_setting = 1\n"), 0o644))
			},
			`unrecognized configuration parameter "no_such_setting"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := clusterDir(t)
			test.prepare(t, dir)
			c, err := pgembed.Start(t.Context(), pgembed.Options{Dir: dir})
			if err == nil {
				stop(t, c)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
}

func fakeCluster(t *testing.T, dir, version string) {
	t.Helper()
	data := filepath.Join(dir, "data")
	must(t, os.MkdirAll(data, 0o700))
	if version != "" {
		must(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(version+"\n"), 0o600))
	}
	if os.Geteuid() == 0 {
		must(t, os.Chown(data, 65534, 65534))
	}
}
