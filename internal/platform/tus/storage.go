package tus

import (
	"context"

	"github.com/tus/tusd/v2/pkg/handler"
)

// Storage keeps the bytes of uploads that are under way: NewDirStorage, NewS3Storage.
type Storage interface {
	// Remove removes all traces of an upload that is not finished, also its bytes where they are whole. Nothing there is no
	// error. Nobody may be writing: the caller holds the upload's lock.
	Remove(ctx context.Context, key string) error

	// create prepares for info.Size bytes under the key info.ID.
	create(ctx context.Context, info handler.FileInfo) (handler.Upload, error)

	// find returns what create has, or handler.ErrNotFound.
	find(ctx context.Context, key string, size int64) (handler.Upload, error)

	// finish makes the bytes whole and durable. Done again it succeeds again.
	finish(ctx context.Context, key string, upload handler.Upload) (Finished, error)

	// clean removes what is left beside the bytes once the caller has them.
	clean(ctx context.Context, key string) error
}

// whole is an upload that has all its bytes and needs nothing more.
type whole struct {
	handler.Upload // nil: none of its methods is called
	size           int64
}

func (w whole) GetInfo(context.Context) (handler.FileInfo, error) {
	return handler.FileInfo{Size: w.size, Offset: w.size}, nil
}

func (whole) FinishUpload(context.Context) error { return nil }
