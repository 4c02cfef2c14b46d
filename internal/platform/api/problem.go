package api

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/plinth/plinth/internal/platform/fault"
)

// Problem is a refusal as clients read it (RFC 9457).
type Problem struct {
	Type      string         `json:"type" format:"uri-reference" doc:"What kind of problem this is; the path leads to a page that explains it." example:"/problems/validation"`
	Title     string         `json:"title" doc:"The kind in words; the same for every problem of the type." example:"The request is not valid"`
	Status    int            `json:"status" doc:"The HTTP status." example:"422"`
	Detail    string         `json:"detail,omitempty" doc:"This occurrence in words."`
	Errors    []ProblemError `json:"errors,omitempty" nullable:"false" doc:"The places in the request that are wrong."`
	RequestID string         `json:"request_id" doc:"Names this request in the server's log."`

	retryAfter int // seconds; 0 is silent
}

// ProblemError is one wrong place in a request.
type ProblemError struct {
	Location string `json:"location" doc:"Where, such as body.title, query.limit or header.X-Org-Id." example:"body.title"`
	Message  string `json:"message" doc:"What is wrong there." example:"expected length >= 1"`
}

func (p *Problem) Error() string { return p.Type }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	setProblemHeaders(h, p)
	return h
}

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var kinds = func() map[fault.Kind]fault.Info {
	m := map[fault.Kind]fault.Info{}
	for _, info := range fault.Kinds() {
		m[info.Kind] = info
	}
	return m
}()

// ProblemOf is the problem of an error, for what is no answer to a request.
func ProblemOf(ctx context.Context, err error) *Problem { return problemOf(ctx, err) }

// problemOf gives a fault its public form and notes it for the log. Any other error is a defect: the client learns no
// more than the request's id.
func problemOf(ctx context.Context, err error) *Problem {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f = &fault.Fault{Kind: fault.Unavailable, Err: err}
	default:
		f = &fault.Fault{Kind: fault.Internal, Err: err}
	}
	info, ok := kinds[f.Kind]
	if !ok {
		info = kinds[fault.Internal]
	}
	p := &Problem{Type: "/problems/" + string(info.Kind), Title: info.Title, Status: info.Status, Detail: f.Detail,
		retryAfter: int(f.RetryAfter.Seconds())}
	if info.Kind == fault.Internal {
		p.Detail = ""
	}
	if info.Kind == fault.Unavailable && p.retryAfter == 0 {
		p.retryAfter = 1
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemError{field.Location, field.Message})
	}
	if req := requestFrom(ctx); req != nil {
		p.RequestID = req.ID
		req.problem, req.cause = info.Kind, f.Err
	}
	return p
}

func retryable(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Retryable
}

func setProblemHeaders(h http.Header, p *Problem) {
	if p.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="plinth"`
		if p.Type != "/problems/"+string(fault.Unauthenticated) {
			challenge += `, error="invalid_token"` // RFC 6750, 3.1
		}
		h.Set("WWW-Authenticate", challenge)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
}

// NotFound answers for a path that leads nowhere.
func NotFound(w http.ResponseWriter, hr *http.Request) { writeProblem(w, hr, fault.Absent("page", "")) }

// WriteProblem answers a request outside the operations with the problem of an error.
func WriteProblem(w http.ResponseWriter, hr *http.Request, err error) { writeProblem(w, hr, err) }

func writeProblem(w http.ResponseWriter, hr *http.Request, err error) {
	p := problemOf(hr.Context(), err)
	body, encodeErr := json.Marshal(p)
	if encodeErr != nil {
		body = []byte(`{"type":"/problems/internal"}`)
	}
	setProblemHeaders(w.Header(), p)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may have left
}

// maxFields bounds how many wrong places a problem lists.
const maxFields = 100

// humaProblem is the problem of what huma found wrong in a request. ctx is nil where huma only wants the type.
func humaProblem(ctx huma.Context, status int, msg string, errs []error) *Problem {
	f := &fault.Fault{Kind: fault.Internal, Err: errors.New(msg)} // the errors' own texts hold values of the request
	switch status {
	case http.StatusUnprocessableEntity:
		f.Kind = fault.Validation
	case http.StatusBadRequest:
		f.Kind, f.Detail = fault.MalformedBody, msg
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		f.Kind = fault.UnsupportedMediaType
	case http.StatusRequestEntityTooLarge:
		f.Kind = fault.TooLarge
	}
	if f.Kind != fault.Internal {
		f.Err = errors.New(msg) // huma's errors print the values they are about: secrets, and whole bodies over and over
	}
	for _, err := range errs[:min(len(errs), maxFields)] {
		f.Fields = append(f.Fields, fieldOf(err))
	}
	if f.Kind == fault.MalformedBody && len(f.Fields) > 0 {
		f.Detail, f.Fields = "The body is not one JSON document: "+f.Fields[0].Message+".", nil
	}
	base := context.Background()
	if ctx != nil {
		base = ctx.Context()
	}
	return problemOf(base, f)
}

// fieldOf keeps the place and the message of an error and drops the value, which may be a secret.
func fieldOf(err error) fault.Field {
	var d huma.ErrorDetailer
	if !errors.As(err, &d) {
		return fault.Field{Location: "body", Message: err.Error()}
	}
	detail := d.ErrorDetail()
	location, message := detail.Location, detail.Message
	if at, rest, ok := strings.Cut(message, ": "); ok && strings.HasPrefix(at, "body.") {
		location, message = at, rest // a bodyError, which huma knows only as text
	}
	return fault.Field{Location: location, Message: message}
}

func problemIndex(w http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	b.WriteString("<h1>Problems</h1><p>Every refusal is application/problem+json (RFC 9457) of one of these types.</p><ul>")
	for _, info := range fault.Kinds() {
		fmt.Fprintf(&b, `<li><a href="/problems/%s">%s</a> (%d): %s</li>`, info.Kind, info.Kind, info.Status, html.EscapeString(info.Title))
	}
	b.WriteString("</ul>")
	writePage(w, "Problems", b.String())
}

func problemPage(w http.ResponseWriter, hr *http.Request) {
	info, ok := kinds[fault.Kind(hr.PathValue("kind"))]
	if !ok {
		writeProblem(w, hr, fault.Absent("problem type", ""))
		return
	}
	writePage(w, info.Title, fmt.Sprintf(`<h1>%s</h1><p><code>/problems/%s</code>, HTTP %d %s</p><p>%s</p><p><a href="/problems/">All problems</a></p>`,
		html.EscapeString(info.Title), info.Kind, info.Status, http.StatusText(info.Status), html.EscapeString(info.Explain)))
}

func writePage(w http.ResponseWriter, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><meta charset="utf-8"><title>%s</title><meta name="viewport" content="width=device-width">%s</html>`,
		html.EscapeString(title), body)
}

// Unavailable is the fault of a service that cannot answer now.
func Unavailable(err error) error { return &fault.Fault{Kind: fault.Unavailable, Err: err} }
