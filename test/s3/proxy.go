package s3

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy stands before a server and spoils what it is told to. It ends with the test.
type Proxy struct {
	Endpoint string // in place of the server's

	forward *httputil.ReverseProxy
	mu      sync.Mutex
	waiting []Fault
	always  Fault // nil is none
	seen    []string
}

// Fault is what befalls one request. The handler forwards it.
type Fault func(w http.ResponseWriter, r *http.Request, forward http.Handler)

// NewProxy starts one that spoils nothing yet.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{forward: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.Endpoint = server.URL
	return p
}

// Next has these befall the next requests, one each. Faults that still wait are forgotten.
func (p *Proxy) Next(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.always, p.seen = faults, nil, nil
}

// All has it befall every request until Next or All is called again.
func (p *Proxy) All(fault Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.always, p.seen = nil, fault, nil
}

// Seen lists the requests since the last call of Next or All, as "GET /path?query".
func (p *Proxy) Seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fault := p.take(r); fault != nil {
		fault(w, r, p.forward)
		return
	}
	p.forward.ServeHTTP(w, r)
}

func (p *Proxy) take(r *http.Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r.Method+" "+r.URL.RequestURI())
	if len(p.waiting) == 0 {
		return p.always
	}
	fault := p.waiting[0]
	p.waiting = p.waiting[1:]
	return fault
}

// Pass lets one request through.
func Pass() Fault {
	return func(w http.ResponseWriter, r *http.Request, forward http.Handler) { forward.ServeHTTP(w, r) }
}

// Status answers with this status, with nothing forwarded.
func Status(status int) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}
}

// Delay forwards after a while, or not at all where the client has gone by then.
func Delay(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		select {
		case <-time.After(d):
			forward.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Cut forwards, and closes the connection after n bytes of the answer's body.
func Cut(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		forward.ServeHTTP(&cut{w, n}, r)
	}
}

// Lose forwards, and closes the connection in place of an answer.
func Lose() Fault {
	return func(_ http.ResponseWriter, r *http.Request, forward http.Handler) {
		forward.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// cut lets so many bytes through.
type cut struct {
	http.ResponseWriter
	left int
}

// Write implements io.Writer.
func (c *cut) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	c.left -= n
	if err == nil && n < len(p) {
		err = errors.New("cut")
		_ = http.NewResponseController(c.ResponseWriter).Flush()
	}
	return n, err
}
