package filefaults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
	"github.com/plinth/plinth/test/s3"
)

const rounds = 8

// TestKillUnderLoad kills the process, with an own database that too, at random moments while small files come in.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		scanner := clamd.Start(t)
		killUnderLoad(t, ownSite(t, "CLAMD_ADDR="+scanner.Addr), nil)
	})
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		scanner, b := clamd.Start(t), s3.Start(t, s3.Versioned)
		killUnderLoad(t, newSite(t, append(bucket(b, b.Endpoint), "CLAMD_ADDR="+scanner.Addr)...), b)
	})
}

func killUnderLoad(t *testing.T, s *site, b *s3.Server) {
	ada := s.SignUp(t, "ada")
	w := watch(t, ada)
	l := &load{c: ada, witness: w, kept: map[string][]byte{}, faults: map[string]bool{}}
	for round := range rounds {
		l.during(func() {
			before := l.count()
			until(t, "files come in", func() bool { return l.count() > before })
			<-moment(rand.N(400 * time.Millisecond))
			s.kill(t)
		})
		s.start(t)
		if round%3 == 0 { // now and then a lease is over
			s.hasten(t)
		}
	}
	s.settle(t, ada, b)
	w.judge(t, s)
	l.judge(t)
	for _, kind := range []string{"clean", "infected"} {
		if value[int](t, s, "select count(*) from app.files where scan_status = $1", kind) == 0 {
			t.Errorf("no file is %s", kind)
		}
	}
	if odd := value[int](t, s, "select count(*) from app.files where scan_status not in ('clean', 'infected')"); odd > 0 {
		t.Errorf("%d files are neither clean nor infected", odd)
	}
	t.Logf("%d files acknowledged in %d rounds", l.count(), rounds)
}

// load sends small files and remembers those that were acknowledged.
type load struct {
	c       *apitest.Client
	witness *witness

	mu     sync.Mutex
	sent   int
	kept   map[string][]byte // by id; nil is infected
	faults map[string]bool
}

// during has files sent while the work goes on.
func (l *load) during(work func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			for ctx.Err() == nil {
				l.send(ctx)
			}
		})
	}
	defer senders.Wait()
	defer cancel()
	work()
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kept)
}

// send sends one file, of one kind in one way after the other.
func (l *load) send(ctx context.Context) {
	l.mu.Lock()
	n := l.sent
	l.sent++
	l.mu.Unlock()
	content := []byte(fmt.Sprintf("file %d\n%s", n, strings.Repeat("x", rand.N(100<<10))))
	infected := n%4 == 0
	switch n % 4 {
	case 0:
		content = append(clamd.EICAR(), fmt.Sprintf("%d", n)...)
	case 1:
		content = picture(n)
	}
	var r *apitest.Response
	var err error
	if n%3 == 0 {
		r, err = announced(ctx, l.c, fmt.Sprint("file ", n), content)
	} else {
		r, err = post(ctx, l.c, fmt.Sprint("file ", n), strings.NewReader(string(content)), int64(len(content)))
	}
	if err == nil {
		l.note(r, content, infected)
	}
}

func (l *load) note(r *apitest.Response, content []byte, infected bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var f struct{ ID string }
	switch {
	case r.Status != http.StatusOK && r.Status != http.StatusCreated:
		if r.Status != http.StatusServiceUnavailable { // its database goes down with it, or before
			l.faults[fmt.Sprintf("%d %s", r.Status, r.Body)] = true
		}
		return
	case decode(r.Body, &f) != nil || f.ID == "":
		l.faults[string(r.Body)] = true
		return
	case infected:
		content = nil
	}
	l.kept[f.ID] = content
	l.witness.follow(f.ID)
}

// judge holds the server to what it acknowledged, once all is checked.
func (l *load) judge(t testing.TB) {
	t.Helper()
	for f := range l.faults {
		t.Errorf("an upload was answered %s", f)
	}
	for id, want := range l.kept {
		if want != nil {
			wantContent(t, l.c, id, want)
			continue
		}
		l.c.Do(t, http.MethodGet, "/v1/files/"+id+"/download", nil).WantProblem(t, http.StatusForbidden, "file-blocked")
	}
}

// step is a request to the storage at which a process can be killed.
type step struct {
	name  string
	match func(r *http.Request) bool
	send  func(ctx context.Context, c *apitest.Client) (*apitest.Response, error)
	want  string // of the file in the end, where there is one
}

func small(content []byte) func(context.Context, *apitest.Client) (*apitest.Response, error) {
	return func(ctx context.Context, c *apitest.Client) (*apitest.Response, error) {
		return post(ctx, c, "small", strings.NewReader(string(content)), int64(len(content)))
	}
}

// large is more than goes to a bucket at once.
func large(ctx context.Context, c *apitest.Client) (*apitest.Response, error) {
	return post(ctx, c, "large", stream(20<<20), 20<<20)
}

// steps are all requests that a file costs a bucket, one of each kind.
func steps() []step {
	thumbnail := 0
	has := func(r *http.Request, method string, names ...string) bool {
		query := r.URL.Query()
		return r.Method == method && !slices.ContainsFunc(names, func(name string) bool { return !query.Has(name) })
	}
	plain := func(r *http.Request) bool {
		return has(r, http.MethodPut) && r.Header.Get("X-Amz-Copy-Source") == "" && !r.URL.Query().Has("partNumber")
	}
	return []step{
		{"put", plain, small([]byte("plain text")), ""},
		{"begin parts", func(r *http.Request) bool { return has(r, http.MethodPost, "uploads") }, large, ""},
		{"put part", func(r *http.Request) bool { return has(r, http.MethodPut, "partNumber") }, large, ""},
		{"complete parts", func(r *http.Request) bool { return has(r, http.MethodPost, "uploadId") }, large, ""},
		{"scan", func(r *http.Request) bool { return has(r, http.MethodGet, "versionId") }, small([]byte("scanned text")), "clean"},
		{"put thumbnail", func(r *http.Request) bool {
			if plain(r) {
				thumbnail++
			}
			return plain(r) && thumbnail > 1
		}, small(picture(1)), "clean"},
		{"copy to quarantine", func(r *http.Request) bool { return r.Header.Get("X-Amz-Copy-Source") != "" }, small(clamd.EICAR()), "infected"},
		{"delete after the copy", func(r *http.Request) bool { return has(r, http.MethodDelete) }, small(clamd.EICAR()), "infected"},
	}
}

// TestKillAtEachStep kills the process at each request to a bucket, before the bucket hears of it and after it has obeyed.
func TestKillAtEachStep(t *testing.T) {
	t.Parallel()
	scanner, b := clamd.Start(t), s3.Start(t, s3.Versioned)
	proxy := s3.NewProxy(t, b)
	s := newSite(t, append(bucket(b, proxy.Endpoint), "CLAMD_ADDR="+scanner.Addr)...)
	ada := s.SignUp(t, "ada")
	for _, obeyed := range []bool{false, true} {
		for _, step := range steps() {
			t.Run(fmt.Sprintf("%s, obeyed %t", step.name, obeyed), func(sub *testing.T) {
				killAt(sub, s, ada, b, proxy, step, obeyed, func() { s.start(t) }) // the process outlives the step
			})
		}
	}
}

func killAt(t *testing.T, s *site, ada *apitest.Client, b *s3.Server, proxy *s3.Proxy, at step, obeyed bool, restart func()) {
	s.exec(t, "update app.files set scanned_at = null") // of the steps before
	w := watch(t, ada)
	held := breakAt(proxy, at.match, obeyed)
	var acknowledged string
	var sending sync.WaitGroup
	sending.Go(func() {
		var f struct{ ID string }
		if r, err := at.send(t.Context(), ada); err == nil && r.Status == http.StatusCreated && decode(r.Body, &f) == nil {
			acknowledged = f.ID
			w.follow(f.ID)
		}
	})
	untilHeld(t, held)
	s.kill(t)
	sending.Wait()
	proxy.Next()
	restart()
	s.settle(t, ada, b)
	w.judge(t, s)
	if (acknowledged == "") != (at.want == "") {
		t.Fatalf("acknowledged %q", acknowledged)
	}
	if at.want != "" && status(t, ada, acknowledged) != at.want {
		t.Errorf("the file is %s, want %s", status(t, ada, acknowledged), at.want)
	}
}

// breakAt has the requests that match get no answer, whether obeyed or not, and tells of each.
func breakAt(proxy *s3.Proxy, match func(*http.Request) bool, obeyed bool) (held chan struct{}) {
	held = make(chan struct{}, 100)
	var mu sync.Mutex // of what match counts
	proxy.All(func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		mu.Lock()
		matched := match(r)
		mu.Unlock()
		switch {
		case !matched:
			forward.ServeHTTP(w, r)
			return
		case obeyed:
			forward.ServeHTTP(httptest.NewRecorder(), r)
		}
		held <- struct{}{}
		panic(http.ErrAbortHandler) // the killed process hears nothing, a living one tries again
	})
	return held
}

func untilHeld(t testing.TB, held chan struct{}) {
	t.Helper()
	select {
	case <-held:
	case <-moment(patience):
		t.Fatal("the request has not come")
	}
}

// TestKillMidComplete kills the process when the bucket makes an object of announced parts. Completing it again succeeds.
func TestKillMidComplete(t *testing.T) {
	t.Parallel()
	b := s3.Start(t, s3.Versioned)
	proxy := s3.NewProxy(t, b)
	s := newSite(t, bucket(b, proxy.Endpoint)...)
	ada := s.SignUp(t, "ada")
	for _, obeyed := range []bool{false, true} {
		id := announceParts(t, ada, 65<<20)
		held := breakAt(proxy, func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }, obeyed)
		var completing sync.WaitGroup
		completing.Go(func() {
			if r, err := ada.Try(http.MethodPost, "/v1/files/"+id+"/complete", nil); err == nil {
				t.Errorf("it is answered %d", r.Status)
			}
		})
		untilHeld(t, held)
		s.kill(t)
		completing.Wait()
		proxy.Next()
		s.start(t)
		ada.Do(t, http.MethodPost, "/v1/files/"+id+"/complete", nil).Want(t, http.StatusOK)
		untilStatus(t, ada, id, "skipped")
		s.settle(t, ada, b)
	}
}

// TestKillWhileScannerHangs restarts over files that a stopped scanner was given.
func TestKillWhileScannerHangs(t *testing.T) {
	t.Parallel()
	scanner := clamd.Start(t)
	s := newSite(t, "CLAMD_ADDR="+scanner.Addr)
	ada := s.SignUp(t, "ada")
	w := watch(t, ada)
	scanner.Stop(t)
	var ids []string
	for i := range 3 {
		ids = append(ids, upload(t, ada, "text", []byte(fmt.Sprint("text ", i))))
	}
	bad := upload(t, ada, "bad", clamd.EICAR())
	w.follow(append(ids, bad)...)
	for range 2 {
		until(t, "two are being scanned", func() bool {
			return value[int](t, s, "select count(*) from app.files where due_at > now() + interval '5 seconds' and attempts = 0") >= 2
		})
		s.kill(t)
		s.start(t)
		s.hasten(t)
	}
	w.nothing(t)
	scanner.Continue(t)
	s.settle(t, ada, nil)
	w.judge(t, s)
	for i, id := range ids {
		wantContent(t, ada, id, []byte(fmt.Sprint("text ", i)))
	}
	if got := status(t, ada, bad); got != "infected" {
		t.Errorf("the infected file is %s", got)
	}
}

// TestKillMidBody kills the process while bodies flow to the directory, in forms and to the address of an announcement.
func TestKillMidBody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.SignUp(t, "ada")
	const size = 8 << 20
	r := ada.Do(t, http.MethodPost, "/v1/files/uploads", body{"name": "announced", "size": size, "content_type": "text/plain"}).Want(t, http.StatusCreated)
	id, url, _ := where(r)
	form, direct := slowly(size/2, size), slowly(size/2, size)
	var sending sync.WaitGroup
	sending.Go(func() { _, _ = post(t.Context(), ada, "form", form, size) })
	sending.Go(func() { _, _ = send(t.Context(), ada, http.MethodPut, url, "text/plain", direct, size) })
	until(t, "half of both lies in the directory", func() bool { return s.partial(t) >= 2*(size/2-2<<20) })
	s.kill(t)
	form.rest()
	direct.rest()
	sending.Wait()

	s.start(t)
	ada.Do(t, http.MethodPost, "/v1/files/"+id+"/complete", nil).WantProblem(t, http.StatusConflict, "upload-incomplete")
	again, err := send(t.Context(), ada, http.MethodPut, url, "text/plain", stream(size), size)
	must(t, err)
	again.Want(t, http.StatusNoContent)
	ada.Do(t, http.MethodPost, "/v1/files/"+id+"/complete", nil).Want(t, http.StatusOK)
	s.settle(t, ada, nil)
}
