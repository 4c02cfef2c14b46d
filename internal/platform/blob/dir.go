package blob

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	folderMode  = 0o700
	partialMode = 0o600
	wholeMode   = 0o400
	partialDir  = ".partial" // no key begins with a dot
	batch       = 1000       // entries of a folder that are read at once
	writeBytes  = 64 << 10   // that are written at once, in whatever pieces they come
)

// Dir is a Store in a directory: an object is the file of its key. Only this account reads it. Several processes may share one.
//
// A pin holds a file's inode, size and times, on Linux also the time of the last change, which nobody can set. So files that come
// back from a backup, or are given other links, have other pins.
type Dir struct{ path string }

// NewDir makes the directory where there is none.
func NewDir(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the directory of objects: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(path, partialDir), folderMode); err != nil {
		return nil, fmt.Errorf("make the directory of objects: %w", err)
	}
	return &Dir{path}, nil
}

func (d *Dir) file(key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	return filepath.Join(d.path, filepath.FromSlash(key)), nil
}

// Put implements Store. The object is on the disk when it returns.
func (d *Dir) Put(ctx context.Context, key string, r io.Reader, size int64) (Object, error) {
	path, err := d.file(key)
	if err != nil {
		return Object{}, err
	}
	if isThere(path) { // before all is read in vain; place decides
		return Object{}, ErrExists
	}
	partial := filepath.Join(d.path, partialDir, strings.ReplaceAll(key, "/", ".")+"."+rand.Text())
	if err := write(partial, &source{ctx: ctx, r: r, size: size}); err != nil {
		_ = os.Remove(partial)
		return Object{}, fmt.Errorf("write object: %w", err)
	}
	o, err := d.place(partial, path)
	if errors.Is(err, fs.ErrNotExist) && isThere(path) { // another Put was first, and has removed the partial file
		return Object{}, ErrExists
	}
	if err != nil {
		_ = os.Remove(partial)
		return Object{}, err
	}
	_ = d.removePartials(ctx, key) // of processes that were killed: Delete does it otherwise
	return o, nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func write(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, partialMode)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(struct{ io.Writer }{f}, writeBytes) // without f's ReadFrom, which would go around the buffer
	if _, err = io.Copy(out, r); err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = seal(f)
	}
	return errors.Join(err, f.Close())
}

// seal makes a file read-only and has its bytes on the disk.
func seal(f *os.File) error { return errors.Join(f.Chmod(wholeMode), f.Sync()) }

// Adopt takes in a finished file, by an absolute path on the same file system, that nobody writes to any longer: that name is gone then. It gives
// ErrExists where the key has an object. Done again after a crash it succeeds where it had.
func (d *Dir) Adopt(_ context.Context, key, path string) (Object, error) {
	to, err := d.file(key)
	if err != nil {
		return Object{}, err
	}
	f, _, err := open(path)
	if errors.Is(err, ErrNotFound) {
		return stat(to)
	}
	if err != nil {
		return Object{}, err
	}
	if err := errors.Join(seal(f), f.Close()); err != nil {
		return Object{}, fmt.Errorf("sync object: %w", err)
	}
	return d.place(path, to)
}

// place makes a whole file an object by giving it the object's name, which no object has, instead of its own. All is on the disk
// before it is pinned: a name that came back after a power cut would change the pin.
func (d *Dir) place(from, to string) (Object, error) {
	err := link(from, to)
	if errors.Is(err, fs.ErrExist) && !same(from, to) { // the same where a crash came between link and remove
		return Object{}, ErrExists
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return Object{}, fmt.Errorf("link object: %w", err)
	}
	if err := d.syncFolders(to); err != nil {
		return Object{}, err
	}
	if err := os.Remove(from); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("remove the old name: %w", err)
	}
	if err := syncFolder(filepath.Dir(from)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Object{}, err
	}
	return stat(to)
}

// link gives a file a second name, and its folder where there is none. Delete may be removing that at the same time.
func link(from, to string) error {
	for {
		err := os.MkdirAll(filepath.Dir(to), folderMode)
		if errors.Is(err, fs.ErrExist) { // another call has made the folder, and Delete removed it: there is nothing at to
			continue
		}
		if err == nil {
			err = os.Link(from, to)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, gone := os.Lstat(from); gone != nil {
			return gone
		}
	}
}

func same(a, b string) bool {
	one, errOne := os.Lstat(a)
	two, errTwo := os.Lstat(b)
	return errOne == nil && errTwo == nil && os.SameFile(one, two)
}

// syncFolders has a file's name on the disk, and the names of its folders.
func (d *Dir) syncFolders(path string) error {
	for path != d.path {
		path = filepath.Dir(path)
		if err := syncFolder(path); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// Stat implements Store.
func (d *Dir) Stat(_ context.Context, key string) (Object, error) {
	path, err := d.file(key)
	if err != nil {
		return Object{}, err
	}
	return stat(path)
}

func stat(path string) (Object, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular():
		return Object{}, ErrNotFound
	case err != nil:
		return Object{}, fmt.Errorf("stat object: %w", err)
	}
	return Object{info.Size(), pinOf(info).String()}, nil
}

// Open implements Store. To read all, from 0 with n < 0, gives an *os.File, so that sendfile can be used; only then a file that
// shrinks while it is read just ends.
func (d *Dir) Open(_ context.Context, key, pin string, offset, n int64) (io.ReadCloser, error) {
	path, err := d.file(key)
	if err != nil {
		return nil, err
	}
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	if pinOf(info).String() != pin {
		return nil, errors.Join(ErrChanged, f.Close())
	}
	if offset == 0 && n < 0 {
		return f, nil
	}
	if n, err = length(info.Size(), offset, n); err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("seek in object: %w", err), f.Close())
	}
	return &whole{f, n}, nil
}

func open(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, ErrNotFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open object: %w", err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, errors.Join(fmt.Errorf("stat object: %w", err), f.Close())
	case !info.Mode().IsRegular():
		return nil, nil, errors.Join(ErrNotFound, f.Close())
	}
	return f, info, nil
}

// Move implements Store. It gives ErrExists where the new key has another object.
func (d *Dir) Move(_ context.Context, from, pin, to string) (Object, error) {
	old, errOld := d.file(from)
	path, errNew := d.file(to)
	if err := errors.Join(errOld, errNew); err != nil {
		return Object{}, err
	}
	info, err := os.Lstat(old)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return moved(path, pin)
	case err != nil:
		return Object{}, fmt.Errorf("stat object: %w", err)
	case from == to:
		return Object{}, errors.New("move object: the keys are the same")
	}
	now := pinOf(info)
	linked := same(old, path) && now.sameButChange(pin) // where a crash came between the two names
	if now.String() != pin && !linked {
		return Object{}, ErrChanged
	}
	o, err := d.place(old, path)
	if err == nil {
		d.removeFolders(old)
	}
	return o, err
}

// moved pins what a move that is done again had moved.
func moved(path, pin string) (Object, error) {
	info, err := os.Lstat(path)
	if err != nil || !pinOf(info).sameButChange(pin) {
		return Object{}, ErrNotFound
	}
	return stat(path)
}

// Delete implements Store, and removes the folder that is empty then. Partial files go first: what has none can no more become an object.
func (d *Dir) Delete(ctx context.Context, key string) error {
	path, err := d.file(key)
	if err != nil {
		return err
	}
	if err := d.removePartials(ctx, key); err != nil {
		return fmt.Errorf("delete partial files: %w", err)
	}
	if err := remove(path); err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.removeFolders(path)
	return nil
}

// removePartials removes what was to become an object.
func (d *Dir) removePartials(ctx context.Context, key string) error {
	return entries(ctx, filepath.Join(d.path, partialDir), func(e fs.DirEntry) error {
		if of, ok := keyOfPartial(e.Name()); ok && of == key {
			return remove(filepath.Join(d.path, partialDir, e.Name()))
		}
		return nil
	})
}

// remove removes a file, if there is one. A folder is none: it has the objects of longer keys.
func remove(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() {
		err = os.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeFolders removes the folders of a file that are empty.
func (d *Dir) removeFolders(path string) {
	for path = filepath.Dir(path); path != d.path; path = filepath.Dir(path) {
		if os.Remove(path) != nil { // it is not empty, or another call was first
			return
		}
	}
}

// Walk implements Store.
func (d *Dir) Walk(ctx context.Context, f func(key string, written time.Time) error) error {
	err := entries(ctx, filepath.Join(d.path, partialDir), func(e fs.DirEntry) error {
		if key, ok := keyOfPartial(e.Name()); ok {
			return report(key, e, f)
		}
		return nil
	})
	if err == nil {
		err = d.walk(ctx, "", f)
	}
	if err != nil {
		return fmt.Errorf("walk objects: %w", err)
	}
	return nil
}

func (d *Dir) walk(ctx context.Context, folder string, f func(string, time.Time) error) error {
	return entries(ctx, filepath.Join(d.path, folder), func(e fs.DirEntry) error {
		key := filepath.ToSlash(filepath.Join(folder, e.Name()))
		switch {
		case e.IsDir() && key != partialDir && strings.Count(key, "/") < 2:
			return d.walk(ctx, key, f)
		case e.Type().IsRegular() && checkKey(key) == nil:
			return report(key, e, f)
		}
		return nil
	})
}

func report(key string, e fs.DirEntry, f func(string, time.Time) error) error {
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) { // deleted or placed since
		return nil
	}
	if err != nil {
		return err
	}
	return f(key, info.ModTime())
}

// entries calls f for those of a folder, in no order and never with all in memory.
func entries(ctx context.Context, folder string, f func(fs.DirEntry) error) error {
	dir, err := os.Open(folder)
	if errors.Is(err, fs.ErrNotExist) { // deleted since
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	for {
		some, err := dir.ReadDir(batch)
		for _, e := range some {
			if err := errors.Join(ctx.Err(), f(e)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// keyOfPartial is the key that a partial file is to become the object of. Its name is the key's segments and a random one.
func keyOfPartial(name string) (string, bool) {
	at := strings.LastIndexByte(name, '.')
	if at < 0 {
		return "", false
	}
	key := strings.ReplaceAll(name[:at], ".", "/")
	return key, checkKey(key) == nil
}

// Check implements Store.
func (d *Dir) Check(ctx context.Context) error { return check(ctx, d) }
