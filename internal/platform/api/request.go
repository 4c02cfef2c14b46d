package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
)

// DefaultReseller is the brand of an installation that resells to nobody.
var DefaultReseller = uuid.MustParse("00000000-0000-7000-8000-000000000001")

// Request is what the edge learnt about a request, for logs and for the scope it runs in.
type Request struct {
	ID        string
	IP        string
	UserAgent string
	Arrived   time.Time
	Principal authn.Principal
	Org       uuid.UUID
	TraceID   string // of the caller's traceparent

	route   string
	problem fault.Kind
	cause   error // behind a problem, for the log
	key     *idempotencyKey
	scope   *db.Scope // of the run that answered
	replay  bool      // the key's answer is known
	lasts   bool      // goes on for as long as the client likes
	after   []func()  // to run once the request's changes are committed
	cursors sealer
	limits  limitStates
}

type requestKey struct{}

func requestFrom(ctx context.Context) *Request {
	req, _ := ctx.Value(requestKey{}).(*Request)
	return req
}

// AfterCommit runs f once the changes of the running request are committed, and not at all where they are not.
func AfterCommit(ctx context.Context, f func()) {
	req := requestFrom(ctx)
	req.after = append(req.after, f)
}

func (r *Router) committed(req *Request, op *Op) {
	if len(op.Emits) > 0 {
		r.cfg.Wrote(req.Org)
	}
	for _, f := range req.after {
		f()
	}
}

// Network is the caller's address as it is counted: an IPv6 host has a whole /64 to choose from.
func (req *Request) Network() string {
	ip, err := netip.ParseAddr(req.IP)
	if err != nil || ip.Is4() {
		return req.IP
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// Admitted notes who a request outside the operations was found to be, for its log line.
func (req *Request) Admitted(p authn.Principal, org uuid.UUID) { req.Principal, req.Org = p, org }

// Detached is a context for what goes on after the request of the id, and holds on to nothing else of it.
func Detached(id string) context.Context {
	return context.WithValue(context.Background(), requestKey{}, &Request{ID: id})
}

// RequestFrom is the running request; features read its address and arrival from it.
func RequestFrom(ctx context.Context) *Request { return requestFrom(ctx) }

// admit is the middleware in front of every operation: limits, token, organization, body and Idempotency-Key, in this
// order, without the database.
func (r *Router) admit(op *Op) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		hr, w := humago.Unwrap(hc)
		req := requestFrom(hr.Context())
		req.route = op.Method + " " + op.Path
		limited, cancel := context.WithTimeout(hr.Context(), requestTimeout)
		defer cancel()
		hr = hr.WithContext(limited)
		ctx := &operationContext{humaContext: hc, limited: limited, inOrg: op.In <= InPathOrg}
		err := r.check(req, op, hr)
		if err == nil {
			err = r.checkBody(req, op, hr, w, ctx)
		}
		if err != nil {
			writeProblem(w, hr, err)
			return
		}
		if req.key == nil {
			next(ctx)
			return
		}
		r.serveKeyed(req, op, hr, w, ctx, next)
	}
}

// check looks at all of a request but its body.
func (r *Router) check(req *Request, op *Op, hr *http.Request) error {
	req.Principal.Reseller = DefaultReseller
	if op.In != Anonymous {
		p, err := r.authenticate(hr)
		if err != nil {
			return err
		}
		req.Principal = p
		if err := req.limits.take(r.cfg.Limiter, r.cfg.Limits.Account, p.User.String()); err != nil {
			return err
		}
	}
	if err := readOrg(req, op, hr); err != nil {
		return err
	}
	if req.Org != uuid.Nil {
		if err := req.limits.take(r.cfg.Limiter, r.cfg.Limits.Org, req.Org.String()); err != nil {
			return err
		}
	}
	return checkQuery(hr)
}

func (r *Router) checkBody(req *Request, op *Op, hr *http.Request, w http.ResponseWriter, ctx *operationContext) error {
	body, err := r.readBody(hr, w)
	if err != nil {
		return err
	}
	ctx.body = body
	if !op.takesBody && len(body) > 0 && string(body) != "{}" {
		return fault.Invalid("body", "this operation takes none")
	}
	if err := checkBodyOrg(req, op, body); err != nil {
		return err
	}
	req.key, err = readIdempotencyKey(op, hr, body)
	return err
}

// authenticate reads the bearer token (RFC 6750) of the Authorization header.
func (r *Router) authenticate(hr *http.Request) (authn.Principal, error) {
	values := hr.Header.Values("Authorization")
	if len(values) == 0 {
		return authn.Principal{}, fault.New(fault.Unauthenticated, "")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return authn.Principal{}, fault.New(fault.InvalidToken, "Send exactly one header, Authorization: Bearer <token>.")
	}
	return r.cfg.Tokens.Verify(strings.TrimSpace(token))
}

// readOrg finds the organization: in the path or in X-Org-Id, with every org_id of the query equal to it.
func readOrg(req *Request, op *Op, hr *http.Request) error {
	header, err := orgHeader(hr)
	if err != nil && op.In <= InPathOrg {
		return err
	}
	switch op.In {
	case InOrg:
		if header == uuid.Nil {
			return fault.New(fault.OrgHeader, "X-Org-Id is missing.")
		}
		req.Org = header
	case InPathOrg:
		id, err := parseUUID(hr.PathValue("org_id"))
		if err != nil {
			return fault.Invalid("path.org_id", "expected a UUID")
		}
		if header != uuid.Nil && header != id {
			return fault.New(fault.OrgMismatch, "X-Org-Id is not the organization in the path.")
		}
		req.Org = id
	default:
		return nil
	}
	for _, value := range hr.URL.Query()["org_id"] {
		if id, err := parseUUID(value); err != nil || id != req.Org {
			return fault.New(fault.OrgMismatch, "org_id in the query is not the organization of the request.")
		}
	}
	return nil
}

func orgHeader(hr *http.Request) (uuid.UUID, error) {
	values := hr.Header.Values("X-Org-Id")
	if len(values) == 0 {
		return uuid.Nil, nil
	}
	id, err := parseUUID(values[0])
	if err != nil || len(values) > 1 || id == uuid.Nil {
		return uuid.Nil, fault.New(fault.OrgHeader, "X-Org-Id must be one UUID.")
	}
	return id, nil
}

// parseUUID takes the canonical form alone, not the braces and prefixes that uuid.Parse allows.
func parseUUID(s string) (uuid.UUID, error) {
	if len(s) != 36 {
		return uuid.Nil, errors.New("not a UUID")
	}
	return uuid.Parse(s)
}

// checkQuery refuses what the query parser would drop or Postgres would choke on.
func checkQuery(hr *http.Request) error {
	if strings.Contains(hr.URL.Path, "\x00") {
		return fault.Invalid("path", "may not hold U+0000")
	}
	values, err := parseQuery(hr.URL.RawQuery)
	if err != nil {
		return fault.Invalid("query", "is not a valid query string")
	}
	for name, given := range values {
		if len(given) > 1 && name != "org_id" {
			return fault.Invalid("query."+Printable(name), "is given more than once")
		}
		if !validText(given[0]) || !validText(name) {
			return fault.Invalid("query."+Printable(name), "must be UTF-8 without U+0000")
		}
	}
	return nil
}

// readBody reads the whole body, up to the limit.
func (r *Router) readBody(hr *http.Request, w http.ResponseWriter) ([]byte, error) {
	if hr.Body == nil || hr.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, r.cfg.BodyLimit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, fault.New(fault.TooLarge, "")
	}
	if err != nil {
		return nil, &fault.Fault{Kind: fault.MalformedBody, Detail: "The body ended early.", Err: err}
	}
	if len(body) > 0 && !jsonMediaType(hr) {
		return nil, fault.New(fault.UnsupportedMediaType, "")
	}
	return body, nil
}

func jsonMediaType(hr *http.Request) bool {
	value := hr.Header.Get("Content-Type")
	if value == "" {
		return true
	}
	name, params, _ := strings.Cut(strings.ToLower(value), ";")
	name, params = strings.TrimSpace(name), strings.TrimSpace(params)
	charset, ok := strings.CutPrefix(params, "charset=")
	if ok && strings.Trim(charset, `"`) != "utf-8" {
		return false
	}
	return name == "application/json" || name == "application/merge-patch+json" && hr.Method == http.MethodPatch
}

// checkBodyOrg holds an org_id in the body to the organization of the request.
func checkBodyOrg(req *Request, op *Op, body []byte) error {
	if op.In > InPathOrg || !bytes.Contains(body, []byte("org_id")) && !bytes.Contains(body, []byte(`\u`)) {
		return nil // no member of that name, escaped or not
	}
	var named struct {
		OrgID jsontext.Value `json:"org_id"`
	}
	if err := json.Unmarshal(body, &named); err != nil || named.OrgID == nil {
		return nil // the strict reader says what is wrong
	}
	var text string
	if err := json.Unmarshal(named.OrgID, &text); err == nil && text == req.Org.String() {
		return nil
	}
	return fault.New(fault.OrgMismatch, "org_id in the body is not the organization of the request.")
}

type idempotencyKey struct {
	key  string
	hash []byte
}

// readIdempotencyKey reads the header of an authenticated POST. The key stands for method, path and body together.
func readIdempotencyKey(op *Op, hr *http.Request, body []byte) (*idempotencyKey, error) {
	values := hr.Header.Values("Idempotency-Key")
	if op.Method != http.MethodPost || op.In == Anonymous || len(values) == 0 {
		return nil, nil
	}
	if op.NoKey {
		return nil, fault.Invalid("header.Idempotency-Key", "is not taken by this operation")
	}
	key := values[0]
	if len(values) > 1 || len(key) == 0 || len(key) > 255 || key != Printable(key) {
		return nil, fault.Invalid("header.Idempotency-Key", "expected 1 to 255 printable ASCII characters")
	}
	return &idempotencyKey{key, requestHash(hr, body)}, nil
}

// requestHash stands for all that an Idempotency-Key is tied to.
func requestHash(hr *http.Request, body []byte) []byte {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(hr.Method), []byte(hr.URL.Path), body} {
		sum.Write([]byte(hex.EncodeToString(part)))
		sum.Write([]byte{0})
	}
	return sum.Sum(nil)
}

// humaContext is embedded under a name of its own, as its method Context must stay reachable.
type humaContext = huma.Context

// operationContext gives huma the body that was read already, and keeps a keyed request's answer back until its
// transaction has committed.
type operationContext struct {
	humaContext
	limited context.Context
	inOrg   bool
	body    []byte
	held    *heldAnswer
}

func (c *operationContext) Context() context.Context { return c.limited }

func (c *operationContext) Unwrap() huma.Context { return c.humaContext }

// URL leaves out an org_id, which has been compared by now and is no parameter of the operation's own.
func (c *operationContext) URL() url.URL {
	u := c.humaContext.URL()
	if q := u.Query(); c.inOrg && q.Has("org_id") {
		q.Del("org_id")
		u.RawQuery = q.Encode()
	}
	return u
}

func (c *operationContext) BodyReader() io.Reader { return bytes.NewReader(c.body) }

func (c *operationContext) SetStatus(code int) {
	if c.held != nil {
		c.held.status = code
		return
	}
	c.humaContext.SetStatus(code)
}

func (c *operationContext) Status() int {
	if c.held != nil {
		return c.held.status
	}
	return c.humaContext.Status()
}

func (c *operationContext) SetHeader(name, value string) {
	if c.held != nil {
		c.held.headers[name] = value
		return
	}
	c.humaContext.SetHeader(name, value)
}

func (c *operationContext) AppendHeader(name, value string) { c.SetHeader(name, value) }

func (c *operationContext) BodyWriter() io.Writer {
	if c.held != nil {
		return &c.held.body
	}
	return c.humaContext.BodyWriter()
}

type heldAnswer struct {
	status  int
	headers map[string]string
	body    bytes.Buffer
}

// serveKeyed runs a request with an Idempotency-Key: its effects and its answer are committed together, then sent.
func (r *Router) serveKeyed(req *Request, op *Op, hr *http.Request, w http.ResponseWriter, ctx *operationContext, next func(huma.Context)) {
	ctx.held = &heldAnswer{headers: map[string]string{}}
	defer func() {
		if req.scope != nil {
			req.scope.Abort(hr.Context())
		}
	}()
	next(ctx)
	answer, err := r.settle(hr.Context(), req, op, ctx.held)
	if err != nil {
		writeProblem(w, hr, err)
		return
	}
	sendKept(w, req, answer)
}

// sendKept sends the answer that is kept under the request's key.
func sendKept(w http.ResponseWriter, req *Request, answer db.Answer) {
	if req.replay {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // a client that left gets its answer by asking again
}

// settle commits what a keyed request did together with its answer, or gives the answer that was kept before. A refused
// request did nothing, so its answer is not kept and the key stays free.
func (r *Router) settle(ctx context.Context, req *Request, op *Op, held *heldAnswer) (db.Answer, error) {
	answer := db.Answer{Status: held.status, Headers: held.headers, Body: held.body.Bytes()}
	switch {
	case req.scope == nil:
		return answer, nil
	case req.replay:
		return req.scope.Kept(ctx)
	}
	if err := req.scope.Keep(ctx, answer); err != nil {
		return db.Answer{}, err
	}
	r.committed(req, op)
	return answer, nil
}
