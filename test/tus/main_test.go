// Package tus_test sends files by the tus protocol to a real server, over a directory and over a real S3, and breaks off.
package tus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/tus"
)

const (
	base     = "/v1/files/tus/"
	maxSize  = 400 << 20
	chunk    = "application/offset+octet-stream"
	patience = 30 * time.Second // bounds the wait for what must happen; it is no measure of speed
)

// until polls the condition and fails the test when it does not come true.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-tick.C
	}
}

// storage is one to test, with a way to look into it past the package.
type storage struct {
	tus.Storage
	open   func(testing.TB) tus.Storage // the same, as another process has it
	finish func(key string, f tus.Finished) error
	read   func(t testing.TB, key string) io.ReadCloser // what finish was given
	size   func(key string) int64                       // directory only: of what has come so far
	traces func(t testing.TB, key string) []string      // of the upload but for what finish was given
}

// onBoth runs a test over each kind of storage.
func onBoth(t *testing.T, test func(t *testing.T, s storage)) {
	t.Run("directory", func(t *testing.T) { test(t, directory(t)) })
	t.Run("s3", func(t *testing.T) { test(t, newBucket(t).storage(t)) })
}

// server serves uploads, as the person that the header Asker names.
type server struct {
	*httptest.Server
	*records
	handler *tus.Handler
	log     *logBuffer
}

// serve starts a server; change may alter its configuration.
func serve(t testing.TB, s storage, r *records, change ...func(*httptest.Server)) *server {
	t.Helper()
	out := &server{records: r, log: &logBuffer{}}
	r.finishing = s.finish
	handler, err := tus.New(tus.Config{
		Path: base, MaxSize: maxSize, Storage: s.Storage, Uploads: r, Refuse: refuse,
		Log: slog.New(slog.NewTextHandler(out.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	out.handler = handler
	mux := http.NewServeMux()
	mux.HandleFunc(base, func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), askerKey{}, r.Header.Get("Asker"))
		handler.ServeHTTP(w, r.WithContext(ctx))
	})
	out.Server = httptest.NewUnstartedServer(mux)
	for _, f := range change {
		f(out.Server)
	}
	out.Start()
	t.Cleanup(out.Close)
	return out
}

// Close ends the server as an installation does.
func (s *server) Close() {
	s.handler.Close()
	s.Server.Close()
}

func refuse(w http.ResponseWriter, _ *http.Request, status int, err error) {
	switch {
	case errors.Is(err, errNotFound):
		status = http.StatusNotFound
	case errors.Is(err, errFull):
		status = http.StatusForbidden
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"status":%d,"detail":%q}`, status, fmt.Sprint(err))
}

// reply is an answer that has been read.
type reply struct {
	*http.Response
	text string
}

// headers are pairs of name and value.
func (s *server) send(t testing.TB, method, where string, body io.Reader, headers ...string) reply {
	t.Helper()
	answer, err := s.try(t, method, where, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, where, err)
	}
	return answer
}

func (s *server) try(t testing.TB, method, where string, body io.Reader, headers ...string) (reply, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, s.URL+where, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Tus-Resumable", "1.0.0")
	request.Header.Set("Asker", "ann")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.Client().Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return reply{response, string(text)}, err
}

// create begins an upload and returns where it is.
func (s *server) create(t testing.TB, size int) string {
	t.Helper()
	answer := s.send(t, "POST", base, nil, "Upload-Length", fmt.Sprint(size), "Upload-Metadata", "name YS50eHQ=,empty")
	expect(t, answer, http.StatusCreated)
	return answer.Header.Get("Location")
}

func (s *server) patch(t testing.TB, where string, offset int, body io.Reader) reply {
	t.Helper()
	return s.send(t, "PATCH", where, body, "Content-Type", chunk, "Upload-Offset", fmt.Sprint(offset))
}

// offset is how much of an upload HEAD says is there.
func (s *server) offset(t testing.TB, where string) int {
	t.Helper()
	answer := s.send(t, "HEAD", where, nil)
	expect(t, answer, http.StatusOK)
	var offset int
	if _, err := fmt.Sscan(answer.Header.Get("Upload-Offset"), &offset); err != nil {
		t.Fatalf("offset %q: %v", answer.Header.Get("Upload-Offset"), err)
	}
	return offset
}

// expect checks the status, the protocol's version, and that errors have the caller's form.
func expect(t testing.TB, answer reply, status int) {
	t.Helper()
	if answer.StatusCode != status {
		t.Fatalf("%s: answered %d %s, want %d", answer.Request.Method, answer.StatusCode, answer.text, status)
	}
	if got := answer.Header.Get("Tus-Resumable"); got != "1.0.0" {
		t.Errorf("Tus-Resumable is %q", got)
	}
	problem := answer.Header.Get("Content-Type") == "application/problem+json"
	if problem != (status >= 400) {
		t.Errorf("Content-Type of %d is %q", status, answer.Header.Get("Content-Type"))
	}
}

// content is some that no mistake leaves as it is.
func content(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// expectWhole checks that the upload was finished once, with these bytes, and that nothing else is left of it.
func expectWhole(t testing.TB, s storage, r *records, where string, want []byte) {
	t.Helper()
	record := r.get(where)
	if record.finishes != 1 {
		t.Errorf("finished %d times", record.finishes)
	}
	body := s.read(t, record.Key)
	defer func() { _ = body.Close() }()
	hash := sha256.New()
	n, err := io.Copy(hash, body)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(want); !bytes.Equal(hash.Sum(nil), sum[:]) {
		t.Errorf("%d other bytes than the %d that were sent", n, len(want))
	}
	if traces := s.traces(t, record.Key); len(traces) > 0 {
		t.Errorf("left: %q", traces)
	}
}

// logBuffer keeps a log that is being written.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// status is what a handler answers to a request with that very path.
func status(t testing.TB, h http.Handler, method, path string) int {
	t.Helper()
	request := httptest.NewRequest(method, base, nil)
	request.URL.Path = path
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder.Code
}
