package api

import (
	"net/http"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/plinth/plinth/internal/platform/rbac"
)

func humaConfig(cfg Config) huma.Config {
	c := huma.DefaultConfig(cfg.Title+" API", cfg.Version)
	c.CreateHooks = nil // no $schema links
	c.DocsPath, c.OpenAPIPath, c.SchemasPath = "", "", ""
	c.Formats = map[string]huma.Format{"application/json": strictJSON, "application/merge-patch+json": strictJSON, "json": strictJSON}
	c.DefaultFormat = "application/json"
	c.RejectUnknownQueryParameters = true
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer":       {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access token of signup, login or refresh."},
		"organization": {Type: "apiKey", In: "header", Name: "X-Org-Id", Description: "The organization to work in, as a UUID; GET /v1/orgs lists yours."},
	}
	c.Info.Description = description
	return c
}

const description = "Every call inside an organization names it in the header `X-Org-Id`. " +
	"Refusals are `application/problem+json` (RFC 9457), explained under [/problems/](/problems/). " +
	"Lists are keyset pages: give `next_cursor` back as `cursor`. " +
	"`PATCH` has the meaning of JSON Merge Patch (RFC 7396): absent keeps, `null` clears. " +
	"`If-Match` with the `ETag` you read refuses to overwrite a colleague's change. " +
	"An `Idempotency-Key` on a `POST` makes a retry safe: the first answer is replayed for 24 hours. " +
	"Changes arrive live on the WebSocket `/ws` and as Server-Sent Events on `/v1/events/stream`."

// schemaName names a schema after its package and type, so that task.Create and board.Create do not collide. A resource
// named as its package is called that: task.Task is Task.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.HasPrefix(t.Name(), "Page[") {
		items, _ := t.FieldByName("Items")
		return "Page" + schemaName(items.Type.Elem(), hint)
	}
	name := huma.DefaultSchemaNamer(t, hint)
	pkg := path.Base(t.PkgPath())
	if t.Name() == "" || pkg == "api" || pkg == "." {
		return name
	}
	prefix := strings.ToUpper(pkg[:1]) + pkg[1:]
	if strings.HasPrefix(name, prefix) {
		return name
	}
	return prefix + name
}

// describe turns an Op into an OpenAPI operation.
func (r *Router) describe(op *Op) huma.Operation {
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Doc, Tags: []string{op.Tag},
		DefaultStatus: op.Status, Errors: statuses(op), Middlewares: huma.Middlewares{r.admit(op)},
		BodyReadTimeout: -1, // the server's own deadlines hold
	}
	o.Security = []map[string][]string{}
	if op.In != Anonymous {
		o.Security = []map[string][]string{{"bearer": {}}}
	}
	if op.In == InOrg {
		o.Security = []map[string][]string{{"bearer": {}, "organization": {}}}
	}
	if op.Can != "" {
		if role, ok := rbac.Least(op.Can); ok {
			o.Description = strings.TrimSpace(o.Description + "\n\nNeeds the role `" + role.String() + "` or higher.")
		}
	}
	if len(op.Emits) > 0 {
		names := make([]string, len(op.Emits))
		for i, t := range op.Emits {
			names[i] = "`" + string(t) + "`"
		}
		o.Description = strings.TrimSpace(o.Description + "\n\nEvents: " + strings.Join(names, ", ") + ".")
	}
	return o
}

// describeStream adds a stream to the document.
func (r *Router) describeStream(path string, s Stream) {
	text := &huma.Schema{Type: huma.TypeString}
	o := &huma.Operation{OperationID: s.ID, Method: http.MethodGet, Path: path, Summary: s.Summary, Description: s.Doc, Tags: []string{s.Tag},
		Security: []map[string][]string{{"bearer": {}}, {}},
		Parameters: []*huma.Param{
			{Name: "org_id", In: "query", Description: "The organization, unless X-Org-Id names it.", Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}},
			{Name: "token", In: "query", Description: "An access token or a ticket, where the header Authorization cannot be set.", Schema: text}},
		Responses: map[string]*huma.Response{}}
	for i := range s.Query {
		o.Parameters = append(o.Parameters, &s.Query[i])
	}
	success := &huma.Response{Description: http.StatusText(s.Status)}
	if s.Media != "" {
		success.Content = map[string]*huma.MediaType{s.Media: {Schema: text}}
	}
	o.Responses[strconv.Itoa(s.Status)] = success
	problem := &huma.Schema{Ref: "#/components/schemas/Problem"}
	for _, k := range s.Faults {
		status := kinds[k].Status
		o.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}}
	}
	r.huma.OpenAPI().AddOperation(o)
}

// statuses are those of the refusals that an operation may answer.
func statuses(op *Op) []int {
	set := []int{http.StatusBadRequest, http.StatusMisdirectedRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable}
	if op.In != Anonymous {
		set = append(set, http.StatusUnauthorized)
	}
	if op.In <= InPathOrg {
		set = append(set, http.StatusForbidden, http.StatusNotFound)
	}
	if op.Method == http.MethodPost || op.Method == http.MethodPut || op.Method == http.MethodPatch {
		set = append(set, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if op.Method == http.MethodPost && op.In != Anonymous || op.Method == http.MethodPatch {
		set = append(set, http.StatusConflict)
	}
	if op.Method == http.MethodPatch || op.Method == http.MethodDelete {
		set = append(set, http.StatusPreconditionFailed)
	}
	for _, k := range op.Faults {
		set = append(set, kinds[k].Status)
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// finishDescription adds what huma does not derive: the headers and parameters that the edge itself reads.
func (r *Router) finishDescription(op *Op) {
	item := r.huma.OpenAPI().Paths[op.Path]
	o := map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodHead: item.Head, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete, http.MethodOptions: item.Options}[op.Method]
	if op.Method == http.MethodPost && op.In != Anonymous && !op.NoKey {
		o.Parameters = append(o.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header",
			Description: "Makes a retry safe: the same key and body replay the first answer.",
			Schema:      &huma.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(255)}})
	}
	if op.In <= InPathOrg {
		allowOrgID(r.huma.OpenAPI().Components.Schemas, o)
	}
	for status, response := range o.Responses {
		if response.Headers == nil {
			response.Headers = map[string]*huma.Param{}
		}
		response.Headers["X-Request-Id"] = header("Names this request in the server's log; an X-Request-Id that was sent is echoed.")
		response.Headers["RateLimit"] = header("What is left of each quota: r requests, whole again in t seconds.")
		response.Headers["RateLimit-Policy"] = header("The quotas: q requests in w seconds.")
		if op.Method == http.MethodPost && op.In != Anonymous && !op.NoKey && status < "300" {
			response.Headers["Idempotency-Replayed"] = header("true where this is the first answer to the key, given again.")
		}
		if code, err := strconv.Atoi(status); err == nil && code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
			response.Headers["Retry-After"] = header("Seconds to wait.")
		}
	}
}

// allowOrgID lets a body repeat the organization, which the edge has compared by then.
func allowOrgID(schemas huma.Registry, o *huma.Operation) {
	if o.RequestBody == nil {
		return
	}
	for _, media := range o.RequestBody.Content {
		s := media.Schema
		for s.Ref != "" {
			s = schemas.SchemaFromRef(s.Ref)
		}
		if _, known := s.Properties["org_id"]; known || s.Type != huma.TypeObject {
			continue
		}
		s.Properties["org_id"] = &huma.Schema{Type: huma.TypeString, Format: "uuid", Description: "May be repeated here; it must be the organization of the request."}
		s.PrecomputeMessages()
	}
	if media := o.RequestBody.Content["application/json"]; media != nil && o.Method == http.MethodPatch {
		o.RequestBody.Content["application/merge-patch+json"] = media
	}
}

func header(doc string) *huma.Param {
	return &huma.Param{Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

func ptr[T any](v T) *T { return &v }

// OpenAPI is the document of all registered operations, as JSON or YAML.
func (r *Router) OpenAPI(yaml bool) ([]byte, error) {
	if yaml {
		return r.huma.OpenAPI().YAML()
	}
	return r.huma.OpenAPI().MarshalJSON()
}

// AddTag describes a group of operations in the document.
func (r *Router) AddTag(name, doc string) {
	r.huma.OpenAPI().Tags = append(r.huma.OpenAPI().Tags, &huma.Tag{Name: name, Description: doc})
}

func (r *Router) serveOpenAPI() {
	serve := func(yaml bool, mediaType string) http.HandlerFunc {
		return func(w http.ResponseWriter, hr *http.Request) {
			doc, err := r.OpenAPI(yaml)
			if err != nil {
				writeProblem(w, hr, err)
				return
			}
			w.Header().Set("Content-Type", mediaType)
			_, _ = w.Write(doc)
		}
	}
	r.mux.HandleFunc("GET /openapi.json", serve(false, "application/json"))
	r.mux.HandleFunc("GET /openapi.yaml", serve(true, "application/yaml"))
}
