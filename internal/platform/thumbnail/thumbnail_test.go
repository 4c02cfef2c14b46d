package thumbnail

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"
)

var (
	red   = color.NRGBA{R: 224, A: 255}
	green = color.NRGBA{G: 224, A: 255}
	blue  = color.NRGBA{B: 224, A: 255}
	grey  = color.NRGBA{128, 128, 128, 255}
	dark  = color.NRGBA{64, 64, 64, 255}
	faint = color.NRGBA{200, 0, 0, 100}
	none  = color.NRGBA{}
)

// filled draws rectangles of a color each on an image.
func filled(img draw.Image, colors ...color.Color) draw.Image {
	w := img.Bounds().Dx() / len(colors)
	for i, c := range colors {
		draw.Draw(img, image.Rect(i*w, 0, (i+1)*w, img.Bounds().Dy()), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// open decodes a thumbnail, and holds it to what it says of itself.
func open(t testing.TB, thumbnail Thumbnail) image.Image {
	t.Helper()
	img, format, err := image.Decode(bytes.NewReader(thumbnail.Data))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	if size != image.Pt(thumbnail.Width, thumbnail.Height) || size.X > Side || size.Y > Side || "image/"+format != thumbnail.ContentType {
		t.Errorf("%s of %v, said to be %s of %d x %d", format, size, thumbnail.ContentType, thumbnail.Width, thumbnail.Height)
	}
	return img
}

// looks compares the color of a pixel, roughly.
func looks(t testing.TB, img image.Image, x, y int, want color.NRGBA) {
	t.Helper()
	got := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
	far := func(a, b uint8) bool { return max(a, b)-min(a, b) > 24 }
	if far(got.A, want.A) || want.A > 0 && (far(got.R, want.R) || far(got.G, want.G) || far(got.B, want.B)) {
		t.Errorf("%v at %d, %d; want %v", got, x, y, want)
	}
}

func TestMake(t *testing.T) {
	whole, half := lossy(t)
	wide, palette := image.Rect(0, 0, 1000, 500), color.Palette{none, red, blue}
	for name, test := range map[string]struct {
		file        []byte
		contentType string
		w, h        int
		left, right color.NRGBA
	}{
		"JPEG":               {encodeJPEG(t, filled(image.NewRGBA(wide), red, blue)), "image/jpeg", 320, 160, red, blue},
		"high JPEG":          {encodeJPEG(t, filled(image.NewRGBA(image.Rect(0, 0, 500, 2000)), red, blue)), "image/jpeg", 80, 320, red, blue},
		"grey JPEG":          {encodeJPEG(t, filled(image.NewGray(wide), grey)), "image/jpeg", 320, 160, grey, grey},
		"CMYK JPEG":          {jpegOf(markerSOF0, 1000, 500, 4, 0x11, 1), "image/jpeg", 320, 160, dark, dark},
		"progressive JPEG":   {jpegOf(markerSOF2, 1000, 500, 3, 0x22, 1), "image/jpeg", 320, 160, grey, grey},
		"small JPEG":         {encodeJPEG(t, filled(image.NewRGBA(image.Rect(0, 0, 32, 16)), red, blue)), "image/jpeg", 32, 16, red, blue},
		"as large":           {encodeJPEG(t, filled(image.NewRGBA(image.Rect(0, 0, Side, Side)), red, blue)), "image/jpeg", Side, Side, red, blue},
		"one pixel":          {encodePNG(t, filled(image.NewRGBA(image.Rect(0, 0, 1, 1)), red)), "image/jpeg", 1, 1, red, red},
		"a line":             {encodePNG(t, filled(image.NewRGBA(image.Rect(0, 0, 60_000, 1)), red, blue)), "image/jpeg", 320, 1, red, blue},
		"PNG":                {encodePNG(t, filled(image.NewRGBA(wide), red, blue)), "image/jpeg", 320, 160, red, blue},
		"transparent PNG":    {encodePNG(t, filled(image.NewNRGBA(wide), none, blue)), "image/png", 320, 160, none, blue},
		"translucent PNG":    {encodePNG(t, filled(image.NewNRGBA(wide), faint, blue)), "image/png", 320, 160, faint, blue},
		"PNG of 16 bits":     {encodePNG(t, filled(image.NewNRGBA64(wide), red, blue)), "image/jpeg", 320, 160, red, blue},
		"grey PNG":           {encodePNG(t, filled(image.NewGray16(wide), grey)), "image/jpeg", 320, 160, grey, grey},
		"interlaced PNG":     {pngOf(t, 1000, 500, 8, 6, 1, 0), "image/png", 320, 160, none, none},
		"palette":            {encodePNG(t, filled(image.NewPaletted(wide, palette), red, blue)), "image/jpeg", 320, 160, red, blue},
		"transparent colour": {encodePNG(t, filled(image.NewPaletted(wide, palette), none, blue)), "image/png", 320, 160, none, blue},
		"GIF":                {encodeGIF(t, 1000, 500, filled(image.NewPaletted(wide, palette), red, blue).(*image.Paletted)), "image/jpeg", 320, 160, red, blue},
		"transparent GIF":    {encodeGIF(t, 1000, 500, filled(image.NewPaletted(wide, palette), none, blue).(*image.Paletted)), "image/png", 320, 160, none, blue},
		"GIF in part":        {encodeGIF(t, 2000, 500, filled(image.NewPaletted(wide, palette), red).(*image.Paletted)), "image/png", 320, 80, red, none},
		"WebP":               {whole, "image/jpeg", 32, 16, red, blue},
		"transparent WebP":   {half, "image/png", 32, 16, red, none},
		"lossless WebP":      {webpOf(1000, 500, 0, 224, 0, 255), "image/jpeg", 320, 160, green, green},
		"clear WebP":         {webpOf(1000, 500, 0, 224, 0, 0), "image/png", 320, 160, none, none},
	} {
		t.Run(name, func(t *testing.T) {
			thumbnail, err := Make(bytes.NewReader(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if thumbnail.ContentType != test.contentType || thumbnail.Width != test.w || thumbnail.Height != test.h {
				t.Errorf("%s of %d x %d, want %s of %d x %d", thumbnail.ContentType, thumbnail.Width, thumbnail.Height, test.contentType, test.w, test.h)
			}
			img := open(t, thumbnail)
			looks(t, img, test.w/4, test.h/2, test.left)
			looks(t, img, test.w*3/4, test.h/2, test.right)
		})
	}
}

// TestFirstFrame: a GIF is shown as it begins, with a frame where it is.
func TestFirstFrame(t *testing.T) {
	palette := color.Palette{none, red, blue}
	first := filled(image.NewPaletted(image.Rect(500, 500, 1000, 1000), palette), none).(*image.Paletted)
	draw.Draw(first, first.Rect, image.NewUniform(red), image.Point{}, draw.Src)
	second := image.NewPaletted(image.Rect(0, 0, 1000, 1000), palette)
	draw.Draw(second, second.Rect, image.NewUniform(blue), image.Point{}, draw.Src)
	thumbnail, err := Make(bytes.NewReader(encodeGIF(t, 1000, 1000, first, second)))
	if err != nil {
		t.Fatal(err)
	}
	img := open(t, thumbnail)
	looks(t, img, 80, 80, none)
	looks(t, img, 240, 80, none)
	looks(t, img, 240, 240, red)
}

// TestOrientation has an image with four corners stored in the eight ways of EXIF, and seen in one.
func TestOrientation(t *testing.T) {
	const w, h = 640, 320
	corner := func(x, y int) color.NRGBA { return []color.NRGBA{red, green, blue, grey}[x*2/w+2*(y*2/h)] }
	// Where a stored pixel is seen: its row 0 is the visual top, right, bottom or left, and so is its column 0.
	for orientation, seen := range map[uint16]func(column, row int) (x, y int){
		1: func(column, row int) (x, y int) { return column, row },                 // top, left
		2: func(column, row int) (x, y int) { return w - 1 - column, row },         // top, right
		3: func(column, row int) (x, y int) { return w - 1 - column, h - 1 - row }, // bottom, right
		4: func(column, row int) (x, y int) { return column, h - 1 - row },         // bottom, left
		5: func(column, row int) (x, y int) { return row, column },                 // left, top
		6: func(column, row int) (x, y int) { return w - 1 - row, column },         // right, top
		7: func(column, row int) (x, y int) { return w - 1 - row, h - 1 - column }, // right, bottom
		8: func(column, row int) (x, y int) { return row, h - 1 - column },         // left, bottom
	} {
		stored := image.NewRGBA(image.Rect(0, 0, w, h))
		if orientation >= 5 {
			stored = image.NewRGBA(image.Rect(0, 0, h, w))
		}
		for row := range stored.Rect.Dy() {
			for column := range stored.Rect.Dx() {
				stored.Set(column, row, corner(seen(column, row)))
			}
		}
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			thumbnail, err := Make(bytes.NewReader(withSegment(encodeJPEG(t, stored), exif(order, orientation))))
			if err != nil {
				t.Fatal(err)
			}
			if thumbnail.Width != 320 || thumbnail.Height != 160 {
				t.Fatalf("orientation %d: %d x %d", orientation, thumbnail.Width, thumbnail.Height)
			}
			img := open(t, thumbnail)
			for _, at := range []image.Point{{80, 40}, {240, 40}, {80, 120}, {240, 120}} {
				looks(t, img, at.X, at.Y, corner(2*at.X, 2*at.Y))
			}
			if bytes.Contains(thumbnail.Data, []byte(secret)) || bytes.Contains(thumbnail.Data, []byte("Exif")) {
				t.Errorf("orientation %d: the thumbnail has metadata", orientation)
			}
		}
	}
}

// TestBrokenOrientation leaves the image as it is, and so does a second one.
func TestBrokenOrientation(t *testing.T) {
	file := encodeJPEG(t, filled(image.NewRGBA(image.Rect(0, 0, 640, 320)), red, blue))
	right := exif(binary.BigEndian, 6)
	segments := [][]byte{
		slices.Concat(exif(binary.BigEndian, 1), right), exif(binary.BigEndian, 0), exif(binary.LittleEndian, 9),
		part(markerAPP1, nil), part(markerAPP1, []byte("Exif\x00\x00")),
	}
	for size := 4; size < len(right)-len(secret)-10; size++ {
		segments = append(segments, part(markerAPP1, right[4:size]))
	}
	for _, offset := range []string{"\xff\xff\xff\xff", "\x7f\xff\xff\xff", "\x00\x00\xff\xff"} {
		segments = append(segments, part(markerAPP1, []byte("Exif\x00\x00MM\x00*"+offset+"\xff\xff")))
	}
	for _, segment := range segments {
		thumbnail, err := Make(bytes.NewReader(withSegment(file, segment)))
		if err != nil || thumbnail.Width != 320 || thumbnail.Height != 160 {
			t.Errorf("%q: %d x %d, %v", segment, thumbnail.Width, thumbnail.Height, err)
		}
	}
}

func TestDecodersPanic(t *testing.T) {
	_, err := guard(func() (picture, error) { panic("index out of range") })
	if !errors.Is(err, ErrNotImage) {
		t.Errorf("%v", err)
	}
}

// BenchmarkMake has images of 40 million pixels, or of as many as are decoded of the kind.
func BenchmarkMake(b *testing.B) {
	for name, file := range large(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Make(bytes.NewReader(file)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func large(t testing.TB) map[string][]byte {
	palette := image.NewPaletted(image.Rect(0, 0, 6300, 6300), color.Palette{none, red})
	return map[string][]byte{
		"JPEG":                jpegOf(markerSOF0, 6300, 6300, 3, 0x22, 1),
		"CMYK JPEG":           jpegOf(markerSOF0, 6300, 6300, 4, 0x11, 1),
		"progressive JPEG":    jpegOf(markerSOF2, 5200, 5200, 3, 0x22, 1),
		"progressive of four": jpegOf(markerSOF2, 3600, 3600, 4, 0x11, 1),
		"PNG":                 pngOf(t, 6300, 6300, 8, 2, 0, 0),
		"PNG of 16 bits":      pngOf(t, 6300, 6300, 16, 6, 0, 0),
		"interlaced PNG":      pngOf(t, 4400, 4400, 16, 6, 1, 0),
		"GIF":                 encodeGIF(t, 6300, 6300, palette),
		"WebP":                webpOf(6300, 6300, 1, 2, 3, 255),
	}
}
