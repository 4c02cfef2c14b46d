// Package blob_test holds both stores of package blob to one suite: a directory, and a real S3 service with versions and without.
package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/test/s3"
)

const mib = 1 << 20

// ground is a store with what its owner can do behind its back.
type ground struct {
	blob.Store
	overwrite func(t testing.TB, key string, text []byte)
	all       func(t testing.TB) int         // objects, versions, markers, uploads and partial files
	partial   func(t testing.TB, key string) // leaves what a crash leaves
	versioned bool                           // what is overwritten can still be read
	written   bool                           // what is there cannot be put again
}

// onEach runs a test on each kind of store.
func onEach(t *testing.T, test func(t *testing.T, g ground)) {
	t.Run("dir", func(t *testing.T) { test(t, inDir(t)) })
	t.Run("s3 versioned", func(t *testing.T) { test(t, inS3(t, s3.Start(t, s3.Versioned))) })
	t.Run("s3 unversioned", func(t *testing.T) { test(t, inS3(t, s3.Start(t, s3.Unversioned))) })
}

func inDir(t testing.TB) ground {
	t.Helper()
	path, d := newDir(t)
	return ground{
		Store: d, written: true,
		overwrite: func(t testing.TB, key string, text []byte) {
			t.Helper()
			file := filepath.Join(path, key)
			if err := errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, text, 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		all: func(t testing.TB) int { return len(files(t, path)) },
		partial: func(t testing.TB, key string) {
			t.Helper()
			crash(t, d, key, func() bool { return len(files(t, path)) > 0 })
		},
	}
}

func newDir(t testing.TB) (string, *blob.Dir) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "objects")
	d, err := blob.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, d
}

// crash leaves the partial file of a put that never ends while the test looks. The put itself ends with the test.
func crash(t testing.TB, d *blob.Dir, key string, begun func() bool) {
	t.Helper()
	r, w := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err := d.Put(context.Background(), key, r, -1)
		_ = r.CloseWithError(err)
	}()
	t.Cleanup(func() {
		_ = w.CloseWithError(errors.New("crash"))
		<-ended
	})
	if _, err := w.Write([]byte("half")); err != nil || !begun() {
		t.Fatalf("no partial file: %v", err)
	}
}

// files lists all below a folder, but for folders.
func files(t testing.TB, folder string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func inS3(t testing.TB, server *s3.Server) ground {
	t.Helper()
	store := open(t, server, server.Endpoint)
	return ground{
		Store: store, versioned: store.Pinned(),
		overwrite: server.Overwrite,
		all:       func(t testing.TB) int { return len(server.Entries(t)) },
		partial:   func(t testing.TB, key string) { server.Begin(t, key, []byte("half")) },
	}
}

// open gives a store over a server, or over a proxy before it.
func open(t testing.TB, server *s3.Server, endpoint string) *blob.S3 {
	t.Helper()
	store := blob.NewS3(config(server, endpoint))
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

func config(server *s3.Server, endpoint string) blob.S3Config {
	return blob.S3Config{
		Endpoint: endpoint, Bucket: server.Bucket, Region: server.Region, ForcePathStyle: true,
		AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey,
	}
}

func newKey() string { return uuid.NewString() + "/" + uuid.NewString() }

// random makes bytes that differ from those of any other call.
func random(size int) []byte {
	text := make([]byte, size)
	source := rand.NewChaCha8([32]byte([]byte(uuid.NewString())[:32]))
	_, _ = source.Read(text)
	return text
}

func put(t testing.TB, s blob.Store, key string, text []byte) blob.Object {
	t.Helper()
	o, err := s.Put(t.Context(), key, bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatalf("put %d bytes: %v", len(text), err)
	}
	if o.Size != int64(len(text)) || o.Pin == "" {
		t.Fatalf("put %d bytes: %+v", len(text), o)
	}
	return o
}

// read gives n bytes from offset.
func read(t testing.TB, s blob.Store, key, pin string, offset, n int64) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), key, pin, offset, n)
	if err != nil {
		t.Fatalf("open %d bytes from %d: %v", n, offset, err)
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %d bytes from %d: %v", n, offset, err)
	}
	return text
}

func holds(t testing.TB, s blob.Store, key, pin string, want []byte) {
	t.Helper()
	if got := read(t, s, key, pin, 0, -1); !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, want the %d that were put", len(got), len(want))
	}
}

// opens gives the error of opening, and of what it opened nothing.
func opens(t testing.TB, s blob.Store, key, pin string) error {
	t.Helper()
	r, err := s.Open(t.Context(), key, pin, 0, -1)
	if err == nil {
		_ = r.Close()
	}
	return err
}

func stat(t testing.TB, s blob.Store, key string) blob.Object {
	t.Helper()
	o, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatalf("stat: %v", err)
	}
	return o
}

func walked(t testing.TB, s blob.Store) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	err := s.Walk(t.Context(), func(key string, written time.Time) error {
		found[key] = written
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return found
}

func gone(t testing.TB, s blob.Store, key string) {
	t.Helper()
	if o, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat: %+v, %v, want ErrNotFound", o, err)
	}
}
