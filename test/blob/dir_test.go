package blob_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/blob"
)

func TestDirIsPrivate(t *testing.T) {
	path, d := newDir(t)
	key := newKey()
	put(t, d, key, random(10))
	for name, want := range map[string]os.FileMode{
		path: 0o700, filepath.Join(path, ".partial"): 0o700, filepath.Dir(filepath.Join(path, key)): 0o700, filepath.Join(path, key): 0o400,
	} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

// TestDirKeepsWhatIsThere: neither Put nor Adopt nor Move overwrites.
func TestDirKeepsWhatIsThere(t *testing.T) {
	path, d := newDir(t)
	key, other, text := newKey(), newKey(), random(10)
	o, foreign := put(t, d, key, text), put(t, d, other, random(10))
	_, errPut := d.Put(t.Context(), key, bytes.NewReader(text), 10)
	_, errMove := d.Move(t.Context(), other, foreign.Pin, key)
	_, errAdopt := d.Adopt(t.Context(), key, finished(t, text))
	for _, err := range []error{errPut, errMove, errAdopt} {
		if !errors.Is(err, blob.ErrExists) {
			t.Errorf("%v, want ErrExists", err)
		}
	}
	holds(t, d, key, o.Pin, text)
	if all := files(t, path); len(all) != 2 {
		t.Errorf("there are %q", all)
	}
}

func finished(t testing.TB, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "finished")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAdopt(t *testing.T) {
	_, d := newDir(t)
	key, text := newKey(), random(10)
	path := finished(t, text)
	o, err := d.Adopt(t.Context(), key, path)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, key, o.Pin, text)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still where it was: %v", err)
	}
	if again, err := d.Adopt(t.Context(), key, path); err != nil || again != o {
		t.Errorf("done again: %+v, %v, want %+v", again, err, o)
	}
	if _, err := d.Adopt(t.Context(), newKey(), path); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("adopted nothing: %v", err)
	}
	if _, err := d.Adopt(t.Context(), "../x", path); err == nil {
		t.Error("adopted to a hostile key")
	}
}

// TestDirMoveAfterCrash between the two names.
func TestDirMoveAfterCrash(t *testing.T) {
	path, d := newDir(t)
	from, to, text := newKey(), newKey(), random(10)
	o := put(t, d, from, text)
	new := filepath.Join(path, to)
	if err := errors.Join(os.Mkdir(filepath.Dir(new), 0o700), os.Link(filepath.Join(path, from), new)); err != nil {
		t.Fatal(err)
	}
	moved, err := d.Move(t.Context(), from, o.Pin, to)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, to, moved.Pin, text)
	if all := files(t, path); len(all) != 1 {
		t.Errorf("there are %q", all)
	}
}

// TestDirSeesSetTimes: bytes that were changed and given the old times are others.
func TestDirSeesSetTimes(t *testing.T) {
	path, d := newDir(t)
	key := newKey()
	o := put(t, d, key, []byte("old"))
	file := filepath.Join(path, key)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("new"), 0o600), os.Chmod(file, 0o400), os.Chtimes(file, time.Time{}, info.ModTime()))
	if err != nil {
		t.Fatal(err)
	}
	if err := opens(t, d, key, o.Pin); !errors.Is(err, blob.ErrChanged) {
		t.Errorf("open: %v", err)
	}
}

// TestDirGivesFiles, for sendfile, and of ranges an error where a file shrinks.
func TestDirGivesFiles(t *testing.T) {
	path, d := newDir(t)
	key := newKey()
	o := put(t, d, key, random(100_000))
	all, err := d.Open(t.Context(), key, o.Pin, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = all.Close() }()
	if _, ok := all.(*os.File); !ok {
		t.Errorf("got a %T", all)
	}
	some, err := d.Open(t.Context(), key, o.Pin, 0, 90_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = some.Close() }()
	if err := os.Truncate(filepath.Join(path, key), 50_000); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, some); n != 50_000 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %d bytes: %v", n, err)
	}
}

// TestDirFoldersComeAndGo: objects of one organization are put while its others are deleted, with the folder.
func TestDirFoldersComeAndGo(t *testing.T) {
	path, d := newDir(t)
	var all sync.WaitGroup
	for _, key := range []string{"quarantine/org/a", "quarantine/org/b", "org/a", "org/b"} {
		all.Go(func() {
			for range 100 {
				put(t, d, key, []byte(key))
				if err := d.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	left, err := os.ReadDir(path)
	if err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v, want .partial", left, err)
	}
}

// TestDirDeleteEndsPuts: what is deleted while it is put does not appear later.
func TestDirDeleteEndsPuts(t *testing.T) {
	path, d := newDir(t)
	key := newKey()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := d.Put(t.Context(), key, r, -1)
		ended <- err
	}()
	if _, err := w.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if err := <-ended; err == nil {
		t.Error("the put has succeeded")
	}
	if all := files(t, path); len(all) > 0 {
		t.Errorf("there are %q", all)
	}
}

// TestDirLooksAtNoOtherFiles: what lies in the directory and is no object.
func TestDirLooksAtNoOtherFiles(t *testing.T) {
	path, d := newDir(t)
	secret := finished(t, []byte("secret"))
	folder := filepath.Join(path, "org")
	err := errors.Join(os.MkdirAll(filepath.Join(folder, "folder"), 0o700), os.Symlink(secret, filepath.Join(folder, "link")),
		os.WriteFile(filepath.Join(path, "top"), nil, 0o600), os.WriteFile(filepath.Join(folder, "Large.txt"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"org/folder", "org/link"} {
		gone(t, d, key)
		if err := d.Delete(t.Context(), "org/folder"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if found := walked(t, d); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

func TestDirCheckFails(t *testing.T) {
	path, d := newDir(t)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Check(t.Context()); err == nil {
		t.Error("a directory that is gone is fine")
	}
	if _, err := blob.NewDir(filepath.Join(finished(t, nil), "x")); err == nil {
		t.Error("a directory below a file is fine")
	}
}
