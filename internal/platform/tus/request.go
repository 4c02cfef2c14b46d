package tus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/tus/tusd/v2/pkg/handler"
)

// request is one that is being answered. tusd hands it through in the context.
type request struct {
	handler *Handler
	http    *http.Request
	answer  *answer
	body    *stoppable
	found   Found
	unlock  func()
	err     error // of Uploads or Storage
}

type requestKey struct{}

func newRequest(h *Handler, w http.ResponseWriter, r *http.Request) *request {
	return &request{
		handler: h, http: r, answer: &answer{ResponseWriter: w}, unlock: func() {},
		body: &stoppable{ReadCloser: r.Body, connection: http.NewResponseController(w)},
	}
}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

func (r *request) end() {
	r.body.abandon()
	r.handler.done(r)
	r.unlock()
}

func (r *request) stop(cause error) { r.body.stop(cause) }

// fail keeps an error that is not the client's, which tusd only gives as text.
func (r *request) fail(err error) error {
	var clients handler.Error
	if err != nil && !errors.As(err, &clients) {
		r.err = err
	}
	return err
}

// hold finds and locks an upload. It is looked at again once it is locked, as it was another request's until then; and not
// locked before, as a stranger could stop that one.
func (r *request) hold(ctx context.Context, id string) (int, error) {
	if _, err := r.find(ctx, id); err != nil {
		return http.StatusInternalServerError, err
	}
	if err := r.lock(ctx, id); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return http.StatusLocked, err
		}
		return http.StatusInternalServerError, err
	}
	found, err := r.find(ctx, id)
	if err != nil {
		return http.StatusInternalServerError, err
	}
	r.found = found
	return 0, nil
}

func (r *request) find(ctx context.Context, id string) (Found, error) {
	found, err := r.handler.config.Uploads.Find(ctx, id)
	if err != nil {
		return Found{}, fmt.Errorf("find upload: %w", err)
	}
	found.ID = id
	return found, nil
}

func (r *request) lock(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	unlock, err := r.handler.config.Uploads.Lock(ctx, id, func() { r.stop(handler.ErrUploadInterrupted) })
	if err != nil {
		return fmt.Errorf("lock upload: %w", err)
	}
	r.unlock = unlock
	return nil
}

// pass has tusd answer, and returns the refusal that tusd would have sent.
func (r *request) pass(tusd http.Handler) (int, error) {
	shown := r.http.WithContext(context.WithValue(r.http.Context(), requestKey{}, r))
	shown.URL, shown.Body = &url.URL{Path: "/" + r.found.ID}, r.body
	tusd.ServeHTTP(r.answer, shown)
	if r.err != nil {
		return r.answer.status, r.err
	}
	return r.answer.status, r.answer.cause()
}

// begin is called by tusd before it creates an upload.
func begin(event handler.HookEvent) (handler.HTTPResponse, handler.FileInfoChanges, error) {
	key, err := requestOf(event.Context).begin(event.Context, event.Upload)
	// The client's metadata is the caller's: S3 would make headers of it, and the type of the object's content.
	return handler.HTTPResponse{}, handler.FileInfoChanges{ID: key, MetaData: handler.MetaData{}}, err
}

func (r *request) begin(ctx context.Context, info handler.FileInfo) (string, error) {
	upload := Upload{ID: uuid.Must(uuid.NewV7()).String(), Size: info.Size, Metadata: info.MetaData}
	key, err := r.handler.config.Uploads.Begin(ctx, upload)
	if err != nil {
		return "", r.fail(fmt.Errorf("begin upload: %w", err))
	}
	r.found = Found{Upload: upload, Key: key}
	return key, r.fail(r.lock(ctx, upload.ID))
}

// finish makes the upload whole and hands it to the caller. It is the only way there: from the write that completes it, and
// from whatever asks for an upload that has all its bytes but was not finished then.
func (r *request) finish(ctx context.Context, upload handler.Upload) error {
	r.body.extend(finishLimit) // the connection's deadline would end the request's context too
	finished, err := r.handler.config.Storage.finish(ctx, r.found.Key, upload)
	if err != nil {
		return r.fail(err)
	}
	if err := r.handler.config.Uploads.Finish(ctx, r.found.ID, finished); err != nil {
		return r.fail(fmt.Errorf("finish upload: %w", err))
	}
	r.handler.clean(ctx, r.found.Key)
	return nil
}

// answer passes on what succeeds, and keeps what is to be refused.
type answer struct {
	http.ResponseWriter
	location string // of the upload that was created
	status   int
	text     strings.Builder
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if status == http.StatusNotImplemented {
		status = http.StatusBadRequest // what is not there by decision is no failure of the server
	}
	a.status = status
	if a.location != "" {
		a.Header().Set("Location", a.location)
	}
	if status < http.StatusBadRequest {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	a.Header().Del("Content-Type")
	a.Header().Del("Content-Length")
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status < http.StatusBadRequest {
		return a.ResponseWriter.Write(p)
	}
	return a.text.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) cause() error {
	if text := strings.TrimSpace(a.text.String()); text != "" {
		return errors.New(text)
	}
	return nil
}

// stoppable is a request's body that can be ended from elsewhere, at any time. tusd's own way loses the call that comes while it
// prepares to read.
type stoppable struct {
	io.ReadCloser
	connection *http.ResponseController
	cause      atomic.Pointer[error]
}

func (s *stoppable) stop(cause error) {
	s.cause.CompareAndSwap(nil, &cause)
	_ = s.connection.SetReadDeadline(time.Now()) // a connection without deadlines is read once more
}

// Read implements io.Reader.
func (s *stoppable) Read(p []byte) (int, error) {
	if cause := s.cause.Load(); cause != nil {
		return 0, *cause
	}
	n, err := s.ReadCloser.Read(p)
	if cause := s.cause.Load(); cause != nil && err != nil && !errors.Is(err, io.EOF) {
		err = *cause
	}
	return n, err
}

// abandon has the server not wait for the rest of a body that was stopped: tusd allows it another minute after each read.
func (s *stoppable) abandon() {
	if s.cause.Load() != nil {
		_ = s.connection.SetReadDeadline(time.Now())
	}
}

// extend gives the connection time; without deadlines it has all.
func (s *stoppable) extend(limit time.Duration) {
	_ = s.connection.SetReadDeadline(time.Now().Add(limit))
	_ = s.connection.SetWriteDeadline(time.Now().Add(limit))
}
