package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/scan"
	"github.com/plinth/plinth/internal/platform/thumbnail"
)

// Scanner looks for what is malicious. scan.Clamd is one.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) (scan.Verdict, error)
	Database(ctx context.Context) (string, error)

	// AlertsExceeded tells whether it reports what it did not look through, and does not call that clean.
	AlertsExceeded(ctx context.Context) (bool, error)
}

const (
	checkers   = 2                // contents that a process looks at at a time
	checkEvery = time.Second      // between looks for work where nobody wakes
	lease      = 30 * time.Second // for which a content is a checker's own, unless it goes on
	mostDelay  = time.Minute      // between tries of one content
	goneAfter  = 3                // tries in which it was not in its storage
	rescanIdle = time.Minute      // between questions about the scanner's database
	rescanStep = 500
)

// Run checks contents and clears up until ctx ends, and returns when that has come to a stop. What a killed process was at
// others take on when its lease is over.
func (v *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { v.prepare(ctx) })
	for range checkers {
		all.Go(func() { v.checkAll(ctx) })
	}
	all.Go(func() { v.recheck(ctx) })
	all.Go(func() { v.clearUp(ctx) })
}

const prepareEvery = 10 * time.Second

// prepare has the bucket ready, whenever that can be reached. Until then what lies there is passed through this program.
func (v *Service) prepare(ctx context.Context) {
	if v.Stores.S3 == nil {
		return
	}
	ticker := time.NewTicker(prepareEvery)
	defer ticker.Stop()
	for {
		err := v.Stores.S3.Prepare(ctx)
		if err == nil {
			break
		}
		if ctx.Err() == nil {
			v.Log.ErrorContext(ctx, "the bucket for files cannot be reached; it is tried again", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	if !v.Stores.S3.Pinned() {
		v.Log.WarnContext(ctx, "the bucket for files keeps no versions: downloads pass through this program, which is slower")
	}
}

// checkAll checks what is due, one content after the other.
func (v *Service) checkAll(ctx context.Context) {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		for ctx.Err() == nil && v.checkNext(ctx) {
			nudge(v.wake) // there may be more than one can do
		}
		select {
		case <-ctx.Done():
			return
		case <-v.wake:
		case <-ticker.C:
		}
	}
}

// subject is a content that is to be checked.
type subject filedb.TakeChecksRow

// checkNext checks one content, and is false where none was due.
func (v *Service) checkNext(ctx context.Context) bool {
	rows, err := filedb.New(v.Pool.Unscoped()).TakeChecks(ctx, filedb.TakeChecksParams{Most: 1, Seconds: int32(lease.Seconds())})
	if err != nil && ctx.Err() == nil {
		v.Log.WarnContext(ctx, "contents to check not read", "cause", err.Error())
	}
	if err != nil || len(rows) == 0 {
		return false
	}
	f := subject(rows[0])
	err = v.holding(ctx, f, func(ctx context.Context) error { return v.check(ctx, f) })
	if err != nil && ctx.Err() == nil {
		v.putOff(ctx, f, err)
	}
	return true
}

// putOff has a check tried again later.
func (v *Service) putOff(ctx context.Context, f subject, cause error) {
	delay := min(time.Second<<min(f.Attempts, 6), mostDelay)
	v.Log.WarnContext(ctx, "content not checked; it is tried again", "org", f.OrgID, "object", f.ID, "attempt", f.Attempts+1, "cause", cause.Error())
	v.later(ctx, f, delay, true)
}

func (v *Service) later(ctx context.Context, f subject, delay time.Duration, failed bool) {
	err := filedb.New(v.Pool.Unscoped()).CheckLater(ctx, filedb.CheckLaterParams{OrgID: f.OrgID, ID: f.ID, Seconds: int32(delay.Seconds()), Failed: failed})
	if err != nil && ctx.Err() == nil {
		v.Log.WarnContext(ctx, "check not put off", "org", f.OrgID, "object", f.ID, "cause", err.Error())
	}
}

// holding works on a content that nobody else takes meanwhile.
func (v *Service) holding(ctx context.Context, f subject, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer cancel()
	renewing.Go(func() {
		ticker := time.NewTicker(lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				v.later(ctx, f, lease, false)
			}
		}
	})
	return work(ctx)
}

// finding is what a check came to.
type finding struct {
	status, result, database string
	sum, contentType         string
	pin                      string
	quarantined              bool
	thumbnail                *uuid.UUID
	thumbnailPin             string
}

// check reads a content from its storage, past the scanner where there is one, and notes what it came to.
func (v *Service) check(ctx context.Context, f subject) error {
	if f.Alert {
		return v.alert(ctx, f)
	}
	store, err := v.Stores.named(f.Store)
	if err != nil {
		return err
	}
	found, err := v.examine(ctx, store, &f)
	if err != nil {
		return err
	}
	if err := v.quarantine(ctx, store, f, &found); err != nil {
		return err
	}
	if err := v.picture(ctx, store, f, &found); err != nil { // it is a file all the same
		v.Log.WarnContext(ctx, "no thumbnail", "org", f.OrgID, "object", f.ID, "cause", err.Error())
	}
	p := filedb.CheckedParams{OrgID: f.OrgID, ID: f.ID, Store: f.Store, BegunPin: known(f.Pin), Status: found.status, Result: known(found.result), Database: known(found.database), SHA256: known(found.sum),
		ContentType: found.contentType, Pin: known(found.pin), Quarantined: found.quarantined, Thumbnail: found.thumbnail, ThumbnailPin: known(found.thumbnailPin)}
	if err := filedb.New(v.Pool.Unscoped()).Checked(ctx, p); err != nil {
		return err
	}
	v.Wrote(f.OrgID)
	return nil
}

func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// examine finds out what a content is and whether it is what was sent.
func (v *Service) examine(ctx context.Context, store blob.Store, f *subject) (finding, error) {
	found := finding{status: f.ScanStatus, result: f.ScanResult, sum: f.SHA256, contentType: f.ContentType, pin: f.Pin, quarantined: f.Quarantined, thumbnail: given(f.ThumbnailID)}
	at := key(f.OrgID, f.ID, f.Quarantined)
	body, err := store.Open(ctx, at, f.Pin, 0, -1)
	if errors.Is(err, blob.ErrNotFound) { // it may have been moved by a process that was killed before it said so
		at = key(f.OrgID, f.ID, !f.Quarantined)
		if _, statErr := store.Stat(ctx, at); statErr == nil {
			f.Quarantined, err = !f.Quarantined, blob.ErrChanged
		}
	}
	if errors.Is(err, blob.ErrChanged) {
		body, found.pin, err = openAnew(ctx, store, at)
	}
	gone := errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrChanged)
	if gone && f.Attempts >= goneAfter {
		found.status, found.result = Failed, "it is not in the storage any more"
		return found, nil
	}
	if err != nil {
		return found, err
	}
	defer func() { _ = body.Close() }()
	read := newReading(body)
	if err := v.look(ctx, read, &found); err != nil {
		return found, err
	}
	if found.contentType = sniff(read.head.Bytes()); read.size != f.Size || f.SHA256 != "" && read.sum() != f.SHA256 {
		found.status, found.result, found.contentType = Failed, "it is not what was sent", f.ContentType
		return found, nil
	}
	found.sum = read.sum()
	return found, nil
}

// openAnew opens what lies under a key now. It has to prove to be what was pinned.
func openAnew(ctx context.Context, store blob.Store, at string) (io.ReadCloser, string, error) {
	o, err := store.Stat(ctx, at)
	if err != nil {
		return nil, "", err
	}
	body, err := store.Open(ctx, at, o.Pin, 0, -1)
	return body, o.Pin, err
}

// look reads all of a content, and has it scanned where there is a scanner. Without one a scanner's verdict of before stands.
func (v *Service) look(ctx context.Context, read *reading, found *finding) error {
	if v.Scanner == nil {
		if found.status == Pending || found.status == Failed {
			found.status, found.result = Skipped, ""
		}
		_, err := io.Copy(io.Discard, read)
		return err
	}
	verdict, err := v.Scanner.Scan(ctx, read)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	found.status, found.result, found.database = string(verdict.Status), verdict.Signature, verdict.Database
	_, err = io.Copy(io.Discard, read) // where the scanner had seen enough
	return err
}

// reading is a content that is hashed as it is read.
type reading struct {
	io.Reader
	size int64
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	head bytes.Buffer
}

const sniffed = 4 << 10

func newReading(r io.Reader) *reading { return &reading{Reader: r, hash: sha256.New()} }

// Read implements io.Reader.
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.size += int64(n)
	_, _ = r.hash.Write(p[:n])
	if more := sniffed - r.head.Len(); more > 0 {
		r.head.Write(p[:min(n, more)])
	}
	return n, err
}

func (r *reading) sum() string { return hex.EncodeToString(r.hash.Sum(nil)) }

// quarantine puts an infected content where no address leads that was given out before, and brings back what has been
// cleared.
func (v *Service) quarantine(ctx context.Context, store blob.Store, f subject, found *finding) error {
	found.quarantined = found.status == Infected || found.status == Failed && f.Quarantined
	if found.quarantined == f.Quarantined {
		return nil
	}
	o, err := store.Move(ctx, key(f.OrgID, f.ID, f.Quarantined), found.pin, key(f.OrgID, f.ID, found.quarantined))
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	found.pin = o.Pin
	return nil
}

// pictured tells whether a content may have a thumbnail.
func pictured(contentType string) bool { return strings.HasPrefix(contentType, "image/") }

// picture makes the thumbnail of an image that may be given out and has none yet.
func (v *Service) picture(ctx context.Context, store blob.Store, f subject, found *finding) error {
	if found.thumbnail != nil || !pictured(found.contentType) || found.status != Clean && found.status != Skipped || f.Size > thumbnail.MaxBytes {
		return nil
	}
	body, err := store.Open(ctx, key(f.OrgID, f.ID, found.quarantined), found.pin, 0, -1)
	if err != nil {
		return fmt.Errorf("open image: %w", err)
	}
	defer func() { _ = body.Close() }()
	v.pictures.Lock()
	small, err := thumbnail.Make(body)
	v.pictures.Unlock()
	if errors.Is(err, thumbnail.ErrNotImage) || errors.Is(err, thumbnail.ErrTooLarge) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make thumbnail: %w", err)
	}
	id := uuid.Must(uuid.NewV7())
	err = filedb.New(v.Pool.Unscoped()).BeginThumbnail(ctx, filedb.BeginThumbnailParams{OrgID: f.OrgID, Content: f.ID, ID: id, Store: f.Store})
	if err != nil {
		return err
	}
	o, err := store.Put(ctx, key(f.OrgID, id, false), bytes.NewReader(small.Data), int64(len(small.Data)))
	if err != nil {
		return fmt.Errorf("store thumbnail: %w", err)
	}
	found.thumbnail, found.thumbnailPin = &id, o.Pin
	return nil
}

// recheck has everything checked again whenever the scanner's database is a new one, the known contents little by little.
func (v *Service) recheck(ctx context.Context) {
	if v.Scanner == nil {
		return
	}
	ticker := time.NewTicker(rescanIdle)
	defer ticker.Stop()
	done := ""
	for {
		database, err := v.Scanner.Database(ctx)
		if err == nil && database != done {
			err = v.recheckWith(ctx, database)
		}
		if err == nil {
			done = database
		} else if ctx.Err() == nil {
			v.Log.WarnContext(ctx, "contents not checked again", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (v *Service) recheckWith(ctx context.Context, database string) error {
	if alerts, err := v.Scanner.AlertsExceeded(ctx); err == nil && !alerts {
		v.Log.WarnContext(ctx, "the scanner calls clean what it did not look through: set AlertExceedsMax yes in clamd.conf")
	}
	var org, id uuid.UUID
	for {
		row, err := filedb.New(v.Pool.Unscoped()).RecheckFiles(ctx, filedb.RecheckFilesParams{Database: database, OrgID: org, ID: id, Most: rescanStep})
		if err != nil {
			return err
		}
		nudge(v.wake)
		if !row.More {
			return nil
		}
		org, id = row.LastOrg, row.LastID
	}
}
