// Package thumbnail makes small pictures of images that strangers have sent.
package thumbnail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// Side is the most pixels that a thumbnail has in a row and in a column.
	Side = 320

	// MaxPixels are decoded. Fewer are of an image whose decoder holds more for each: a progressive JPEG (27 million with
	// the usual subsampling to a quarter, 16 without) or an interlaced PNG (20 million).
	MaxPixels = 40_000_000

	// MaxBytes of a file are read.
	MaxBytes = 64 << 20

	maxSide   = 1<<16 - 1 // that of a JPEG and a GIF; the scaler holds a part of every line
	headBytes = 4 << 20   // in which all must be that a decoder asks for before the image
	maxScans  = 128       // of a JPEG, each of which may go over the whole image; ten are usual
)

var (
	// ErrNotImage is in the error over what is no JPEG, PNG, GIF or WebP, or a broken one. It stays one.
	ErrNotImage = errors.New("not an image")
	// ErrTooLarge is in the error over an image that costs too much to decode. It stays so.
	ErrTooLarge = errors.New("image too large")
)

// Thumbnail is a JPEG, or a PNG where the image is not opaque. It has nothing of the image's metadata.
type Thumbnail struct {
	Data          []byte
	ContentType   string
	Width, Height int
}

// Make reads a JPEG, a PNG, the first frame of a GIF or a WebP that is not animated, and gives it turned as the EXIF
// orientation of a JPEG says, with Side pixels at most on its longer side, and never larger than it is. Colour profiles are
// passed over.
//
// An error without ErrNotImage and ErrTooLarge is of the reader. A decoder's panic is ErrNotImage. Make allocates up
// to 400 MiB for an image near MaxPixels, and takes seconds; a WebP that is made for it may have it allocate 250 MiB more.
func Make(r io.Reader) (Thumbnail, error) {
	thumbnail, err := makeFrom(&source{r: r, left: MaxBytes})
	if err != nil {
		return Thumbnail{}, fmt.Errorf("make a thumbnail: %w", err)
	}
	return thumbnail, nil
}

func makeFrom(src *source) (Thumbnail, error) {
	head, err := io.ReadAll(io.LimitReader(src, headBytes))
	if err != nil {
		return Thumbnail{}, err
	}
	f, err := formatOf(head)
	if err != nil {
		return Thumbnail{}, err
	}
	canvas, err := f.canvas(head)
	if err != nil {
		return Thumbnail{}, err
	}
	if err := src.allow(f.scans); err != nil {
		return Thumbnail{}, err
	}
	small, err := guard(func() (picture, error) { return f.shrunk(io.MultiReader(bytes.NewReader(head), src), canvas) })
	if src.err != nil {
		return Thumbnail{}, src.err // a decoder may have hidden it
	}
	if err != nil {
		return Thumbnail{}, err
	}
	return small.turned(f.orientation(head)).encode()
}

// guard makes a decoder's errors and panics ErrNotImage.
func guard[T any](decode func() (T, error)) (decoded T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: the decoder panics: %v", ErrNotImage, p)
		}
	}()
	decoded, err = decode()
	if err != nil {
		return decoded, fmt.Errorf("%w: %w", ErrNotImage, err)
	}
	return decoded, nil
}

// source is a reader that ends with ErrTooLarge, and keeps its error from decoders that would make another one of it.
type source struct {
	r     io.Reader
	left  int
	err   error
	last  byte
	scans int // of a JPEG; in other files a number that says nothing
	limit int // of scans; 0 is none
}

// allow bounds the scans, among them those that have been read.
func (s *source) allow(scans int) error {
	s.limit = scans
	return s.checkScans()
}

func (s *source) checkScans() error {
	if s.limit > 0 && s.scans > s.limit {
		return fmt.Errorf("%w: more than %d scans", ErrTooLarge, s.limit)
	}
	return nil
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p[:min(len(p), s.left+1)])
	s.left -= n
	s.count(p[:n])
	switch {
	case s.left < 0:
		s.err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, MaxBytes)
	case err == io.EOF:
		return n, io.EOF
	case err != nil:
		s.err = fmt.Errorf("read the image: %w", err)
	default:
		s.err = s.checkScans()
	}
	return n, s.err
}

// count counts the markers that begin a scan.
func (s *source) count(p []byte) {
	if len(p) == 0 {
		return
	}
	if s.last == 0xff && p[0] == markerSOS {
		s.scans++
	}
	s.scans += bytes.Count(p, []byte{0xff, markerSOS})
	s.last = p[len(p)-1]
}
