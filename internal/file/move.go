package file

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/blob"
)

// names are those of the storages that there are.
func (s Stores) names() []string {
	var names []string
	if s.Dir != nil {
		names = append(names, inDir)
	}
	if s.S3 != nil {
		names = append(names, inS3)
	}
	return names
}

// parseKey reads what key writes.
func parseKey(at string) (org, id uuid.UUID, ok bool) {
	parts := strings.Split(strings.TrimPrefix(at, "quarantine/"), "/")
	if len(parts) != 2 {
		return org, id, false
	}
	org, orgErr := uuid.Parse(parts[0])
	id, idErr := uuid.Parse(parts[1])
	return org, id, orgErr == nil && idErr == nil
}

// errAltered is the error of an object that is not what it was when it was stored.
var errAltered = errors.New("it is not what was stored")

// move copies an object, has its row say so, and deletes it where it was. The copy is what the row says or nothing.
func (v *Service) move(ctx context.Context, source, into blob.Store, to string, o filedb.ObjectsInRow) (int64, error) {
	at := key(o.OrgID, o.ID, o.Quarantined)
	body, err := source.Open(ctx, at, o.Pin, 0, -1)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	if err := into.Delete(ctx, at); err != nil { // what an earlier run left
		return 0, err
	}
	read := newReading(body)
	copied, err := into.Put(ctx, at, read, -1)
	if err != nil {
		return 0, err
	}
	if o.SHA256 != "" && read.sum() != o.SHA256 {
		return 0, errors.Join(errAltered, into.Delete(ctx, at))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime) // whoever interrupts has it done in both places or in none
	defer cancel()
	moved, err := filedb.New(v.Pool.Unscoped()).ObjectMoved(ctx, filedb.ObjectMovedParams{OrgID: o.OrgID, ID: o.ID, Pin: o.Pin, Store: to, NewPin: copied.Pin})
	if err != nil {
		return 0, fmt.Errorf("note the move: %w", err)
	}
	if !moved { // deleted or checked anew meanwhile; another run finds it
		return 0, into.Delete(ctx, at)
	}
	return read.size, source.Delete(ctx, at)
}
