package files_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
)

const resumables = "/v1/files/tus/"

// begin begins a resumable upload (tus 1.0), and gives its path.
func (d *depot) begin(who *apitest.Client, size int, metadata body) string {
	d.Helper()
	r := d.tryBegin(who, size, metadata).Want(d, 201)
	at := r.Header.Get("Location")
	if !strings.HasPrefix(at, resumables) {
		d.Fatalf("it is said to be at %q", at)
	}
	return at
}

func (d *depot) tryBegin(who *apitest.Client, size int, metadata body) *apitest.Response {
	d.Helper()
	encoded := []string{"filename " + base64.StdEncoding.EncodeToString([]byte("a.bin"))}
	for name, value := range metadata {
		encoded = append(encoded, name+" "+base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(value))))
	}
	return who.Do(d, "POST", resumables, nil, header("Tus-Resumable", "1.0.0"), header("Upload-Length", fmt.Sprint(size)),
		header("Upload-Metadata", strings.Join(encoded, ",")))
}

// add sends more of an upload.
func (d *depot) add(who *apitest.Client, at string, offset int, content string) *apitest.Response {
	d.Helper()
	return who.Do(d, "PATCH", at, content, header("Tus-Resumable", "1.0.0"), header("Upload-Offset", fmt.Sprint(offset)),
		header("Content-Type", "application/offset+octet-stream"))
}

// offset asks how far an upload is.
func (d *depot) offset(who *apitest.Client, at string) *apitest.Response {
	d.Helper()
	return who.Do(d, "HEAD", at, nil, header("Tus-Resumable", "1.0.0"))
}

func (d *depot) wantOffset(who *apitest.Client, at string, want int) {
	d.Helper()
	r := d.offset(who, at).Want(d, 200)
	if r.Header.Get("Upload-Offset") != fmt.Sprint(want) {
		d.Fatalf("the upload is at %s, want %d", r.Header.Get("Upload-Offset"), want)
	}
}

// idOf is an upload's id, and its file's.
func idOf(at string) string { return strings.TrimPrefix(at, resumables) }

// noise is content that is no two times the same.
func noise(t testing.TB, size int) string {
	t.Helper()
	b := make([]byte, size)
	_, err := rand.Read(b)
	must(t, err)
	return string(b)
}

func TestResumable(t *testing.T) {
	on(t, all(), func(d *depot) {
		task := d.newTask(d.columns[0])
		grace := d.join("grace", "member")
		content := noise(d, 9<<20+17) // more than a part of a bucket's
		at := d.begin(grace, len(content), body{"task_id": task})
		id := idOf(at)
		d.wantOffset(grace, at, 0)
		if u := d.admin.Do(d, "GET", "/v1/orgs/"+d.admin.Org+"/usage", nil).Want(d, 200); u.Number(d, "storage.reserved_bytes") != float64(len(content)) {
			d.Errorf("not set aside: %s", u.Body)
		}
		first := 5<<20 + 3
		d.add(grace, at, 0, content[:first]).Want(d, 204)
		d.wantOffset(grace, at, first)
		d.add(grace, at, 0, content).WantProblem(d, 409, "conflict")
		d.add(grace, at, first+1, content[first+1:]).WantProblem(d, 409, "conflict")
		d.wantOffset(grace, at, first)
		d.admin.Do(d, "GET", "/v1/files/"+id, nil).WantProblem(d, 404, "not-found")
		d.admin.Do(d, "POST", "/v1/files/"+id+"/complete", nil).WantProblem(d, 404, "not-found")
		grace.Do(d, "POST", "/v1/files/"+id+"/complete", nil).WantProblem(d, 409, "upload-incomplete")

		d.add(grace, at, first, content[first:]).Want(d, 204)
		d.wantOffset(grace, at, len(content))
		f := d.settled(id)
		if f.Text(d, "scan_status") != d.passed() || f.Text(d, "task_id") != task || f.Text(d, "name") != "a.bin" || f.Text(d, "created_by") != grace.User ||
			f.Text(d, "sha256") != sum(content) {
			d.Errorf("the file is %s", f.Body)
		}
		d.wantContent(d.admin, id, "", content)
		d.wantUsage(len(content))

		next := d.begin(grace, 3, body{"file_id": id})
		d.add(grace, next, 0, "new").Want(d, 204)
		if f := d.settled(id); f.Number(d, "number") != 2 {
			d.Errorf("the new version is %s", f.Body)
		}
		d.wantContent(d.admin, id, "", "new")
		d.wantContent(d.admin, id, "?version=1", content)
		d.wantUsage(len(content) + 3)
		d.sweep()
	})
}

func TestResumableIsItsMakers(t *testing.T) {
	on(t, usual(), func(d *depot) {
		grace, eve := d.join("grace", "member"), d.join("eve", "member")
		bob := d.server.SignUp(d, "bob")
		at := d.begin(grace, 3, nil)
		absent := resumables + "01900000-0000-7000-8000-000000000000"
		for name, who := range map[string]*apitest.Client{"a colleague": eve, "the admin": d.admin, "a stranger": bob} {
			for _, there := range []string{at, absent} {
				d.offset(who, there).WantProblem(d, 404, "not-found")
				d.add(who, there, 0, "abc").WantProblem(d, 404, "not-found")
				who.Do(d, "DELETE", there, nil, header("Tus-Resumable", "1.0.0")).WantProblem(d, 404, "not-found")
			}
			d.Log(name)
		}
		grace.Do(d, "POST", at, nil, header("X-HTTP-Method-Override", "DELETE"), header("Tus-Resumable", "1.0.0")).WantProblem(d, 405, "method-not-allowed")
		grace.Do(d, "PATCH", at, "", header("X-HTTP-Method-Override", "DELETE"), header("Tus-Resumable", "1.0.0")).WantProblem(d, 400, "malformed-body")
		d.offset(grace, resumables+"x").WantProblem(d, 404, "not-found")
		d.wantOffset(grace, at, 0)

		d.admin.Do(d, "DELETE", "/v1/orgs/"+d.admin.Org+"/members/"+grace.User, nil).Want(d, 204)
		d.add(grace, at, 0, "abc").WantProblem(d, 403, "org-denied")
	})
}

func TestResumableRefused(t *testing.T) {
	on(t, usual(), func(d *depot) {
		gus := d.join("gus", "guest", d.project)
		task := d.newTask(d.columns[0])
		d.tryBegin(gus, 3, body{"task_id": task}).WantProblem(d, 403, "forbidden")
		d.tryBegin(d.admin, 3, body{"task_id": "x"}).WantProblem(d, 422, "validation")
		d.tryBegin(d.admin, 3, body{"task_id": "01900000-0000-7000-8000-000000000000"}).WantProblem(d, 404, "not-found")
		d.tryBegin(d.admin, 3, body{"filename": ".."}).WantProblem(d, 422, "validation")
		d.tryBegin(d.admin, 6<<20, nil).WantProblem(d, 403, "quota")
		d.tryBegin(d.admin, 1<<40, nil).WantProblem(d, 413, "too-large")
		d.admin.Do(d, "POST", resumables, nil, header("Upload-Length", "3")).WantProblem(d, 412, "tus-version")
		d.admin.Do(d, "POST", resumables, nil, header("Tus-Resumable", "1.0.0")).WantProblem(d, 400, "malformed-body")
		d.admin.Do(d, "POST", resumables, nil, header("Tus-Resumable", "1.0.0"), header("Upload-Defer-Length", "1")).WantProblem(d, 400, "malformed-body")
		d.admin.Do(d, "POST", resumables, nil, header("Tus-Resumable", "1.0.0"), header("Upload-Length", "3"), header("Idempotency-Key", "k")).WantProblem(d, 422, "validation")
		d.wantUsage(0)

		at := d.begin(d.admin, 5<<20, nil)
		d.tryBegin(d.admin, 1, nil).WantProblem(d, 403, "quota")
		d.admin.Do(d, "DELETE", at, nil, header("Tus-Resumable", "1.0.0")).Want(d, 204)
		d.offset(d.admin, at).WantProblem(d, 404, "not-found")
		d.wantUsage(0)

		at = d.begin(d.admin, 5<<20, nil)
		d.add(d.admin, at, 0, "a beginning").Want(d, 204)
		d.exec("update app.objects set expires_at = now() - interval '1 second' where expires_at is not null")
		d.add(d.admin, at, 11, "too late").WantProblem(d, 404, "not-found")
		d.sweep()
		d.wantUsage(0)
	}, holding(5<<20))
}

func TestResumableInfected(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		eicar := string(clamd.EICAR())
		at := d.begin(d.admin, len(eicar), nil)
		for i := range len(eicar) {
			d.add(d.admin, at, i, eicar[i:i+1]).Want(d, 204)
		}
		d.becomes(idOf(at), "infected")
		d.get(d.admin, idOf(at), "").WantProblem(d, 403, "file-blocked")
	})
}

// drip is a body that gives its content, then waits until it is let end.
type drip struct {
	content io.Reader
	ends    chan struct{}
}

func (b *drip) Read(p []byte) (int, error) {
	n, err := b.content.Read(p)
	if errors.Is(err, io.EOF) {
		<-b.ends
	}
	return n, err
}

// TestResumableOnTwoNodes: an upload that hangs on one node goes on at another, which gets it from the first.
func TestResumableOnTwoNodes(t *testing.T) {
	on(t, usual(), func(d *depot) {
		other := d.server
		if d.bucket != nil { // a directory is one node's
			other = d.node()
		}
		content := noise(d, 6<<20)
		at := d.begin(d.admin, len(content), nil)
		hangs := &drip{strings.NewReader(content[:1<<20]), make(chan struct{})}
		req, err := http.NewRequestWithContext(d.Context(), "PATCH", d.server.URL+at, io.NopCloser(hangs))
		must(d, err)
		for name, value := range map[string]string{"Authorization": "Bearer " + d.admin.Token, "X-Org-Id": d.admin.Org, "Tus-Resumable": "1.0.0",
			"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"} {
			req.Header.Set(name, value)
		}
		var stuck sync.WaitGroup
		stuck.Go(func() {
			if r, err := http.DefaultTransport.RoundTrip(req); err == nil {
				_ = r.Body.Close()
			}
		})
		defer stuck.Wait()
		defer close(hangs.ends)
		d.until("the first request holds the upload", func() bool {
			return len(d.strings("select id::text from app.uploads where held_until > now()")) == 1
		})
		there := d.admin.At(other)
		var offset int
		d.until("the other request gets it", func() bool {
			r := d.offset(there, at)
			if r.Status != 200 {
				return false
			}
			_, err := fmt.Sscan(r.Header.Get("Upload-Offset"), &offset)
			must(d, err)
			return true
		})
		d.add(there, at, offset, content[offset:]).Want(d, 204)
		d.settled(idOf(at))
		d.wantContent(d.admin, idOf(at), "", content)
	})
}

// TestResumableLock: of many requests that write the same bytes at once, one does, and there is one file.
func TestResumableLock(t *testing.T) {
	on(t, usual(), func(d *depot) {
		content := noise(d, 1<<20)
		at := d.begin(d.admin, len(content), nil)
		statuses := make(chan int, 4)
		var all sync.WaitGroup
		for range cap(statuses) {
			all.Go(func() {
				r, err := d.admin.Try("PATCH", at, content, header("Tus-Resumable", "1.0.0"), header("Upload-Offset", "0"),
					header("Content-Type", "application/offset+octet-stream"))
				if err == nil {
					statuses <- r.Status
				}
			})
		}
		all.Wait()
		close(statuses)
		for status := range statuses {
			if status >= 500 {
				d.Errorf("one is answered %d", status)
			}
		}
		var offset int
		_, err := fmt.Sscan(d.offset(d.admin, at).Want(d, 200).Header.Get("Upload-Offset"), &offset)
		must(d, err)
		if offset < len(content) { // they stopped each other
			d.add(d.admin, at, offset, content[offset:]).Want(d, 204)
		}
		d.settled(idOf(at))
		d.wantContent(d.admin, idOf(at), "", content)
		d.wantUsage(len(content))
		d.sweep()
	})
}
