package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
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

// CDN is a network in front of this program that keeps copies of what it gives out. The zero value is none.
type CDN struct {
	BaseURL string
	Key     []byte // signs what it asks for
}

const (
	linkLife    = time.Minute      // of a storage's signed address
	cdnWindow   = 5 * time.Minute  // in which everybody gets the same address, so that a copy serves many
	cdnLife     = 10 * time.Minute // of such an address, at most
	cdnCopyLife = 60               // seconds for which a copy is good without asking again: then it is as dead as the file
)

func (v *Service) downloadRoutes(r *api.Router, tag string) {
	faults := []fault.Kind{fault.ScanPending, fault.FileBlocked}
	number := &huma.Param{Name: "version", In: "query", Description: "The number of a version; the latest one without.",
		Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: ptr(1.0), Maximum: ptr(float64(1<<31 - 1))}}
	shape := api.Shape{Gives: "*/*", Params: []*huma.Param{pathID("file_id"), number},
		Headers: map[string]string{"ETag": "The content's SHA-256, for If-None-Match and If-Range.", "Content-Disposition": "Always attachment, with the file's name (RFC 6266)."},
		Also:    map[int]string{206: "The range that was asked for.", 302: "The content is at Location, for a short time.", 304: "The content is the one in If-None-Match.", 416: "The content has no such range."}}
	api.HandleTransfer(r, http.MethodGet, "/v1/files/{file_id}/download", v.Download, api.Op{ID: "download-file", Tag: tag, Summary: "Download a file",
		Doc: "As an attachment, whole or in ranges: from here, or by a redirect to where it is stored.", Can: rbac.FileRead, Faults: faults}, shape)
	api.HandleTransfer(r, http.MethodGet, "/v1/files/{file_id}/thumbnail", v.Thumbnail, api.Op{ID: "get-thumbnail", Tag: tag, Summary: "Get the small picture of an image",
		Can: rbac.FileRead, Faults: faults}, api.Shape{Gives: "image/*", Params: []*huma.Param{pathID("file_id")}, Headers: map[string]string{"ETag": "Names the picture."},
		Also: map[int]string{304: "The picture is the one in If-None-Match."}})
	var link []*huma.Param
	for _, name := range []string{"org", "content", "expires", "signature"} {
		link = append(link, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	linked := shape
	linked.Params = link
	api.HandleTransfer(r, http.MethodGet, "/v1/files/content/{org}/{content}/{expires}/{signature}", v.Linked, api.Op{ID: "get-linked-content", Tag: tag,
		Summary: "Get what a signed address leads to", Doc: "For a content delivery network, which gets the address from download-file.", In: api.Anonymous,
		Faults: append(faults, fault.LinkDenied, fault.NotFound)}, linked)
}

func ptr[T any](v T) *T { return &v }

// content is what a download needs to know.
type content filedb.GetContentRow

// Download gives a file's content to who sees the file.
func (v *Service) Download(ctx context.Context, c *api.Call) error {
	file, err := c.PathID("file_id")
	if err != nil {
		return err
	}
	p := filedb.GetContentParams{OrgID: c.Org(), FileID: file}
	if p.Number, err = version(c.Request); err != nil {
		return err
	}
	s := c.Scope()
	row, err := filedb.New(s).GetContent(ctx, p)
	if err != nil {
		return fault.About("file", err)
	}
	f := content(row)
	if err := v.mayGo(f.ScanStatus); err != nil {
		return err
	}
	c.Writer().Header().Set("Cache-Control", "private, no-cache")
	err = v.give(ctx, c, c.Org(), f)
	if gone(err) {
		return v.doubt(ctx, s, f, err)
	}
	return err
}

func version(hr *http.Request) (*int32, error) {
	text := hr.URL.Query().Get("version")
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return nil, fault.Invalid("query.version", "expected the number of a version")
	}
	return ptr(int32(n)), nil
}

// mayGo refuses what must not be given out.
func (v *Service) mayGo(status string) error {
	switch {
	case status == Pending, status == Skipped && v.RequireScan && v.Scanner != nil:
		return fault.New(fault.ScanPending, "")
	case status == Clean, status == Skipped && !v.RequireScan:
		return nil
	}
	return fault.New(fault.FileBlocked, "Its scan_status is "+status+".")
}

// doubt has a content checked again whose object is not the one that is meant. It may have been overwritten, or a backup
// been put back: the check tells.
func (v *Service) doubt(ctx context.Context, s *db.Scope, f content, cause error) error {
	v.Log.WarnContext(ctx, "object is not the one that was pinned; it is checked again", "org", s.Org(), "object", f.ID, "cause", cause.Error())
	if err := filedb.New(s).Doubt(ctx, filedb.DoubtParams{ID: f.ID, Pin: f.Pin}); err != nil {
		return err
	}
	nudge(v.wake)
	return fault.New(fault.ScanPending, "")
}

// give answers with a content, or with where it is.
func (v *Service) give(ctx context.Context, c *api.Call, org uuid.UUID, f content) error {
	switch {
	case v.CDN.BaseURL != "":
		redirect(c, v.CDN.BaseURL+v.cdnPath(org, f.ID))
		return nil
	case f.Store == inS3 && v.Stores.S3 != nil && v.Stores.S3.Signs(f.Pin) && c.Request.Method == http.MethodGet: // which is signed, too
		to, err := v.Stores.S3.SignGet(ctx, key(org, f.ID, f.Quarantined), f.Pin, f.ContentType, disposition(f.Name), linkLife)
		if err != nil {
			return stored(err)
		}
		redirect(c, to)
		return nil
	}
	return v.send(ctx, c, org, f)
}

func redirect(c *api.Call, to string) {
	h := c.Writer().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", to)
	c.Writer().WriteHeader(http.StatusFound)
}

// send answers with a content, whole or in the ranges that are asked for.
func (v *Service) send(ctx context.Context, c *api.Call, org uuid.UUID, f content) error {
	store, err := v.Stores.named(f.Store)
	if err != nil {
		return stored(err)
	}
	body, err := openContent(ctx, store, key(org, f.ID, f.Quarantined), f)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	h := c.Writer().Header()
	harmless(h)
	h.Set("Content-Type", f.ContentType)
	h.Set("Content-Disposition", disposition(f.Name))
	h.Set("ETag", `"`+f.SHA256+`"`)
	http.ServeContent(c.Writer(), c.Request, "", f.UploadedAt, body)
	if r, ok := body.(*ranged); ok && r.failed != nil {
		return r.failed
	}
	return nil
}

// harmless keeps a browser from running what it gets, as a page of ours or at all.
func harmless(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
}

// openContent opens the pinned bytes to be read in any order: a file as one, so that it need not pass through the process.
func openContent(ctx context.Context, store blob.Store, at string, f content) (io.ReadSeekCloser, error) {
	first, err := store.Open(ctx, at, f.Pin, 0, -1)
	if err != nil {
		if gone(err) {
			return nil, err
		}
		return nil, stored(err)
	}
	if file, ok := first.(*os.File); ok {
		return file, nil
	}
	return &ranged{size: f.Size, open: func(offset int64) (io.ReadCloser, error) { return store.Open(ctx, at, f.Pin, offset, -1) }, body: first}, nil
}

// ranged reads an object from where it is sought to.
type ranged struct {
	open    func(offset int64) (io.ReadCloser, error)
	size    int64
	at      int64 // of the next byte to be read
	body    io.ReadCloser
	started int64 // of body's next byte
	failed  error
}

// Seek implements io.Seeker.
func (r *ranged) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d", offset)
	}
	r.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (r *ranged) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if r.body == nil || r.started != r.at {
		if err := r.reopen(); err != nil {
			r.failed = err
			return 0, err
		}
	}
	n, err := r.body.Read(p)
	r.at += int64(n)
	r.started = r.at
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return n, err
}

func (r *ranged) reopen() error {
	_ = r.Close()
	body, err := r.open(r.at)
	r.body, r.started = body, r.at
	return err
}

// Close implements io.Closer.
func (r *ranged) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}

// disposition is the header that has a browser save a file under its name (RFC 6266, with RFC 8187 for what is not ASCII).
func disposition(name string) string {
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || strings.ContainsRune(`"\%`, c) {
			return '_'
		}
		return c
	}, name)
	value := `attachment; filename="` + plain + `"`
	if plain != name {
		value += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return value
}

const maxThumbnail = 4 << 20

// Thumbnail gives the small picture of an image.
func (v *Service) Thumbnail(ctx context.Context, c *api.Call) error {
	file, err := c.PathID("file_id")
	if err != nil {
		return err
	}
	row, err := filedb.New(c.Scope()).GetThumbnail(ctx, filedb.GetThumbnailParams{OrgID: c.Org(), FileID: file})
	if err != nil {
		return fault.About("thumbnail", err)
	}
	if err := v.mayGo(row.ScanStatus); err != nil {
		return err
	}
	store, err := v.Stores.named(row.Store)
	if err != nil {
		return stored(err)
	}
	picture, err := readAll(ctx, store, key(c.Org(), row.ID, false), row.Pin)
	if gone(err) {
		return fault.Absent("thumbnail", "")
	}
	if err != nil {
		return stored(err)
	}
	h := c.Writer().Header()
	harmless(h)
	h.Set("Content-Type", http.DetectContentType(picture))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+row.ID.String()+`"`)
	http.ServeContent(c.Writer(), c.Request, "", time.Time{}, bytes.NewReader(picture))
	return nil
}

func readAll(ctx context.Context, store blob.Store, at, pin string) ([]byte, error) {
	r, err := store.Open(ctx, at, pin, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(io.LimitReader(r, maxThumbnail))
}

// cdnPath is the signed path of a content, the same for everybody for a while. The signature is in the path, as networks
// may leave the query out of what they know a copy by.
func (v *Service) cdnPath(org, id uuid.UUID) string {
	expires := strconv.FormatInt(v.Now().Truncate(cdnWindow).Add(cdnLife).Unix(), 10)
	return "/v1/files/content/" + org.String() + "/" + id.String() + "/" + expires + "/" + sign(v.CDN.Key, http.MethodGet, org.String(), id.String(), expires)
}

// Linked gives a content to a network that holds a signed path to it. The path is as good as the file is there.
func (v *Service) Linked(ctx context.Context, c *api.Call) error {
	hr := c.Request
	want := sign(v.CDN.Key, http.MethodGet, hr.PathValue("org"), hr.PathValue("content"), hr.PathValue("expires"))
	expires, err := strconv.ParseInt(hr.PathValue("expires"), 10, 64)
	if len(v.CDN.Key) == 0 || !equal(want, hr.PathValue("signature")) || err != nil || !v.Now().Before(time.Unix(expires, 0)) {
		return fault.New(fault.LinkDenied, "")
	}
	org, orgErr := uuid.Parse(hr.PathValue("org"))
	id, idErr := uuid.Parse(hr.PathValue("content"))
	if orgErr != nil || idErr != nil {
		return fault.New(fault.LinkDenied, "")
	}
	row, err := filedb.New(c.Scope()).GetLinkedContent(ctx, filedb.GetLinkedContentParams{OrgID: org, ID: id})
	if err != nil {
		return fault.About("file", err)
	}
	f := content(row)
	if err := v.mayGo(f.ScanStatus); err != nil {
		return err
	}
	c.Writer().Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d, must-revalidate", cdnCopyLife))
	err = v.send(ctx, c, org, f)
	if gone(err) {
		return fault.New(fault.ScanPending, "")
	}
	return err
}
