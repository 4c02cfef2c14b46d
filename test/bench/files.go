package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/plinth/plinth/internal/platform/blob"
)

// filesOptions are settings of -files alone.
type filesOptions struct {
	size    int
	gateway string
}

func (o *filesOptions) flags(f *flag.FlagSet) {
	f.IntVar(&o.size, "size", 1024, "with -files: MiB of the large file")
	f.StringVar(&o.gateway, "versitygw", ".bin/versitygw", "with -files: the server of S3")
}

const (
	mib          = 1 << 20
	leastSize    = 65 // MiB, as less goes to S3 in one request
	smallSize    = 16 << 10
	smallClients = 8
	smallFiles   = 64 // that are downloaded in turn
)

// runFiles measures uploads and downloads beside the least that moves the same bytes: copies, bare HTTP and bare S3.
func (o options) runFiles(ctx context.Context) (err error) {
	if min(o.seconds, o.rounds) < 1 || o.size < leastSize {
		return fmt.Errorf("nothing to measure: every flag is 1 or more, and -size %d", leastSize)
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	busy := loadAverage() // before this program adds to it
	h, err := newHouse(population{orgs: smallClients})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close(ctx)) }()
	f, err := o.newFiles(ctx, h)
	if err != nil {
		return err
	}
	fmt.Printf("PostgreSQL %s, %s, %d CPUs with load %s before, %d rounds, of small files %d s with %d clients\n",
		h.cluster.Version(), runtime.Version(), runtime.NumCPU(), busy, o.rounds, o.seconds, smallClients)
	if err := f.inDirectory(ctx); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	if err := f.inBucket(ctx); err != nil {
		return fmt.Errorf("bucket: %w", err)
	}
	return nil
}

// files is what all of -files works with.
type files struct {
	options
	house        *house
	plinth, bare string   // programs
	tokens       []string // of an admin of each organization; the large files are in the first
	floor        string   // folder of what is there without plinth, on the same file system as its own
	large, small string   // files in it
	block        []byte   // of the large file, over and over
	sum          string   // of the large file
}

func (o options) newFiles(ctx context.Context, h *house) (*files, error) {
	f := &files{options: o, house: h, floor: filepath.Join(h.dir, "floor"), block: randomBytes(mib)}
	f.large, f.small = filepath.Join(f.floor, "large"), filepath.Join(f.floor, "small")
	var err error
	if f.plinth, err = build(ctx, h.dir, plinthCommand); err != nil {
		return nil, err
	}
	if f.bare, err = build(ctx, h.dir, "github.com/plinth/plinth/test/bench"); err != nil {
		return nil, err
	}
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	if f.tokens, err = tokens(h.secret, smallClients); err != nil {
		return nil, err
	}
	return f, f.write()
}

// write makes the files that are copied, and that a bare server gives out.
func (f *files) write() error {
	if err := errors.Join(os.MkdirAll(f.floor, 0o700), os.WriteFile(f.small, f.block[:smallSize], 0o600)); err != nil {
		return fmt.Errorf("write the small file: %w", err)
	}
	large, err := os.Create(f.large)
	if err != nil {
		return fmt.Errorf("write the large file: %w", err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(large, hash), f.content())
	if err := errors.Join(err, large.Sync(), large.Close()); err != nil {
		return fmt.Errorf("write the large file: %w", err)
	}
	f.sum = hex.EncodeToString(hash.Sum(nil))
	return nil
}

func (f *files) bytes() int64 { return int64(f.size) * mib }

// content is that of the large file, from memory.
func (f *files) content() io.Reader { return io.LimitReader(&repetition{block: f.block}, f.bytes()) }

// repetition reads a block over and over.
type repetition struct {
	block []byte
	at    int
}

// Read implements io.Reader.
func (r *repetition) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}

// serve starts the server as the house's settings are now, and what speaks to it about large files.
func (f *files) serve(ctx context.Context) (*server, *visitor, error) {
	s, err := startPlinth(ctx, f.plinth, f.house)
	if err != nil {
		return nil, nil, err
	}
	return s, newVisitor(s, f.tokens[0]), nil
}

// inDirectory measures files that the server keeps itself.
func (f *files) inDirectory(ctx context.Context) (err error) {
	plinth, v, err := f.serve(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plinth.stop()) }()
	bare, err := startBareFiles(ctx, f.bare, f.floor)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	store, err := blob.NewDir(filepath.Join(f.house.dir, "files"))
	if err != nil {
		return err
	}
	copied := &way{name: "copy, fsync", turn: f.whole(func(context.Context) error { return copyFile(f.large, f.floor) }), undo: f.sweepFloor}
	posted := &way{name: "bare HTTP, fsync", servers: []*server{bare}, undo: f.sweepFloor,
		turn: f.whole(func(ctx context.Context) error {
			return newVisitor(bare, "").send(ctx, "POST", "/", f.content(), f.bytes())
		})}
	ups := &contest{what: fmt.Sprintf("upload of %d MiB to the directory", f.size), unit: "MiB", bases: []*way{copied, posted},
		ways: []*way{copied, posted, f.uploads("plinth", v, store, plinth)}}
	if err := f.within(ctx, plinth, ups); err != nil {
		return err
	}
	if err := f.smallUploads(ctx, plinth, bare); err != nil {
		return err
	}
	id, err := v.upload(ctx, f)
	if err != nil {
		return err
	}
	given := &way{name: "http.FileServer", servers: []*server{bare}, turn: f.whole(func(ctx context.Context) error {
		return newVisitor(bare, "").fetch(ctx, "/files/large", f.bytes())
	})}
	downs := &contest{what: fmt.Sprintf("download of %d MiB from the directory", f.size), unit: "MiB", bases: []*way{given},
		ways: []*way{given, {name: "plinth", servers: []*server{plinth}, turn: f.whole(func(ctx context.Context) error {
			return v.fetch(ctx, downloadPath(id), f.bytes())
		})}}}
	if err := downs.run(ctx, f.rounds); err != nil {
		return err
	}
	return f.smallDownloads(ctx, plinth, bare, v)
}

// within runs uploads, and tells what memory they took of the server.
func (f *files) within(ctx context.Context, plinth *server, uploads *contest) error {
	idle, err := plinth.resident()
	if err == nil {
		err = plinth.forgetPeak()
	}
	if err == nil {
		err = uploads.run(ctx, f.rounds)
	}
	if err != nil {
		return err
	}
	peak, err := plinth.peak()
	fmt.Printf("\nMemory of plinth's process: %.1f MB before, %.1f MB at the most.\n", float64(idle)/1e6, float64(peak)/1e6)
	return err
}

// whole is a turn that moves the large file once.
func (f *files) whole(move func(context.Context) error) turn {
	return func(ctx context.Context) (float64, time.Duration, error) {
		begun := time.Now()
		err := move(ctx)
		return float64(f.size), time.Since(begun), err
	}
}

// uploads is the way through the server.
func (f *files) uploads(name string, v *visitor, store blob.Store, servers ...*server) *way {
	var id string
	return &way{name: name, servers: servers,
		turn: f.whole(func(ctx context.Context) (err error) {
			id, err = v.upload(ctx, f)
			return err
		}),
		undo: func(ctx context.Context) error { return v.remove(ctx, store, id) }}
}

// sweepFloor removes what copies and the bare server have written.
func (f *files) sweepFloor(context.Context) error {
	list, err := filepath.Glob(filepath.Join(f.floor, writtenPrefix+"*"))
	for _, path := range list {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// writtenPrefix begins the names of what a turn has written into the floor's folder.
const writtenPrefix = "written-"

// copyFile does what cp does, in the kernel, and has the copy on the disk.
func copyFile(from, dir string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	return writeFile(dir, src)
}

// writeFile has the bytes of r on the disk.
func writeFile(dir string, r io.Reader) error {
	f, err := os.CreateTemp(dir, writtenPrefix)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}
