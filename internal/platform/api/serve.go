package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/fault"
)

// requestTimeout bounds the work on one request; streams and transfers are not bound by it.
const requestTimeout = 15 * time.Second

// ServeHTTP gives the request its id and log line, checks the host, and routes it. A panic costs this request alone.
func (r *Router) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	req := &Request{
		ID: requestID(hr), IP: r.clientIP(hr), UserAgent: clip(Printable(hr.UserAgent()), 300),
		Arrived: r.cfg.Now(), TraceID: traceID(hr), route: "none", cursors: r.cursors,
	}
	hr = hr.WithContext(context.WithValue(hr.Context(), requestKey{}, req))
	rec := &recorder{ResponseWriter: w, limits: &req.limits}
	h := rec.Header()
	h.Set("X-Request-Id", req.ID)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")

	defer func() {
		if thrown := recover(); thrown != nil {
			r.panicked(rec, hr, thrown)
		}
		r.record(hr, req, rec)
	}()
	r.route(rec, hr, req)
}

func (r *Router) route(w *recorder, hr *http.Request, req *Request) {
	if host, ok := r.servedHost(hr); !ok {
		writeProblem(w, hr, &fault.Fault{Kind: fault.Misdirected, Err: fmt.Errorf("host %q", host)})
		return
	}
	if err := req.limits.take(r.cfg.Limiter, r.cfg.Limits.IP, req.Network()); err != nil {
		writeProblem(w, hr, err)
		return
	}
	if !tidy(hr.URL.EscapedPath()) {
		NotFound(w, hr)
		return
	}
	r.muxOf(hr.URL.Path).ServeHTTP(w, hr)
	if hr.Pattern != "" && hr.Pattern != anyPath {
		req.route = hr.Pattern
	}
}

// tidy reports whether a path has no empty segments and none that are "." or "..". The mux would redirect to the path
// without them, the method included: DELETE /v1/projects/x/members/.. would delete the project.
func tidy(escaped string) bool {
	clean := path.Clean(escaped)
	return escaped == clean || escaped == clean+"/"
}

// anyPath is the pattern of what no other one matches.
const anyPath = "/"

// unrouted tells a path that does not exist from one that exists for other methods.
func (r *Router) unrouted(w http.ResponseWriter, hr *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		probe := &http.Request{Method: method, URL: hr.URL, Host: hr.Host}
		if _, pattern := r.muxOf(hr.URL.Path).Handler(probe); pattern != anyPath {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		NotFound(w, hr)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeProblem(w, hr, fault.New(fault.MethodNotAllowed, ""))
}

func (r *Router) panicked(w *recorder, hr *http.Request, thrown any) {
	if err, ok := thrown.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(thrown)
	}
	r.cfg.Log.ErrorContext(hr.Context(), "panic", "request_id", requestFrom(hr.Context()).ID, "panic", fmt.Sprint(thrown), "stack", string(debug.Stack()))
	if w.status == 0 {
		writeProblem(w, hr, &fault.Fault{Kind: fault.Internal, Err: fmt.Errorf("panic: %v", thrown)})
	}
}

// record writes the request's one log line and counts it. The line holds the path's pattern, never the query, where
// tokens may stand.
func (r *Router) record(hr *http.Request, req *Request, w *recorder) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	took := r.cfg.Now().Sub(req.Arrived)
	if !req.lasts || status >= http.StatusBadRequest { // a stream's life is no latency
		r.metrics.observe(req.route, status, took)
	}
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", req.ID), slog.String("method", clip(Printable(hr.Method), 20)), slog.String("route", req.route),
		slog.Int("status", status), slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("ip", req.IP),
	}
	if req.Principal.User != uuid.Nil {
		attrs = append(attrs, slog.String("actor", req.Principal.User.String()))
	}
	if req.Org != uuid.Nil {
		attrs = append(attrs, slog.String("org", req.Org.String()))
	}
	if req.TraceID != "" {
		attrs = append(attrs, slog.String("trace_id", req.TraceID))
	}
	if req.problem != "" {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("type", string(req.problem)))
	}
	if status >= 500 {
		level = slog.LevelError
	}
	if req.cause != nil && !errors.Is(req.cause, context.Canceled) {
		attrs = append(attrs, slog.String("cause", req.cause.Error()))
	}
	r.cfg.Log.LogAttrs(hr.Context(), level, "request", attrs...)
}

// recorder remembers the status of an answer, and adds what was counted against it.
type recorder struct {
	http.ResponseWriter
	limits *limitStates
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.limits.report(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom, for files.
func (w *recorder) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return io.Copy(w.ResponseWriter, src)
}

// Hijack gives the connection to a socket.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// requestID takes the caller's X-Request-Id where it is short and plain, or makes one.
func requestID(hr *http.Request) string {
	id := hr.Header.Get("X-Request-Id")
	if id == "" || len(id) > 128 || id != Printable(id) {
		return uuid.Must(uuid.NewV7()).String()
	}
	return id
}

// traceID is the trace-id of a traceparent header (W3C Trace Context), or "".
func traceID(hr *http.Request) string {
	parts := strings.Split(hr.Header.Get("Traceparent"), "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[1]) != 32 || strings.Trim(parts[1], "0123456789abcdef") != "" || strings.Trim(parts[1], "0") == "" {
		return ""
	}
	return parts[1]
}

// clientIP is the peer's address, or what a configured proxy says of it: the last X-Forwarded-For entry that is not a
// configured proxy itself.
func (r *Router) clientIP(hr *http.Request) string {
	peer, err := netip.ParseAddrPort(hr.RemoteAddr)
	if err != nil {
		return hr.RemoteAddr
	}
	ip := peer.Addr().Unmap()
	if !r.trusted(ip) {
		return ip.String()
	}
	hops := strings.Split(strings.Join(hr.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap()
		if !r.trusted(ip) {
			break
		}
	}
	return ip.String()
}

func (r *Router) trusted(ip netip.Addr) bool {
	for _, p := range r.cfg.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// servedHost holds Host and X-Forwarded-Host to the names of this installation, so that no link or cache is poisoned
// and no page rebinds its name to us.
func (r *Router) servedHost(hr *http.Request) (string, bool) {
	for _, host := range append(hr.Header.Values("X-Forwarded-Host"), hr.Host) {
		if !r.ServesHost(host) {
			return clip(host, 200), false
		}
	}
	return "", true
}

// ServesHost reports whether a host, with or without a port, is this installation's: localhost, any IP address, or a
// configured name.
func (r *Router) ServesHost(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	for _, name := range r.cfg.Hosts {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
