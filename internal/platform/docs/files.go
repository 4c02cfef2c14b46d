package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed assets
var embedded embed.FS

// file is one response: body as it is, and zipped (nil for small files) for clients that take gzip.
type file struct {
	url          string
	contentType  string
	cacheControl string
	digest       string
	body         []byte
	zipped       []byte
}

// assets returns the files the page loads or links to, by the name the page knows them by.
func assets() map[string]file {
	paths := []string{
		"favicon.svg",
		"page.css",
		"page.js",
		"swagger-ui/LICENSE",
		"swagger-ui/NOTICE",
		"swagger-ui/swagger-ui-bundle.js.LICENSE.txt",
		"swagger-ui/swagger-ui-bundle.js.gz",
		"swagger-ui/swagger-ui.css.gz",
	}
	files := make(map[string]file, len(paths))
	for _, p := range paths {
		body, err := embedded.ReadFile("assets/" + p)
		if err != nil {
			panic("docs: " + err.Error())
		}
		name, isZipped := strings.CutSuffix(path.Base(p), ".gz")
		var zipped []byte
		if isZipped {
			body, zipped = gunzip(body), body
		}
		files[name] = newAsset(name, body, zipped)
	}
	return files
}

// newAsset puts the digest into the URL, so that a browser may keep the file for ever.
func newAsset(name string, body, zipped []byte) file {
	sum := digest(body)
	return file{
		url:          PagePath + "/assets/" + sum + "/" + name,
		contentType:  contentType(name),
		cacheControl: "public, max-age=31536000, immutable",
		digest:       sum,
		body:         body,
		zipped:       zipped,
	}
}

// contentType does not ask package mime, whose answers depend on the machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "text/plain; charset=utf-8"
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cacheControl)
	// A strong validator names one representation (RFC 9110, section 8.8.3), hence the suffix below.
	h.Set("ETag", strconv.Quote(f.digest))
	body := f.body
	if f.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header) {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", strconv.Quote(f.digest+"-gzip"))
			body = f.zipped
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reports whether the client names gzip with a weight above zero (RFC 9110, section 12.5.3).
func acceptsGzip(h http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, weight, weighted := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		if !weighted {
			return true
		}
		_, value, _ := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return err == nil && q > 0
	}
	return false
}

func gunzip(stored []byte) []byte {
	zr, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		panic("docs: decompress an asset: " + err.Error())
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		panic("docs: decompress an asset: " + err.Error())
	}
	return plain
}
