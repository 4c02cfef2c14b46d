// Package tus takes files in by the resumable upload protocol tus 1.0: a client that was cut off asks how far its upload is
// and goes on from there. The caller keeps the record of uploads; this package keeps the bytes until they are whole.
//
// It is tusd's handler and storages, with all that these leave to chance decided here: who may go on with what, what an upload
// is called outside, what an error looks like, and that an upload whose bytes have all come is finished whatever breaks.
package tus

import (
	"context"
	"log/slog"
	"net/http"
)

// Upload is what a client wants to send.
type Upload struct {
	ID       string            // UUID in its usual form: all that clients know of the upload
	Size     int64             // in bytes, 0 to Config.MaxSize
	Metadata map[string]string // decoded; the values are any bytes
}

// Found is an upload that the asker may go on with.
type Found struct {
	Upload
	Key      string // as Begin gave it
	Finished bool   // Finish has succeeded: the client whose last answer was lost is told so, and nothing else is done
}

// Finished is where the bytes of a whole upload lie: with NewS3Storage under the key.
type Finished struct {
	Path string // with NewDirStorage: a file on the disk, to be renamed into its place
}

// Uploads is the caller's record of uploads. The context has the values of the request's, and with them who asks. It lives a
// few seconds longer than the request where the client has gone, so that what has come is kept.
//
// Errors are answered through Config.Refuse.
type Uploads interface {
	// Begin records an upload before its first byte and returns its storage key, "org/uuid", of letters, digits, - and /.
	Begin(ctx context.Context, u Upload) (key string, err error)

	// Find returns an upload that the asker may go on with, or has finished, or an error: not found, forbidden. It is asked
	// before all else, and again once the upload is locked.
	Find(ctx context.Context, id string) (Found, error)

	// Finish is called when all bytes are stored, before the last request is answered. It is called again until it has
	// succeeded, whenever the client asks, also where it has moved the file already, and must succeed then.
	Finish(ctx context.Context, id string, f Finished) error

	// Abort forgets an upload that its client terminated, or whose storage could not be prepared. Its bytes are gone by then.
	Abort(ctx context.Context, id string) error

	// Lock holds an upload for the running request, on all nodes. It waits for who holds it, until ctx ends, and has their
	// wanted called: they store what has come and let go. unlock gives it back.
	Lock(ctx context.Context, id string, wanted func()) (unlock func(), err error)
}

// Config is what a Handler needs, all of it.
type Config struct {
	Path    string // where it is mounted, with a slash at both ends
	MaxSize int64  // of an upload, in bytes
	Storage Storage
	Uploads Uploads

	// Refuse answers a request that fails, with a problem in the caller's form; the headers of the protocol are set. The
	// error is that of Uploads or of the storage where they have failed, with the status 500, or 423 where Lock has waited
	// too long; else it is what tusd says of the client's mistake, or nil.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, err error)

	Log *slog.Logger // of what tusd does, at debug level, and of remains that could not be removed
}
