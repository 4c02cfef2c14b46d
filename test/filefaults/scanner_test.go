package filefaults_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
)

// uploads sends files that are not infected, and one that is.
func uploads(t testing.TB, c *apitest.Client, w *witness, what string, count int) (clean []string, infected string) {
	t.Helper()
	for i := range count {
		clean = append(clean, upload(t, c, what, []byte(fmt.Sprintf("%s %d", what, i))))
	}
	infected = upload(t, c, what, clamd.EICAR())
	w.follow(append(clean, infected)...)
	return clean, infected
}

func wantJudged(t testing.TB, c *apitest.Client, what string, clean []string, infected string) {
	t.Helper()
	for i, id := range clean {
		wantContent(t, c, id, []byte(fmt.Sprintf("%s %d", what, i)))
	}
	c.Do(t, http.MethodGet, "/v1/files/"+infected+"/download", nil).WantProblem(t, http.StatusForbidden, "file-blocked")
}

// drains waits for the checks with nothing hastened.
func (s *site) drains(t testing.TB) {
	t.Helper()
	until(t, "what has waited is checked", func() bool {
		return value[int](t, s, "select count(*) from app.files where scan_status = 'pending'") == 0
	})
}

// TestScannerAway starts without a scanner, gets one, loses it and gets it again.
func TestScannerAway(t *testing.T) {
	t.Parallel()
	scanner := clamd.Start(t)
	scanner.Kill(t)
	s := newSite(t, "CLAMD_ADDR="+scanner.Addr)
	ada := s.SignUp(t, "ada")
	w := watch(t, ada)
	for _, what := range []string{"at start", "later"} {
		clean, infected := uploads(t, ada, w, what, 3)
		until(t, "all were tried", func() bool {
			return value[int](t, s, "select count(*) from app.files where scan_status = 'pending' and attempts > 0") == 4
		})
		for _, id := range append(clean, infected) {
			ada.Do(t, http.MethodGet, "/v1/files/"+id+"/download", nil).WantProblem(t, http.StatusConflict, "scan-pending")
		}
		scanner.Restart(t)
		s.drains(t)
		wantJudged(t, ada, what, clean, infected)
		scanner.Kill(t)
	}
	w.judge(t, s)
	scanner.Restart(t)
	s.settle(t, ada, nil)
}

// TestScannerStopped hangs while it is asked, and goes on.
func TestScannerStopped(t *testing.T) {
	t.Parallel()
	scanner := clamd.Start(t)
	s := newSite(t, "CLAMD_ADDR="+scanner.Addr)
	ada := s.SignUp(t, "ada")
	w := watch(t, ada)
	scanner.Stop(t)
	clean, infected := uploads(t, ada, w, "stopped", 3)
	until(t, "two are being scanned", func() bool {
		return value[int](t, s, "select count(*) from app.files where due_at > now() + interval '5 seconds'") == 2
	})
	w.nothing(t)
	scanner.Continue(t)
	s.drains(t)
	wantJudged(t, ada, "stopped", clean, infected)
	w.judge(t, s)
}

// TestScannerKilledMidStream ends the scanner when it has a part of a content.
func TestScannerKilledMidStream(t *testing.T) {
	t.Parallel()
	scanner := clamd.Start(t)
	r := newRelay(t, scanner.Addr)
	s := newSite(t, "CLAMD_ADDR="+r.Addr)
	ada := s.SignUp(t, "ada")
	w := watch(t, ada)
	const size = 8 << 20
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.hold(func(sent int) {
		if sent > size/2 {
			once.Do(func() { close(reached) })
			<-release
		}
	})
	answer, err := post(t.Context(), ada, "large", stream(size), size)
	must(t, err)
	id := answer.Want(t, http.StatusCreated).Text(t, "id")
	w.follow(id)
	select {
	case <-reached:
	case <-moment(patience):
		t.Fatal("the scanner gets no half of it")
	}
	scanner.Kill(t)
	close(release)
	r.hold(nil)
	until(t, "the scan has failed", func() bool { return value[int](t, s, "select attempts from app.files where id = $1", id) > 0 })
	if got := status(t, ada, id); got != "pending" {
		t.Errorf("the file is %s", got)
	}
	w.nothing(t)
	scanner.Restart(t)
	s.drains(t)
	if got := status(t, ada, id); got != "clean" {
		t.Errorf("the file is %s", got)
	}
	want, _ := io.ReadAll(stream(size))
	wantContent(t, ada, id, want)
	w.judge(t, s)
}

// TestSlowScannerIsShared has one organization's many files take the scanner's time: another one's only file comes soon.
func TestSlowScannerIsShared(t *testing.T) {
	t.Parallel()
	scanner := clamd.Start(t)
	r := newRelay(t, scanner.Addr)
	s := newSite(t, "CLAMD_ADDR="+r.Addr)
	ada, grace := s.SignUp(t, "ada"), s.SignUp(t, "grace")
	turns := make(chan struct{})
	r.hold(func(sent int) {
		if sent == 0 { // once a scan
			<-turns
		}
	})
	t.Cleanup(func() { close(turns) })
	const others = 80
	for i := range others {
		upload(t, ada, "one of many", []byte(fmt.Sprint(i)))
	}
	waiting := func() int {
		return value[int](t, s, "select count(*) from app.files where org_id = $1 and scan_status = 'pending'", ada.Org)
	}
	before := waiting()
	id := upload(t, grace, "the only one", []byte("text"))
	until(t, "the only one is clean", func() bool {
		select { // one scan goes on at each look
		case turns <- struct{}{}:
		default:
		}
		return status(t, grace, id) == "clean"
	})
	if after := waiting(); before < others/2 || after < before/2 {
		t.Errorf("%d files were ahead, of which %d are left when the only one is clean", before, after)
	}
}
