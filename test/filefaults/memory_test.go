package filefaults_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/plinth/plinth/test/s3"
)

// mostGrowth is what the process may take besides what it has when it rests, whatever the size of a file. Of a file of up to
// 16 MiB for a bucket it has all in memory, in a buffer that may be half full.
const (
	mostGrowth = 200 << 20
	many       = 200
	manyGrowth = mostGrowth + 2*many<<20
)

// peak is by how many bytes the process has grown at most during the work: VmHWM of proc(5).
func (s *site) peak(t testing.TB, work func()) int64 {
	t.Helper()
	before := s.memory(t, "VmRSS:")
	must(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Pid()), []byte("5"), 0o200)) // the peak is what it is now
	work()
	return s.memory(t, "VmHWM:") - before
}

func (s *site) memory(t testing.TB, name string) int64 {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.process.Pid()))
	must(t, err)
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int64
		if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
			_, err := fmt.Sscanf(rest, "%d kB", &kB)
			must(t, err)
			return kB << 10
		}
	}
	t.Fatalf("no %s of the process", name)
	return 0
}

func wantGrowth(t testing.TB, what string, growth, most int64) {
	t.Helper()
	t.Logf("%s: the process grows by %d MiB", what, growth>>20)
	if growth > most {
		t.Errorf("%s: the process grows by %d MiB, want up to %d", what, growth>>20, most>>20)
	}
}

// TestLargeUploadsInFlatMemory sends a file of the greatest size to the directory, and 1 GiB to a bucket.
func TestLargeUploadsInFlatMemory(t *testing.T) {
	t.Parallel()
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		uploadFlat(t, newSite(t), 5<<30)
	})
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		b := s3.Start(t, s3.Versioned)
		uploadFlat(t, newSite(t, bucket(b, b.Endpoint)...), 1<<30)
	})
}

func uploadFlat(t *testing.T, s *site, size int64) {
	ada := s.SignUp(t, "ada")
	growth := s.peak(t, func() {
		r, err := post(t.Context(), ada, "large", stream(size), size)
		must(t, err)
		if got := r.Want(t, http.StatusCreated).Number(t, "size"); int64(got) != size {
			t.Errorf("the file has %v bytes, want %d", got, size)
		}
	})
	wantGrowth(t, fmt.Sprintf("%d MiB uploaded", size>>20), growth, mostGrowth)
	s.tidy(t, ada, nil)
}

func TestManyUploadsInBoundedMemory(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"directory", "bucket"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			var settings []string
			var b *s3.Server
			if where == "bucket" {
				b = s3.Start(t, s3.Versioned)
				settings = bucket(b, b.Endpoint)
			}
			s := newSite(t, settings...)
			ada := s.SignUp(t, "ada")
			growth := s.peak(t, func() {
				var sending sync.WaitGroup
				for range many {
					sending.Go(func() {
						r, err := post(t.Context(), ada, "one of many", stream(1<<20), 1<<20)
						if err != nil || r.Status != http.StatusCreated {
							t.Errorf("an upload fails: %v, %+v", err, r)
						}
					})
				}
				sending.Wait()
			})
			wantGrowth(t, fmt.Sprintf("%d uploads of 1 MiB at a time", many), growth, manyGrowth)
			s.tidy(t, ada, b)
		})
	}
}
