package files_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/file"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
	"github.com/plinth/plinth/test/s3"
)

// removal is an installation with files in its directory that has got a bucket.
type removal struct {
	*depot
	files *file.Service // of the process that knows both
	ids   []string
}

// moving has a number of files lie in the directory, and then gives the installation a bucket. A test of a scanner has one from
// the beginning.
func moving(t *testing.T, k kind, versions s3.Versions, files int) *removal {
	t.Helper()
	d := newDepot(t, k)
	m := &removal{depot: d}
	for i := range files {
		m.ids = append(m.ids, d.uploaded("a.txt", fmt.Sprint("content ", i), nil))
	}
	d.server.StopRelay() // with all that knows no bucket
	d.bucket = s3.Start(t, versions)
	d.server = d.node(inBucket(d.bucket))
	d.admin = d.admin.At(d.server)
	d.until("the bucket is ready", func() bool { return d.server.App.Files.Stores.S3.Pinned() == bool(versions) })
	m.files = d.server.App.Files
	return m
}

func (m *removal) move(ctx context.Context, to string) (objects int, err error) {
	err = m.files.Move(ctx, to, func(n int, _ int64) { objects = n })
	return objects, err
}

// wantIn fails the test unless all that is stored is in one storage, and all files can be had.
func (m *removal) wantIn(store string) {
	m.Helper()
	m.sweep()
	for _, key := range m.keys() {
		if !strings.HasPrefix(key, store+" ") {
			m.Errorf("there is still %s", key)
		}
	}
	for i, id := range m.ids {
		m.wantContent(m.admin, id, "", fmt.Sprint("content ", i))
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]s3.Versions{"versions": s3.Versioned, "no versions": s3.Unversioned} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := moving(t, inDirScanned, versions, 20)
			bad := m.upload("bad.txt", string(clamd.EICAR()), nil).Text(m, "id")
			m.becomes(bad, "infected")
			picture := m.upload("a.png", string(pngOf(m, picture(64, 64))), nil).Text(m, "id")
			m.until("there is a thumbnail", func() bool { return m.file(picture).Get(m, "thumbnail_id") != nil })
			for _, to := range []string{"dir", "s3", "dir", "s3"} {
				if _, err := m.move(m.Context(), to); err != nil {
					m.Fatalf("move to %s: %v", to, err)
				}
				m.wantIn(to)
				m.get(m.admin, bad, "").WantProblem(m, 403, "file-blocked")
				m.admin.Do(m, "GET", "/v1/files/"+picture+"/thumbnail", nil).Want(m, 200)
			}
			if n, err := m.move(m.Context(), "s3"); n != 0 || err != nil {
				m.Errorf("moved again %d objects, %v", n, err)
			}
			if err := m.files.Move(m.Context(), "tape", func(int, int64) {}); err == nil {
				m.Error("moved to a storage that there is not")
			}
		})
	}
}

// TestMoveEnded ends moves in the middle and begins them again; what is half done is done.
func TestMoveEnded(t *testing.T) {
	t.Parallel()
	m := moving(t, inDirScanned, s3.Versioned, 12)
	moved := 0
	for round := 0; moved < len(m.ids); round++ {
		ctx, cancel := context.WithCancel(m.Context())
		err := m.files.Move(ctx, "s3", func(n int, _ int64) {
			if n == 3 {
				cancel()
			}
		})
		cancel()
		if err == nil && round < 3 {
			m.Fatal("a move that was ended says nothing")
		}
		for i, id := range m.ids {
			m.wantContent(m.admin, id, "", fmt.Sprint("content ", i))
		}
		if moved += 3; err == nil {
			break
		}
	}
	if _, err := m.move(m.Context(), "s3"); err != nil {
		m.Fatal(err)
	}
	m.wantIn("s3")
}

// TestMoveLeftCopies: what a move that was killed has left in either storage does no harm, and goes.
func TestMoveLeftCopies(t *testing.T) {
	t.Parallel()
	m := moving(t, inDirScanned, s3.Versioned, 3)
	m.bucket.Overwrite(m, m.admin.Org+"/"+m.ids[0], []byte("half a co")) // killed before it said so
	m.bucket.Begin(m, m.admin.Org+"/"+m.ids[1], []byte("half a co"))
	path := filepath.Join(m.server.DataDir(), "files", m.admin.Org, m.ids[2])
	content, err := os.ReadFile(path)
	must(m, err)
	_, err = m.move(m.Context(), "s3")
	must(m, err)
	must(m, os.MkdirAll(filepath.Dir(path), 0o700))
	must(m, os.WriteFile(path, content, 0o400)) // killed before it was deleted
	old := time.Now().Add(-25 * time.Hour)
	must(m, os.Chtimes(path, old, old))
	must(m, m.files.Strays(m.Context(), func(string, string) {}))
	m.wantIn("s3")
}

// TestMoveBesideUploads moves to and fro while files come and go: every download is of the right bytes, and in the end all is
// where it belongs.
func TestMoveBesideUploads(t *testing.T) {
	t.Parallel()
	m := moving(t, inDirScanned, s3.Versioned, 5)
	var all sync.WaitGroup
	var mu sync.Mutex
	made := map[string]string{}
	for worker := range 3 {
		all.Go(func() {
			for i := range 25 { // move goes after what goes on to come
				content := fmt.Sprint("of ", worker, ", ", i)
				form, contentType := apitest.Form("a.txt", []byte(content), nil)
				r, err := m.admin.Try("POST", "/v1/files/upload", form, header("Content-Type", contentType))
				if err != nil || r.Status != 201 {
					m.Errorf("upload: %v, %+v", err, r)
					return
				}
				id := r.Text(m, "id")
				if i%5 == 4 {
					if r, err := m.admin.Try("DELETE", "/v1/files/"+id+"?permanently=true", nil); err != nil || r.Status != 204 {
						m.Errorf("delete: %v, %+v", err, r)
					}
					continue
				}
				mu.Lock()
				made[id] = content
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for going, rounds := true, 0; going || rounds < 2; rounds++ {
		for _, to := range []string{"dir", "s3"} {
			if _, err := m.move(m.Context(), to); err != nil {
				m.Errorf("move to %s: %v", to, err)
			}
		}
		select {
		case <-done:
			going = false
		default:
		}
	}
	m.until("all are checked", func() bool { return len(m.unchecked()) == 0 })
	for {
		n, err := m.move(m.Context(), "s3")
		must(m, err)
		if n == 0 {
			break
		}
	}
	m.wantIn("s3")
	for id, content := range made {
		if got := m.file(id).Text(m, "scan_status"); got != "clean" {
			m.Errorf("%s is %s", id, got)
		}
		m.wantContent(m.admin, id, "", content)
	}
	if len(made) != 3*20 {
		m.Errorf("%d files were made", len(made))
	}
}

// TestMoveWhileScanned: a verdict over a content that lies elsewhere by then is not noted as if it lay where it did.
func TestMoveWhileScanned(t *testing.T) {
	t.Parallel()
	m := moving(t, inDirScanned, s3.Versioned, 0)
	m.scanner.Stop(m)
	id := m.upload("a.txt", "content", nil).Text(m, "id")
	bad := m.upload("b.txt", string(clamd.EICAR()), nil).Text(m, "id")
	m.until("it is being scanned", func() bool {
		return len(m.strings("select id::text from app.files where due_at > now()")) == 2
	})
	_, err := m.move(m.Context(), "dir")
	must(m, err)
	m.scanner.Continue(m)
	m.becomes(id, "clean")
	m.becomes(bad, "infected")
	m.wantContent(m.admin, id, "", "content")
	m.until("all is settled", func() bool { return len(m.unchecked()) == 0 })
	m.sweep()
	if _, err := m.move(m.Context(), "s3"); err != nil {
		m.Fatal(err)
	}
	m.ids = nil
	m.wantIn("s3")
}

// TestMoveOfAltered: what is not what was stored is not taken for it; it stays, and so does what can be said of it.
func TestMoveOfAltered(t *testing.T) {
	t.Parallel()
	m := moving(t, inDir, s3.Versioned, 2)
	path := filepath.Join(m.server.DataDir(), "files", m.admin.Org, m.ids[0])
	must(m, os.Chmod(path, 0o600))
	must(m, os.WriteFile(path, []byte("evil bytes"), 0o600))
	m.exec("update app.files set sha256 = $2 where id = $1", m.ids[1], sum("something else"))
	_, err := m.move(m.Context(), "s3")
	if err == nil || !strings.Contains(err.Error(), m.ids[0]) || !strings.Contains(err.Error(), m.ids[1]+": it is not what was stored") {
		m.Errorf("what is altered is moved with %v", err)
	}
	for _, id := range m.ids {
		if m.has("s3 "+m.admin.Org+"/"+id) || !m.has("dir "+m.admin.Org+"/"+id) {
			m.Errorf("the storages have %v", m.keys())
		}
	}
	m.get(m.admin, m.ids[0], "").WantProblem(m, 409, "scan-pending")
	m.becomes(m.ids[0], "failed")
}

func TestStrays(t *testing.T) {
	t.Parallel()
	m := moving(t, inDirScanned, s3.Versioned, 2)
	late := m.uploaded("late.txt", "in the bucket", nil)
	stray, young := m.admin.Org+"/"+"01900000-0000-7000-8000-000000000001", m.admin.Org+"/"+"01900000-0000-7000-8000-000000000002"
	foreign := "somebody/elses"
	folder := filepath.Join(m.server.DataDir(), "files")
	must(m, os.Mkdir(filepath.Join(folder, "somebody"), 0o700))
	for _, key := range []string{stray, young, foreign} {
		must(m, os.WriteFile(filepath.Join(folder, key), []byte("x"), 0o600))
		m.bucket.Overwrite(m, key, []byte("x"))
	}
	old := time.Now().Add(-25 * time.Hour)
	for _, key := range []string{stray, foreign, m.admin.Org + "/" + m.ids[0]} {
		must(m, os.Chtimes(filepath.Join(folder, key), old, old))
	}
	var found []string
	report := func(store, key string) { found = append(found, store+" "+key) }
	must(m, m.files.Strays(m.Context(), report))
	if want := []string{"dir " + stray}; !slices.Equal(found, want) {
		m.Errorf("strays are %v, want %v", found, want)
	}
	m.bucket.Begin(m, stray, []byte("part"))
	m.clock.forward(25 * time.Hour)
	found = nil
	must(m, m.files.Strays(m.Context(), report))
	slices.Sort(found)
	if want := []string{"dir " + young, "s3 " + stray, "s3 " + young}; !slices.Equal(slices.Compact(found), want) {
		m.Errorf("a day later strays are %v, want %v", found, want)
	}
	m.clock.forward(-25 * time.Hour)
	for _, key := range []string{"dir " + foreign, "s3 " + foreign} {
		if !m.has(key) {
			m.Errorf("%s is gone", key)
		}
	}
	for _, key := range []string{"dir " + stray, "dir " + young, "s3 " + stray, "s3 " + young} {
		if m.has(key) {
			m.Errorf("%s is still there", key)
		}
	}
	m.wantContent(m.admin, late, "", "in the bucket")
}
