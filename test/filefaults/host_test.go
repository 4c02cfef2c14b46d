package filefaults_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/binary"
	"github.com/plinth/plinth/test/s3"
)

// halfway begins an upload of 2 MiB that stops in the middle, and gives its end.
func halfway(t testing.TB, s *site, c *apitest.Client) (content *halting, end func() (*apitest.Response, error)) {
	t.Helper()
	const size = 2 << 20
	content = slowly(size/2, size)
	var r *apitest.Response
	var err error
	var sending sync.WaitGroup
	before := value[int](t, s, "select count(*) from app.objects")
	sending.Go(func() { r, err = post(context.WithoutCancel(t.Context()), c, "halfway", content, size) })
	t.Cleanup(func() { content.rest(); sending.Wait() })
	until(t, "the upload has begun", func() bool { return value[int](t, s, "select count(*) from app.objects") > before })
	return content, func() (*apitest.Response, error) { sending.Wait(); return r, err }
}

// TestDatabaseKilledDuringUpload ends the embedded PostgreSQL, which the program starts again.
func TestDatabaseKilledDuringUpload(t *testing.T) {
	t.Parallel()
	s := ownSite(t)
	ada := s.SignUp(t, "ada")
	first := upload(t, ada, "before", []byte("before"))
	content, end := halfway(t, s, ada)
	raw, err := os.ReadFile(filepath.Join(s.dir, "postgres", "data", "postmaster.pid"))
	must(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(raw), "\n", 2)[0])
	must(t, err)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	content.rest()
	r, err := end()
	must(t, err)
	kept := r.Status == http.StatusCreated // a backend outlives its postmaster for a moment
	if !kept {
		wantUnavailable(t, r)
	}
	until(t, "the database is back", func() bool {
		r, err := ada.Try(http.MethodGet, "/v1/files", nil)
		return err == nil && r.Status == http.StatusOK
	})
	s.Owner.Reset()
	wantContent(t, ada, first, []byte("before"))
	if kept {
		ada.Do(t, http.MethodGet, "/v1/files/"+r.Text(t, "id")+"/download", nil).Want(t, http.StatusOK)
	}
	s.settle(t, ada, nil)
}

// TestDiskFull has the folder of files on a disk of its own, which is too small.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := sited(t)
	files := filepath.Join(s.dir, "files")
	must(t, os.Mkdir(files, 0o755))
	s.process = binary.Serve(t, onSmallDisk(binary.Command(t, s.dir, s.env, "serve", "--addr", s.address), files))
	ada := s.SignUp(t, "ada")
	for range 2 {
		r, err := post(t.Context(), ada, "large", stream(20<<20), 20<<20)
		must(t, err)
		wantUnavailable(t, r)
	}
	r := ada.Do(t, http.MethodPost, "/v1/files/uploads", body{"name": "large", "size": 20 << 20, "content_type": "text/plain"}).Want(t, http.StatusCreated)
	_, url, _ := where(r)
	r, err := send(t.Context(), ada, http.MethodPut, url, "text/plain", stream(20<<20), 20<<20)
	must(t, err)
	wantUnavailable(t, r)
	id := upload(t, ada, "small", []byte("small"))
	wantContent(t, ada, id, []byte("small"))
	s.expire(t)
	s.sweep(t, ada)
	until(t, "the sweep is done", func() bool {
		return value[int](t, s, "select count(*) from app.objects where expires_at is not null") == 0
	})
	s.dir = filepath.Join("/proc", strconv.Itoa(s.process.Pid()), "root", s.dir) // as the process sees it
	s.tidy(t, ada, nil)
}

// onSmallDisk is the command with a disk of 8 MiB in a folder, which nobody else sees and which ends with it.
func onSmallDisk(cmd *exec.Cmd, folder string) *exec.Cmd {
	script := `mount -t tmpfs -o size=8m,mode=755 tmpfs "$0" && exec "$@"`
	cmd.Args = append([]string{"unshare", "--mount", "--map-root-user", "sh", "-c", script, folder, cmd.Path}, cmd.Args[1:]...)
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args[:2], cmd.Args[3:]...)
	}
	cmd.Path, cmd.Err = exec.LookPath("unshare")
	return cmd
}

// TestTermination lets an upload end that is under way.
func TestTermination(t *testing.T) {
	t.Parallel()
	b := s3.Start(t, s3.Versioned)
	for name, settings := range map[string][]string{"directory": nil, "bucket": bucket(b, b.Endpoint)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, settings...)
			ada := s.SignUp(t, "ada")
			content, end := halfway(t, s, ada)
			s.process.Terminate(t)
			s.process.WaitFor(t, "draining")
			content.rest()
			r, err := end()
			must(t, err)
			id := r.Want(t, http.StatusCreated).Text(t, "id")
			if err := s.process.Wait(t); err != nil {
				t.Errorf("the server ended with %v", err)
			}
			s.start(t)
			if got, err := fetch(ada, id); err != nil || len(got) != 2<<20 {
				t.Errorf("the file has %d bytes: %v", len(got), err)
			}
			s.settle(t, ada, nil)
		})
	}
}

// TestSecondTermination ends the process at once, and the upload with it.
func TestSecondTermination(t *testing.T) {
	t.Parallel()
	s := sited(t)
	cmd := binary.Command(t, s.dir, s.env, "serve", "--addr", s.address)
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	listening := func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	until(t, "it is ready", func() bool {
		r, err := s.Anonymous().Try(http.MethodGet, "/readyz", nil)
		return err == nil && r.Status == http.StatusOK
	})
	ada := s.SignUp(t, "ada")
	content, end := halfway(t, s, ada)
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	until(t, "it lets nobody in", func() bool { return !listening() })
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		if fmt.Sprint(err) != "exit status 1" {
			t.Errorf("the server ended with %v", err)
		}
	case <-moment(patience / 6):
		t.Error("the server still runs")
	}
	content.rest()
	if r, err := end(); err == nil {
		t.Errorf("the upload was answered %d", r.Status)
	}
	s.start(t)
	s.settle(t, ada, nil)
}
