// Package file keeps what people attach: it takes files in, has each of them looked through before anybody gets a byte, and
// gives them out.
//
// What lies in a storage is written once, under a key that the server made, and has its row in app.objects from before the
// first byte to after the last one. A file is what such an object means to an organization.
package file

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/mail"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/platform/tus"
)

// The states of a content, by what is known of it.
const (
	Pending     = "pending"     // nobody has looked yet
	Clean       = "clean"       // the scanner found nothing
	Infected    = "infected"    // the scanner found something
	Unscannable = "unscannable" // the scanner could not look into all of it
	Failed      = "failed"      // what is stored is not what was sent
	Skipped     = "skipped"     // there is no scanner
)

// File is something attached to a task or a comment, or to nothing.
type File struct {
	ID          uuid.UUID  `json:"id" format:"uuid"`
	Name        string     `json:"name" example:"contract.pdf"`
	ContentType string     `json:"content_type" doc:"What the content looks like; what its sender said counts for nothing." example:"application/pdf"`
	Size        int64      `json:"size" doc:"In bytes." example:"48213"`
	SHA256      *string    `json:"sha256" doc:"In hex; null until the content has been read for the first time."`
	ScanStatus  string     `json:"scan_status" enum:"pending,clean,infected,unscannable,failed,skipped" doc:"Only what is clean is given out, or skipped where the installation allows that."`
	ScanResult  *string    `json:"scan_result" doc:"What was found, or why it could not be looked into."`
	ProjectID   *uuid.UUID `json:"project_id" format:"uuid" nullable:"true"`
	TaskID      *uuid.UUID `json:"task_id" format:"uuid" nullable:"true" doc:"What it hangs on; a file that hangs on nothing is seen by the organization's members."`
	CommentID   *uuid.UUID `json:"comment_id" format:"uuid" nullable:"true"`
	Number      int32      `json:"number" doc:"Of the latest version of the content, from 1; the file's other members are about that one."`
	ThumbnailID *uuid.UUID `json:"thumbnail_id" format:"uuid" nullable:"true" doc:"Names the small picture of an image, at /v1/files/{id}/thumbnail; null where there is none."`
	UploadedBy  uuid.UUID  `json:"uploaded_by" format:"uuid" doc:"Who sent the latest version."`
	UploadedAt  time.Time  `json:"uploaded_at"`
	CreatedBy   uuid.UUID  `json:"created_by" format:"uuid"`
	Version     int32      `json:"version" doc:"Of the resource: it counts every change."`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	DeletedAt   *time.Time `json:"deleted_at" doc:"Since when it is in the trash."`
}

// Revision implements api.Revised.
func (f File) Revision() int32 { return f.Version }

// Limits bound what is taken in.
type Limits struct {
	MaxSize int64 // bytes of a file
	Quota   int64 // bytes of an organization whose plan says nothing; 0 is none
}

// Service is what the operations and the work behind them need besides their scope.
type Service struct {
	Pool        *db.Pool
	Stores      Stores
	Scanner     Scanner // nil is none
	RequireScan bool    // nothing that was not scanned is given out
	Limits      Limits
	TrashDays   int    // after which a file leaves the trash; 0 is never
	Secret      []byte // signs links
	PublicURL   string // where links to this program begin
	CDN         CDN
	Mail        mail.Sender
	Wrote       func(org uuid.UUID) // called after work that may have written events
	Now         func() time.Time
	Log         *slog.Logger

	tus    *tus.Handler
	wake   chan struct{} // there is something to check
	litter chan struct{} // there is something to remove

	pictures *sync.Mutex // one at a time: each takes hundreds of megabytes at the worst
}

// New makes the service ready to take files in. Run must follow, in one process at least.
func New(v Service) (*Service, error) {
	v.wake, v.litter, v.pictures = make(chan struct{}, 1), make(chan struct{}, 1), &sync.Mutex{}
	var err error
	if v.tus, err = v.newResumable(); err != nil {
		return nil, fmt.Errorf("make resumable uploads: %w", err)
	}
	return &v, nil
}

// Routes registers the file operations.
func Routes(r *api.Router, v *Service) {
	const tag = "Files"
	v.uploadRoutes(r, tag)
	v.resumableRoutes(r, tag)
	v.downloadRoutes(r, tag)
	api.Get(r, "/v1/files", v.List, api.Op{ID: "list-files", Tag: tag, Summary: "List files, newest first",
		Doc: "The organization's, or those of a task or a comment; or what is in the trash.", Can: rbac.FileRead})
	api.Get(r, "/v1/files/{file_id}", v.Get, api.Op{ID: "get-file", Tag: tag, Summary: "Get a file", Doc: "One in the trash, too.", Can: rbac.FileRead})
	api.Patch(r, "/v1/files/{file_id}", v.Update, api.Op{ID: "update-file", Tag: tag, Summary: "Rename a file, or attach it",
		Doc: "A file that hangs on nothing may be attached to any task; another one to tasks and comments of its project.",
		Can: rbac.FileWrite, Emits: []event.Type{event.FileUpdated, event.FileCreated, event.FileDeleted}})
	api.Delete(r, "/v1/files/{file_id}", v.Delete, api.Op{ID: "delete-file", Tag: tag, Summary: "Put a file into the trash, or delete it for good",
		Doc: "What is in the trash counts as stored. Only who created it, or an admin, deletes it for good.", Can: rbac.FileWrite, Emits: []event.Type{event.FileDeleted}})
	api.Post(r, "/v1/files/{file_id}/restore", v.Restore, api.Op{ID: "restore-file", Tag: tag, Summary: "Take a file out of the trash", Status: 200,
		Can: rbac.FileWrite, Emits: []event.Type{event.FileRestored}})
	api.Get(r, "/v1/files/{file_id}/versions", v.ListVersions, api.Op{ID: "list-file-versions", Tag: tag, Summary: "List a file's versions, the latest first", Can: rbac.FileRead})
	api.Post(r, "/v1/files/{file_id}/rescan", v.Rescan, api.Op{ID: "rescan-file", Tag: tag, Summary: "Have a file checked again", Status: 200,
		Doc: "Whether it is what was sent and, where there is a scanner, what that finds. Its status stays until the check has come to another one.", Can: rbac.FileWrite})
	api.Get(r, "/v1/orgs/{org_id}/usage", v.Usage, api.Op{ID: "get-usage", Tag: "Organizations", Summary: "Get what an organization uses", In: api.InPathOrg, Can: rbac.UsageRead})
}

// GetInput is the request of Get.
type GetInput struct {
	ID uuid.UUID `path:"file_id" format:"uuid"`
}

// Get gives a file.
func (v *Service) Get(ctx context.Context, s *db.Scope, in *GetInput) (*File, error) {
	row, err := filedb.New(s).GetFile(ctx, filedb.GetFileParams{OrgID: s.Org(), FileID: in.ID})
	return answer(File(row), err)
}

// answer is a file, or why there is none.
func answer(f File, err error) (*File, error) {
	if err != nil {
		return nil, fault.About("file", err)
	}
	return &f, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	TaskID     uuid.UUID `query:"task_id" format:"uuid"`
	CommentID  uuid.UUID `query:"comment_id" format:"uuid"`
	ScanStatus string    `query:"scan_status" enum:"pending,clean,infected,unscannable,failed,skipped"`
	Trashed    bool      `query:"trashed" doc:"What is in the trash, and nothing else."`
}

// List gives files, newest first.
func (v *Service) List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[File], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	p := filedb.ListFilesParams{OrgID: s.Org(), Trashed: in.Trashed, TaskID: given(in.TaskID), CommentID: given(in.CommentID), After: after, More: in.More()}
	if in.ScanStatus != "" {
		p.ScanStatus = &in.ScanStatus
	}
	if p.TaskID != nil || p.CommentID != nil {
		err := filedb.New(s.Ahead()).RequirePlace(ctx, filedb.RequirePlaceParams{OrgID: s.Org(), TaskID: p.TaskID, CommentID: p.CommentID})
		if err != nil {
			return nil, err
		}
	}
	rows, err := filedb.New(s).ListFiles(ctx, p)
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r filedb.ListFilesRow) File { return File(r) }, func(r filedb.ListFilesRow) uuid.UUID { return r.ID })
}

func given(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"file_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name      api.Optional[string]    `json:"name,omitzero" minLength:"1" maxLength:"1000" doc:"Kept without its path and without characters that steer."`
	TaskID    api.Optional[uuid.UUID] `json:"task_id,omitzero" format:"uuid" doc:"The task to hang it on."`
	CommentID api.Optional[uuid.UUID] `json:"comment_id,omitzero" format:"uuid" doc:"The comment to hang it on, and so on its task."`
}

// Update renames a file or hangs it somewhere.
func (v *Service) Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*File, error) {
	name := in.Body.Name.Ptr()
	if name != nil {
		clean, err := cleanName(*name)
		if err != nil {
			return nil, err
		}
		name = &clean
	}
	if err := lock(ctx, s, in.ID); err != nil {
		return nil, err
	}
	row, err := filedb.New(s).UpdateFile(ctx, filedb.UpdateFileParams{OrgID: s.Org(), FileID: in.ID, Versions: in.Versions(),
		Name: name, TaskID: in.Body.TaskID.Ptr(), CommentID: in.Body.CommentID.Ptr()})
	return answer(File(row), err)
}

// lock queues the lock under which a file is changed, and the refusal of who may only read it.
func lock(ctx context.Context, s *db.Scope, file uuid.UUID) error {
	return filedb.New(s.Ahead()).LockFile(ctx, filedb.LockFileParams{OrgID: s.Org(), FileID: file})
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID          uuid.UUID `path:"file_id" format:"uuid"`
	Permanently bool      `query:"permanently" doc:"Delete it for good, with all its versions; also from the trash."`
}

// Delete puts a file into the trash, or deletes it.
func (v *Service) Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := lock(ctx, s, in.ID); err != nil {
		return nil, err
	}
	if !in.Permanently {
		_, err := filedb.New(s).TrashFile(ctx, filedb.TrashFileParams{OrgID: s.Org(), FileID: in.ID, Versions: in.Versions()})
		return nil, fault.About("file", err)
	}
	_, err := filedb.New(s).PurgeFile(ctx, filedb.PurgeFileParams{OrgID: s.Org(), FileID: in.ID, Versions: in.Versions()})
	if err == nil {
		api.AfterCommit(ctx, func() { nudge(v.litter) })
	}
	return nil, fault.About("file", err)
}

// nudge wakes who waits on a channel of one place, and never blocks.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Restore takes a file out of the trash.
func (v *Service) Restore(ctx context.Context, s *db.Scope, in *GetInput) (*File, error) {
	if err := lock(ctx, s, in.ID); err != nil {
		return nil, err
	}
	row, err := filedb.New(s).RestoreFile(ctx, filedb.RestoreFileParams{OrgID: s.Org(), FileID: in.ID})
	return answer(File(row), err)
}

// Rescan has a file's latest version checked again.
func (v *Service) Rescan(ctx context.Context, s *db.Scope, in *GetInput) (*File, error) {
	if err := lock(ctx, s, in.ID); err != nil {
		return nil, err
	}
	row, err := filedb.New(s).Rescan(ctx, filedb.RescanParams{OrgID: s.Org(), FileID: in.ID})
	if err == nil {
		api.AfterCommit(ctx, func() { nudge(v.wake) })
	}
	return answer(File(row), err)
}

// Version is one of the contents that a file has had.
type Version struct {
	Number      int32     `json:"number"`
	Name        string    `json:"name"`
	ContentType string    `json:"content_type"`
	Size        int64     `json:"size"`
	SHA256      *string   `json:"sha256"`
	ScanStatus  string    `json:"scan_status" enum:"pending,clean,infected,unscannable,failed,skipped"`
	ScanResult  *string   `json:"scan_result"`
	UploadedBy  uuid.UUID `json:"uploaded_by" format:"uuid"`
	UploadedAt  time.Time `json:"uploaded_at"`
}

// ListVersionsInput is the request of ListVersions.
type ListVersionsInput struct {
	api.PageQuery
	ID uuid.UUID `path:"file_id" format:"uuid"`
}

// ListVersions gives a file's versions, the latest first.
func (v *Service) ListVersions(ctx context.Context, s *db.Scope, in *ListVersionsInput) (*api.Page[Version], error) {
	p := filedb.ListVersionsParams{OrgID: s.Org(), FileID: in.ID, More: in.More()}
	before, continued, err := api.After[int32](in.PageQuery)
	if err != nil {
		return nil, err
	}
	if continued {
		p.Before = &before
	}
	if err := filedb.New(s.Ahead()).RequireFile(ctx, filedb.RequireFileParams{OrgID: s.Org(), FileID: in.ID}); err != nil {
		return nil, err
	}
	rows, err := filedb.New(s).ListVersions(ctx, p)
	if err != nil {
		return nil, fault.AbsentAs("file", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r filedb.ListVersionsRow) Version { return Version(r) }, func(r filedb.ListVersionsRow) int32 { return r.Number })
}

// Usage is what an organization uses of what it may.
type Usage struct {
	Storage StorageUsage `json:"storage"`
}

// StorageUsage is the part of Usage about files.
type StorageUsage struct {
	Bytes         int64  `json:"bytes" doc:"What all versions of all files take, those in the trash too, and what uploads under way have set aside."`
	ReservedBytes int64  `json:"reserved_bytes" doc:"The part of it that uploads under way have set aside."`
	LimitBytes    *int64 `json:"limit_bytes" doc:"What the organization may store; null is no limit."`
}

// UsageInput is the request of Usage.
type UsageInput struct {
	OrgID uuid.UUID `path:"org_id" format:"uuid"`
}

// Usage tells what an organization uses.
func (v *Service) Usage(ctx context.Context, s *db.Scope, _ *UsageInput) (*Usage, error) {
	row, err := filedb.New(s).GetUsage(ctx, filedb.GetUsageParams{OrgID: s.Org(), Quota: v.Limits.Quota})
	if err != nil {
		return nil, err
	}
	u := &Usage{StorageUsage{Bytes: row.Bytes, ReservedBytes: row.Reserved}}
	if row.Granted || row.Quota > 0 {
		u.Storage.LimitBytes = &row.Quota
	}
	return u, nil
}

const maxName = 255 // bytes, as file systems have it

// cleanName is a file's name as it is kept: the last part of a path, without what steers terminals, headers or the
// direction of text. It must leave something.
func cleanName(name string) (string, error) {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(c rune) rune {
		switch {
		case c == '\u200c' || c == '\u200d': // joiners, which some scripts and emoji are written with
			return c
		case c == unicode.ReplacementChar || unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return -1
		}
		return c
	}, name)
	for len(name) > maxName {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	if name = strings.TrimSpace(name); strings.Trim(name, ".") == "" {
		return "", fault.Invalid("body.name", "expected a name besides the path")
	}
	return name, nil
}
