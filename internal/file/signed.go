package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

const (
	singlePut = 64 << 20  // bytes up to which an upload is one request
	mostParts = 1000      // that an announcement answers
	slowest   = 128 << 10 // bytes a second for which an upload's time is enough
	leastLife = time.Hour
	mostLife  = 24 * time.Hour
)

// uploadLife is the time that an upload of a size has.
func uploadLife(size int64) time.Duration {
	return min(leastLife+time.Duration(size/slowest)*time.Second, mostLife)
}

// AnnounceInput is the request of Announce.
type AnnounceInput struct {
	Body AnnounceBody
}

// AnnounceBody is its body.
type AnnounceBody struct {
	Name        string                  `json:"name" minLength:"1" maxLength:"1000" doc:"Kept without its path and without characters that steer." example:"contract.pdf"`
	Size        int64                   `json:"size" minimum:"0" doc:"In bytes, exactly." example:"48213"`
	ContentType string                  `json:"content_type" minLength:"1" maxLength:"200" pattern:"^[!-~]+/[ -~]+$" patternDescription:"a media type" doc:"To be sent along. What counts is what the content looks like." example:"application/pdf"`
	SHA256      api.Nullable[string]    `json:"sha256,omitzero" pattern:"^[0-9a-f]{64}$" patternDescription:"64 digits of lower-case hex" doc:"Of the content: what is something else is refused."`
	TaskID      api.Nullable[uuid.UUID] `json:"task_id,omitzero" format:"uuid" doc:"The task to hang it on."`
	CommentID   api.Nullable[uuid.UUID] `json:"comment_id,omitzero" format:"uuid" doc:"The comment to hang it on, and so on its task."`
	FileID      api.Nullable[uuid.UUID] `json:"file_id,omitzero" format:"uuid" doc:"The file to which it is to be a new version."`
}

// Upload is how to send what was announced: by one request, or by one for each part.
type Upload struct {
	ID        uuid.UUID         `json:"id" format:"uuid" doc:"What to complete; the file's id, where it is no version of another."`
	Method    string            `json:"method" example:"PUT"`
	URL       string            `json:"url" doc:"Where to send the content; empty where it goes in parts."`
	Headers   map[string]string `json:"headers" nullable:"false" doc:"To be sent along, exactly."`
	PartSize  int64             `json:"part_size" doc:"Bytes of every part but the last; 0 without parts."`
	Parts     []Part            `json:"parts" nullable:"false" doc:"In order; sent in any, and again where one failed."`
	ExpiresAt time.Time         `json:"expires_at" doc:"By then it must be completed."`
}

// Part is where one part of an upload goes.
type Part struct {
	Number int    `json:"number" doc:"From 1." example:"1"`
	URL    string `json:"url"`
}

// Announce sets storage aside for a file and says where to send it.
func (v *Service) Announce(ctx context.Context, s *db.Scope, in *AnnounceInput) (*Upload, error) {
	name, err := cleanName(in.Body.Name)
	if err != nil {
		return nil, err
	}
	size := in.Body.Size
	if size > v.Limits.MaxSize {
		return nil, tooLarge(v.Limits.MaxSize)
	}
	u := &Upload{ID: s.NewID(), Headers: map[string]string{}, Parts: []Part{}}
	life := uploadLife(size)
	p := filedb.BeginUploadParams{OrgID: s.Org(), ID: u.ID, FileID: in.Body.FileID.Ptr(), Name: name, ContentType: in.Body.ContentType, Size: size,
		SHA256: in.Body.SHA256.Ptr(), TaskID: in.Body.TaskID.Ptr(), CommentID: in.Body.CommentID.Ptr(), Store: v.Stores.name(), Quota: v.Limits.Quota,
		Seconds: int32(life.Seconds())}
	u.ExpiresAt = v.Now().Add(life).UTC().Truncate(time.Second)
	if err := v.address(ctx, s, u, &p, life); err != nil { // before the transaction, which waits for no storage
		return nil, err
	}
	if err := v.announce(ctx, s, p); err != nil {
		v.takeBack(ctx, p)
		return nil, err
	}
	return u, nil
}

// announce notes an upload and sets storage aside for it.
func (v *Service) announce(ctx context.Context, s *db.Scope, p filedb.BeginUploadParams) error {
	if p.FileID != nil {
		if err := lock(ctx, s, *p.FileID); err != nil {
			return err
		}
	}
	return filedb.New(s).BeginUpload(ctx, p)
}

// takeBack has the storage forget parts that were prepared for an upload that was refused.
func (v *Service) takeBack(ctx context.Context, p filedb.BeginUploadParams) {
	if p.Multipart == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime)
	defer cancel()
	if err := v.remove(ctx, p.Store, p.OrgID, p.ID); err != nil {
		v.Log.WarnContext(ctx, "parts of a refused upload stay in the bucket", "org", p.OrgID, "upload", p.ID, "cause", err.Error())
	}
}

// address says where to send an upload: to this program, or by the storage's own signature.
func (v *Service) address(ctx context.Context, s *db.Scope, u *Upload, p *filedb.BeginUploadParams, life time.Duration) error {
	if v.Stores.S3 == nil {
		u.Method, u.URL = http.MethodPut, v.link(s, u.ID, u.ExpiresAt)
		return nil
	}
	at := key(p.OrgID, p.ID, false)
	if p.Size <= singlePut {
		var sum []byte
		if p.SHA256 != nil {
			sum, _ = hex.DecodeString(*p.SHA256) // its form was checked
		}
		signed, err := v.Stores.S3.SignPut(ctx, at, p.Size, p.ContentType, sum, life)
		if err != nil {
			return stored(err)
		}
		u.Method, u.URL, u.Headers = signed.Method, signed.URL, signed.Header
		return nil
	}
	if _, err := s.Aside().Exec(ctx, "select"); err != nil { // nobody has the storage asked who may not be here
		return err
	}
	u.PartSize = max(singlePut, (p.Size+mostParts-1)/mostParts)
	multipart, parts, err := v.Stores.S3.StartParts(ctx, at, p.Size, u.PartSize, p.ContentType, life)
	if err != nil {
		return stored(err)
	}
	p.Multipart = &multipart
	for i, part := range parts {
		u.Method = part.Method
		u.Parts = append(u.Parts, Part{Number: i + 1, URL: part.URL})
	}
	return nil
}

// CompleteInput is the request of Complete.
type CompleteInput struct {
	ID uuid.UUID `path:"file_id" format:"uuid" doc:"The upload's."`
}

// Complete makes a file of what has arrived.
func (v *Service) Complete(ctx context.Context, s *db.Scope, in *CompleteInput) (*File, error) {
	u, err := filedb.New(s.Aside()).GetUpload(ctx, filedb.GetUploadParams{OrgID: s.Org(), ID: in.ID})
	if errors.Is(err, db.ErrNoRows) { // completed before, or never announced
		row, err := filedb.New(s).GetFileOf(ctx, filedb.GetFileOfParams{OrgID: s.Org(), ID: in.ID})
		if err != nil {
			return nil, fault.About("upload", err)
		}
		return answer(File(row), nil)
	}
	if err != nil {
		return nil, err
	}
	if u.Resumable {
		return nil, incomplete(errors.New("it is resumable, and completes itself"))
	}
	return v.complete(ctx, s, u)
}

func incomplete(err error) error { return &fault.Fault{Kind: fault.UploadIncomplete, Err: err} }

// complete pins what lies in the storage for an upload, and makes a file of it.
func (v *Service) complete(ctx context.Context, s *db.Scope, u filedb.GetUploadRow) (*File, error) {
	o, err := v.arrived(ctx, s.Org(), u)
	if err != nil {
		return nil, err
	}
	k := kept{id: u.ID, name: u.Name, contentType: u.ContentType, size: u.Size, pin: o.Pin, task: u.TaskID, comment: u.CommentID}
	if u.FileID != nil {
		k.file = *u.FileID
	}
	if u.SHA256 != nil {
		k.sha256 = *u.SHA256
	}
	f, err := v.keep(ctx, s, k)
	if fault.Is(err, fault.NotFound) { // where it was to hang is gone
		return nil, fault.Absent("upload", "")
	}
	if err == nil {
		api.AfterCommit(ctx, func() { nudge(v.wake) })
	}
	return f, err
}

// arrived pins the object of an upload, which must be whole.
func (v *Service) arrived(ctx context.Context, org uuid.UUID, u filedb.GetUploadRow) (blob.Object, error) {
	store, err := v.Stores.named(u.Store)
	if err != nil {
		return blob.Object{}, stored(err)
	}
	var o blob.Object
	if u.Multipart != nil && v.Stores.S3 != nil {
		o, err = v.Stores.S3.FinishParts(ctx, key(org, u.ID, false), *u.Multipart, u.Size)
	} else {
		o, err = store.Stat(ctx, key(org, u.ID, false))
	}
	switch {
	case errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrIncomplete):
		return o, incomplete(err)
	case err != nil:
		return o, stored(err)
	case o.Size != u.Size:
		return o, incomplete(fmt.Errorf("%d bytes have arrived of %d", o.Size, u.Size))
	}
	return o, nil
}

// link is a signed address of this program for sending an upload.
func (v *Service) link(s *db.Scope, id uuid.UUID, expires time.Time) string {
	q := url.Values{"org": {s.Org().String()}, "user": {s.User().String()}, "expires": {strconv.FormatInt(expires.Unix(), 10)}}
	q.Set("signature", sign(v.Secret, http.MethodPut, q.Get("org"), q.Get("user"), id.String(), q.Get("expires")))
	return v.PublicURL + "/v1/files/uploads/" + id.String() + "?" + q.Encode()
}

// linkParams are the parameters of such an address.
func linkParams(id string) []*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	params := []*huma.Param{pathID(id)}
	for _, name := range []string{"org", "user", "expires", "signature"} {
		params = append(params, &huma.Param{Name: name, In: "query", Required: true, Schema: text})
	}
	return params
}

// Receive takes in what was announced, from who holds the signed address. It is no longer good than the right of its maker.
func (v *Service) Receive(ctx context.Context, c *api.Call) error {
	id, err := c.PathID("upload_id")
	if err != nil {
		return err
	}
	org, user, err := v.checkLink(c.Request, id)
	if err != nil {
		return err
	}
	s := v.Pool.Job(user, org, int16(rbac.Member))
	u, err := filedb.New(s).GetUpload(ctx, filedb.GetUploadParams{OrgID: org, ID: id})
	if err != nil {
		return fault.About("upload", err)
	}
	if u.Store != inDir || u.Resumable {
		return fault.Absent("upload", "")
	}
	if err := v.receive(ctx, c, org, u); err != nil {
		return err
	}
	c.Writer().WriteHeader(http.StatusNoContent)
	return nil
}

func (v *Service) checkLink(hr *http.Request, id uuid.UUID) (org, user uuid.UUID, err error) {
	q := hr.URL.Query()
	denied := fault.New(fault.LinkDenied, "")
	want := sign(v.Secret, hr.Method, q.Get("org"), q.Get("user"), id.String(), q.Get("expires"))
	if !equal(want, q.Get("signature")) {
		return org, user, denied
	}
	expires, err := strconv.ParseInt(q.Get("expires"), 10, 64)
	if err != nil || !v.Now().Before(time.Unix(expires, 0)) {
		return org, user, denied
	}
	org, orgErr := uuid.Parse(q.Get("org"))
	user, userErr := uuid.Parse(q.Get("user"))
	if orgErr != nil || userErr != nil {
		return org, user, denied
	}
	return org, user, nil
}

func (v *Service) receive(ctx context.Context, c *api.Call, org uuid.UUID, u filedb.GetUploadRow) error {
	length := c.Request.ContentLength
	if length > u.Size {
		return fault.New(fault.TooLarge, fmt.Sprintf("%d bytes were announced.", u.Size))
	}
	if length >= 0 && length < u.Size {
		return fault.New(fault.MalformedBody, fmt.Sprintf("%d bytes were announced.", u.Size))
	}
	body := &announced{Reader: io.LimitReader(c.Request.Body, u.Size+1), want: u.SHA256, hash: sha256.New(), left: u.Size}
	_, err := v.Stores.Dir.Put(ctx, key(org, u.ID, false), body, u.Size)
	if errors.Is(err, blob.ErrExists) {
		return fault.New(fault.Conflict, "It has arrived already; complete it.")
	}
	return stored(err)
}

// announced is a body that must be what was announced.
type announced struct {
	io.Reader
	want *string
	hash hash.Hash
	left int64
}

// Read implements io.Reader.
func (a *announced) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	a.hash.Write(p[:n])
	a.left -= int64(n)
	switch {
	case a.left < 0:
		return 0, fault.New(fault.TooLarge, "It is longer than was announced.")
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return 0, &fault.Fault{Kind: fault.MalformedBody, Detail: "The body ended early.", Err: err}
	case a.left > 0:
		return 0, fault.New(fault.MalformedBody, "It is shorter than was announced.")
	case a.want != nil && hex.EncodeToString(a.hash.Sum(nil)) != *a.want:
		return 0, fault.Invalid("body", "is not what was announced: it has another SHA-256")
	}
	return n, err
}
