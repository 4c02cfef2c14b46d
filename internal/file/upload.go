package file

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gabriel-vasile/mimetype"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

func (v *Service) uploadRoutes(r *api.Router, tag string) {
	faults := []fault.Kind{fault.Quota, fault.TooLarge}
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "The content; its filename is the file's name."}
	id := &huma.Schema{Type: huma.TypeString, Format: "uuid"}
	form := map[string]*huma.Schema{"multipart/form-data": {Type: huma.TypeObject, Required: []string{"file"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"file": binary, "task_id": id, "comment_id": id}}}
	version := map[string]*huma.Schema{"multipart/form-data": {Type: huma.TypeObject, Required: []string{"file"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"file": binary}}}
	api.HandleTransfer(r, http.MethodPost, "/v1/files/upload", v.Upload, api.Op{ID: "upload-file", Tag: tag, Summary: "Upload a file",
		Doc: "In one request, to hang on a task, on a comment or on nothing.", Can: rbac.FileWrite, Emits: []event.Type{event.FileCreated},
		Trips: 2, Faults: faults}, api.Shape{Takes: form, Answer: reflect.TypeFor[File]()})
	api.HandleTransfer(r, http.MethodPost, "/v1/files/{file_id}/versions", v.UploadVersion, api.Op{ID: "upload-file-version", Tag: tag,
		Summary: "Upload a new version of a file", Can: rbac.FileWrite, Emits: []event.Type{event.FileUpdated}, Trips: 2, Faults: faults},
		api.Shape{Takes: version, Answer: reflect.TypeFor[File](), Params: []*huma.Param{pathID("file_id")}})
	api.Post(r, "/v1/files/uploads", v.Announce, api.Op{ID: "create-upload", Tag: tag, Summary: "Announce a file that is sent straight to the storage",
		Doc: "Send it as the answer says, then complete the upload. The storage set aside is given back when the time has run out.",
		Can: rbac.FileWrite, Faults: faults}) // one for S3 in parts costs a second round trip
	api.Post(r, "/v1/files/{file_id}/complete", v.Complete, api.Op{ID: "complete-upload", Tag: tag, Summary: "Complete an upload that was announced", Status: 200,
		Doc: "Looks at what has arrived and makes it a file, or a version of one. Done again it is answered the same. The id is that of the upload.",
		Can: rbac.FileWrite, Emits: []event.Type{event.FileCreated, event.FileUpdated}, Trips: 2, Faults: []fault.Kind{fault.UploadIncomplete, fault.Quota}})
	api.HandleTransfer(r, http.MethodPut, "/v1/files/uploads/{upload_id}", v.Receive, api.Op{ID: "put-upload", Tag: tag, In: api.Anonymous, Status: http.StatusNoContent,
		Summary: "Send a file that was announced", Doc: "The address comes from create-upload, signed, where the installation keeps files itself.",
		Faults: []fault.Kind{fault.LinkDenied, fault.TooLarge, fault.NotFound, fault.Conflict}},
		api.Shape{Takes: map[string]*huma.Schema{"*/*": binary}, Params: linkParams("upload_id")})
}

func pathID(name string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}
}

// Upload takes a file in.
func (v *Service) Upload(ctx context.Context, c *api.Call) error {
	return v.upload(ctx, c, uuid.Nil, "task_id", "comment_id")
}

// UploadVersion takes a new content of a file in.
func (v *Service) UploadVersion(ctx context.Context, c *api.Call) error {
	file, err := c.PathID("file_id")
	if err != nil {
		return err
	}
	return v.upload(ctx, c, file)
}

// upload reads the form: the file as it comes, and beside it the ids of the names given.
func (v *Service) upload(ctx context.Context, c *api.Call, file uuid.UUID, names ...string) error {
	f, err := openForm(c, names)
	if err != nil {
		return err
	}
	var taken *intake
	err = f.each(func(part *multipart.Part, name string) error {
		taken = v.newIntake(c, name)
		return taken.store(ctx, part)
	})
	if err == nil && taken == nil {
		err = fault.Invalid("body.file", "is missing")
	}
	if err == nil {
		err = api.Conclude(ctx, c, f.sum(taken), func(s *db.Scope) (*File, error) {
			return v.keep(ctx, s, kept{taken.id, file, f.ids["task_id"], f.ids["comment_id"], taken.name, taken.contentType(), taken.size, taken.hexSum(), taken.object.Pin, true})
		})
	}
	if err != nil && taken != nil {
		v.drop(ctx, c.Scope(), taken.storeName, taken.id)
		return err
	}
	if err == nil {
		nudge(v.wake)
	}
	return err
}

// kept is an object that has become whole, and what it is the content of.
type kept struct {
	id, file      uuid.UUID // no file is a new one
	task, comment *uuid.UUID
	name          string
	contentType   string
	size          int64
	sha256        string // "" where nobody has said it yet
	pin           string
	read          bool // all of it by this program, which knows what it looks like
}

// keep makes a file of an object, or the latest version of one.
func (v *Service) keep(ctx context.Context, s *db.Scope, k kept) (*File, error) {
	p := filedb.CreateFileParams{OrgID: s.Org(), ID: k.id, Size: k.size, Quota: v.Limits.Quota, Pin: k.pin, Name: k.name, ContentType: k.contentType,
		TaskID: k.task, CommentID: k.comment, ScanStatus: Pending, Due: true}
	if k.sha256 != "" {
		p.SHA256 = &k.sha256
	}
	if v.Scanner == nil && k.read {
		p.ScanStatus, p.Due = Skipped, pictured(k.contentType)
	}
	if k.file == uuid.Nil {
		row, err := filedb.New(s).CreateFile(ctx, p)
		return answer(File(row), err)
	}
	if err := lock(ctx, s, k.file); err != nil {
		return nil, err
	}
	row, err := filedb.New(s).AddVersion(ctx, filedb.AddVersionParams{OrgID: p.OrgID, ID: p.ID, FileID: k.file, Size: p.Size, Quota: p.Quota, Pin: p.Pin,
		Name: p.Name, ContentType: p.ContentType, SHA256: p.SHA256, ScanStatus: p.ScanStatus, Due: p.Due})
	return answer(File(row), err)
}

const dropTime = 10 * time.Second

// drop takes back what came to nothing. What fails here the sweep does.
func (v *Service) drop(ctx context.Context, s *db.Scope, store string, id uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime)
	defer cancel()
	dropped, err := filedb.New(s).DropObject(ctx, filedb.DropObjectParams{OrgID: s.Org(), ID: id})
	if err == nil && dropped == 0 { // it is a file after all, or was never noted
		return
	}
	if err == nil {
		err = v.remove(ctx, store, s.Org(), id)
	}
	if err == nil {
		err = filedb.New(s).ForgetObject(ctx, filedb.ForgetObjectParams{OrgID: s.Org(), ID: id})
	}
	if err != nil {
		v.Log.WarnContext(ctx, "upload not cleared away; the sweep will", "org", s.Org(), "object", id, "cause", err.Error())
	}
}

// form is a multipart form (RFC 7578) that is read as it comes, and strictly.
type form struct {
	reader *multipart.Reader
	org    uuid.UUID
	names  []string
	ids    map[string]*uuid.UUID
	files  int
}

// short is what follows a form: where it is read, the form's last boundary has not come. An io.EOF the reader of forms may take
// for that.
type short struct{}

// Read implements io.Reader.
func (short) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func openForm(c *api.Call, names []string) (*form, error) {
	media, params, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil, fault.New(fault.UnsupportedMediaType, "Send the file as multipart/form-data.")
	}
	// The line end behind the last boundary may be left out.
	body := bufio.NewReaderSize(io.MultiReader(c.Request.Body, strings.NewReader("\r\n"), short{}), formBuffer)
	return &form{reader: multipart.NewReader(body, params["boundary"]), org: c.Org(), names: names, ids: map[string]*uuid.UUID{}}, nil
}

// each reads the form to its end and hands the file over, of which there may be one.
func (f *form) each(take func(part *multipart.Part, name string) error) error {
	for {
		part, err := f.reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(err)
		}
		if err := f.read(part, take); err != nil {
			return err
		}
	}
}

func (f *form) read(part *multipart.Part, take func(*multipart.Part, string) error) error {
	field := part.FormName()
	if field == "file" {
		if f.files++; f.files > 1 {
			return fault.Invalid("body.file", "is given more than once")
		}
		name, err := cleanName(part.FileName())
		if err != nil {
			return fault.Invalid("body.file", "has no filename")
		}
		return take(part, name)
	}
	known := field == "org_id"
	for _, name := range f.names {
		known = known || name == field
	}
	if !known {
		return fault.Invalid("body."+api.Printable(field), "unexpected property")
	}
	if f.ids[field] != nil {
		return fault.Invalid("body."+field, "is given more than once")
	}
	text, err := io.ReadAll(io.LimitReader(part, 100))
	if err != nil {
		return broken(err)
	}
	id, err := uuid.Parse(string(text))
	if err != nil || len(text) != 36 {
		return fault.Invalid("body."+field, "expected a UUID")
	}
	if field == "org_id" && id != f.org {
		return fault.New(fault.OrgMismatch, "org_id in the body is not the organization of the request.")
	}
	f.ids[field] = &id
	return nil
}

// broken is a body that ended early, came too slowly, or is no form.
func broken(err error) error {
	return &fault.Fault{Kind: fault.MalformedBody, Detail: "The form is cut short or malformed.", Err: err}
}

// sum stands for the whole form.
func (f *form) sum(in *intake) []byte {
	h := sha256.New()
	for _, name := range f.names {
		fmt.Fprintf(h, "%s=%v\n", name, f.ids[name])
	}
	fmt.Fprintf(h, "%s\n%s", in.name, in.hexSum())
	return h.Sum(nil)
}

const (
	formBuffer = 64 << 10  // from the connection at a time; the reader of forms asks for 4 KiB
	headSize   = 256 << 10 // of a content, read before storage is set aside: most files end within it
	envelope   = 1 << 10   // what a form takes besides its file, or more; the rest is set aside at the end
	growth     = 8 << 20   // set aside at a time for a content of unknown length
	holdTime   = 10 * time.Minute
	renewTime  = time.Minute // between signs that an upload goes on
)

// intake is a content on its way into the storage. What has flowed is counted, hashed and recognized as it passes.
type intake struct {
	service   *Service
	call      *api.Call
	id        uuid.UUID
	name      string
	storeName string

	src      io.Reader
	ctx      context.Context // Read is given none
	head     []byte
	size     int64
	reserved int64
	renewed  time.Time
	hash     hash.Hash
	object   blob.Object
}

func (v *Service) newIntake(c *api.Call, name string) *intake {
	return &intake{service: v, call: c, id: uuid.Must(uuid.NewV7()), name: name, storeName: v.Stores.name(), hash: sha256.New()}
}

// store notes the object, and then lets the content flow.
func (in *intake) store(ctx context.Context, content io.Reader) error {
	head, err := io.ReadAll(io.LimitReader(content, headSize))
	if err != nil {
		return broken(err)
	}
	in.head = head
	length := int64(-1)
	if len(head) < headSize {
		length = int64(len(head))
	}
	if err := in.begin(ctx, length); err != nil {
		return err
	}
	store, err := in.service.Stores.named(in.storeName)
	if err != nil {
		return err
	}
	in.ctx, in.src = ctx, io.MultiReader(bytes.NewReader(in.head), content)
	in.object, err = store.Put(ctx, key(in.call.Org(), in.id, false), in, length)
	return stored(err)
}

// begin sets aside what the content will take, or most of it.
func (in *intake) begin(ctx context.Context, length int64) error {
	v := in.service
	announced := in.call.Request.ContentLength
	switch {
	case length >= 0:
		in.reserved = length
	case announced > 0:
		in.reserved = max(announced-envelope, int64(len(in.head)))
	default:
		in.reserved = int64(len(in.head))
	}
	if in.reserved > v.Limits.MaxSize && announced > 0 || int64(len(in.head)) > v.Limits.MaxSize {
		return tooLarge(v.Limits.MaxSize)
	}
	in.renewed = v.Now()
	s := in.call.Scope()
	return filedb.New(s).BeginObject(ctx, filedb.BeginObjectParams{OrgID: s.Org(), ID: in.id, Store: in.storeName, Size: in.reserved,
		Quota: v.Limits.Quota, Seconds: int32(holdTime.Seconds())})
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, fmt.Sprintf("A file has at most %d bytes here.", limit))
}

// Read implements io.Reader: the content, for the storage.
func (in *intake) Read(p []byte) (int, error) {
	n, err := in.src.Read(p)
	in.size += int64(n)
	in.hash.Write(p[:n])
	if in.size > in.service.Limits.MaxSize {
		return 0, tooLarge(in.service.Limits.MaxSize)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, broken(err)
	}
	if holdErr := in.hold(); holdErr != nil {
		return 0, holdErr
	}
	return n, err
}

// hold sets more storage aside where the content goes beyond, and shows in time that the upload goes on.
func (in *intake) hold() error {
	beyond := in.size - in.reserved
	if beyond <= envelope {
		if in.service.Now().Sub(in.renewed) < renewTime {
			return nil
		}
		return in.grow(0)
	}
	err := in.grow(max(growth, beyond))
	if fault.Is(err, fault.Quota) { // so much does not fit, but the content may
		err = in.grow(beyond)
	}
	return err
}

func (in *intake) grow(more int64) error {
	s := in.call.Scope()
	there, err := filedb.New(s).GrowObject(in.ctx, filedb.GrowObjectParams{OrgID: s.Org(), ID: in.id, More: more, Seconds: int32(holdTime.Seconds()),
		Quota: in.service.Limits.Quota})
	if err != nil {
		return err
	}
	if !there {
		return api.Unavailable(errors.New("the upload was swept away"))
	}
	in.reserved, in.renewed = in.reserved+more, in.service.Now()
	return nil
}

func (in *intake) hexSum() string { return hex.EncodeToString(in.hash.Sum(nil)) }

// contentType is what the content looks like.
func (in *intake) contentType() string { return sniff(in.head) }

func sniff(head []byte) string { return mimetype.Detect(head).String() }

// stored gives a fault for what kept a content from being stored: the content's own, or that the storage cannot.
func stored(err error) error {
	var known *fault.Fault
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return api.Unavailable(fmt.Errorf("store content: %w", err))
}
