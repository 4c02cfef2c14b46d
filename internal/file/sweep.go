package file

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/file/filedb"
	"github.com/plinth/plinth/internal/platform/blob"
)

const (
	clearEvery = time.Hour
	sweepBatch = 500
	strayAge   = 24 * time.Hour // of what lies in a storage and is in no table
)

// clearUp sweeps at start, every hour, and whenever something was deleted for good.
func (v *Service) clearUp(ctx context.Context) {
	ticker := time.NewTicker(clearEvery)
	defer ticker.Stop()
	for {
		if err := v.Sweep(ctx); err != nil && ctx.Err() == nil {
			v.Log.WarnContext(ctx, "files not swept", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-v.litter:
		case <-ticker.C:
		}
	}
}

// Sweep empties the trash, and removes from the storages what no file leads to: uploads whose time has run out, what a crash
// left behind, and what is left of files that are gone.
func (v *Service) Sweep(ctx context.Context) error {
	for count := int32(sweepBatch); v.TrashDays > 0 && count == sweepBatch; {
		var err error
		count, err = filedb.New(v.Pool.Unscoped()).EmptyTrash(ctx, filedb.EmptyTrashParams{Days: int32(v.TrashDays), Most: sweepBatch})
		if err != nil {
			return fmt.Errorf("empty the trash of files: %w", err)
		}
	}
	for {
		doomed, err := filedb.New(v.Pool.Unscoped()).DoomObjects(ctx, filedb.DoomObjectsParams{Most: sweepBatch, Stores: v.Stores.names()})
		if err != nil {
			return fmt.Errorf("find lost objects: %w", err)
		}
		var failed []error // which must not keep the others
		for _, o := range doomed {
			if err := v.forget(ctx, o); err != nil {
				failed = append(failed, err)
			}
		}
		if len(doomed) < sweepBatch || len(failed) > 0 {
			return errors.Join(failed...)
		}
	}
}

// forget removes the bytes of an object that is doomed, and then its row.
func (v *Service) forget(ctx context.Context, o filedb.DoomObjectsRow) error {
	if o.Resumable {
		if err := v.removeResumable(ctx, o); err != nil {
			return err
		}
	}
	if err := v.remove(ctx, o.Store, o.OrgID, o.ID); err != nil {
		return err
	}
	return filedb.New(v.Pool.Unscoped()).ForgetDoomed(ctx, filedb.ForgetDoomedParams{OrgID: o.OrgID, ID: o.ID})
}

func (v *Service) removeResumable(ctx context.Context, o filedb.DoomObjectsRow) error {
	storage := v.Stores.ResumableDir
	if o.Store == inS3 {
		storage = v.Stores.ResumableS3
	}
	if storage == nil {
		return fmt.Errorf("no storage %q is configured", o.Store)
	}
	return storage.Remove(ctx, key(o.OrgID, o.ID, false))
}

// Strays removes what lies in the storages and is in no table, as after a database was put back from a backup, or lies in another
// storage by now, and reports it. What is younger than a day stays: its upload may be about to say so.
func (v *Service) Strays(ctx context.Context, report func(store, key string)) error {
	for _, name := range v.Stores.names() {
		store, err := v.Stores.named(name)
		if err != nil {
			return err
		}
		err = store.Walk(ctx, func(at string, written time.Time) error {
			org, id, ok := parseKey(at)
			if !ok || v.Now().Sub(written) < strayAge {
				return nil
			}
			ours, err := filedb.New(v.Pool.Unscoped()).KnowsObject(ctx, filedb.KnowsObjectParams{Store: name, OrgID: org, ID: id})
			if err != nil || ours {
				return err
			}
			report(name, at)
			return store.Delete(ctx, at)
		})
		if err != nil {
			return fmt.Errorf("look for strays in %s: %w", name, err)
		}
	}
	return nil
}

// Move brings every object that lies in another storage into the one of the name, one after the other, and deletes it there.
// It may be ended and begun again at any time, while others serve. progress is told of each object. What is not in the
// storage any more as it was stays, and is an error in the end.
func (v *Service) Move(ctx context.Context, to string, progress func(objects int, bytes int64)) error {
	into, err := v.Stores.named(to)
	if err != nil {
		return err
	}
	from := map[string]string{inDir: inS3, inS3: inDir}[to]
	source, err := v.Stores.named(from)
	if err != nil {
		return err
	}
	var org, id uuid.UUID
	var objects int
	var bytes int64
	var lost []error
	for {
		rows, err := v.objectsIn(ctx, from, org, id)
		if err != nil {
			return err
		}
		for _, o := range rows {
			n, err := v.move(ctx, source, into, to, o)
			if gone(err) {
				err = v.unlessGone(ctx, from, org, id, o, err)
			}
			if err != nil {
				err = fmt.Errorf("move %s: %w", key(o.OrgID, o.ID, o.Quarantined), err)
			}
			switch {
			case err == nil:
				objects, bytes = objects+1, bytes+n
				progress(objects, bytes)
			case errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrChanged), errors.Is(err, errAltered):
				lost = append(lost, err)
			default:
				return errors.Join(append(lost, err)...)
			}
		}
		if len(rows) < sweepBatch {
			return errors.Join(lost...)
		}
		last := rows[len(rows)-1]
		org, id = last.OrgID, last.ID
	}
}

func (v *Service) objectsIn(ctx context.Context, store string, org, id uuid.UUID) ([]filedb.ObjectsInRow, error) {
	rows, err := filedb.New(v.Pool.Unscoped()).ObjectsIn(ctx, filedb.ObjectsInParams{Store: store, OrgID: org, ID: id, Most: sweepBatch})
	if err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	return rows, nil
}

// unlessGone gives the error over an object that was listed behind a key, or none where it was deleted or changed meanwhile.
func (v *Service) unlessGone(ctx context.Context, store string, org, id uuid.UUID, o filedb.ObjectsInRow, cause error) error {
	rows, err := v.objectsIn(ctx, store, org, id)
	if err == nil && slices.Contains(rows, o) {
		err = cause
	}
	return err
}
