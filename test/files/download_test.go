package files_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func TestRanges(t *testing.T) {
	on(t, all(), func(d *depot) {
		const content = "0123456789"
		id := d.uploaded("digits.txt", content, nil)
		for _, c := range []struct {
			asked, answered, content string
			status                   int
		}{
			{"bytes=0-0", "bytes 0-0/10", "0", 206},
			{"bytes=2-4", "bytes 2-4/10", "234", 206},
			{"bytes=7-", "bytes 7-9/10", "789", 206},
			{"bytes=-3", "bytes 7-9/10", "789", 206},
			{"bytes=8-99", "bytes 8-9/10", "89", 206},
			{"bytes=10-", "bytes */10", "", 416},
		} {
			r := d.get(d.admin, id, "", header("Range", c.asked)).Want(d, c.status)
			if got := r.Header.Get("Content-Range"); c.status == 206 && (got != c.answered || string(r.Body) != c.content) {
				d.Errorf("%s gives %s: %q", c.asked, got, r.Body)
			}
		}
		d.wantContent(d.admin, id, "", content)
	})
}

// own are the kinds of installations that give content out themselves.
func own() []kind { return []kind{inDir, inPlainBucket} }

func TestConditions(t *testing.T) {
	on(t, own(), func(d *depot) {
		const content = "0123456789"
		id := d.uploaded("digits.txt", content, nil)
		path := "/v1/files/" + id + "/download"
		tag := `"` + sum(content) + `"`
		whole := d.admin.Do(d, "GET", path, nil).Want(d, 200)
		for name, want := range map[string]string{"ETag": tag, "Accept-Ranges": "bytes", "Content-Length": "10", "Cache-Control": "private, no-cache",
			"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"} {
			if got := whole.Header.Get(name); got != want {
				d.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if r := d.admin.Do(d, "HEAD", path, nil).Want(d, 200); len(r.Body) > 0 || r.Header.Get("Content-Length") != "10" || r.Header.Get("ETag") != tag {
			d.Errorf("HEAD gives %v and %q", r.Header, r.Body)
		}
		if r := d.admin.Do(d, "GET", path, nil, header("If-None-Match", tag)).Want(d, 304); len(r.Body) > 0 {
			d.Errorf("304 with %q", r.Body)
		}
		d.admin.Do(d, "GET", path, nil, header("If-None-Match", `"other"`)).Want(d, 200)
		d.admin.Do(d, "GET", path, nil, header("If-Range", tag), header("Range", "bytes=2-4")).Want(d, 206)
		if r := d.admin.Do(d, "GET", path, nil, header("If-Range", `"other"`), header("Range", "bytes=2-4")).Want(d, 200); string(r.Body) != content {
			d.Errorf("a range of something else gives %q", r.Body)
		}
		d.wantParts(d.admin.Do(d, "GET", path, nil, header("Range", "bytes=8-9,0-1,-1")).Want(d, 206), "89", "01", "9")
	})
}

// wantParts reads an answer of several ranges.
func (d *depot) wantParts(r *apitest.Response, want ...string) {
	d.Helper()
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	must(d, err)
	parts := multipart.NewReader(strings.NewReader(string(r.Body)), params["boundary"])
	for _, w := range want {
		part, err := parts.NextPart()
		must(d, err)
		if got, err := io.ReadAll(part); err != nil || string(got) != w {
			d.Errorf("a range is %q, %v, want %q", got, err, w)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF { //nolint:errorlint // as it is documented
		d.Errorf("more ranges than were asked for: %v", err)
	}
}

// TestLargeRanges reads of a content that is more than one piece anywhere on the way.
func TestLargeRanges(t *testing.T) {
	on(t, usual(), func(d *depot) {
		content := strings.Repeat("0123456789abcdef", 20<<20/16)
		id := d.uploaded("large.bin", content, nil)
		d.wantContent(d.admin, id, "", content)
		for _, at := range []int{1<<20 - 3, 16<<20 - 5, len(content) - 10} {
			r := d.get(d.admin, id, "", header("Range", fmt.Sprintf("bytes=%d-%d", at, at+9))).Want(d, 206)
			if string(r.Body) != content[at:at+10] {
				d.Errorf("at %d there is %q", at, r.Body)
			}
		}
	})
}

// TestRedirect: a bucket with versions gives content out by itself, to who has a fresh address of just these bytes.
func TestRedirect(t *testing.T) {
	on(t, []kind{inBucketScanned}, func(d *depot) {
		id := d.uploaded(`"é".txt`, "content", nil)
		r := d.admin.Do(d, "GET", "/v1/files/"+id+"/download", nil).Want(d, 302)
		if got := r.Header.Get("Cache-Control"); got != "no-store" {
			d.Errorf("Cache-Control: %q", got)
		}
		to, err := url.Parse(r.Header.Get("Location"))
		must(d, err)
		if life, err := strconv.Atoi(to.Query().Get("X-Amz-Expires")); err != nil || life < 1 || life > 60 {
			d.Errorf("the address lives %q s", to.Query().Get("X-Amz-Expires"))
		}
		if to.Query().Get("versionId") == "" {
			d.Errorf("the address names no version: %s", to)
		}
		if r := d.admin.Do(d, "HEAD", "/v1/files/"+id+"/download", nil).Want(d, 200); r.Header.Get("Content-Length") != "7" {
			d.Errorf("HEAD, for which the address is not signed, gives %v", r.Header)
		}
		content := d.elsewhere("GET", to.String(), nil).Want(d, 200)
		if string(content.Body) != "content" || content.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			d.Errorf("the address leads to %q, %s", content.Body, content.Header.Get("Content-Type"))
		}
		d.wantDisposition(content, `"é".txt`)
		for _, method := range []string{"PUT", "DELETE", "POST"} {
			if r := d.elsewhere(method, to.String(), []byte("other")); r.Status < 400 {
				d.Errorf("%s is answered %d", method, r.Status)
			}
		}
		other := d.uploaded("other.txt", "other content", nil)
		if r := d.elsewhere("GET", strings.ReplaceAll(to.String(), id, other), nil); r.Status < 400 {
			d.Errorf("another key is answered %d: %s", r.Status, r.Body)
		}
		for name, value := range map[string]string{"X-Amz-Expires": "3600", "versionId": "null",
			"response-content-disposition": "inline", "response-content-type": "text/html"} {
			q := to.Query()
			q.Set(name, value)
			if r := d.elsewhere("GET", to.Scheme+"://"+to.Host+to.Path+"?"+q.Encode(), nil); r.Status < 400 {
				d.Errorf("with another %s it is answered %d", name, r.Status)
			}
		}
		d.wantContent(d.admin, id, "", "content")
	})
}

// wantDisposition fails the test unless a browser saves the answer, under the name.
func (d *depot) wantDisposition(r *apitest.Response, name string) {
	d.Helper()
	value := r.Header.Get("Content-Disposition")
	for _, c := range value {
		if c < ' ' || c > '~' {
			d.Errorf("%U is in %q", c, value)
		}
	}
	how, params, err := mime.ParseMediaType(value)
	if err != nil || how != "attachment" || params["filename"] != name {
		d.Errorf("%q is %s of %q, %v; want an attachment of %q", value, how, params["filename"], err, name)
	}
	if len(r.Header.Values("Content-Disposition")) != 1 {
		d.Errorf("%d headers", len(r.Header.Values("Content-Disposition")))
	}
}

// names are names as hostile clients send them, and what is left of them.
func names() map[string]string {
	return map[string]string{
		"../../etc/passwd":                 "passwd",
		`..\..\windows\system.ini`:         "system.ini",
		"/":                                "",
		"..":                               "",
		".":                                "",
		"a/..":                             "",
		"":                                 "",
		"   ":                              "",
		".bashrc":                          ".bashrc",
		"a\x7f\u0085b.txt":                 "ab.txt",
		"a\r\nSet-Cookie: b=c.txt":         "aSet-Cookie: b=c.txt",
		"invoice\u202egnp.exe":             "invoicegnp.exe",
		"\u2066a\u2069\u200e\u200f\ufeffb": "ab",
		"a\u2028b\u2029c":                  "abc",
		"\u202e":                           "",
		`"quoted" 'single' \ % ; = .txt`:   "% ; = .txt",
		`"; filename="evil.exe`:            `"; filename="evil.exe`,
		"Übersicht – 契約.pdf":               "Übersicht – 契約.pdf",
		"%2e%2e%2fetc":                     "%2e%2e%2fetc",
		"a b+c&d.txt":                      "a b+c&d.txt",
		"<script>alert(1)<script>.svg":     "<script>alert(1)<script>.svg",
		strings.Repeat("😀", 240):           strings.Repeat("😀", 255/4),
		strings.Repeat("x", 300) + ".txt":  strings.Repeat("x", 255),
	}
}

func TestNames(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id := d.uploaded("a", "content", nil)
		for name, want := range names() {
			r := d.admin.Do(d, "PATCH", "/v1/files/"+id, body{"name": name})
			switch {
			case want == "":
				r.WantProblem(d, 422, "validation")
			case r.Want(d, 200).Text(d, "name") != want:
				d.Errorf("%q becomes %q, want %q", name, r.Text(d, "name"), want)
			default:
				d.wantDisposition(d.get(d.admin, id, "").Want(d, 200), want)
			}
			announced := d.admin.Do(d, "POST", "/v1/files/uploads", body{"name": name, "size": 1, "content_type": "text/plain"})
			if want == "" {
				announced.WantProblem(d, 422, "validation")
			} else {
				announced.Want(d, 201)
			}
		}
		d.admin.Do(d, "PATCH", "/v1/files/"+id, body{"name": "a\x00b.txt"}).WantProblem(d, 400, "malformed-body")
		d.exec("update app.objects set expires_at = now() - interval '1 second' where expires_at is not null")
		d.sweep()
	})
}

// TestFormNames sends names as the parameter of a form, in the ways that there are to write it.
func TestFormNames(t *testing.T) {
	on(t, usual(), func(d *depot) {
		send := func(parameter string) *apitest.Response {
			form := "--b\r\nContent-Disposition: form-data; name=file; " + parameter + "\r\n\r\ncontent\r\n--b--\r\n"
			return d.admin.Do(d, "POST", "/v1/files/upload", form, header("Content-Type", "multipart/form-data; boundary=b"))
		}
		for parameter, want := range map[string]string{
			`filename="../../etc/passwd"`:                  "passwd",
			`filename="C:\\dir\\a.txt"`:                    "a.txt",
			`filename="say \"hi\".txt"`:                    `say "hi".txt`,
			`filename*=UTF-8''%2E%2E%2Fetc%2Fpasswd`:       "passwd",
			`filename*=UTF-8''a%00b%0D%0Ac.txt`:            "abc.txt",
			`filename*=UTF-8''%E2%80%AEgnp.exe`:            "gnp.exe",
			`filename="Übersicht.pdf"`:                     "Übersicht.pdf",
			`filename="a%0D%0AX: y.txt"`:                   "a%0D%0AX: y.txt",
			"filename=\"invoice\u202egnp.exe\"":            "invoicegnp.exe",
			`filename="` + strings.Repeat("😀", 300) + `"`:  strings.Repeat("😀", 255/4),
			`filename="` + strings.Repeat("a😀", 300) + `"`: strings.Repeat("a😀", 255/5),
		} {
			r := send(parameter).Want(d, 201)
			if got := r.Text(d, "name"); got != want {
				d.Errorf("%.80s becomes %q, want %q", parameter, got, want)
			}
			id := r.Text(d, "id")
			d.settled(id)
			d.wantDisposition(d.get(d.admin, id, "").Want(d, 200), want)
		}
		for _, parameter := range []string{`filename=".."`, `filename=""`, `filename="."`, `filename="/"`, "x=y", "filename=\"\u202e\"", `filename="a/.."`} {
			send(parameter).WantProblem(d, 422, "validation")
		}
		if r := send("filename=\"a\x00b.txt\""); r.Status != 400 && r.Status != 422 {
			d.Errorf("a NUL is answered %d: %s", r.Status, r.Body)
		}
		d.sweep()
	})
}

// TestNothingRuns: whatever a content looks like, a browser saves it and runs none of it.
func TestNothingRuns(t *testing.T) {
	on(t, all(), func(d *depot) {
		for name, c := range map[string]struct{ content, looks string }{
			"a.svg":  {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "image/svg+xml"},
			"a.html": {"<!DOCTYPE html><script>alert(1)</script>", "text/html; charset=utf-8"},
			"a.gif":  {"GIF89a/*<html><script>alert(1)</script>*/=1;", "image/gif"},
			"a.js":   {"alert(1)", "text/plain; charset=utf-8"},
			"a.png":  {"<html><body onload=alert(1)>", "text/html; charset=utf-8"},
			"a.xml":  {`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>`, ""},
		} {
			id := d.uploaded(name, c.content, nil)
			first := d.admin.Do(d, "GET", "/v1/files/"+id+"/download", nil)
			r := d.follow(first).Want(d, 200)
			d.wantDisposition(r, name)
			if got := r.Header.Get("Content-Type"); c.looks != "" && got != c.looks || strings.HasPrefix(d.file(id).Text(d, "content_type"), "image/png") {
				d.Errorf("%s has the type %s, want %s", name, got, c.looks)
			}
			sandboxed := strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox")
			if first.Status == http.StatusOK && (r.Header.Get("X-Content-Type-Options") != "nosniff" || !sandboxed) {
				d.Errorf("%s is given out with %v", name, r.Header)
			}
		}
	})
}
