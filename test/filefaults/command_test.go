package filefaults_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/binary"
	"github.com/plinth/plinth/test/clamd"
	"github.com/plinth/plinth/test/s3"
)

func (s *site) run(t testing.TB, more []string, args ...string) binary.Result {
	t.Helper()
	return binary.Run(t, binary.Command(t, s.dir, slices.Concat(s.env, more), args...))
}

// TestDoctorLooksAtFiles breaks the storages and the scanner one after the other.
func TestDoctorLooksAtFiles(t *testing.T) {
	t.Parallel()
	b, scanner, careless := s3.Start(t, s3.Versioned), clamd.Start(t), clamd.Start(t, "AlertExceedsMax no")
	s := newSite(t)
	all := append(bucket(b, b.Endpoint), "CLAMD_ADDR="+scanner.Addr)
	want := func(what string, settings []string, wantStatus int, lines ...string) {
		t.Helper()
		got := s.run(t, settings, "doctor")
		if got.Status != wantStatus {
			t.Errorf("%s: status %d\n%s%s", what, got.Status, got.Stdout, got.Stderr)
		}
		for _, line := range lines {
			if !strings.Contains("\n"+got.Stdout, "\n"+line) {
				t.Errorf("%s: no line %q in\n%s", what, line, got.Stdout)
			}
		}
	}
	const inDir, inBucket, scans = "files can be kept in the data directory", "files can be kept in the bucket", "the virus scanner answers"
	want("well", all, 0, "ok    "+inDir, "ok    "+inBucket, "ok    "+scans)
	if got := s.run(t, all, "doctor"); strings.Contains(got.Stdout, "AlertExceedsMax") {
		t.Errorf("it warns without reason:\n%s", got.Stdout)
	}
	want("careless scanner", []string{"CLAMD_ADDR=" + careless.Addr}, 0, "warn  clamd calls clean what it did not look through", "ok    "+scans)
	scanner.Kill(t)
	want("no scanner", all, 1, "ok    "+inBucket, "FAIL  "+scans)
	b.Kill(t)
	want("no bucket", all, 1, "ok    "+inDir, "FAIL  "+inBucket)
	files := filepath.Join(s.dir, "files")
	must(t, os.RemoveAll(files))
	must(t, os.WriteFile(files, nil, 0o600))
	want("no directory", nil, 1, "FAIL  "+inDir)
}

const movedFiles = 300

// TestMove moves files to a bucket and back, with a kill and an interruption on the way.
func TestMove(t *testing.T) {
	t.Parallel()
	b, scanner := s3.Start(t, s3.Versioned), clamd.Start(t)
	s := newSite(t, "CLAMD_ADDR="+scanner.Addr)
	ada := s.SignUp(t, "ada")
	contents := map[string][]byte{}
	for i := range movedFiles {
		content := []byte(fmt.Sprint("file ", i))
		if i%30 == 0 {
			content = picture(i)
		}
		contents[upload(t, ada, "file", content)] = content
	}
	infected := upload(t, ada, "infected", clamd.EICAR())
	s.drained(t)
	s.stop(t)
	s.env = append(s.env, bucket(b, b.Endpoint)...)
	s.start(t)

	for _, move := range []struct {
		to     string
		signal syscall.Signal
	}{{"s3", syscall.SIGKILL}, {"dir", syscall.SIGINT}} {
		s.breakMove(t, move.to, move.signal)
		wantAll(t, ada, contents, infected)
		began := time.Now()
		got := s.run(t, nil, "files", "move", "--to", move.to)
		if got.Status != 0 || !strings.HasSuffix(got.Stderr, " bytes\n") || strings.Count(got.Stderr, "\n") > int(time.Since(began).Seconds())+1 {
			t.Errorf("move to %s: status %d, %s", move.to, got.Status, got.Stderr)
		}
		if left := value[int](t, s, "select count(*) from app.objects where store <> $1", move.to); left > 0 {
			t.Errorf("%d objects are not in %s", left, move.to)
		}
		wantAll(t, ada, contents, infected)
		s.age(t)
		if got := s.run(t, nil, "files", "strays"); got.Status != 0 {
			t.Errorf("strays: status %d, %s", got.Status, got.Stderr)
		}
		s.wantKeys(t, "dir", s.inDir(t))
		s.wantKeys(t, "s3", inBucket(t, b))
	}
	s.settle(t, ada, b)
}

// breakMove signals to a move when it has moved some files.
func (s *site) breakMove(t testing.TB, to string, signal syscall.Signal) {
	t.Helper()
	moved := func() int { return value[int](t, s, "select count(*) from app.objects where store = $1", to) }
	before := moved()
	cmd := binary.Command(t, s.dir, s.env, "files", "move", "--to", to)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	must(t, cmd.Start())
	until(t, "some files are moved", func() bool { return moved() > before+20 })
	must(t, cmd.Process.Signal(signal))
	err := cmd.Wait()
	if signal == syscall.SIGINT && (fmt.Sprint(err) != "exit status 1" || !strings.HasSuffix(stderr.String(), "plinth: interrupted; run it again to move the rest\n")) {
		t.Errorf("the move ended with %v, %s", err, &stderr)
	}
	if moved() >= movedFiles {
		t.Error("the move was not broken off")
	}
}

func wantAll(t testing.TB, c *apitest.Client, contents map[string][]byte, infected string) {
	t.Helper()
	for id, content := range contents {
		wantContent(t, c, id, content)
	}
	c.Do(t, http.MethodGet, "/v1/files/"+infected+"/download", nil).WantProblem(t, http.StatusForbidden, "file-blocked")
}

// age has all that lies in the directory be two days old.
func (s *site) age(t testing.TB) {
	t.Helper()
	then := time.Now().Add(-48 * time.Hour)
	for _, key := range s.inDir(t) {
		if value[bool](t, s, "select not exists (select from app.objects where store = 'dir' and org_id || '/' || id = $1)", strings.TrimPrefix(key, "quarantine/")) {
			must(t, os.Chtimes(filepath.Join(s.dir, "files", key), then, then))
		}
	}
}

// TestMovePassesOverWhatIsLost moves the others, and tells.
func TestMovePassesOverWhatIsLost(t *testing.T) {
	t.Parallel()
	b := s3.Start(t, s3.Versioned)
	s := newSite(t)
	ada := s.SignUp(t, "ada")
	var ids []string
	for i := range 3 {
		ids = append(ids, upload(t, ada, "file", []byte(fmt.Sprint("file ", i))))
	}
	must(t, os.Remove(filepath.Join(s.dir, "files", ada.Org, ids[1])))
	s.stop(t)
	s.env = append(s.env, bucket(b, b.Endpoint)...)
	got := s.run(t, nil, "files", "move", "--to", "s3")
	if got.Status != 1 || !strings.Contains(got.Stderr, ids[1]) || !strings.HasPrefix(got.Stderr, "2 objects moved, 12 bytes\n") {
		t.Errorf("status %d: %s", got.Status, got.Stderr)
	}
	s.start(t)
	wantContent(t, ada, ids[0], []byte("file 0"))
	wantContent(t, ada, ids[2], []byte("file 2"))
}

// TestStrays removes what is old and nobody's, and nothing else.
func TestStrays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.SignUp(t, "ada")
	id, moved := upload(t, ada, "file", []byte("file")), upload(t, ada, "moved", []byte("moved"))
	s.exec(t, "update app.objects set store = 's3' where id = $1", moved) // by a process that was killed before it deleted this one
	then := time.Now().Add(-25 * time.Hour)
	stray := func(name string, at time.Time) string {
		path := filepath.Join(s.dir, "files", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte("stray"), 0o600))
		must(t, os.Chtimes(path, at, at))
		return path
	}
	const org, other = "0190a3f0-0000-7000-8000-000000000001", "0190a3f0-0000-7000-8000-000000000002"
	old, held := stray(org+"/"+other, then), stray("quarantine/"+org+"/"+other, then)
	young, foreign := stray(other+"/"+org, time.Now()), stray("lost+found", then)
	for _, known := range []string{id, moved} {
		must(t, os.Chtimes(filepath.Join(s.dir, "files", ada.Org, known), then, then))
	}
	got := s.run(t, nil, "files", "strays")
	if want := []string{"dir " + org + "/" + other, "dir " + ada.Org + "/" + moved, "dir quarantine/" + org + "/" + other}; got.Status != 0 || !slices.Equal(sorted(got.Stdout), want) {
		t.Errorf("status %d, strays %q\n%s", got.Status, got.Stdout, got.Stderr)
	}
	for path, want := range map[string]bool{old: false, held: false, young: true, foreign: true, filepath.Join(s.dir, "files", ada.Org, id): true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", path, err == nil, want)
		}
	}
}

func sorted(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return lines
}
