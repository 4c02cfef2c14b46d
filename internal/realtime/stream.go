package realtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/hub"
)

// serveStream sends the events as Server-Sent Events (HTML Living Standard, 9.2). Last-Event-ID, which a browser repeats by
// itself, wins over the cursor of the address.
func (v *Service) serveStream(w http.ResponseWriter, hr *http.Request) {
	c, err := v.open(hr, cmp.Or(hr.Header.Get("Last-Event-ID"), hr.URL.Query().Get("cursor")))
	if err != nil {
		api.WriteProblem(w, hr, err)
		return
	}
	defer c.leave()
	s := &stream{w: w, control: http.NewResponseController(w), now: v.Now}
	c.out = s
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx
	w.WriteHeader(http.StatusOK)
	if hr.Method == http.MethodHead {
		return
	}
	_ = s.control.SetReadDeadline(time.Time{}) // the request has been read, and the client has nothing more to say
	switch err := c.begin(hr.Context()); {
	case err == nil:
		stop := context.AfterFunc(hr.Context(), func() { c.End(hub.Gone) })
		defer stop()
		c.Serve(c.write)
		<-c.done
	case errors.Is(err, errLost):
		s.resync()
	}
}

// stream is a connection over Server-Sent Events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
}

// send implements output.
func (s *stream) send(f frame) error {
	if f.cursor == "" {
		return s.write("data: %s\n\n", f.text)
	}
	return s.write("data: %s\nid: %s\n\n", f.text, f.cursor) // the id last: where it came, all has come
}

// ping implements output: a comment.
func (s *stream) ping() error { return s.write(":\n\n") }

// end implements output. A browser connects again by itself, and learns there what is wrong.
func (s *stream) end(reason hub.Reason) {
	if reason != hub.Gone {
		_ = s.write("event: close\ndata: {\"type\":\"close\",\"code\":%d,\"reason\":%q}\n\n", reason, reason)
	}
}

// abort implements output.
func (s *stream) abort() { _ = s.control.SetWriteDeadline(s.now()) }

// resync tells a client that asks for what is not to be had any more to read everything anew, and has it forget its cursor.
func (s *stream) resync() { _ = s.write("data: %s\nid:\n\n", resyncText) }

func (s *stream) write(format string, args ...any) error {
	_ = s.control.SetWriteDeadline(s.now().Add(writeTimeout))
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.control.Flush()
}
