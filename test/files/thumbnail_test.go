package files_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"github.com/plinth/plinth/test/clamd"
)

// picture is white, and black in its right half.
func picture(width, height int) image.Image {
	m := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width / 2 {
			m.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	return m
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

// turned is a JPEG whose EXIF orientation says that it lies on its side.
func turned(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, m, nil))
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	return slices.Concat(b.Bytes()[:2], exif, b.Bytes()[2:])
}

// flood is a small PNG that says it is a huge one.
func flood(t testing.TB) []byte {
	t.Helper()
	b := pngOf(t, picture(8, 8))
	binary.BigEndian.PutUint32(b[16:], 60_000)
	binary.BigEndian.PutUint32(b[20:], 60_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// unchecked are the contents that are still to be looked at.
func (d *depot) unchecked() []string {
	d.Helper()
	return d.strings("select id::text from app.files where due_at is not null")
}

func TestThumbnails(t *testing.T) {
	on(t, all(), func(d *depot) {
		gus := d.join("gus", "guest", d.project)
		task := d.newTask(d.columns[0])
		for name, c := range map[string]struct {
			content       []byte
			width, height int
		}{
			"a.png":       {pngOf(d, picture(1280, 640)), 320, 160},
			"small.png":   {pngOf(d, picture(40, 20)), 40, 20},
			"turned.jpeg": {turned(d, picture(640, 320)), 160, 320},
		} {
			id := d.upload(name, string(c.content), body{"task_id": task}).Text(d, "id")
			path := "/v1/files/" + id + "/thumbnail"
			d.until("there is a thumbnail", func() bool { return d.file(id).Get(d, "thumbnail_id") != nil })
			r := d.admin.Do(d, "GET", path, nil).Want(d, 200)
			m, _, err := image.Decode(bytes.NewReader(r.Body))
			must(d, err)
			if size := m.Bounds().Size(); size != image.Pt(c.width, c.height) {
				d.Errorf("%s has a thumbnail of %v", name, size)
			}
			if light, _, _, _ := m.At(1, 1).RGBA(); light < 0xf000 {
				d.Errorf("%s has a thumbnail that begins with %#x", name, light)
			}
			if dark, _, _, _ := m.At(1, c.height-2).RGBA(); (dark < 0x1000) != (name == "turned.jpeg") {
				d.Errorf("%s has a thumbnail with %#x below", name, dark)
			}
			if looks := r.Header.Get("Content-Type"); r.Header.Get("X-Content-Type-Options") != "nosniff" || looks != "image/jpeg" && looks != "image/png" {
				d.Errorf("the thumbnail comes with %v", r.Header)
			}
			d.admin.Do(d, "GET", path, nil, header("If-None-Match", r.Header.Get("ETag"))).Want(d, 304)
			gus.Do(d, "GET", path, nil).Want(d, 200)
			d.admin.Do(d, "DELETE", "/v1/files/"+id, nil).Want(d, 204)
			d.admin.Do(d, "GET", path, nil).WantProblem(d, 404, "not-found")
			d.wantUsage(len(c.content)) // a thumbnail takes nothing
			d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		}
		d.until("the thumbnails are gone", func() bool { return len(d.keys()) == 0 })
		d.sweep()
	})
}

func TestNoThumbnail(t *testing.T) {
	on(t, usual(), func(d *depot) {
		good := pngOf(d, picture(8, 8))
		for name, content := range map[string][]byte{"flood.png": flood(d), "cut.png": good[:len(good)-20],
			"a.svg": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "a.txt": []byte("text")} {
			id := d.upload(name, string(content), nil).Text(d, "id")
			d.until("it is checked", func() bool { return len(d.unchecked()) == 0 })
			if f := d.file(id); f.Get(d, "thumbnail_id") != nil || f.Text(d, "scan_status") != d.passed() {
				d.Errorf("%s is %s", name, f.Body)
			}
			d.admin.Do(d, "GET", "/v1/files/"+id+"/thumbnail", nil).WantProblem(d, 404, "not-found")
			d.wantContent(d.admin, id, "", string(content))
		}
		d.sweep()
	})
}

// TestThumbnailOfInfected: a picture of it is as bad as the content.
func TestThumbnailOfInfected(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		content := pngOf(d, picture(64, 64))
		bad := d.upload("bad.png", string(append(content, clamd.EICAR()...)), nil).Text(d, "id")
		if d.becomes(bad, "infected").Get(d, "thumbnail_id") != nil {
			d.Error("there is a thumbnail of what is infected")
		}
		d.admin.Do(d, "GET", "/v1/files/"+bad+"/thumbnail", nil).WantProblem(d, 404, "not-found")
		id := d.upload("good.png", string(append(content, "worm"...)), nil).Text(d, "id")
		d.until("there is a thumbnail", func() bool { return d.file(id).Get(d, "thumbnail_id") != nil })
		d.admin.Do(d, "GET", "/v1/files/"+id+"/thumbnail", nil).Want(d, 200)
		d.scanner.AddSignature(d, "Worm", []byte("worm"))
		d.scanner.Reload(d)
		d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
		d.becomes(id, "infected")
		d.admin.Do(d, "GET", "/v1/files/"+id+"/thumbnail", nil).WantProblem(d, 403, "file-blocked")
		d.sweep()
	})
}
