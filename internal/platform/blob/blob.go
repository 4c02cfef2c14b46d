// Package blob keeps the bytes of files, in a directory or in a bucket of S3. What an object is called and who may have it is the
// database's business; here are bytes under keys that nobody outside chooses.
//
// An object is written once and then read by its pin, which names exactly the bytes that were looked at when it was pinned. Someone
// with a way into the store of their own, such as an upload's URL that still lives, can take bytes away but not put others in their place.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/google/uuid"
)

// What the methods of a Store tell apart; errors.Is finds them.
var (
	ErrNotFound = errors.New("no such object")
	ErrChanged  = errors.New("object is not the one that was pinned")
	ErrExists   = errors.New("object is there already")

	ErrIncomplete = errors.New("parts of the object are missing")
)

// Object is one stored object, as it was when it was pinned.
type Object struct {
	Size int64  // in bytes
	Pin  string // names exactly these bytes: opaque to callers, "" never
}

// Store keeps objects that are written once. It is safe for concurrent use.
//
// A key has two or three segments of 1 to 64 characters of [0-9a-z-] with slashes between them; any other is an error.
// No key may be another one with a segment added.
type Store interface {
	// Put streams an object in, of size bytes or, where that is -1, of any number, in bounded memory. On an error, of r too or where r
	// is shorter or longer than size, nothing readable is left under the key. Only an S3 whose last answer is lost may have the
	// object: Walk finds it. Dir gives ErrExists where the key has an object; S3 adds a version or, without versions, overwrites.
	Put(ctx context.Context, key string, r io.Reader, size int64) (Object, error)

	// Stat pins what is there now, or gives ErrNotFound.
	Stat(ctx context.Context, key string) (Object, error)

	// Open reads n bytes from offset, or as many as there are; n < 0 reads to the end. An offset beyond the end is an error. It gives
	// ErrNotFound where nothing is left and ErrChanged where there are other bytes than the pinned ones. A transfer that is cut short
	// is io.ErrUnexpectedEOF of Read, never an end. The caller closes the reader, which ctx ends.
	Open(ctx context.Context, key, pin string, offset, n int64) (io.ReadCloser, error)

	// Move gives the pinned object another key and a new pin, and leaves nothing under the old key. Done again after a crash it
	// succeeds where it had.
	Move(ctx context.Context, from, pin, to string) (Object, error)

	// Delete removes all that ever was under the key: versions, delete markers, unfinished uploads, partial files. Where nothing is
	// there it succeeds. It never touches keys that merely begin with this one.
	Delete(ctx context.Context, key string) error

	// Walk calls f for the keys that Delete would remove something of, with the time of the last writing or, of an unfinished upload
	// to S3, of its beginning. A key may come twice. What has no valid key is passed over. f may delete; its error ends the walk.
	Walk(ctx context.Context, f func(key string, written time.Time) error) error

	// Check tells whether the store can be written, read and deleted from.
	Check(ctx context.Context) error
}

var validKey = regexp.MustCompile(`^[0-9a-z-]{1,64}(/[0-9a-z-]{1,64}){1,2}$`)

func checkKey(key string) error {
	if !validKey.MatchString(key) {
		return fmt.Errorf("%q is no key", key)
	}
	return nil
}

// length is how many bytes a read has that asks for n from offset of an object of size bytes.
func length(size, offset, n int64) (int64, error) {
	if offset < 0 || offset > size {
		return 0, fmt.Errorf("offset %d is outside of %d bytes", offset, size)
	}
	if n < 0 {
		return size - offset, nil
	}
	return min(n, size-offset), nil
}

// check is Store.Check for all stores.
func check(ctx context.Context, s Store) error {
	key, text := "check/"+uuid.NewString(), []byte("plinth")
	o, err := s.Put(ctx, key, bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return fmt.Errorf("write a probe: %w", err)
	}
	r, err := s.Open(ctx, key, o.Pin, 0, -1)
	if err != nil {
		return fmt.Errorf("open the probe: %w", err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("read the probe: %w", err)
	}
	if !bytes.Equal(got, text) {
		return fmt.Errorf("the probe has come back as %q", got)
	}
	if err := s.Delete(ctx, key); err != nil {
		return fmt.Errorf("delete the probe: %w", err)
	}
	return nil
}
