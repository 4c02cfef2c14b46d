package filefaults_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
)

// cutLimit is past the minute that a client has which does not keep the pace.
const cutLimit = 90 * time.Second

// rawRequest writes the head of a request.
func rawRequest(t testing.TB, c *apitest.Client, method, path, more string) net.Conn {
	t.Helper()
	address := strings.TrimPrefix(c.Server.URL, "http://")
	conn, err := net.Dial("tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nX-Org-Id: %s\r\n%s\r\n", method, path, address, c.Token, c.Org, more)
	must(t, err)
	return conn
}

// TestDrippingBodyIsCut sends a byte now and then.
func TestDrippingBodyIsCut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.SignUp(t, "ada")
	u := ada.Do(t, http.MethodPost, "/v1/files/uploads", body{"name": "slow", "size": 1000, "content_type": "text/plain"}).Want(t, http.StatusCreated)
	_, url, _ := where(u)
	conn := rawRequest(t, ada, http.MethodPut, strings.TrimPrefix(url, ada.Server.URL), "Content-Length: 1000\r\n")
	partial := func() int {
		names, _ := filepath.Glob(filepath.Join(s.dir, "files", ".partial", "*"))
		return len(names)
	}
	until(t, "the upload has begun", func() bool { return partial() == 1 })
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = io.Copy(io.Discard, conn) // the answer, and the end
	}()
	drip, overdue := time.NewTicker(time.Second), moment(cutLimit)
	defer drip.Stop()
	for dripping := true; dripping; {
		select {
		case <-drip.C:
			_, _ = fmt.Fprint(conn, "x")
		case <-cut:
			dripping = false
		case <-overdue:
			t.Fatal("the body still drips")
		}
	}
	until(t, "nothing is left in the directory", func() bool { return partial() == 0 })
	s.settle(t, ada, nil)
}

// TestStalledReaderIsCut asks for a file and reads nothing of it.
func TestStalledReaderIsCut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.SignUp(t, "ada")
	const size = 64 << 20
	r, err := post(t.Context(), ada, "large", stream(size), size)
	must(t, err)
	id := r.Want(t, http.StatusCreated).Text(t, "id")
	conn := rawRequest(t, ada, http.MethodGet, "/v1/files/"+id+"/download", "")
	until(t, "the file is read", func() bool { return s.reads(id) })
	if !within(cutLimit, func() bool { return !s.reads(id) }) {
		t.Fatal("the file is still read")
	}
	must(t, conn.SetReadDeadline(time.Now().Add(patience)))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || errors.Is(err, os.ErrDeadlineExceeded) || n >= size {
		t.Errorf("%d bytes come: %v", n, err)
	}
}

// reads tells whether the process has an object open.
func (s *site) reads(id string) bool {
	links, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(s.process.Pid()), "fd", "*"))
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasSuffix(to, "/"+id) {
			return true
		}
	}
	return false
}
