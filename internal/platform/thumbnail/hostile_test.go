package thumbnail

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTooLarge(t *testing.T) {
	for name, file := range map[string][]byte{
		"PNG":                     pngOf(t, 100_000, 100_000, 8, 2, 0, 0),
		"the largest PNG":         pngOf(t, 1<<31-1, 1<<28, 1, 0, 0, 0),
		"PNG of one line":         pngOf(t, 70_000, 1, 1, 0, 0, 0),
		"PNG of one column":       pngOf(t, 1, 70_000, 1, 0, 0, 0),
		"PNG of 41 million":       pngOf(t, 6400, 6400, 1, 0, 0, 0),
		"interlaced PNG":          pngOf(t, 4500, 4500, 8, 2, 1, 0),
		"JPEG":                    claim(65_535, 65_535),
		"JPEG of 41 million":      claim(6400, 6400),
		"progressive JPEG":        jpegOf(markerSOF2, 5300, 5300, 3, 0x22, 1),
		"progressive of four":     jpegOf(markerSOF2, 3700, 3700, 4, 0x11, 1),
		"progressive, made ready": slices.Concat([]byte{0xff, 0xd8, 0, 1, 0xff, 0, 0xff, 0xd0, 0xff}, jpegOf(markerSOF2, 5300, 5300, 3, 0x22, 1)[2:]),
		"JPEG of many scans":      jpegOf(markerSOF2, 8, 8, 3, 0x11, maxScans+1),
		"GIF":                     encodeCanvas(t, 65_535, 65_535),
		"WebP":                    webpOf(16_384, 16_384, 1, 2, 3, 255),
		"WebP with a canvas":      riff("VP8X", []byte("\x10\x00\x00\x00\x00\x9c\x00\x00\x9c\x00")),
		"WebP with alpha apart":   riff("VP8X", []byte("\x10\x00\x00\x00\x7b\x15\x00\x7b\x15\x00")),
		"too many bytes":          slices.Concat(encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))[:33], chunk("teXt", make([]byte, MaxBytes))),
	} {
		before := allocated()
		if thumbnail, err := Make(bytes.NewReader(file)); !errors.Is(err, ErrTooLarge) || errors.Is(err, ErrNotImage) {
			t.Errorf("%s: %d x %d, %v", name, thumbnail.Width, thumbnail.Height, err)
		}
		if spent := allocated() - before; spent > 32<<20 {
			t.Errorf("%s: allocated %d bytes", name, spent)
		}
	}
}

// claim is a JPEG that ends where its image would begin.
func claim(w, h int) []byte {
	b := jpegOf(markerSOF0, w, h, 1, 0x11, 0)
	return append(b[:len(b)-2], part(markerSOS, []byte{1, 1, 0, 0, 63, 0})...)
}

// encodeCanvas is a GIF with one pixel on a large canvas.
func encodeCanvas(t testing.TB, w, h int) []byte {
	t.Helper()
	return encodeGIF(t, w, h, image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{none, red}))
}

// TestManyBytesOfOnePixel: what a file has beyond its image is not decoded.
func TestManyBytesOfOnePixel(t *testing.T) {
	file := pngOf(t, 1, 1, 8, 2, 0, 16<<20)
	before := allocated()
	if _, err := Make(bytes.NewReader(file)); !errors.Is(err, ErrNotImage) {
		t.Errorf("%v", err)
	}
	if spent := allocated() - before; spent > 1<<20 {
		t.Errorf("allocated %d bytes", spent)
	}
}

func allocated() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

// TestMemory holds what Make allocates to what its bounds count on.
func TestMemory(t *testing.T) {
	const side = 1024
	palette := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{none, red})
	for name, file := range map[string][]byte{
		"JPEG":                       jpegOf(markerSOF0, side, side, 3, 0x22, 1),
		"JPEG without subsampling":   jpegOf(markerSOF0, side, side, 3, 0x11, 1),
		"JPEG with odd subsampling":  jpegOf(markerSOF0, side, side, 3, 0x41, 1),
		"CMYK JPEG":                  jpegOf(markerSOF0, side, side, 4, 0x11, 1),
		"progressive JPEG":           jpegOf(markerSOF2, side, side, 3, 0x22, 1),
		"progressive, oddly sampled": jpegOf(markerSOF2, side, side, 3, 0x41, 1),
		"progressive, not sampled":   jpegOf(markerSOF2, side, side, 3, 0x11, 1),
		"progressive CMYK":           jpegOf(markerSOF2, side, side, 4, 0x11, 1),
		"grey PNG":                   pngOf(t, side, side, 1, 0, 0, 0),
		"PNG":                        pngOf(t, side, side, 8, 2, 0, 0),
		"PNG of 16 bits":             pngOf(t, side, side, 16, 6, 0, 0),
		"interlaced PNG":             pngOf(t, side, side, 16, 6, 1, 0),
		"GIF":                        encodeGIF(t, side, side, palette),
		"WebP":                       webpOf(side, side, 1, 2, 3, 255),
	} {
		f, err := formatOf(file)
		if err != nil {
			t.Fatal(err)
		}
		before := allocated()
		if _, err := Make(bytes.NewReader(file)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		const scaler, rest = 32 * Side * side, 2 << 20
		if spent, bound := allocated()-before, int(f.cost(file)*side*side)+scaler+rest; spent > bound {
			t.Errorf("%s: allocated %d bytes, more than %d", name, spent, bound)
		}
	}
}

func TestNotImage(t *testing.T) {
	whole, half := lossy(t)
	files := map[string][]byte{
		"JPEG": encodeJPEG(t, filled(image.NewRGBA(image.Rect(0, 0, 64, 32)), red, blue)), "progressive": jpegOf(markerSOF2, 64, 32, 3, 0x22, 1),
		"PNG": encodePNG(t, filled(image.NewRGBA(image.Rect(0, 0, 64, 32)), red, blue)), "interlaced": pngOf(t, 64, 32, 8, 6, 1, 0),
		"GIF": encodeCanvas(t, 64, 32), "WebP": whole, "transparent WebP": half, "lossless WebP": webpOf(64, 32, 1, 2, 3, 4),
	}
	for name, file := range files {
		for size := range len(file) {
			// What is cut off at its very end may be whole to a decoder.
			_, err := Make(bytes.NewReader(file[:size]))
			if err == nil && size < len(file)/2 || err != nil && !errors.Is(err, ErrNotImage) {
				t.Errorf("%s cut off after %d of %d bytes: %v", name, size, len(file), err)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		for name, file := range files {
			file = slices.Clone(file)
			for range 1 + random.IntN(8) {
				file[random.IntN(len(file))] = byte(random.Uint32())
			}
			if _, err := Make(bytes.NewReader(file)); err != nil && !errors.Is(err, ErrNotImage) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, changed: %v", name, err)
			}
		}
	}
	for _, text := range []string{
		"", "x", "GIF8", "GIF89a", "\xff\xd8", "\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF\x00\x00\x00\x00WEBP", "<svg/>", "BM", "%PDF-1.4",
	} {
		if _, err := Make(strings.NewReader(text)); !errors.Is(err, ErrNotImage) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestReaderFails: that is no fault of the image, wherever it happens.
func TestReaderFails(t *testing.T) {
	noise := image.NewGray(image.Rect(0, 0, 2200, 2200))
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise.Pix)
	file, cause := encodePNG(t, noise), errors.New("the connection is lost")
	for _, size := range []int{0, 4, 1000, headBytes, headBytes + 1000, len(file) - 1000} {
		_, err := Make(io.MultiReader(bytes.NewReader(file[:size]), iotest.ErrReader(cause)))
		if !errors.Is(err, cause) || errors.Is(err, ErrNotImage) || errors.Is(err, ErrTooLarge) {
			t.Errorf("after %d bytes: %v", size, err)
		}
	}
	if _, err := Make(bytes.NewReader(file)); err != nil {
		t.Error(err) // it is larger than its head
	}
	if _, err := Make(iotest.OneByteReader(bytes.NewReader(encodeCanvas(t, 10, 10)))); err != nil {
		t.Error(err)
	}
}

func FuzzMake(f *testing.F) {
	whole, half := lossy(f)
	small := image.Rect(0, 0, 24, 16)
	for _, file := range [][]byte{
		nil, whole, half, webpOf(24, 16, 1, 2, 3, 4), encodeCanvas(f, 24, 16), pngOf(f, 24, 16, 16, 6, 1, 0),
		encodePNG(f, filled(image.NewNRGBA(small), none, blue)), encodeJPEG(f, filled(image.NewRGBA(small), red, blue)),
		jpegOf(markerSOF2, 24, 16, 3, 0x22, 2), jpegOf(markerSOF0, 24, 16, 4, 0x11, 1),
		withSegment(jpegOf(markerSOF0, 24, 16, 1, 0x11, 1), exif(binary.LittleEndian, 6)),
	} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		thumbnail, err := Make(bytes.NewReader(file))
		if err != nil {
			if !errors.Is(err, ErrNotImage) && !errors.Is(err, ErrTooLarge) || strings.Contains(err.Error(), "panics") {
				t.Errorf("%v", err)
			}
			return
		}
		open(t, thumbnail)
	})
}
