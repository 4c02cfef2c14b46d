package thumbnail

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The markers of a JPEG that matter here.
const (
	markerSOF0 = 0xc0 // begins an image: sequential,
	markerSOF2 = 0xc2 // or progressive
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerSOI  = 0xd8 // begins the file
	markerEOI  = 0xd9 // ends it
	markerSOS  = 0xda // begins a scan
	markerAPP1 = 0xe1 // is that of EXIF
)

// jpegHead is what a JPEG says of itself before its first scan.
type jpegHead struct {
	orientation int
	progressive bool
	samples     float64 // for a pixel
}

// costOfJPEG: a progressive one is kept as coefficients of 4 bytes until its end, beside the image and that in another form.
func costOfJPEG(head []byte) float64 {
	if h := readJPEG(head); h.progressive {
		return 5*h.samples + 4
	}
	return bytesOf
}

// readJPEG finds what the decoder will find: it passes over the same bytes.
func readJPEG(b []byte) jpegHead {
	head := jpegHead{orientation: 1}
	exif := false
	for {
		marker, content, rest := segment(b)
		switch {
		case rest == nil || marker == markerSOS:
			return head
		case marker >= markerSOF0 && marker <= markerSOF2:
			head.progressive = marker == markerSOF2
			head.samples = samples(content)
		case marker == markerAPP1 && !exif:
			if tiff, ok := bytes.CutPrefix(content, []byte("Exif\x00\x00")); ok {
				head.orientation, exif = orientation(tiff), true
			}
		}
		b = rest
	}
}

// segment finds the next segment that has content. The rest is nil where there is none.
func segment(b []byte) (marker byte, content, rest []byte) {
	for {
		_, b, _ = bytes.Cut(b, []byte{0xff})
		i := slices.IndexFunc(b, func(c byte) bool { return c != 0xff }) // they may be any number
		if i < 0 || b[i] == markerEOI {
			return 0, nil, nil
		}
		marker, b = b[i], b[i+1:]
		if marker != 0 && (marker < markerRST0 || marker > markerRST7) && marker != markerSOI {
			break
		}
	}
	if len(b) < 2 {
		return 0, nil, nil
	}
	size := int(binary.BigEndian.Uint16(b))
	if size < 2 || size > len(b) {
		return 0, nil, nil
	}
	return marker, b[2:size], b[size:]
}

// samples reads the sampling factors of the components.
func samples(sof []byte) float64 {
	const fixed, each = 6, 3 // bytes before the components, and of each
	sum, across, down := 0, 1, 1
	for i := fixed; i+each <= len(sof); i += each {
		h, v := int(sof[i+1]>>4), int(sof[i+1]&15)
		sum, across, down = sum+h*v, max(across, h), max(down, v)
	}
	return float64(sum) / float64(across*down)
}

// orientation reads the one of the image, the first, from the TIFF that EXIF is. It is 1 where there is none, and may be
// one that does not exist.
func orientation(tiff []byte) int {
	const header, entry, tag, short = 8, 12, 0x0112, 3
	if len(tiff) < header {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if string(tiff[:2]) != "II" && string(tiff[:2]) != "MM" || at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			return 1
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entry:]
	}
	return 1
}
