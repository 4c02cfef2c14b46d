package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/test/s3"
)

func TestPrepare(t *testing.T) {
	versioned, unversioned := s3.Start(t, s3.Versioned), s3.Start(t, s3.Unversioned)
	for range 2 { // the second finds them on
		if !open(t, versioned, versioned.Endpoint).Pinned() {
			t.Error("versions are not on")
		}
	}
	if open(t, unversioned, unversioned.Endpoint).Pinned() {
		t.Error("versions are on")
	}
	wrong := map[string]func(*blob.S3Config){
		"bucket": func(c *blob.S3Config) { c.Bucket = "none" },
		"secret": func(c *blob.S3Config) { c.SecretAccessKey = "wrong" },
		"key":    func(c *blob.S3Config) { c.AccessKeyID = "wrong" },
	}
	for name, change := range wrong {
		c := config(versioned, versioned.Endpoint)
		change(&c)
		s := blob.NewS3(c)
		if err := s.Prepare(t.Context()); err == nil || s.Pinned() {
			t.Errorf("a wrong %s: %v", name, err)
		}
		if err := s.Check(t.Context()); err == nil {
			t.Errorf("a wrong %s passes the check", name)
		}
		if err := opens(t, s, newKey(), `1 "x" `); err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("with a wrong %s an object is missing: %v", name, err)
		}
	}
}

// TestPrepareIsRefused, which is no error, unlike a service that is out of order.
func TestPrepareIsRefused(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	proxy := s3.NewProxy(t, server)
	s := blob.NewS3(config(server, proxy.Endpoint))
	for _, status := range []int{http.StatusForbidden, http.StatusNotImplemented} {
		refused := s3.Status(status)
		proxy.Next(s3.Pass(), refused, refused, refused, refused)
		if err := s.Prepare(t.Context()); err != nil || s.Pinned() {
			t.Errorf("refused with %d: %v", status, err)
		}
	}
	broken := s3.Status(http.StatusServiceUnavailable)
	proxy.Next(s3.Pass(), broken, broken, broken, broken)
	if err := s.Prepare(t.Context()); err == nil || s.Pinned() {
		t.Errorf("out of order: %v", err)
	}
}

// behindProxy gives a store whose requests can be spoiled, with nothing spoiled yet.
func behindProxy(t testing.TB) (*s3.Server, *s3.Proxy, *blob.S3) {
	t.Helper()
	server := s3.Start(t, s3.Versioned)
	proxy := s3.NewProxy(t, server)
	return server, proxy, open(t, server, proxy.Endpoint)
}

func TestErrorsAreTriedAgain(t *testing.T) {
	server, proxy, s := behindProxy(t)
	key, text := newKey(), random(20*mib)
	proxy.Next(s3.Status(http.StatusServiceUnavailable), s3.Status(http.StatusInternalServerError), s3.Pass(),
		s3.Status(http.StatusInternalServerError), s3.Lose(), s3.Pass(), s3.Status(http.StatusServiceUnavailable))
	o := put(t, s, key, text)
	proxy.Next(s3.Status(http.StatusServiceUnavailable), s3.Status(http.StatusServiceUnavailable))
	holds(t, s, key, o.Pin, text)
	proxy.Next(s3.Status(http.StatusInternalServerError))
	moved, err := s.Move(t.Context(), key, o.Pin, newKey())
	if err != nil || moved.Size != o.Size {
		t.Errorf("move: %+v, %v", moved, err)
	}
	if all := server.Entries(t); len(all) != 1 {
		t.Errorf("there are %+v, want the object", all)
	}
}

// TestErrorsEnd: a service that stays broken is asked 4 times.
func TestErrorsEnd(t *testing.T) {
	server, proxy, s := behindProxy(t)
	var faults []s3.Fault
	for range 10 {
		faults = append(faults, s3.Status(http.StatusInternalServerError))
	}
	proxy.Next(faults...)
	if _, err := s.Stat(t.Context(), newKey()); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat: %v", err)
	}
	if n := len(proxy.Seen()); n != 4 {
		t.Errorf("asked %d times", n)
	}
	if all := server.Entries(t); len(all) > 0 {
		t.Errorf("there are %+v", all)
	}
}

// TestPutThatFailsIsAborted, also where its caller is gone.
func TestPutThatFailsIsAborted(t *testing.T) {
	server, proxy, s := behindProxy(t)
	ctx, leave := context.WithCancel(t.Context())
	proxy.Next(s3.Pass(), s3.Status(http.StatusForbidden))
	if _, err := s.Put(ctx, newKey(), bytes.NewReader(random(40*mib)), -1); err == nil {
		t.Error("the put has succeeded")
	}
	proxy.Next(s3.Pass(), func(http.ResponseWriter, *http.Request, http.Handler) { leave() })
	if _, err := s.Put(ctx, newKey(), bytes.NewReader(random(40*mib)), -1); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if all := server.Entries(t); len(all) > 0 {
		t.Errorf("there are %+v", all)
	}
}

// TestLostAnswers are asked for again, or found by the sweep.
func TestLostAnswers(t *testing.T) {
	server, proxy, s := behindProxy(t)
	key := newKey()
	proxy.Next(s3.Lose(), s3.Lose(), s3.Lose(), s3.Lose())
	if _, err := s.Put(t.Context(), key, strings.NewReader("x"), 1); err == nil {
		t.Error("the put has succeeded")
	}
	if found := walked(t, s); len(found) != 1 || found[key].IsZero() {
		t.Errorf("found %v", found)
	}
	if err := s.Delete(t.Context(), key); err != nil || len(server.Entries(t)) > 0 {
		t.Errorf("delete: %v", err)
	}
}

func TestCutDownload(t *testing.T) {
	_, proxy, s := behindProxy(t)
	key, text := newKey(), random(mib)
	o := put(t, s, key, text)
	for _, n := range []int{0, 1, 100_000, mib - 1} {
		for _, asked := range []int64{-1, mib, mib - 1} {
			if int64(n) >= asked && asked > 0 {
				continue
			}
			proxy.Next(s3.Cut(n))
			r, err := s.Open(t.Context(), key, o.Pin, 0, asked)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(got, text[:len(got)]) {
				t.Errorf("cut after %d of %d bytes: read %d, %v", n, asked, len(got), err)
			}
			_ = r.Close()
		}
	}
}

// TestSilentServer is waited for as long as the caller does.
func TestSilentServer(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	key := newKey()
	o := put(t, s, key, []byte("text"))
	server.Stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Open(ctx, key, o.Pin, 0, -1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v", err)
	}
	server.Continue(t)
	holds(t, s, key, o.Pin, []byte("text"))
	server.Kill(t)
	if _, err := s.Stat(t.Context(), key); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("of a server that is gone: %v", err)
	}
	server.Restart(t)
	holds(t, s, key, o.Pin, []byte("text"))
}

// TestMoveAfterCrash after the copy, and in the midst of deleting.
func TestMoveAfterCrash(t *testing.T) {
	for _, size := range []int{10, 257 * mib} {
		server, proxy, s := behindProxy(t)
		from, to, text := newKey(), newKey(), random(size)
		o := put(t, s, from, text)
		copying := 3 // a look at either key, and the copy
		if size > 256*mib {
			copying = 6 // which is a begin, two parts and a completion
		}
		for _, requests := range []int{copying, 3} { // then a look at the copy, and two lists of what to delete
			ctx, crash := context.WithCancel(t.Context())
			passes := slices.Repeat([]s3.Fault{s3.Pass()}, requests)
			proxy.Next(append(passes, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
				crash()
				<-r.Context().Done()
			})...)
			if _, err := s.Move(ctx, from, o.Pin, to); !errors.Is(err, context.Canceled) {
				t.Fatalf("move: %v", err)
			}
			holds(t, s, from, o.Pin, text)
		}
		moved, err := s.Move(t.Context(), from, o.Pin, to)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, s, to, moved.Pin, text)
		gone(t, s, from)
		if again, err := s.Move(t.Context(), from, o.Pin, to); err != nil || again != moved {
			t.Errorf("done again: %+v, %v, want %+v", again, err, moved)
		}
		if err := s.Delete(t.Context(), to); err != nil || len(server.Entries(t)) > 0 {
			t.Errorf("there are %+v: %v", server.Entries(t), err)
		}
	}
}

// TestDeletedBehindTheBack: a delete marker hides an object from Stat, not from its pin, and is removed.
func TestDeletedBehindTheBack(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	key, text := newKey(), random(10)
	o := put(t, s, key, text)
	server.Mark(t, key)
	gone(t, s, key)
	holds(t, s, key, o.Pin, text)
	if found := walked(t, s); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	if err := s.Delete(t.Context(), key); err != nil || len(server.Entries(t)) > 0 {
		t.Errorf("there are %+v: %v", server.Entries(t), err)
	}
	if err := opens(t, s, key, o.Pin); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
}

// TestOthersObjects, of a library that shares the bucket, are not walked over.
func TestOthersObjects(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	server.Overwrite(t, "uploads/a.info", nil)
	server.Begin(t, "uploads/a+b", nil)
	if found := walked(t, s); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}
