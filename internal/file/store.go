package file

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/tus"
)

// The names of the storages, as app.objects has them.
const (
	inDir = "dir"
	inS3  = "s3"
)

// Stores are the storages of an installation. New files go to S3 where there is one; what lies in the other storage is
// served from there until it is moved.
type Stores struct {
	Dir *blob.Dir
	S3  *blob.S3 // nil is none

	ResumableDir tus.Storage // of resumable uploads to Dir
	ResumableS3  tus.Storage // and to S3
}

// resumable is where resumable uploads go.
func (s Stores) resumable() tus.Storage {
	if s.S3 != nil {
		return s.ResumableS3
	}
	return s.ResumableDir
}

// name is that of the storage for new files.
func (s Stores) name() string {
	if s.S3 != nil {
		return inS3
	}
	return inDir
}

// named is the storage of a name.
func (s Stores) named(name string) (blob.Store, error) {
	switch {
	case name == inDir && s.Dir != nil:
		return s.Dir, nil
	case name == inS3 && s.S3 != nil:
		return s.S3, nil
	}
	return nil, fmt.Errorf("no storage %q is configured", name)
}

// key is where an object lies in its storage.
func key(org, id uuid.UUID, quarantined bool) string {
	k := org.String() + "/" + id.String()
	if quarantined {
		return "quarantine/" + k
	}
	return k
}

// gone tells whether an error is that pinned bytes are no more where they were.
func gone(err error) bool { return errors.Is(err, blob.ErrChanged) || errors.Is(err, blob.ErrNotFound) }

// remove takes all that may lie in a storage for an object away.
func (v *Service) remove(ctx context.Context, store string, org, id uuid.UUID) error {
	in, err := v.Stores.named(store)
	if err != nil {
		return err
	}
	for _, quarantined := range []bool{false, true} {
		if err := in.Delete(ctx, key(org, id, quarantined)); err != nil {
			return fmt.Errorf("remove object: %w", err)
		}
	}
	return nil
}
