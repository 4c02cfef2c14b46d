package thumbnail

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
)

const quality = 80 // of a JPEG: no artefacts at this size

// picture is one in the size of a thumbnail.
type picture struct {
	*image.RGBA
	opaque bool // the original is
}

// shrink draws an image, which may be but a part of its canvas, in the size of a thumbnail.
func shrink(img image.Image, canvas image.Rectangle) picture {
	w, h := canvas.Dx(), canvas.Dy()
	longer := max(w, h, Side)
	small := image.NewRGBA(image.Rect(0, 0, max(1, w*Side/longer), max(1, h*Side/longer)))
	part := img.Bounds()
	to := image.Rect(
		part.Min.X*small.Rect.Dx()/w, part.Min.Y*small.Rect.Dy()/h,
		(part.Max.X*small.Rect.Dx()+w-1)/w, (part.Max.Y*small.Rect.Dy()+h-1)/h)
	draw.CatmullRom.Scale(small, to, img, part, draw.Src, nil)
	return picture{small, opaque(img, canvas)}
}

// opaque tells whether nothing shines through the image anywhere on its canvas.
func opaque(img image.Image, canvas image.Rectangle) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque() && img.Bounds() == canvas
}

// turned shows a picture with an EXIF orientation as it was seen.
func (p picture) turned(orientation int) picture {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	var from func(x, y int) (int, int)
	switch orientation {
	case 2:
		from = func(x, y int) (int, int) { return w - 1 - x, y }
	case 3:
		from = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case 4:
		from = func(x, y int) (int, int) { return x, h - 1 - y }
	case 5:
		from = func(x, y int) (int, int) { return y, x }
	case 6:
		from = func(x, y int) (int, int) { return y, h - 1 - x }
	case 7:
		from = func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }
	case 8:
		from = func(x, y int) (int, int) { return w - 1 - y, x }
	default:
		return p
	}
	bounds := p.Rect
	if orientation >= 5 {
		bounds = image.Rect(0, 0, h, w)
	}
	turned := image.NewRGBA(bounds)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			turned.SetRGBA(x, y, p.RGBAAt(from(x, y)))
		}
	}
	return picture{turned, p.opaque}
}

func (p picture) encode() (Thumbnail, error) {
	var b bytes.Buffer
	t := Thumbnail{ContentType: "image/png", Width: p.Rect.Dx(), Height: p.Rect.Dy()}
	var err error
	if p.opaque {
		t.ContentType = "image/jpeg"
		err = jpeg.Encode(&b, p.RGBA, &jpeg.Options{Quality: quality})
	} else {
		err = png.Encode(&b, p.RGBA)
	}
	if err != nil {
		return Thumbnail{}, fmt.Errorf("encode the thumbnail: %w", err)
	}
	t.Data = b.Bytes()
	return t, nil
}
