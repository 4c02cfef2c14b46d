package file

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/platform/tus"
)

const (
	resumablePath = "/v1/files/tus/"
	resumableLife = 24 * time.Hour // of an upload that nobody goes on with
	holdLease     = 15 * time.Second
	holdPoll      = 300 * time.Millisecond
)

// resumableRoutes registers the protocol tus 1.0 (https://tus.io/protocols/resumable-upload).
func (v *Service) resumableRoutes(r *api.Router, tag string) {
	r.Apart(resumablePath)
	const doc = "By the protocol tus 1.0, which has clients of its own; the header Tus-Resumable is 1.0.0."
	text := &huma.Schema{Type: huma.TypeString}
	in := func(names ...string) []*huma.Param {
		var params []*huma.Param
		for _, name := range names {
			params = append(params, &huma.Param{Name: name, In: "header", Schema: text})
		}
		return params
	}
	offset := map[string]string{"Upload-Offset": "How many bytes have come.", "Tus-Resumable": "The protocol's version."}
	content := map[string]*huma.Schema{"application/offset+octet-stream": {Type: huma.TypeString, Format: "binary"}}
	handle := func(method, path string, op api.Op, shape api.Shape) {
		op.Tag, op.NoKey = tag, true
		if op.In == api.InOrg {
			op.Can = rbac.FileWrite
			op.Faults = append(op.Faults, fault.MalformedBody, fault.UploadLocked, fault.TusVersion)
		}
		api.HandleTransfer(r, method, path, v.Resume, op, shape)
	}
	handle(http.MethodOptions, resumablePath, api.Op{ID: "get-resumable-options", Summary: "Ask what resumable uploads may be", Doc: doc, In: api.Anonymous, Status: 200, Trips: api.NoTrips},
		api.Shape{Headers: map[string]string{"Tus-Version": "The versions of the protocol.", "Tus-Max-Size": "Bytes of a file.", "Tus-Extension": "What is known of the protocol."}})
	handle(http.MethodPost, resumablePath, api.Op{ID: "create-resumable-upload", Summary: "Begin a resumable upload", Status: 201, Trips: 3,
		Doc:   doc + " Upload-Metadata may have filename, task_id, comment_id and file_id, the file to which it is to be a new version. The file has the id of the upload.",
		Emits: []event.Type{event.FileCreated, event.FileUpdated}, Faults: []fault.Kind{fault.Quota, fault.TooLarge}},
		api.Shape{Takes: content, Optional: true, Params: in("Tus-Resumable", "Upload-Length", "Upload-Metadata"),
			Headers: map[string]string{"Location": "Where the upload goes on.", "Upload-Offset": "How many bytes have come.", "Tus-Resumable": "The protocol's version."}})
	one := resumablePath + "{upload_id}"
	id := []*huma.Param{pathID("upload_id")}
	handle(http.MethodHead, one, api.Op{ID: "get-resumable-upload", Summary: "Ask how far a resumable upload is", Doc: doc, Status: 200, Trips: 4},
		api.Shape{Params: append(in("Tus-Resumable"), id...), Headers: offset})
	handle(http.MethodPatch, one, api.Op{ID: "append-resumable-upload", Summary: "Go on with a resumable upload", Doc: doc + " With its last byte it becomes a file.", Status: 204, Trips: 4,
		Emits: []event.Type{event.FileCreated, event.FileUpdated}, Faults: []fault.Kind{fault.Quota, fault.Conflict}},
		api.Shape{Takes: content, Params: append(in("Tus-Resumable", "Upload-Offset"), id...), Headers: offset})
	handle(http.MethodDelete, one, api.Op{ID: "delete-resumable-upload", Summary: "Give a resumable upload up", Doc: doc, Status: 204, Trips: 6},
		api.Shape{Params: append(in("Tus-Resumable"), id...)})
}

// newResumable makes the protocol's handler on the storage for new files.
func (v *Service) newResumable() (*tus.Handler, error) {
	return tus.New(tus.Config{Path: resumablePath, MaxSize: v.Limits.MaxSize, Storage: v.Stores.resumable(), Uploads: resumables{v}, Log: v.Log, Refuse: refuse})
}

// Resume answers a request of the protocol.
func (v *Service) Resume(ctx context.Context, c *api.Call) error {
	hr := c.Request.WithContext(context.WithValue(ctx, callKey{}, c))
	v.tus.ServeHTTP(c.Writer(), hr)
	return nil
}

// Drain ends the resumable uploads that are under way; their clients go on with them elsewhere.
func (v *Service) Drain() { v.tus.Close() }

type callKey struct{}

// callOf is the call in whose name the protocol's handler asks.
func callOf(ctx context.Context) *api.Call { return ctx.Value(callKey{}).(*api.Call) }

// refuse answers with the problem of what the handler refuses a request for.
func refuse(w http.ResponseWriter, hr *http.Request, status int, err error) {
	var known *fault.Fault
	if status == http.StatusInternalServerError && !errors.As(err, &known) {
		err = stored(err)
	} else if known == nil {
		err = refusal(status, err)
	}
	api.WriteProblem(w, hr, err)
}

// refusal gives the fault for a status of the protocol, with what the handler says of the client's mistake.
func refusal(status int, err error) error {
	detail := ""
	if err != nil {
		detail = "The protocol's handler says: " + api.Printable(err.Error()) + "."
	}
	kinds := map[int]fault.Kind{
		http.StatusBadRequest: fault.MalformedBody, http.StatusMethodNotAllowed: fault.MethodNotAllowed, http.StatusConflict: fault.Conflict,
		http.StatusPreconditionFailed: fault.TusVersion, http.StatusRequestEntityTooLarge: fault.TooLarge, http.StatusUnsupportedMediaType: fault.UnsupportedMediaType,
		http.StatusLocked: fault.UploadLocked,
	}
	switch kind, ok := kinds[status]; {
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusForbidden:
		return fault.Absent("upload", "")
	case ok:
		return fault.New(kind, detail)
	}
	return api.Unavailable(fmt.Errorf("resumable upload: status %d: %w", status, err))
}

// resumables is the record of resumable uploads.
type resumables struct{ *Service }

// Begin implements tus.Uploads.
func (v resumables) Begin(ctx context.Context, u tus.Upload) (string, error) {
	c := callOf(ctx)
	name, err := cleanName(u.Metadata["filename"])
	if err != nil {
		return "", fault.Invalid("header.Upload-Metadata", "expected a filename")
	}
	id, err := uuid.Parse(u.ID)
	if err != nil {
		return "", fmt.Errorf("begin upload %q: %w", u.ID, err)
	}
	s := c.Scope()
	p := filedb.BeginUploadParams{OrgID: s.Org(), ID: id, Name: name, ContentType: "application/octet-stream", Size: u.Size, Resumable: true,
		Store: v.Stores.name(), Quota: v.Limits.Quota, Seconds: int32(resumableLife.Seconds())}
	for field, to := range map[string]**uuid.UUID{"task_id": &p.TaskID, "comment_id": &p.CommentID, "file_id": &p.FileID} {
		if text, given := u.Metadata[field]; given {
			id, err := uuid.Parse(text)
			if err != nil || len(text) != 36 {
				return "", fault.Invalid("header.Upload-Metadata", field+": expected a UUID")
			}
			*to = &id
		}
	}
	if p.FileID != nil {
		if err := lock(ctx, s, *p.FileID); err != nil {
			return "", err
		}
	}
	if err := filedb.New(s).BeginUpload(ctx, p); err != nil {
		return "", err
	}
	return key(p.OrgID, id, false), nil
}

// Find implements tus.Uploads.
func (v resumables) Find(ctx context.Context, text string) (tus.Found, error) {
	s, id := callOf(ctx).Scope(), uuid.MustParse(text)
	u, err := filedb.New(s).ResumeUpload(ctx, filedb.ResumeUploadParams{OrgID: s.Org(), ID: id, Seconds: int32(resumableLife.Seconds())})
	found := tus.Found{Upload: tus.Upload{ID: text, Size: u.Size, Metadata: map[string]string{"filename": u.Name}}, Key: key(s.Org(), id, false)}
	switch {
	case errors.Is(err, db.ErrNoRows):
		return v.finished(ctx, s, found)
	case err == nil && (!u.Resumable || u.Store != v.Stores.name()):
		return found, fault.Absent("upload", "")
	}
	return found, err
}

// finished is an upload that has become a file.
func (v resumables) finished(ctx context.Context, s *db.Scope, found tus.Found) (tus.Found, error) {
	f, err := filedb.New(s).GetFileOf(ctx, filedb.GetFileOfParams{OrgID: s.Org(), ID: uuid.MustParse(found.ID)})
	if err != nil {
		return found, fault.About("upload", err)
	}
	found.Size, found.Finished = f.Size, true
	return found, nil
}

// Finish implements tus.Uploads.
func (v resumables) Finish(ctx context.Context, text string, f tus.Finished) error {
	c, id := callOf(ctx), uuid.MustParse(text)
	s := c.Scope()
	u, err := filedb.New(s).GetUpload(ctx, filedb.GetUploadParams{OrgID: s.Org(), ID: id})
	if errors.Is(err, db.ErrNoRows) {
		_, err := v.finished(ctx, s, tus.Found{Upload: tus.Upload{ID: text}})
		return err
	}
	if err != nil {
		return err
	}
	if f.Path != "" {
		if _, err := v.Stores.Dir.Adopt(ctx, key(s.Org(), id, false), f.Path); err != nil && !errors.Is(err, blob.ErrExists) {
			return stored(err)
		}
	}
	if _, err := v.complete(ctx, s, u); err != nil {
		return err
	}
	c.Committed()
	nudge(v.wake)
	return nil
}

// Abort implements tus.Uploads.
func (v resumables) Abort(ctx context.Context, text string) error {
	v.drop(ctx, callOf(ctx).Scope(), v.Stores.name(), uuid.MustParse(text))
	return nil
}

// Lock implements tus.Uploads: a lease in the database, which is renewed as long as the request runs.
func (v resumables) Lock(ctx context.Context, text string, wanted func()) (func(), error) {
	c, id, holder := callOf(ctx), uuid.MustParse(text), uuid.Must(uuid.NewV7())
	p := filedb.HoldUploadParams{OrgID: c.Org(), ID: id, Holder: &holder, Seconds: int32(holdLease.Seconds())}
	ticker := time.NewTicker(holdPoll)
	defer ticker.Stop()
	for {
		row, err := filedb.New(c.Scope()).HoldUpload(ctx, p)
		if err != nil {
			return nil, err
		}
		if row.Held {
			break
		}
		if !row.Known { // it is a file by now, which nobody writes to
			return func() {}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
	holding, let := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); v.renew(holding, c, p, wanted) }()
	return func() {
		let()
		<-done
		v.let(context.WithoutCancel(ctx), c, p)
	}, nil
}

// renew keeps a lease, and tells its holder once when somebody waits for it.
func (v resumables) renew(ctx context.Context, c *api.Call, p filedb.HoldUploadParams, wanted func()) {
	ticker := time.NewTicker(holdPoll * 3)
	defer ticker.Stop()
	told := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		waits, err := filedb.New(c.Scope()).KeepUpload(ctx, filedb.KeepUploadParams{OrgID: p.OrgID, ID: p.ID, Holder: p.Holder, Seconds: p.Seconds})
		if ctx.Err() != nil {
			return
		}
		if !told && (err == nil && waits || errors.Is(err, db.ErrNoRows)) { // or the lease was lost
			told = true
			wanted()
		}
	}
}

func (v resumables) let(ctx context.Context, c *api.Call, p filedb.HoldUploadParams) {
	ctx, cancel := context.WithTimeout(ctx, dropTime)
	defer cancel()
	err := filedb.New(c.Scope()).LetUpload(ctx, filedb.LetUploadParams{OrgID: p.OrgID, ID: p.ID, Holder: p.Holder})
	if err != nil {
		v.Log.WarnContext(ctx, "upload not let go; its lease will end", "org", p.OrgID, "upload", p.ID, "cause", err.Error())
	}
}
