package thumbnail

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

// jpegOf has a grey JPEG with any number of components, of which only the first has a sampling other than 1 x 1. Its scans
// are as many as it says, of which the first has the whole image.
func jpegOf(sof byte, w, h, components int, sampling byte, scans int) []byte {
	b := []byte{0xff, 0xd8}
	b = append(b, part(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00"))...)
	b = append(b, part(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))...)
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(components)}
	scan := []byte{byte(components)}
	blocks := components - 1
	for i := range components {
		factors := byte(0x11)
		if i == 0 {
			factors = sampling
			blocks += int(sampling>>4) * int(sampling&15)
		}
		frame = append(frame, byte(i+1), factors, 0)
		scan = append(scan, byte(i+1), 0)
	}
	b = append(b, part(sof, frame)...)
	table := append([]byte{1}, make([]byte, 16)...) // one code of one bit, for 0
	b = append(b, part(0xc4, slices.Concat([]byte{0}, table, []byte{0x10}, table))...)
	last := byte(63)
	if sof == markerSOF2 {
		last = 0
	}
	scan = append(scan, 0, last, 0)
	side := func(n int, factor byte) int { return (n + 8*int(factor) - 1) / (8 * int(factor)) }
	data := make([]byte, (2*blocks*side(w, sampling>>4)*side(h, sampling&15)+7)/8)
	for range scans {
		b = append(b, part(markerSOS, scan)...)
		b = append(b, data...)
	}
	return append(b, 0xff, markerEOI)
}

// part is a segment of a JPEG.
func part(marker byte, content []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(content)+2))
	return append(b, content...)
}

// exif is the segment of a JPEG that has an orientation after other entries, and a place that nobody else is to know.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("Exif\x00\x00MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("Exif\x00\x00II")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, entry := range []struct{ tag, value uint16 }{{0x0100, 7}, {0x0112, orientation}} {
		b = order.AppendUint16(b, entry.tag)
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, entry.value)
		b = order.AppendUint16(b, 0)
	}
	return part(markerAPP1, append(b, "\x00\x00\x00\x00"+secret...))
}

const secret = "48.8584 N 2.2945 E"

// withSegment puts a segment at the beginning of a JPEG.
func withSegment(file, segment []byte) []byte { return slices.Concat(file[:2], segment, file[2:]) }

// pngOf has all its bytes zero, and as many too many as told.
func pngOf(t testing.TB, w, h int, depth, kind, interlace byte, extra int) []byte {
	t.Helper()
	header := binary.BigEndian.AppendUint32(nil, uint32(w))
	header = binary.BigEndian.AppendUint32(header, uint32(h))
	header = append(header, depth, kind, 0, 0, interlace)
	bits := int(depth) * map[byte]int{0: 1, 2: 3, 6: 4}[kind]
	passes := [][4]int{{0, 0, 1, 1}} // x, y, and the steps
	if interlace == 1 {
		passes = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	size := extra
	for _, p := range passes {
		across, down := (w-p[0]+p[2]-1)/p[2], (h-p[1]+p[3]-1)/p[3]
		if across > 0 && down > 0 {
			size += down * (1 + (across*bits+7)/8)
		}
	}
	if size > 1<<30 {
		size = 1 // it claims more than it has
	}
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	if _, err := z.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header), chunk("IDAT", data.Bytes()), chunk("IEND", nil))
}

// chunk is one of a PNG.
func chunk(name string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = slices.Concat(b, []byte(name), content)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// webpOf is lossless, of one colour.
func webpOf(w, h int, red, green, blue, alpha byte) []byte {
	var b []byte
	n := 0
	put := func(value, bits int) {
		for i := range bits {
			if n%8 == 0 {
				b = append(b, 0)
			}
			b[n/8] |= byte(value>>i&1) << (n % 8)
			n++
		}
	}
	put(0x2f, 8)
	put(w-1, 14)
	put(h-1, 14)
	put(1, 1) // with transparency
	put(0, 3)
	put(0, 3) // no transforms, no cache, one group of codes
	for _, symbol := range []byte{green, red, blue, alpha, 0} {
		put(1, 1) // a code of one symbol
		put(0, 1)
		put(1, 1)
		put(int(symbol), 8)
	}
	return riff("VP8L", b)
}

// lossy are the chunks of two WebPs of 32 x 16 pixels: red and then blue, and red and then nothing.
func lossy(t testing.TB) (whole, half []byte) {
	t.Helper()
	decode := func(text string) string {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	whole = riff("VP8 ", []byte(decode("kAIAnQEqIAAQAALATCWgAnTKEcDegfir+AAEMeAA/u921+DeZVQf/7BPpCfe8/wvjij8V77wfnzvUAAA")))
	half = riff("VP8X", []byte("\x10\x00\x00\x00\x1f\x00\x00\x0f\x00\x00"), "ALPH", []byte(decode("AQ8w/xERQiCQ5C89wAIR/Y/iBQ==")),
		"VP8 ", []byte(decode("kAEAnQEqIAAQAALATCWgAdgACB8gAP7vdtf/rUyMfRi//+wd/+g7/9B3+qZ/vDAAAAA=")))
	return whole, half
}

// riff is a WebP of chunks, each a name and its content.
func riff(chunks ...any) []byte {
	b := []byte("WEBP")
	for i := 0; i < len(chunks); i += 2 {
		name, content := chunks[i].(string), chunks[i+1].([]byte)
		b = append(b, name...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
		b = append(b, content...)
		if len(content)%2 == 1 {
			b = append(b, 0)
		}
	}
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b)
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// encodeGIF has frames on a canvas.
func encodeGIF(t testing.TB, w, h int, frames ...*image.Paletted) []byte {
	t.Helper()
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: w, Height: h}})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
