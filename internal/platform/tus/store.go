package tus

import (
	"context"
	"fmt"
	"io"

	"github.com/tus/tusd/v2/pkg/handler"
)

// store is what tusd takes for its storage. Each of its uploads is that of the request in the context, whatever tusd calls it.
type store struct{ handler *Handler }

// NewUpload implements handler.DataStore.
func (s store) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	r := requestOf(ctx)
	stored, err := s.handler.config.Storage.create(ctx, info)
	if err != nil {
		if err := s.handler.remove(ctx, r.found.ID, r.found.Key); err != nil {
			s.handler.config.Log.WarnContext(ctx, "an upload that was not created stays", "key", r.found.Key, "cause", err.Error())
		}
		return nil, r.fail(fmt.Errorf("create upload: %w", err))
	}
	r.answer.location = s.handler.config.Path + r.found.ID
	return &upload{request: r, stored: stored}, nil
}

// GetUpload implements handler.DataStore.
func (store) GetUpload(ctx context.Context, _ string) (handler.Upload, error) {
	return &upload{request: requestOf(ctx)}, nil
}

// AsTerminatableUpload implements handler.TerminaterDataStore.
func (store) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	terminatable, _ := u.(*upload)
	return terminatable
}

// upload is one that tusd works on, for one request.
type upload struct {
	request *request
	stored  handler.Upload // nil until it is found
}

// GetInfo implements handler.Upload. An upload that has all its bytes is finished by it: tusd thinks that it is already.
func (u *upload) GetInfo(ctx context.Context) (handler.FileInfo, error) {
	info, err := u.info(ctx)
	if err != nil {
		return handler.FileInfo{}, u.request.fail(err)
	}
	info.ID, info.MetaData = u.request.found.ID, u.request.found.Metadata
	return info, nil
}

func (u *upload) info(ctx context.Context) (handler.FileInfo, error) {
	if u.stored != nil {
		return u.stored.GetInfo(ctx)
	}
	r := u.request
	if r.found.Finished {
		r.handler.clean(ctx, r.found.Key) // the process may have been killed before it could
		return whole{size: r.found.Size}.GetInfo(ctx)
	}
	stored, err := r.handler.config.Storage.find(ctx, r.found.Key, r.found.Size)
	if err != nil {
		return handler.FileInfo{}, fmt.Errorf("find bytes of upload: %w", err)
	}
	u.stored = stored
	info, err := stored.GetInfo(ctx)
	if err != nil {
		return handler.FileInfo{}, fmt.Errorf("read state of upload: %w", err)
	}
	if info.Offset == info.Size {
		return info, u.FinishUpload(ctx)
	}
	return info, nil
}

// WriteChunk implements handler.Upload.
func (u *upload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := u.stored.WriteChunk(ctx, offset, src)
	if err != nil {
		return n, u.request.fail(fmt.Errorf("store bytes of upload: %w", err))
	}
	return n, nil
}

// FinishUpload implements handler.Upload.
func (u *upload) FinishUpload(ctx context.Context) error { return u.request.finish(ctx, u.stored) }

// Terminate implements handler.TerminatableUpload. It needs no bytes: what was left of an attempt that failed goes too.
func (u *upload) Terminate(ctx context.Context) error {
	r := u.request
	if r.found.Finished {
		return handler.ErrNotFound
	}
	return r.fail(r.handler.remove(ctx, r.found.ID, r.found.Key))
}

// GetReader implements handler.Upload. There are no downloads.
func (*upload) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, handler.ErrNotImplemented
}
