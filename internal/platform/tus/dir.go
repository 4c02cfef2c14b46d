package tus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
)

// NewDirStorage keeps uploads in a directory, which it makes: the bytes in a file named by the key, tusd's notes beside it in
// key.info. The notes outlive the bytes: notes alone say that Finish has moved the file and is not known to have succeeded.
// An upload takes no memory to speak of.
func NewDirStorage(path string) (Storage, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of uploads: %w", err)
	}
	return &dirStorage{files: filestore.FileStore{Path: path, DirModePerm: 0o700, FileModePerm: 0o600}}, nil
}

type dirStorage struct{ files filestore.FileStore }

func (d *dirStorage) path(key string) string {
	return filepath.Join(d.files.Path, filepath.FromSlash(key))
}

func (d *dirStorage) notes(key string) string { return d.path(key) + ".info" }

// Remove implements Storage.
func (d *dirStorage) Remove(_ context.Context, key string) error {
	for _, path := range []string{d.notes(key), d.path(key)} { // in this order: see NewDirStorage
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove upload: %w", err)
		}
	}
	return nil
}

func (d *dirStorage) create(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	return d.files.NewUpload(ctx, info)
}

func (d *dirStorage) find(ctx context.Context, key string, size int64) (handler.Upload, error) {
	upload, err := d.files.GetUpload(ctx, key)
	if !errors.Is(err, handler.ErrNotFound) {
		return upload, err
	}
	if _, err := os.Stat(d.notes(key)); err != nil {
		return nil, handler.ErrNotFound
	}
	return whole{size: size}, nil
}

func (d *dirStorage) finish(_ context.Context, key string, _ handler.Upload) (Finished, error) {
	finished := Finished{Path: d.path(key)}
	file, err := os.OpenFile(finished.Path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return finished, nil // moved already
	}
	if err != nil {
		return Finished{}, fmt.Errorf("open upload: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return Finished{}, fmt.Errorf("sync upload: %w", err)
	}
	return finished, nil
}

func (d *dirStorage) clean(_ context.Context, key string) error {
	if err := os.Remove(d.notes(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove notes of upload: %w", err)
	}
	return nil
}
