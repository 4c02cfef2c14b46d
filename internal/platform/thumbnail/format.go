package thumbnail

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// bytesOf are what a decoder allocates for a pixel at most, unless it is told apart: four channels of 16 bits, or four of
// 8 bits and as many in another form.
const bytesOf = 8

// format is how files of a kind are read. What takes a head takes the first bytes of a file.
type format struct {
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
	cost        func(head []byte) float64 // what the decoder allocates for a pixel, in bytes
	orientation func(head []byte) int     // as in EXIF; what is not from 1 to 8 is upright
	scans       int                       // that a file may have, where it has such
}

func formatOf(head []byte) (format, error) {
	usual := func([]byte) float64 { return bytesOf }
	upright := func([]byte) int { return 1 }
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8")):
		return format{jpeg.DecodeConfig, jpeg.Decode, costOfJPEG, func(head []byte) int { return readJPEG(head).orientation }, maxScans}, nil
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return format{png.DecodeConfig, png.Decode, costOfPNG, upright, 0}, nil
	case bytes.HasPrefix(head, []byte("GIF8")):
		return format{gif.DecodeConfig, gif.Decode, usual, upright, 0}, nil
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return format{webp.DecodeConfig, webp.Decode, costOfWebP, upright, 0}, nil
	}
	return format{}, fmt.Errorf("%w: of no known format", ErrNotImage)
}

// canvas is where the image is, once it is known that it may be decoded.
func (f format) canvas(head []byte) (image.Rectangle, error) {
	config, err := guard(func() (image.Config, error) { return f.config(bytes.NewReader(head)) })
	if err != nil {
		return image.Rectangle{}, err
	}
	w, h := config.Width, config.Height
	if w < 1 || h < 1 {
		return image.Rectangle{}, fmt.Errorf("%w: %d x %d pixels", ErrNotImage, w, h)
	}
	if w > maxSide || h > maxSide || float64(w*h)*f.cost(head) > MaxPixels*bytesOf {
		return image.Rectangle{}, fmt.Errorf("%w: %d x %d pixels", ErrTooLarge, w, h)
	}
	return image.Rect(0, 0, w, h), nil
}

// shrunk decodes the image, which is drawn on the canvas, and gives it in the size of a thumbnail.
func (f format) shrunk(r io.Reader, canvas image.Rectangle) (picture, error) {
	img, err := f.decode(r)
	if err != nil {
		return picture{}, err
	}
	return shrink(img, canvas), nil
}

// costOfPNG: an interlaced one is put together from images of a part of its pixels.
func costOfPNG(head []byte) float64 {
	const interlace = 28 // where it stands in the header, which is first in the file
	if len(head) > interlace && head[interlace] == 0 {
		return bytesOf
	}
	return 2 * bytesOf
}

// costOfWebP: one with an extended header may have its transparency apart, which is decoded as an image of its own.
func costOfWebP(head []byte) float64 {
	const chunk = 12 // the first one
	if bytes.HasPrefix(head[chunk:], []byte("VP8X")) {
		return 1.5 * bytesOf
	}
	return bytesOf
}
