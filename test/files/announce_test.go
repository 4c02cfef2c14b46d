package files_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
	"github.com/plinth/plinth/test/s3"
)

// announce announces a file of a content, with more fields.
func (d *depot) announce(who *apitest.Client, content string, more body) *apitest.Response {
	d.Helper()
	fields := body{"name": "a.txt", "size": len(content), "content_type": "application/pdf"}
	for name, value := range more {
		fields[name] = value
	}
	return who.Do(d, "POST", "/v1/files/uploads", fields).Want(d, 201)
}

// send sends what was announced to where the answer says.
func (d *depot) send(upload *apitest.Response, content string) *apitest.Response {
	d.Helper()
	return d.sendTo(upload, upload.Text(d, "url"), upload.Text(d, "method"), content)
}

func (d *depot) sendTo(upload *apitest.Response, address, method, content string) *apitest.Response {
	d.Helper()
	var headers []apitest.Header
	for name, value := range upload.Get(d, "headers").(body) {
		headers = append(headers, header(name, value.(string)))
	}
	if d.bucket == nil {
		return d.server.Anonymous().Do(d, method, path(address), content, headers...)
	}
	return d.elsewhere(method, address, content, headers...)
}

func (d *depot) complete(who *apitest.Client, upload *apitest.Response) *apitest.Response {
	d.Helper()
	return who.Do(d, "POST", "/v1/files/"+upload.Text(d, "id")+"/complete", nil)
}

func wantSent(t testing.TB, r *apitest.Response) {
	t.Helper()
	if r.Status/100 != 2 {
		t.Fatalf("to send it is answered %d: %s", r.Status, r.Body)
	}
}

func TestAnnounced(t *testing.T) {
	on(t, all(), func(d *depot) {
		const content = "plain content"
		task := d.newTask(d.columns[0])
		grace := d.join("grace", "member")
		for _, more := range []body{{}, {"sha256": sum(content)}} {
			more["task_id"] = task
			u := d.announce(d.admin, content, more)
			id := u.Text(d, "id")
			usage := d.admin.Do(d, "GET", "/v1/orgs/"+d.admin.Org+"/usage", nil)
			if usage.Number(d, "storage.reserved_bytes") != float64(len(content)) {
				d.Errorf("announced, usage is %s", usage.Body)
			}
			d.complete(d.admin, u).WantProblem(d, 409, "upload-incomplete")
			d.admin.Do(d, "GET", "/v1/files/"+id, nil).WantProblem(d, 404, "not-found")
			wantSent(d, d.send(u, content))
			d.complete(grace, u).WantProblem(d, 404, "not-found")
			made := d.complete(d.admin, u).Want(d, 200)
			if made.Text(d, "id") != id || made.Text(d, "task_id") != task || made.Number(d, "size") != float64(len(content)) {
				d.Errorf("completed it is %s", made.Body)
			}
			if again := d.complete(d.admin, u).Want(d, 200); again.Text(d, "id") != id {
				d.Errorf("completed again it is %s", again.Body)
			}
			d.complete(grace, u).WantProblem(d, 404, "not-found")
			d.settled(id)
			d.until("its type is recognized", func() bool { return d.file(id).Text(d, "content_type") == "text/plain; charset=utf-8" })
			if f := d.file(id); f.Text(d, "scan_status") != d.passed() || f.Text(d, "sha256") != sum(content) {
				d.Errorf("the file is %s", f.Body)
			}
			d.wantContent(d.admin, id, "", content)
			d.replay(u, id, content)
			d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		}
		d.wantUsage(0)
		d.sweep()
	})
}

// replay sends another content to an address that was used: nobody gets that.
func (d *depot) replay(u *apitest.Response, id, content string) {
	d.Helper()
	evil := strings.Repeat("!", len(content))
	if r := d.send(u, evil); d.bucket == nil && r.Status != 404 && r.Status != 409 {
		d.Errorf("sent again it is answered %d: %s", r.Status, r.Body)
	}
	if r := d.get(d.admin, id, ""); string(r.Body) != content && (d.kind != inPlainBucket || r.Status == 200) {
		d.Errorf("overwritten by its uploader it is %d: %s", r.Status, r.Body)
	}
	d.complete(d.admin, u).Want(d, 200)
	if r := d.get(d.admin, id, ""); strings.Contains(string(r.Body), evil) {
		d.Errorf("completed again it is %s", r.Body)
	}
}

func TestAnnouncedVersion(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id := d.uploaded("a.txt", "first", nil)
		u := d.announce(d.admin, "second", body{"file_id": id})
		wantSent(d, d.send(u, "second"))
		if f := d.complete(d.admin, u).Want(d, 200); f.Text(d, "id") != id || f.Number(d, "number") != 2 {
			d.Errorf("the version is %s", f.Body)
		}
		d.settled(id)
		d.wantContent(d.admin, id, "", "second")
		d.wantContent(d.admin, id, "?version=1", "first")
		late := d.announce(d.admin, "third", body{"file_id": id})
		wantSent(d, d.send(late, "third"))
		d.admin.Do(d, "DELETE", "/v1/files/"+id, nil).Want(d, 204)
		d.complete(d.admin, late).WantProblem(d, 404, "not-found")
		d.exec("update app.objects set expires_at = now() - interval '1 second' where expires_at is not null")
		d.sweep()
		d.wantUsage(11)
	})
}

func TestEmptyFile(t *testing.T) {
	on(t, all(), func(d *depot) {
		id := d.uploaded("empty", "", nil)
		u := d.announce(d.admin, "", nil)
		wantSent(d, d.send(u, ""))
		d.complete(d.admin, u).Want(d, 200)
		announced := u.Text(d, "id")
		d.settled(announced)
		for _, id := range []string{id, announced} {
			d.wantContent(d.admin, id, "", "")
			if f := d.file(id); f.Number(d, "size") != 0 || f.Text(d, "sha256") != sum("") {
				d.Errorf("the file is %s", f.Body)
			}
		}
		d.wantUsage(0)
		d.sweep()
	})
}

// TestAbandoned: what is announced and not completed in time leaves nothing and takes nothing.
func TestAbandoned(t *testing.T) {
	on(t, usual(), func(d *depot) {
		d.announce(d.admin, "never sent", nil)
		sent := d.announce(d.admin, "sent", nil)
		wantSent(d, d.send(sent, "sent"))
		parts := d.announce(d.admin, "", body{"size": 100 * mebibyte})
		if d.bucket != nil && parts.Len(d, "parts") != 2 {
			d.Errorf("100 MiB are announced as %s", parts.Body)
		}
		d.sweepNothing()
		d.exec("update app.objects set expires_at = now() - interval '1 second'")
		d.complete(d.admin, sent).WantProblem(d, 404, "not-found")
		d.sweep()
		d.wantUsage(0)
		d.complete(d.admin, sent).WantProblem(d, 404, "not-found")
		if r := d.send(sent, "sent"); d.bucket == nil {
			r.WantProblem(d, 404, "not-found")
		}
	})
}

// sweepNothing fails the test where a sweep takes away what still has time.
func (d *depot) sweepNothing() {
	d.Helper()
	before := d.keys()
	must(d, d.server.App.Files.Sweep(d.Context()))
	if after := d.keys(); fmt.Sprint(after) != fmt.Sprint(before) {
		d.Errorf("the sweep left %v of %v", after, before)
	}
}

// TestLinks: the signed address of a directory is good for what it was made for, for its time, and by its maker's right.
func TestLinks(t *testing.T) {
	on(t, []kind{inDir}, func(d *depot) {
		const content = "content"
		grace := d.join("grace", "member")
		u, other := d.announce(grace, content, nil), d.announce(grace, content, nil)
		address := u.Text(d, "url")
		anyone := d.server.Anonymous()
		for _, method := range []string{"GET", "POST", "DELETE", "PATCH"} {
			if r := anyone.Do(d, method, path(address), content); r.Status < 400 {
				d.Errorf("%s is answered %d", method, r.Status)
			}
		}
		anyone.Do(d, "PUT", path(strings.ReplaceAll(address, u.Text(d, "id"), other.Text(d, "id"))), content).WantProblem(d, 403, "link-denied")
		for name, value := range map[string]string{"org": d.admin.User, "user": d.admin.User, "signature": "x",
			"expires": fmt.Sprint(time.Now().Add(48 * time.Hour).Unix())} {
			q := query(address)
			q.Set(name, value)
			anyone.Do(d, "PUT", "/v1/files/uploads/"+u.Text(d, "id")+"?"+q.Encode(), content).WantProblem(d, 403, "link-denied")
			q.Del(name)
			anyone.Do(d, "PUT", "/v1/files/uploads/"+u.Text(d, "id")+"?"+q.Encode(), content).WantProblem(d, 403, "link-denied")
		}
		d.send(u, content+"!").WantProblem(d, 413, "too-large")
		d.send(u, "conten").WantProblem(d, 400, "malformed-body")
		d.send(u, "").WantProblem(d, 400, "malformed-body")
		d.streamTo(path(address), content+"!").WantProblem(d, 413, "too-large")
		d.streamTo(path(address), "conten").WantProblem(d, 400, "malformed-body")
		exact := d.announce(grace, content, body{"sha256": sum(content)})
		d.send(exact, "CONTENT").WantProblem(d, 422, "validation")
		d.complete(grace, exact).WantProblem(d, 409, "upload-incomplete")
		d.send(exact, content).Want(d, 204)
		d.send(exact, content).WantProblem(d, 409, "conflict")
		d.complete(grace, exact).Want(d, 200)
		d.send(exact, content).WantProblem(d, 404, "not-found")

		d.admin.Do(d, "DELETE", "/v1/orgs/"+d.admin.Org+"/members/"+grace.User, nil).Want(d, 204)
		if r := d.send(u, content); r.Status != 403 && r.Status != 404 {
			d.Errorf("of who is no member any more it is answered %d: %s", r.Status, r.Body)
		}
		late := d.announce(d.admin, content, nil)
		d.clock.forward(2 * time.Hour)
		d.send(late, content).WantProblem(d, 403, "link-denied")
		d.clock.forward(-2 * time.Hour)
		d.send(late, content).Want(d, 204)
		d.exec("update app.objects set expires_at = now() - interval '1 second' where expires_at is not null")
		d.sweep()
	})
}

// streamTo puts a content without saying how long it is.
func (d *depot) streamTo(path, content string) *apitest.Response {
	d.Helper()
	return d.streamAs(http.MethodPut, path, "application/pdf", strings.NewReader(content))
}

// TestSignedPut: the storage takes what was announced, and nothing else.
func TestSignedPut(t *testing.T) {
	on(t, []kind{inBucketScanned, inPlainBucket}, func(d *depot) {
		const content = "content"
		u := d.announce(d.admin, content, body{"sha256": sum(content)})
		address := u.Text(d, "url")
		refused := func(what string, r *apitest.Response) {
			d.Helper()
			if r.Status < 400 {
				d.Errorf("%s is answered %d: %s", what, r.Status, r.Body)
			}
		}
		for _, method := range []string{"GET", "POST", "DELETE"} {
			refused(method, d.sendTo(u, address, method, content))
		}
		refused("another content", d.send(u, "CONTENT"))
		refused("a longer content", d.send(u, content+"!"))
		refused("a shorter content", d.send(u, "conten"))
		refused("another key", d.sendTo(u, strings.ReplaceAll(address, u.Text(d, "id"), d.admin.User), "PUT", content))
		refused("a longer life", d.sendTo(u, strings.ReplaceAll(address, "X-Amz-Expires=36", "X-Amz-Expires=72"), "PUT", content))
		refused("no signature", d.sendTo(u, strings.Split(address, "?")[0], "PUT", content))
		d.complete(d.admin, u).WantProblem(d, 409, "upload-incomplete")
		wantSent(d, d.send(u, content))
		d.complete(d.admin, u).Want(d, 200)
		d.settled(u.Text(d, "id"))
		d.wantContent(d.admin, u.Text(d, "id"), "", content)

		bare := d.announce(d.admin, content, nil) // with no hash it is held to the size
		refused("a longer content", d.send(bare, content+"!"))
		refused("a shorter content", d.send(bare, "conten"))
		d.bucket.Overwrite(d, d.admin.Org+"/"+bare.Text(d, "id"), []byte("of another size"))
		d.complete(d.admin, bare).WantProblem(d, 409, "upload-incomplete")
		wantSent(d, d.send(bare, content))
		d.complete(d.admin, bare).Want(d, 200)
		d.settled(bare.Text(d, "id"))
		d.wantContent(d.admin, bare.Text(d, "id"), "", content)
		d.admin.Do(d, "DELETE", "/v1/files/"+bare.Text(d, "id")+"?permanently=true", nil).Want(d, 204)
		d.sweep()
	})
}

// TestParts sends files that are too large for one request. Their parts are held to no checksum on the way, so that it is the
// check that finds what is something else than was announced.
func TestParts(t *testing.T) {
	on(t, []kind{inBucketScanned}, func(d *depot) {
		good := bytes.Repeat([]byte("0123456789abcdef"), 65*mebibyte/16)
		bad := bytes.Clone(good)
		copy(bad[64*mebibyte-20:], clamd.EICAR())
		u := d.announce(d.admin, string(good), body{"sha256": sum(string(good))})
		size := int(u.Number(d, "part_size"))
		if u.Len(d, "parts") != 2 || size != 64*mebibyte || u.Text(d, "url") != "" {
			d.Fatalf("65 MiB are announced as %s", u.Body)
		}
		part := func(u *apitest.Response, i int, content []byte) *apitest.Response {
			return d.elsewhere(u.Text(d, "method"), u.Text(d, fmt.Sprintf("parts.%d.url", i)), content)
		}
		d.complete(d.admin, u).WantProblem(d, 409, "upload-incomplete")
		if r := part(u, 1, good[:10]); r.Status < 400 {
			d.Errorf("a part of another size is answered %d", r.Status)
		}
		wantSent(d, part(u, 1, good[size:]))
		d.complete(d.admin, u).WantProblem(d, 409, "upload-incomplete")
		wantSent(d, part(u, 0, good[:size]))
		d.complete(d.admin, u).Want(d, 200)
		d.complete(d.admin, u).Want(d, 200)
		d.becomes(u.Text(d, "id"), "clean")
		d.wantContent(d.admin, u.Text(d, "id"), "", string(good))

		for status, announced := range map[string]body{"infected": {}, "failed": {"sha256": sum(string(good))}} {
			content := bad
			if status == "failed" {
				content = bytes.Clone(good)
				content[5] = '!'
			}
			u := d.announce(d.admin, string(content), announced)
			wantSent(d, part(u, 0, content[:size]))
			wantSent(d, part(u, 1, content[size:]))
			d.complete(d.admin, u).Want(d, 200)
			d.becomes(u.Text(d, "id"), status)
			d.get(d.admin, u.Text(d, "id"), "").WantProblem(d, 403, "file-blocked")
		}
		d.sweep()
	})
}

// TestPartsOfStrangers: nobody has the bucket asked for anything who may not put a file there, nor leaves something there who is
// refused later.
func TestPartsOfStrangers(t *testing.T) {
	t.Parallel()
	bucket := s3.Start(t, s3.Versioned)
	proxy := s3.NewProxy(t, bucket)
	d := newDepot(t, inDir, inBucket(bucket), holding(200<<20), apitest.WithConfig(func(c *config.Config) { c.S3Endpoint = proxy.Endpoint }))
	d.bucket = bucket
	d.until("the bucket is prepared", d.server.App.Files.Stores.S3.Pinned)
	gus, bob := d.join("gus", "guest", d.project), d.server.SignUp(t, "bob")
	large := body{"name": "a", "size": 100 << 20, "content_type": "a/b"}
	proxy.Next()
	gus.Do(t, "POST", "/v1/files/uploads", large).WantProblem(t, 403, "forbidden")
	bob.In(d.admin.Org).Do(t, "POST", "/v1/files/uploads", large).WantProblem(t, 403, "org-denied")
	if seen := proxy.Seen(); len(seen) > 0 {
		t.Errorf("the bucket was asked %q", seen)
	}
	large["size"] = 300 << 20
	d.admin.Do(t, "POST", "/v1/files/uploads", large).WantProblem(t, 403, "quota")
	large["size"], large["task_id"] = 100<<20, "01900000-0000-7000-8000-000000000000"
	d.admin.Do(t, "POST", "/v1/files/uploads", large).WantProblem(t, 404, "not-found")
	if keys := d.keys(); len(keys) > 0 {
		t.Errorf("refused uploads leave %q", keys)
	}
}

func TestAnnouncements(t *testing.T) {
	on(t, []kind{inDir}, func(d *depot) {
		gus := d.join("gus", "guest", d.project)
		good := body{"name": "a", "size": 1, "content_type": "a/b"}
		gus.Do(d, "POST", "/v1/files/uploads", good).WantProblem(d, 403, "forbidden")
		for field, values := range map[string][]any{"size": {-1, 1.5, "1", nil},
			"content_type": {"", "x", "a/b\r\nX: y", "a/\u00e9", nil}, "sha256": {"", "x", strings.Repeat("A", 64)},
			"task_id": {"x", 1}, "file_id": {"x"}, "scan_status": {"clean"}, "Name": {"a"}} {
			for _, value := range values {
				wrong := body{field: value}
				for name, v := range good {
					if name != field {
						wrong[name] = v
					}
				}
				d.admin.Do(d, "POST", "/v1/files/uploads", wrong).WantProblem(d, 422, "validation")
			}
		}
		for _, field := range []string{"task_id", "comment_id", "file_id"} {
			absent := body{"name": "a", "size": 1, "content_type": "a/b", field: d.admin.User}
			d.admin.Do(d, "POST", "/v1/files/uploads", absent).WantProblem(d, 404, "not-found")
		}
		d.wantUsage(0)
		d.wantNothingLost()
	})
}
