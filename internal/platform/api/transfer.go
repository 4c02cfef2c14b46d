package api

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
)

// Transfer is the handler of an operation whose request or answer is a stream of bytes, which it reads and writes as they
// come. An error is answered as its problem where nothing has been written yet, and cuts the connection where something has.
type Transfer func(ctx context.Context, c *Call) error

// Shape describes what a transfer carries, for the document.
type Shape struct {
	Takes    map[string]*huma.Schema // the request's bodies by media type; nil is none
	Optional bool                    // there may be no body
	Params   []*huma.Param           // of the path, the query and the headers; a query parameter that is not here is refused
	Gives    string                  // the media type of the answer's bytes
	Answer   reflect.Type            // the resource that is answered as JSON, where no bytes are
	Headers  map[string]string       // of the answer, with what they say
	Also     map[int]string          // further statuses that are no refusals, with what they say
}

// HandleTransfer registers a transfer. It is admitted like every operation, but its body is its handler's to read, and it
// may take as long as the bytes flow.
func HandleTransfer(r *Router, method, path string, h Transfer, op Op, shape Shape) {
	op.Method, op.Path = method, path
	switch op.Trips {
	case 0:
		op.Trips = 1
	case NoTrips:
		op.Trips = 0
	}
	if op.Status == 0 {
		op.Status = defaultStatus(method, shape.Answer == nil && shape.Gives == "")
	}
	r.ops = append(r.ops, &op)
	described := r.describe(&op)
	r.describeTransfer(&op, &described, shape)
	r.huma.OpenAPI().AddOperation(&described)
	r.finishDescription(&op)
	pattern := path
	if strings.HasSuffix(path, "/") {
		pattern += "{$}"
	}
	r.muxOf(path).HandleFunc(method+" "+pattern, func(w http.ResponseWriter, hr *http.Request) {
		r.transfer(w, hr, &op, shape, h)
	})
}

func (r *Router) transfer(w http.ResponseWriter, hr *http.Request, op *Op, shape Shape, h Transfer) {
	req := requestFrom(hr.Context())
	req.route, req.lasts = op.Method+" "+op.Path, true
	c := &Call{Request: hr, router: r, op: op, req: req, writer: &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w)}}
	err := r.check(req, op, hr)
	if err == nil {
		err = checkParams(hr, op, shape)
	}
	if err == nil && shape.Takes != nil {
		req.key, err = readIdempotencyKey(op, hr, nil) // until its hash is known
	}
	if err == nil {
		c.body = &pacedBody{ReadCloser: hr.Body, control: c.writer.control, began: time.Now()}
		hr.Body = c.body
		err = h(hr.Context(), c)
	}
	c.end(err)
}

// checkParams refuses what the transfer does not know in the query.
func checkParams(hr *http.Request, op *Op, shape Shape) error {
	for name := range hr.URL.Query() {
		known := slices.ContainsFunc(shape.Params, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
		if !known && (name != "org_id" || op.In > InPathOrg) {
			return fault.Invalid("query."+Printable(name), "unknown query parameter")
		}
	}
	return nil
}

// Call is one transfer under way.
type Call struct {
	Request *http.Request // its Body is read within deadlines that move on with the bytes

	router *Router
	op     *Op
	req    *Request
	body   *pacedBody
	writer *pacedWriter
}

// Writer answers; every write must get on within a deadline.
func (c *Call) Writer() http.ResponseWriter { return c.writer }

// Org is the organization that the call is in.
func (c *Call) Org() uuid.UUID { return c.req.Org }

// PathID is a UUID of the path.
func (c *Call) PathID(name string) (uuid.UUID, error) {
	id, err := parseUUID(c.Request.PathValue(name))
	if err != nil {
		return uuid.Nil, fault.Invalid("path."+name, "expected a UUID")
	}
	return id, nil
}

// Scope is a scope to work in as the caller, outside the Idempotency-Key: that covers what Conclude does. It may be called
// from several goroutines.
func (c *Call) Scope() *db.Scope { return c.router.scopeAside(c.req, c.op) }

// Conclude makes the change that a call comes to, again where it lost a race, and answers with the resource. With an
// Idempotency-Key the change is made once: sum stands for the body. An error, that of a key's replay too, means that this
// call changed nothing.
func Conclude[O any](ctx context.Context, c *Call, sum []byte, change func(*db.Scope) (*O, error)) error {
	if c.req.key != nil {
		c.req.key.hash = requestHash(c.Request, sum)
	}
	for attempt := 1; ; attempt++ {
		s := c.router.scope(c.req, c.op)
		c.req.scope = s
		out, err := change(s)
		if err == nil {
			return c.conclude(ctx, s, out)
		}
		s.Abort(ctx)
		if fault.Is(err, fault.IdempotencyReplay) {
			c.req.replay = true
			return err
		}
		if !retryable(err) || attempt == attempts || ctx.Err() != nil {
			return err
		}
	}
}

func (c *Call) conclude(ctx context.Context, s *db.Scope, out any) error {
	defer s.Abort(ctx) // of what is not kept
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	answer := db.Answer{Status: c.op.Status, Headers: map[string]string{"Content-Type": "application/json"}, Body: body}
	if revised, ok := out.(Revised); ok {
		answer.Headers["ETag"] = etag(revised.Revision())
	}
	if c.req.key != nil {
		if err := s.Keep(ctx, answer); err != nil {
			return err
		}
	}
	c.router.committed(c.req, c.op)
	sendKept(c.writer, c.req, answer)
	return nil
}

// Committed tells that the call has written events, where it was not Conclude that did.
func (c *Call) Committed() { c.router.committed(c.req, c.op) }

// end answers an error.
func (c *Call) end(err error) {
	ctx := c.Request.Context()
	if err != nil && c.req.replay && fault.Is(err, fault.IdempotencyReplay) {
		var answer db.Answer
		if answer, err = c.req.scope.Kept(ctx); err == nil {
			sendKept(c.writer, c.req, answer)
			return
		}
	}
	switch {
	case err == nil:
	case c.writer.wrote:
		_ = problemOf(ctx, err) // for the log
		panic(http.ErrAbortHandler)
	default:
		writeProblem(c.writer, c.Request, err)
	}
}

// The pace that a transfer must keep: who sends or takes less than this is cut off, or a few thousand slow clients would
// hold all connections.
const (
	bodyGrace  = 60 * time.Second // before a body's pace counts
	bodyPace   = 4 << 10          // bytes a second, on the average, from then on
	writeStall = 60 * time.Second // for any piece of an answer
	writePiece = 4 << 20
)

// pacedBody is a body that is read as long as it keeps the pace.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	read    int64
}

func (b *pacedBody) Read(p []byte) (int, error) {
	late := b.began.Add(bodyGrace + time.Duration(b.read/bodyPace)*time.Second)
	_ = b.control.SetReadDeadline(late) // a recorder in a test has none
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	return n, err
}

// pacedWriter is an answer each piece of which must be taken in time.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	wrote   bool
}

func (w *pacedWriter) WriteHeader(status int) {
	w.wrote = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *pacedWriter) Write(b []byte) (int, error) {
	w.wrote = true
	_ = w.control.SetWriteDeadline(time.Now().Add(writeStall))
	return w.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom: a file goes out without being copied through the process.
func (w *pacedWriter) ReadFrom(src io.Reader) (int64, error) {
	under, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	w.wrote = true
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	var total int64
	for limited.N > 0 {
		_ = w.control.SetWriteDeadline(time.Now().Add(writeStall))
		piece := min(limited.N, writePiece)
		n, err := under.ReadFrom(&io.LimitedReader{R: limited.R, N: piece})
		total += n
		limited.N -= n
		if err != nil || n < piece {
			return total, err
		}
	}
	return total, nil
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (r *Router) describeTransfer(op *Op, o *huma.Operation, shape Shape) {
	o.Parameters = slices.Clone(shape.Params)
	if shape.Takes != nil {
		o.RequestBody = &huma.RequestBody{Required: !shape.Optional, Content: map[string]*huma.MediaType{}}
		for media, schema := range shape.Takes {
			o.RequestBody.Content[media] = &huma.MediaType{Schema: schema}
		}
	}
	success := &huma.Response{Description: http.StatusText(op.Status), Headers: map[string]*huma.Param{}}
	switch {
	case shape.Answer != nil:
		schema := r.huma.OpenAPI().Components.Schemas.Schema(shape.Answer, true, "")
		success.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
		success.Headers["ETag"] = header("The version, for If-Match.")
	case shape.Gives != "":
		success.Content = map[string]*huma.MediaType{shape.Gives: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	}
	for name, doc := range shape.Headers {
		success.Headers[name] = header(doc)
	}
	o.Responses = map[string]*huma.Response{strconv.Itoa(op.Status): success}
	for status, doc := range shape.Also {
		o.Responses[strconv.Itoa(status)] = &huma.Response{Description: doc}
	}
	problem := &huma.Schema{Ref: "#/components/schemas/Problem"}
	for _, status := range o.Errors {
		o.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}}
	}
}
