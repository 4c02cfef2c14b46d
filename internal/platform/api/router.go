// Package api is the HTTP edge: it registers routes, reads requests strictly, runs each in its tenant's scope, and turns
// faults into problems. Features see none of HTTP but the types of their inputs and outputs.
package api

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/limit"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Config is what a Router stands on.
type Config struct {
	Title          string
	Version        string
	Pool           *db.Pool
	Tokens         *authn.Tokens
	Secret         []byte // seals cursors
	Limiter        *limit.Limiter
	Limits         Limits
	BodyLimit      int64
	Hosts          []string       // names served besides localhost and IP addresses
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Log            *slog.Logger
	Now            func() time.Time
	Wrote          func(org uuid.UUID) // called after a request that may have written events; of the nil UUID where it was in none
}

// Limits are the quotas of every request.
type Limits struct {
	IP, Account, Org limit.Policy
}

// Router registers operations and serves them.
type Router struct {
	cfg     Config
	mux     *http.ServeMux
	apart   map[string]*http.ServeMux // by prefix
	huma    huma.API
	ops     []*Op
	streams map[string]Stream // by path
	metrics *metrics
	cursors sealer
}

// Area says whose scope an operation runs in.
type Area int

// The areas.
const (
	InOrg     Area = iota // the organization that X-Org-Id names
	InPathOrg             // the organization {org_id} of the path
	AsUser                // the signed-in user, outside any organization
	Anonymous             // nobody; the reseller alone
)

// Op describes an operation: what it is called, who may call it and what it does to the world. The conformance suite
// holds every operation to its description.
type Op struct {
	ID      string // operationId: kebab-case verb and noun
	Tag     string
	Summary string
	Doc     string
	In      Area
	Can     rbac.Permission // needed in InOrg and InPathOrg
	Emits   []event.Type    // the events that it may write
	Trips   int             // database round trips; 0 means 1. An Idempotency-Key costs one more
	Status  int             // of success; 0 means 201 for POST, 204 for no content, else 200
	Faults  []fault.Kind    // documented besides those that every operation may answer
	NoKey   bool            // it is a POST that takes no Idempotency-Key

	Method string // set by registration
	Path   string

	takesBody bool
}

// NoTrips is Op.Trips of a transfer that does not ask the database.
const NoTrips = -1

// Nothing is the output of operations that answer 204.
type Nothing struct{}

// Handler is an operation: it works in the scope and answers a resource.
type Handler[I, O any] func(context.Context, *db.Scope, *I) (*O, error)

var configureHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return humaProblem(nil, status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return humaProblem(ctx, status, msg, errs)
	}
})

// NewRouter makes a router with the service's own routes and none of the features'.
func NewRouter(cfg Config) *Router {
	configureHuma()
	mux := http.NewServeMux()
	r := &Router{cfg: cfg, mux: mux, huma: humago.New(mux, humaConfig(cfg)), apart: map[string]*http.ServeMux{}, streams: map[string]Stream{}, metrics: newMetrics(), cursors: sealer{cfg.Secret}}
	mux.HandleFunc("GET /problems/{$}", problemIndex)
	mux.HandleFunc("GET /problems/{kind}", problemPage)
	mux.HandleFunc(anyPath, r.unrouted)
	r.serveOpenAPI()
	return r
}

// Operations lists what is registered, in order.
func (r *Router) Operations() []*Op { return r.ops }

// Streams lists what is registered that lives longer than a request.
func (r *Router) Streams() []Stream { return slices.Collect(maps.Values(r.streams)) }

// Apart gives the paths below a prefix patterns of their own: a mux takes no two patterns that match one path without
// either being the narrower, even where that path is nobody's. It is called before they are registered.
func (r *Router) Apart(prefix string) {
	mux := http.NewServeMux()
	mux.HandleFunc(anyPath, r.unrouted)
	r.apart[prefix] = mux
}

// muxOf is where a path is registered.
func (r *Router) muxOf(path string) *http.ServeMux {
	for prefix, mux := range r.apart {
		if strings.HasPrefix(path, prefix) {
			return mux
		}
	}
	return r.mux
}

// Handle mounts a handler that is no JSON operation, such as the socket or the documentation page.
func (r *Router) Handle(pattern string, h http.Handler) { r.mux.Handle(pattern, h) }

// Stream describes what goes on for as long as the client likes, for the document.
type Stream struct {
	ID, Tag, Summary, Doc string

	Status int          // of success
	Media  string       // of what is sent; "" for what HTTP does not see
	Query  []huma.Param // what it reads from the query besides the organization and the token
	Faults []fault.Kind // that it may answer in its place
}

// HandleStream is Handle for a stream, with GET.
func (r *Router) HandleStream(path string, h http.Handler, s Stream) {
	r.streams[path] = s
	r.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, hr *http.Request) {
		requestFrom(hr.Context()).lasts = true
		h.ServeHTTP(w, hr)
	})
	r.describeStream(path, s)
}

// Get registers a read.
func Get[I, O any](r *Router, path string, h Handler[I, O], op Op) {
	register(r, http.MethodGet, path, h, op)
}

// Post registers a creation or an action.
func Post[I, O any](r *Router, path string, h Handler[I, O], op Op) {
	register(r, http.MethodPost, path, h, op)
}

// Patch registers a partial update, by JSON Merge Patch (RFC 7396).
func Patch[I, O any](r *Router, path string, h Handler[I, O], op Op) {
	register(r, http.MethodPatch, path, h, op)
}

// Delete registers a deletion.
func Delete[I, O any](r *Router, path string, h Handler[I, O], op Op) {
	register(r, http.MethodDelete, path, h, op)
}

// Revised is a resource whose version is its ETag.
type Revised interface{ Revision() int32 }

type plainAnswer[O any] struct{ Body *O }

type revisedAnswer[O any] struct {
	ETag string `header:"ETag" doc:"The version, for If-Match." example:"\"1\""`
	Body *O
}

type noAnswer struct{}

func register[I, O any](r *Router, method, path string, h Handler[I, O], op Op) {
	op.Method, op.Path = method, path
	if op.Trips == 0 {
		op.Trips = 1
	}
	var zero O
	_, empty := any(zero).(Nothing)
	_, revised := any(zero).(Revised)
	if op.Status == 0 {
		op.Status = defaultStatus(method, empty)
	}
	_, op.takesBody = reflect.TypeFor[I]().FieldByName("Body")
	r.ops = append(r.ops, &op)
	described := r.describe(&op)

	switch {
	case empty:
		huma.Register(r.huma, described, func(ctx context.Context, in *I) (*noAnswer, error) {
			_, err := run(ctx, r, &op, h, in)
			return nil, err
		})
	case revised:
		huma.Register(r.huma, described, func(ctx context.Context, in *I) (*revisedAnswer[O], error) {
			out, err := run(ctx, r, &op, h, in)
			if err != nil {
				return nil, err
			}
			return &revisedAnswer[O]{etag(any(*out).(Revised).Revision()), out}, nil
		})
	default:
		huma.Register(r.huma, described, func(ctx context.Context, in *I) (*plainAnswer[O], error) {
			out, err := run(ctx, r, &op, h, in)
			if err != nil {
				return nil, err
			}
			return &plainAnswer[O]{out}, nil
		})
	}
	r.finishDescription(&op)
}

func defaultStatus(method string, empty bool) int {
	switch {
	case empty:
		return http.StatusNoContent
	case method == http.MethodPost:
		return http.StatusCreated
	}
	return http.StatusOK
}

// attempts bounds how often an operation runs that lost a race with another one.
const attempts = 5

// run calls the handler in a fresh scope, again where it lost a race, and gives problems for faults.
func run[I, O any](ctx context.Context, r *Router, op *Op, h Handler[I, O], in *I) (*O, error) {
	req := requestFrom(ctx)
	for attempt := 1; ; attempt++ {
		s := r.scope(req, op)
		out, err := h(ctx, s, in)
		if err == nil {
			req.scope = s
			if req.key == nil {
				r.committed(req, op)
			}
			return out, nil
		}
		s.Abort(ctx)
		req.after = nil
		if retryable(err) && attempt < attempts && ctx.Err() == nil {
			continue
		}
		if fault.Is(err, fault.IdempotencyReplay) {
			req.scope, req.replay = s, true
			return nil, &Problem{Status: http.StatusConflict} // the kept answer goes out in its place
		}
		if op.In == InPathOrg && fault.Is(err, fault.OrgDenied) {
			err = fault.Absent("organization", "")
		}
		return nil, problemOf(ctx, err)
	}
}

// scope is what a request works in, under its Idempotency-Key where it has one.
func (r *Router) scope(req *Request, op *Op) *db.Scope {
	s := r.scopeAside(req, op)
	if req.key != nil {
		s.Claim(req.key.key, req.key.hash)
	}
	return s
}

// scopeAside is a scope for what the request's key does not cover.
func (r *Router) scopeAside(req *Request, op *Op) *db.Scope {
	var s *db.Scope
	switch op.In {
	case InOrg, InPathOrg:
		least, ok := rbac.Least(op.Can)
		if !ok {
			panic("operation " + op.ID + " asks for a permission that no role has")
		}
		s = r.cfg.Pool.Org(req.Principal.Subject(), req.Org, int16(least))
	case AsUser:
		s = r.cfg.Pool.User(req.Principal.Subject())
	case Anonymous:
		s = r.cfg.Pool.Reseller(req.Principal.Reseller)
	}
	return s
}
