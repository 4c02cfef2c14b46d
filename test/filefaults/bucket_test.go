package filefaults_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
	"github.com/plinth/plinth/test/s3"
)

// bucketSite is a site with a scanner and files in a bucket that faults can befall.
func bucketSite(t testing.TB, versions s3.Versions) (s *site, ada *apitest.Client, b *s3.Server, proxy *s3.Proxy, scanner *clamd.Server) {
	t.Helper()
	scanner, b = clamd.Start(t), s3.Start(t, versions)
	proxy = s3.NewProxy(t, b)
	s = newSite(t, append(bucket(b, proxy.Endpoint), "CLAMD_ADDR="+scanner.Addr)...)
	return s, s.SignUp(t, "ada"), b, proxy, scanner
}

// wantUnavailable expects a refusal that says when to come again.
func wantUnavailable(t testing.TB, r *apitest.Response) {
	t.Helper()
	r.WantProblem(t, http.StatusServiceUnavailable, "unavailable")
	if r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// tasksWork expects the rest of the API to be as quick as ever, more or less.
func tasksWork(t testing.TB, c *apitest.Client) {
	t.Helper()
	began := time.Now()
	c.Do(t, http.MethodPost, "/v1/projects", body{"name": fmt.Sprint("project ", began.UnixNano())}).Want(t, http.StatusCreated)
	c.Do(t, http.MethodGet, "/v1/tasks", nil).Want(t, http.StatusOK)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the tasks took %s", took)
	}
}

// TestBucketFails has the bucket answer with errors for a moment, then late, and then not at all.
func TestBucketFails(t *testing.T) {
	t.Parallel()
	s, ada, b, proxy, _ := bucketSite(t, s3.Versioned)

	proxy.Next(s3.Status(500), s3.Status(503))
	first := upload(t, ada, "after errors", []byte("after errors"))
	untilStatus(t, ada, first, "clean")

	proxy.Next(s3.Delay(time.Second), s3.Delay(time.Second), s3.Delay(time.Second))
	second := upload(t, ada, "late", []byte("late"))
	untilStatus(t, ada, second, "clean")
	proxy.Next()

	b.Kill(t)
	for _, size := range []int64{100, 20 << 20} {
		r, err := post(t.Context(), ada, "nowhere", stream(size), size)
		must(t, err)
		wantUnavailable(t, r)
	}
	wantUnavailable(t, ada.Do(t, http.MethodPost, "/v1/files/uploads", body{"name": "nowhere", "size": 100 << 20, "content_type": "text/plain"}))
	tasksWork(t, ada)
	s.wantQuota(t, ada)
	b.Restart(t)
	wantContent(t, ada, first, []byte("after errors"))
	s.settle(t, ada, b)
}

// TestBucketStopped hangs: what needs it waits, and the rest does not wait for that, whatever is asked meanwhile.
func TestBucketStopped(t *testing.T) {
	t.Parallel()
	s, ada, b, _, _ := bucketSite(t, s3.Versioned)
	b.Stop(t)
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 40 {
		waiting.Go(func() { _, _ = post(ctx, ada, "stuck", strings.NewReader("stuck"), 5) })
		waiting.Go(func() { // in many parts, which the bucket has to begin before anything is noted
			_, _ = ada.Try(http.MethodPost, "/v1/files/uploads", body{"name": "stuck", "size": 100 << 20, "content_type": "text/plain"})
		})
	}
	until(t, "all wait", func() bool { return value[int](t, s, "select count(*) from app.objects") == 40 })
	for range 20 {
		tasksWork(t, ada)
	}
	b.Continue(t)
	cancel()
	waiting.Wait()
	s.settle(t, ada, b)
}

// TestBucketAwayAtStart serves all else meanwhile, and takes files once the bucket is there.
func TestBucketAwayAtStart(t *testing.T) {
	t.Parallel()
	b := s3.Start(t, s3.Versioned)
	b.Kill(t)
	s := newSite(t, bucket(b, b.Endpoint)...)
	ada := s.SignUp(t, "ada")
	tasksWork(t, ada)
	r, err := post(t.Context(), ada, "early", stream(100), 100)
	must(t, err)
	wantUnavailable(t, r)
	b.Restart(t)
	id := upload(t, ada, "in time", []byte("in time"))
	wantContent(t, ada, id, []byte("in time"))
	until(t, "downloads come from the bucket", func() bool { // which keeps versions by then
		later := upload(t, ada, "later", []byte("later"))
		return ada.Do(t, http.MethodGet, "/v1/files/"+later+"/download", nil).Status == http.StatusFound
	})
	wantContent(t, ada, id, []byte("in time"))
	s.settle(t, ada, b)
}

// reads tells the reading of an object, which a scan or a download does.
func reads(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Count(r.URL.Path, "/") >= 3
}

// whenRead has a fault befall only the reading of objects.
func whenRead(fault s3.Fault) s3.Fault {
	return func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if reads(r) {
			fault(w, r, forward)
			return
		}
		forward.ServeHTTP(w, r)
	}
}

// TestBucketCutsScans closes connections in the middle of what is scanned: that is no verdict.
func TestBucketCutsScans(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]s3.Versions{"versioned": s3.Versioned, "unversioned": s3.Unversioned} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, b, proxy, _ := bucketSite(t, versions)
			w := watch(t, ada)
			proxy.All(whenRead(s3.Cut(1000)))
			content := bytes.Repeat([]byte("0123456789"), 1000)
			id := upload(t, ada, "cut", content)
			w.follow(id)
			until(t, "it was tried twice", func() bool {
				s.hasten(t)
				return value[int](t, s, "select attempts from app.files where id = $1", id) > 1
			})
			if got := status(t, ada, id); got != "pending" {
				t.Errorf("the file is %s", got)
			}
			w.nothing(t)
			proxy.Next()
			s.hasten(t)
			untilStatus(t, ada, id, "clean")
			wantContent(t, ada, id, content)
			w.judge(t, s)
			s.settle(t, ada, b)
		})
	}
}

// TestBucketCutsDownloads has a client see that a download was cut, where it passes through the program.
func TestBucketCutsDownloads(t *testing.T) {
	t.Parallel()
	_, ada, _, proxy, _ := bucketSite(t, s3.Unversioned)
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	id := upload(t, ada, "cut", content)
	untilStatus(t, ada, id, "clean")
	for _, at := range []int{0, 1000, 900_000} {
		proxy.All(whenRead(s3.Cut(at)))
		if got, err := fetch(ada, id); err == nil {
			t.Errorf("cut after %d bytes the download succeeds with %d", at, len(got))
		}
	}
	proxy.Next()
	wantContent(t, ada, id, content)
}

// wrong changes the last byte of what is read.
func wrong(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	got := httptest.NewRecorder()
	forward.ServeHTTP(got, r)
	content := got.Body.Bytes()
	if len(content) > 0 {
		content[len(content)-1]++
	}
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(content)
}

// TestBucketGivesWrongBytes is where a scan reads something else than was sent.
func TestBucketGivesWrongBytes(t *testing.T) {
	t.Parallel()
	s, ada, b, proxy, _ := bucketSite(t, s3.Versioned)
	w := watch(t, ada)
	proxy.All(whenRead(wrong))
	id := upload(t, ada, "wrong", []byte("the right bytes"))
	w.follow(id)
	untilStatus(t, ada, id, "failed")
	proxy.Next()
	ada.Do(t, http.MethodGet, "/v1/files/"+id+"/download", nil).WantProblem(t, http.StatusForbidden, "file-blocked")
	w.nothing(t)
	s.settle(t, ada, b)
}

// TestBucketIsOverwritten puts other bytes of the same length in place of a file's, before its scan and after it.
func TestBucketIsOverwritten(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]s3.Versions{"versioned": s3.Versioned, "unversioned": s3.Unversioned} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, b, _, scanner := bucketSite(t, versions)
			scanner.Kill(t)
			before := upload(t, ada, "text", []byte("the right bytes"))
			b.Overwrite(t, ada.Org+"/"+before, []byte("the wrong bytes"))
			scanner.Restart(t)
			after := upload(t, ada, "text", []byte("the right bytes"))
			s.drained(t)
			b.Overwrite(t, ada.Org+"/"+after, []byte("the wrong bytes"))
			for _, id := range []string{before, after} {
				got, err := fetch(ada, id)
				if versions == s3.Versioned && string(got) != "the right bytes" || versions == s3.Unversioned && err == nil {
					t.Errorf("the download gives %q: %v", got, err)
				}
			}
			if versions == s3.Unversioned {
				untilStatus(t, ada, before, "failed")
				untilStatus(t, ada, after, "failed")
			}
			wantNever(t, ada, "the wrong bytes", before, after)
			s.expire(t)
		})
	}
}

func wantNever(t testing.TB, c *apitest.Client, text string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if got, _ := fetch(c, id); bytes.Contains(got, []byte(text)) {
			t.Errorf("file %s has become %q", id, got)
		}
	}
}

// announceParts sends an announced file in parts past the program, and gives what is to be completed.
func announceParts(t testing.TB, c *apitest.Client, size int64) (id string) {
	t.Helper()
	u := c.Do(t, http.MethodPost, "/v1/files/uploads", body{"name": "large", "size": size, "content_type": "text/plain"}).Want(t, http.StatusCreated)
	partSize := int64(u.Number(t, "part_size"))
	for i := range u.Len(t, "parts") {
		n := min(partSize, size-int64(i)*partSize)
		r, err := send(t.Context(), c, http.MethodPut, u.Text(t, fmt.Sprintf("parts.%d.url", i)), "", stream(n), n)
		must(t, err)
		r.Want(t, http.StatusOK)
	}
	return u.Text(t, "id")
}

// TestAnnouncedPartsReachTheBucket sends 1 GiB in parts.
func TestAnnouncedPartsReachTheBucket(t *testing.T) {
	t.Parallel()
	b := s3.Start(t, s3.Versioned)
	s := newSite(t, bucket(b, b.Endpoint)...)
	ada := s.SignUp(t, "ada")
	const size = 1 << 30
	var id string
	growth := s.peak(t, func() {
		id = announceParts(t, ada, size)
		ada.Do(t, http.MethodPost, "/v1/files/"+id+"/complete", nil).Want(t, http.StatusOK)
		untilStatus(t, ada, id, "skipped")
	})
	wantGrowth(t, "1 GiB read from the bucket", growth, mostGrowth)
	r := ada.Do(t, http.MethodGet, "/v1/files/"+id+"/download", nil).Want(t, http.StatusFound)
	resp, err := http.Get(r.Header.Get("Location"))
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
		t.Errorf("%d bytes come back: %v", n, err)
	}
}
