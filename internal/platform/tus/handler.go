package tus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/tus/tusd/v2/pkg/handler"
)

const (
	version     = "1.0.0"
	lockLimit   = 20 * time.Second // to wait for another request to let go
	finishLimit = 10 * time.Minute // for the storage to make an upload whole
)

// Handler serves OPTIONS and POST at its path, HEAD, PATCH and DELETE below it: the protocol's core and its extensions creation,
// creation-with-upload and termination. There are no downloads, no concatenation, no uploads of unknown length, and no methods
// but the request's own: X-HTTP-Method-Override is refused.
//
// It reads and writes for as long as bytes come, whatever the server's ReadTimeout and WriteTimeout are; the ResponseWriter must
// be, or Unwrap to, one that has deadlines.
type Handler struct {
	config     Config
	collection map[string]http.Handler // by method
	upload     map[string]http.Handler

	mu      sync.Mutex
	closed  bool
	running map[*request]struct{}
}

// New makes a Handler. Several may serve the same storage: what one has begun another goes on with.
func New(c Config) (*Handler, error) {
	if !strings.HasPrefix(c.Path, "/") || !strings.HasSuffix(c.Path, "/") {
		return nil, fmt.Errorf("path %q must begin and end with a slash", c.Path)
	}
	if c.MaxSize <= 0 || c.Storage == nil || c.Uploads == nil || c.Refuse == nil || c.Log == nil {
		return nil, errors.New("a field of the configuration is missing")
	}
	h := &Handler{config: c, running: map[*request]struct{}{}}
	parts := handler.NewStoreComposer()
	parts.UseCore(store{h})
	parts.UseTerminater(store{h})
	tusd, err := handler.NewUnroutedHandler(handler.Config{
		StoreComposer: parts, MaxSize: c.MaxSize, BasePath: c.Path, Logger: debugLog(c.Log),
		Cors: &handler.CorsConfig{Disable: true}, PreUploadCreateCallback: begin,
	})
	if err != nil {
		return nil, fmt.Errorf("configure tusd: %w", err)
	}
	h.collection = map[string]http.Handler{
		http.MethodOptions: tusd.Middleware(http.NotFoundHandler()), // answers by itself
		http.MethodPost:    tusd.Middleware(http.HandlerFunc(tusd.PostFile)),
	}
	h.upload = map[string]http.Handler{
		http.MethodHead:   tusd.Middleware(http.HandlerFunc(tusd.HeadFile)),
		http.MethodPatch:  tusd.Middleware(http.HandlerFunc(tusd.PatchFile)),
		http.MethodDelete: tusd.Middleware(http.HandlerFunc(tusd.DelFile)),
	}
	return h, nil
}

// Close has the running requests store what has come and end, and refuses new ones, with 503: their clients go on at another
// node. It does not wait, as http.Server.Shutdown does. What tusd keeps of a request goes within 10 seconds of its end.
func (h *Handler) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for r := range h.running {
		r.stop(handler.ErrServerShutdown)
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Tus-Resumable", version)
	running := newRequest(h, w, r)
	defer running.end()
	status, err := h.serve(running)
	if status < http.StatusBadRequest {
		return
	}
	if status == http.StatusPreconditionFailed {
		w.Header().Set("Tus-Version", version)
	}
	h.config.Refuse(w, r, status, err)
}

// serve answers a request, or returns the status and the cause of its refusal.
func (h *Handler) serve(r *request) (int, error) {
	id, below := strings.CutPrefix(r.http.URL.Path, h.config.Path)
	if !below || id != "" && !isID(id) {
		return http.StatusNotFound, nil
	}
	methods := h.upload
	if id == "" {
		methods = h.collection
	}
	tusd, ok := methods[r.http.Method]
	if !ok {
		r.answer.Header().Set("Allow", allowed(methods))
		return http.StatusMethodNotAllowed, nil
	}
	if err := refused(r.http.Header); err != nil {
		return http.StatusBadRequest, err
	}
	if !h.start(r) {
		return http.StatusServiceUnavailable, handler.ErrServerShutdown
	}
	if id != "" {
		if status, err := r.hold(r.http.Context(), id); err != nil {
			return status, err
		}
	}
	return r.pass(tusd)
}

// isID tells whether a text is a UUID in the form that is handed out.
func isID(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && id.String() == text
}

func allowed(methods map[string]http.Handler) string {
	var names []string
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// refused finds what would otherwise be ignored, or obeyed past whoever let the request's own method through.
func refused(header http.Header) error {
	for _, name := range []string{"X-HTTP-Method-Override", "Upload-Concat", "Upload-Defer-Length"} {
		if header.Get(name) != "" {
			return errors.New(name + " is not supported")
		}
	}
	return nil
}

// start notes that a request runs, unless the handler is closed.
func (h *Handler) start(r *request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.running[r] = struct{}{}
	}
	return !h.closed
}

func (h *Handler) done(r *request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.running, r)
}

// remove removes an upload's bytes, and then the record of it.
func (h *Handler) remove(ctx context.Context, id, key string) error {
	if err := h.config.Storage.Remove(ctx, key); err != nil {
		return err
	}
	if err := h.config.Uploads.Abort(ctx, id); err != nil {
		return fmt.Errorf("forget upload: %w", err)
	}
	return nil
}

// clean leaves remains where they are if it must: the upload is finished all the same.
func (h *Handler) clean(ctx context.Context, key string) {
	if err := h.config.Storage.clean(ctx, key); err != nil {
		h.config.Log.WarnContext(ctx, "remains of an upload stay", "key", key, "cause", err.Error())
	}
}
