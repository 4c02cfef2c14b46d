package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/plinth/plinth/internal/platform/blob"
)

// TestSizes around the borders of a part, announced and not.
func TestSizes(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		for _, size := range []int{0, 1, 16*mib - 1, 16 * mib, 16*mib + 1, 32 * mib, 40 * mib} {
			text := random(size)
			for _, announced := range []int64{int64(size), -1} {
				key := newKey()
				o, err := g.Put(t.Context(), key, bytes.NewReader(text), announced)
				if err != nil || o.Size != int64(size) {
					t.Fatalf("put %d bytes, announced as %d: %+v, %v", size, announced, o, err)
				}
				if got := stat(t, g, key); got != o {
					t.Errorf("stat of %d bytes: %+v, put had %+v", size, got, o)
				}
				holds(t, g, key, o.Pin, text)
			}
		}
	})
}

func TestRanges(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		key, text := newKey(), random(1000)
		o := put(t, g, key, text)
		for _, test := range []struct{ offset, n, from, to int64 }{
			{0, -1, 0, 1000}, {0, 1000, 0, 1000}, {0, 1, 0, 1}, {999, 1, 999, 1000}, {100, 200, 100, 300}, {500, -1, 500, 1000},
			{0, 2000, 0, 1000}, {900, 101, 900, 1000}, {1000, -1, 0, 0}, {1000, 5, 0, 0}, {10, 0, 0, 0},
		} {
			if got := read(t, g, key, o.Pin, test.offset, test.n); !bytes.Equal(got, text[test.from:test.to]) {
				t.Errorf("%d bytes from %d: got %d others", test.n, test.offset, len(got))
			}
		}
		for _, offset := range []int64{-1, 1001} {
			if _, err := g.Open(t.Context(), key, o.Pin, offset, 1); err == nil {
				t.Errorf("an offset of %d is fine", offset)
			}
		}
		none := newKey()
		if got := read(t, g, none, put(t, g, none, nil).Pin, 0, 5); len(got) > 0 {
			t.Errorf("an empty object has %q", got)
		}
	})
}

// TestNothingIsLeftOfAFailure: of a reader, of a lie about the size, of a caller who goes.
func TestNothingIsLeftOfAFailure(t *testing.T) {
	broken := errors.New("broken")
	onEach(t, func(t *testing.T, g ground) {
		for _, size := range []int{0, 10, 16 * mib, 20 * mib, 36 * mib} {
			text := func() io.Reader { return bytes.NewReader(make([]byte, size)) }
			gone, leave := context.WithCancel(t.Context())
			for name, test := range map[string]struct {
				ctx  context.Context
				r    io.Reader
				size int64
				want error
			}{
				"short":       {t.Context(), text(), int64(size) + 1, nil},
				"long":        {t.Context(), io.MultiReader(text(), strings.NewReader("x")), int64(size), nil},
				"broken":      {t.Context(), io.MultiReader(text(), iotest.ErrReader(broken)), -1, broken},
				"cut":         {t.Context(), io.MultiReader(text(), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, io.ErrUnexpectedEOF},
				"caller goes": {gone, io.MultiReader(text(), readerFunc(func() { leave() })), -1, context.Canceled},
				"caller gone": {canceled(t), text(), int64(size), context.Canceled},
			} {
				key := newKey()
				_, err := g.Put(test.ctx, key, test.r, test.size)
				if err == nil || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("%s after %d bytes: %v, want %v", name, size, err, test.want)
				}
				if _, err := g.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
					t.Errorf("%s after %d bytes: stat gives %v", name, size, err)
				}
			}
		}
		if n := g.all(t); n > 0 {
			t.Errorf("%d things are left", n)
		}
	})
}

// readerFunc does something once it is read, and has a byte.
type readerFunc func()

func (f readerFunc) Read(p []byte) (int, error) {
	f()
	return copy(p, "x"), nil
}

func canceled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// TestOverwritten: who gets at the key shows readers of the pin no other bytes, also none of the same size.
func TestOverwritten(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		for _, size := range []int{0, 10, 11, 1000} {
			key, text := newKey(), random(10)
			o := put(t, g, key, text)
			g.overwrite(t, key, random(size))
			for _, n := range []int64{-1, 10, 1, 0} {
				r, err := g.Open(t.Context(), key, o.Pin, 0, n)
				switch {
				case g.versioned && err == nil:
					_ = r.Close()
				case g.versioned || !errors.Is(err, blob.ErrChanged):
					t.Errorf("%d bytes after %d others were written: %v", n, size, err)
				}
			}
			if g.versioned {
				holds(t, g, key, o.Pin, text)
			} else if _, err := g.Move(t.Context(), key, o.Pin, newKey()); !errors.Is(err, blob.ErrChanged) {
				t.Errorf("moved: %v", err)
			}
			if now := stat(t, g, key); now.Pin == o.Pin || now.Size != int64(size) {
				t.Errorf("pinned anew: %+v, before %+v", now, o)
			}
		}
	})
}

// TestForeignPins: neither another object's nor nonsense opens anything.
func TestForeignPins(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		key, other := newKey(), newKey()
		o, foreign := put(t, g, key, random(10)), put(t, g, other, random(10))
		for _, pin := range []string{foreign.Pin, "", " ", "x", "10  ", "-", o.Pin + "x", strings.TrimSuffix(o.Pin, o.Pin[len(o.Pin)-1:])} {
			if err := opens(t, g, key, pin); err == nil {
				t.Errorf("pin %q opens it", pin)
			}
			if _, err := g.Move(t.Context(), key, pin, newKey()); err == nil {
				t.Errorf("pin %q moves it", pin)
			}
		}
		if err := opens(t, g, newKey(), o.Pin); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("of no object: %v", err)
		}
	})
}

func TestMove(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		from, to, text := "quarantine/"+newKey(), newKey(), random(2*mib)
		o := put(t, g, from, text)
		moved, err := g.Move(t.Context(), from, o.Pin, to)
		if err != nil || moved.Size != o.Size {
			t.Fatalf("move: %+v, %v", moved, err)
		}
		if again, err := g.Move(t.Context(), from, o.Pin, to); err != nil || again != moved {
			t.Errorf("done again: %+v, %v, want %+v", again, err, moved)
		}
		holds(t, g, to, moved.Pin, text)
		gone(t, g, from)
		if err := opens(t, g, from, o.Pin); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the old key: %v", err)
		}
		if n := g.all(t); n != 1 {
			t.Errorf("%d things are left, want the object", n)
		}
		if _, err := g.Move(t.Context(), to, moved.Pin, to); err == nil {
			t.Error("an object is moved to where it is")
		}
		other := newKey()
		put(t, g, other, text)
		if _, err := g.Move(t.Context(), newKey(), o.Pin, other); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("nothing is moved to where another object is: %v", err)
		}
		holds(t, g, to, moved.Pin, text)
	})
}

func TestDelete(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		key, text := newKey(), random(10)
		org, _, _ := strings.Cut(key, "/")
		near := []string{key + "0", key + "-x", key[:len(key)-1], org + "/x"}
		pins := map[string]string{}
		for _, k := range near {
			pins[k] = put(t, g, k, text).Pin
			g.partial(t, k+"p")
		}
		before := g.all(t)
		g.partial(t, key)
		g.partial(t, key)
		o := put(t, g, key, text)
		g.overwrite(t, key, random(10))
		g.overwrite(t, key, random(20))
		for range 2 {
			if err := g.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			gone(t, g, key)
			if err := opens(t, g, key, o.Pin); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("open: %v", err)
			}
			if n := g.all(t); n != before {
				t.Errorf("%d things are there, before it were %d", n, before)
			}
		}
		for _, k := range near {
			holds(t, g, k, pins[k], text)
		}
	})
}

// TestCrashesAreFound by Walk, and removed by Delete.
func TestCrashesAreFound(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		begun := time.Now().Add(-2 * time.Second) // S3 tells seconds
		want := map[string]bool{}
		for _, prefix := range []string{"", "quarantine/"} {
			whole, partial := prefix+newKey(), prefix+newKey()
			put(t, g, whole, random(10))
			g.partial(t, partial)
			want[whole], want[partial] = true, true
		}
		found := walked(t, g)
		for key, written := range found {
			if !want[key] || written.Before(begun) || written.After(time.Now().Add(time.Second)) {
				t.Errorf("found %s, written %v", key, written)
			}
		}
		if len(found) != len(want) {
			t.Errorf("found %d keys, want %d", len(found), len(want))
		}
		stop := errors.New("stop")
		if err := g.Walk(t.Context(), func(string, time.Time) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("the error of the function is %v", err)
		}
		err := g.Walk(t.Context(), func(key string, _ time.Time) error { return g.Delete(t.Context(), key) })
		if err != nil || len(walked(t, g)) > 0 || g.all(t) > 0 {
			t.Errorf("%d things are left: %v", g.all(t), err)
		}
	})
}

// TestWalkGoesOn beyond a batch.
func TestWalkGoesOn(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		const n = 1100
		for i := range n {
			put(t, g, fmt.Sprintf("org/%d", i), nil)
		}
		if found := walked(t, g); len(found) != n {
			t.Errorf("found %d of %d", len(found), n)
		}
		err := g.Walk(t.Context(), func(key string, _ time.Time) error { return g.Delete(t.Context(), key) })
		if err != nil || g.all(t) > 0 {
			t.Errorf("%d are left: %v", g.all(t), err)
		}
	})
}

func TestHostileKeys(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		valid := newKey()
		o := put(t, g, valid, random(10))
		for _, key := range []string{
			"", "/", "a", "a/", "/a", "a//b", "a/b/", "a/b/c/d", "../a", "a/..", "a/../b", "./a", "a/.", ".partial/a", "a/b\x00", "a\\b", "a/b\n",
			"A/b", "a/b?versionId=1", "a/b#", "a/%2e%2e", "a/b c", "a/é", "a/" + strings.Repeat("x", 65), strings.Repeat("a/", 1000) + "a",
		} {
			_, errPut := g.Put(t.Context(), key, strings.NewReader("x"), 1)
			_, errStat := g.Stat(t.Context(), key)
			_, errOpen := g.Open(t.Context(), key, o.Pin, 0, -1)
			_, errTo := g.Move(t.Context(), valid, o.Pin, key)
			_, errFrom := g.Move(t.Context(), key, o.Pin, newKey())
			for i, err := range []error{errPut, errStat, errOpen, errTo, errFrom, g.Delete(t.Context(), key)} {
				if err == nil || errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrChanged) {
					t.Errorf("%q, call %d: %v", key, i, err)
				}
			}
		}
		if n := g.all(t); n != 1 {
			t.Errorf("%d things are there, want the one", n)
		}
	})
}

func TestConcurrentPuts(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		const n = 16
		shared, texts := newKey(), make([][]byte, n)
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range n {
			texts[i] = random(100_000 + i)
			all.Go(func() {
				key := newKey()
				o, err := g.Put(t.Context(), key, bytes.NewReader(texts[i]), -1)
				if err != nil {
					t.Error(err)
					return
				}
				holds(t, g, key, o.Pin, texts[i])
				o, err = g.Put(t.Context(), shared, bytes.NewReader(texts[i]), -1)
				switch {
				case err == nil:
					won.Add(1)
					if g.written || g.versioned {
						holds(t, g, shared, o.Pin, texts[i])
					}
				case !g.written || !errors.Is(err, blob.ErrExists):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if g.written && won.Load() != 1 {
			t.Errorf("%d have written one object", won.Load())
		}
		o := stat(t, g, shared)
		holds(t, g, shared, o.Pin, texts[o.Size-100_000])
	})
}

// TestMemoryStaysFlat over 512 MiB, which then is moved and read.
func TestMemoryStaysFlat(t *testing.T) {
	const size, bound = 512 * mib, 100 * mib
	onEach(t, func(t *testing.T, g ground) {
		runtime.GC()
		r := &sampled{left: size}
		from, to := newKey(), newKey()
		before := r.sample()
		o, err := g.Put(t.Context(), from, r, -1)
		if err != nil || o.Size != size {
			t.Fatalf("%+v, %v", o, err)
		}
		moved, err := g.Move(t.Context(), from, o.Pin, to)
		if err != nil || moved.Size != size {
			t.Fatalf("%+v, %v", moved, err)
		}
		if again, err := g.Move(t.Context(), from, o.Pin, to); err != nil || again != moved {
			t.Errorf("done again: %+v, %v, want %+v", again, err, moved)
		}
		body, err := g.Open(t.Context(), to, moved.Pin, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(r, body)
		if err := errors.Join(err, body.Close()); err != nil || n != size {
			t.Errorf("read %d bytes: %v", n, err)
		}
		if used := int64(r.most) - int64(before); used > bound {
			t.Errorf("%d MiB of memory were in use", used/mib)
		}
		if n := g.all(t); n != 1 {
			t.Errorf("%d things are left, want the object", n)
		}
	})
}

// sampled reads as so many zeros and takes what is written, and looks at the memory in use every 8 MiB.
type sampled struct {
	left, since int64
	most        uint64
}

func (s *sampled) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), s.left)
	clear(p[:n])
	s.left -= n
	s.count(n)
	return int(n), nil
}

func (s *sampled) Write(p []byte) (int, error) {
	s.count(int64(len(p)))
	return len(p), nil
}

func (s *sampled) count(n int64) {
	if s.since += n; s.since > 8*mib {
		s.since = 0
		s.sample()
	}
}

func (s *sampled) sample() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.most = max(s.most, m.HeapAlloc)
	return m.HeapAlloc
}

func TestCheck(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		if err := g.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if n := g.all(t); n > 0 {
			t.Errorf("the check has left %d things", n)
		}
	})
}
