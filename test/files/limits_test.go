package files_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
)

const mebibyte = 1 << 20

// upTo takes files of up to so many bytes.
func upTo(size int) apitest.Option {
	return apitest.WithConfig(func(c *config.Config) { c.FilesMaxSize = size })
}

// stream posts a body without saying how long it is.
func (d *depot) stream(path, contentType string, content io.Reader) *apitest.Response {
	d.Helper()
	return d.streamAs(http.MethodPost, path, contentType, content)
}

func (d *depot) streamAs(method, path, contentType string, content io.Reader) *apitest.Response {
	d.Helper()
	req, err := http.NewRequestWithContext(d.Context(), method, d.server.URL+path, struct{ io.Reader }{content})
	must(d, err)
	req.Header.Set("Authorization", "Bearer "+d.admin.Token)
	req.Header.Set("X-Org-Id", d.admin.Org)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(d, err)
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	must(d, err)
	return &apitest.Response{Status: resp.StatusCode, Header: resp.Header, Body: read}
}

func TestOversize(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id := d.uploaded("a", "a", nil)
		for _, size := range []int{mebibyte + 1, 2 * mebibyte, 20 * mebibyte} {
			content := bytes.Repeat([]byte("x"), size)
			for _, path := range []string{"/v1/files/upload", "/v1/files/" + id + "/versions"} {
				d.admin.SendFile(d, path, "large", content, nil).WantProblem(d, 413, "too-large")
				form, contentType := apitest.Form("large", content, nil)
				d.stream(path, contentType, bytes.NewReader(form)).WantProblem(d, 413, "too-large")
			}
			d.admin.Do(d, "POST", "/v1/files/uploads", body{"name": "a", "size": size, "content_type": "a/b"}).WantProblem(d, 413, "too-large")
		}
		d.wantUsage(1)
		content := strings.Repeat("x", mebibyte)
		d.uploaded("fits", content, nil)
		form, contentType := apitest.Form("fits", []byte(content), nil)
		streamed := d.stream("/v1/files/upload", contentType, bytes.NewReader(form)).Want(d, 201)
		if streamed.Number(d, "size") != mebibyte || streamed.Text(d, "sha256") != sum(content) {
			d.Errorf("streamed it is %s", streamed.Body)
		}
		d.settled(streamed.Text(d, "id"))
		d.wantContent(d.admin, streamed.Text(d, "id"), "", content)
		d.wantUsage(1 + 2*mebibyte)
		d.sweep()
	}, upTo(mebibyte))
}

func TestOverQuota(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id := d.uploaded("a", strings.Repeat("a", mebibyte/2), nil)
		half := []byte(strings.Repeat("b", mebibyte/2+1))
		d.admin.SendFile(d, "/v1/files/upload", "b", half, nil).WantProblem(d, 403, "quota")
		d.admin.SendFile(d, "/v1/files/"+id+"/versions", "b", half, nil).WantProblem(d, 403, "quota")
		form, contentType := apitest.Form("b", half, nil)
		d.stream("/v1/files/upload", contentType, bytes.NewReader(form)).WantProblem(d, 403, "quota")
		announced := body{"name": "b", "size": len(half), "content_type": "a/b"}
		d.admin.Do(d, "POST", "/v1/files/uploads", announced).WantProblem(d, 403, "quota")
		d.wantUsage(mebibyte / 2)
		if limit := d.admin.Do(d, "GET", "/v1/orgs/"+d.admin.Org+"/usage", nil).Number(d, "storage.limit_bytes"); limit != mebibyte {
			d.Errorf("the limit is told as %v", limit)
		}
		d.uploaded("fits", string(half[1:]), nil)
		d.wantUsage(mebibyte)
		d.admin.SendFile(d, "/v1/files/upload", "b", []byte("b"), nil).WantProblem(d, 403, "quota")
		bob := d.server.SignUp(d, "bob")
		bob.SendFile(d, "/v1/files/upload", "b", half, nil).Want(d, 201)

		d.admin.Do(d, "DELETE", "/v1/files/"+id, nil).Want(d, 204)
		d.admin.SendFile(d, "/v1/files/upload", "b", []byte("b"), nil).WantProblem(d, 403, "quota")
		d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		d.uploaded("fits now", "b", nil)

		d.exec("update app.organizations set storage_bytes = $2 where id = $1", d.admin.Org, 4*mebibyte)
		d.uploaded("by the plan", strings.Repeat("c", 3*mebibyte), nil)
		d.admin.SendFile(d, "/v1/files/upload", "b", half, nil).WantProblem(d, 403, "quota")
		d.exec("update app.organizations set storage_bytes = 0 where id = $1", d.admin.Org)
		d.admin.SendFile(d, "/v1/files/upload", "b", []byte("b"), nil).WantProblem(d, 403, "quota")
		d.sweep()
	}, holding(mebibyte))
}

// TestForms: what is no form, or one of something else, leaves nothing behind.
func TestForms(t *testing.T) {
	on(t, usual(), func(d *depot) {
		const typed = "multipart/form-data; boundary=b"
		part := func(head, content string) string {
			return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n"
		}
		file, end := part(`name=file; filename=a.txt`, "content"), "--b--\r\n"
		large := part(`name=file; filename=a.txt`, strings.Repeat("x", mebibyte))
		for name, c := range map[string]struct {
			contentType, form string
			status            int
			kind              string
		}{
			"no end":                  {typed, file, 400, "malformed-body"},
			"no end, large":           {typed, large, 400, "malformed-body"},
			"a part that is begun":    {typed, file + "--b\r\n", 422, "validation"},
			"cut in the boundary":     {typed, file + "--b", 400, "malformed-body"},
			"cut in the file":         {typed, file[:len(file)-6], 400, "malformed-body"},
			"another boundary":        {"multipart/form-data; boundary=c", file + end, 400, "malformed-body"},
			"empty body":              {typed, "", 400, "malformed-body"},
			"two files":               {typed, file + file + end, 422, "validation"},
			"two files, large":        {typed, large + file + end, 422, "validation"},
			"no file":                 {typed, part("name=task_id", d.newTask(d.columns[0])) + end, 422, "validation"},
			"no part":                 {typed, end, 422, "validation"},
			"an unknown field":        {typed, part("name=x", "y") + file + end, 422, "validation"},
			"an unknown field behind": {typed, file + part("name=scan_status", "clean") + end, 422, "validation"},
			"a file of another name":  {typed, part("name=upload; filename=a", "a") + end, 422, "validation"},
			"no name":                 {typed, part("x=y", "a") + end, 422, "validation"},
			"no UUID":                 {typed, part("name=task_id", "x") + file + end, 422, "validation"},
			"no UUID behind":          {typed, file + part("name=task_id", "x") + end, 422, "validation"},
			"a long field":            {typed, part("name=task_id", strings.Repeat("x", mebibyte)) + file + end, 422, "validation"},
			"a field twice":           {typed, part("name=task_id", d.admin.User) + part("name=task_id", d.admin.User) + file + end, 422, "validation"},
			"an unknown task":         {typed, file + part("name=task_id", d.admin.User) + end, 404, "not-found"},
			"an unknown comment":      {typed, part("name=comment_id", d.admin.User) + file + end, 404, "not-found"},
			"another organization":    {typed, part("name=org_id", d.admin.User) + file + end, 400, "org-mismatch"},
			"no multipart":            {"application/octet-stream", "content", 415, "unsupported-media-type"},
			"JSON":                    {"application/json", `{"file": "a"}`, 415, "unsupported-media-type"},
			"no boundary":             {"multipart/form-data", file + end, 415, "unsupported-media-type"},
			"mixed":                   {"multipart/mixed; boundary=b", file + end, 415, "unsupported-media-type"},
			"no type":                 {"", file + end, 415, "unsupported-media-type"},
		} {
			r := d.admin.Do(d, "POST", "/v1/files/upload", c.form, header("Content-Type", c.contentType))
			if r.Status != c.status || r.Get(d, "type") != "/problems/"+c.kind {
				d.Errorf("%s is answered %d, %s, want %d, %s", name, r.Status, r.Body, c.status, c.kind)
			}
		}
		id := d.uploaded("a", "a", nil)
		d.admin.SendFile(d, "/v1/files/"+id+"/versions", "b", []byte("b"), body{"task_id": d.newTask(d.columns[0])}).WantProblem(d, 422, "validation")
		d.wantUsage(1)
		d.wantNothingLost() // with no sweep
		for _, end := range []string{"--b--", "--b--\r\n", "--b--\r\nan epilogue\r\n--b\r\n", "--b--\r\n\r\n"} {
			d.admin.Do(d, "POST", "/v1/files/upload", "a preamble\r\n"+file+end, header("Content-Type", typed)).Want(d, 201)
		}
		withOrg := d.admin.Do(d, "POST", "/v1/files/upload", part("name=org_id", d.admin.Org)+file+end, header("Content-Type", typed)).Want(d, 201)
		behind := d.admin.Do(d, "POST", "/v1/files/upload", file+part("name=task_id", d.newTask(d.columns[0]))+end, header("Content-Type", typed)).Want(d, 201)
		if withOrg.Get(d, "task_id") != nil || behind.Get(d, "task_id") == nil {
			d.Errorf("the good ones are %s, %s", withOrg.Body, behind.Body)
		}
	})
}

// sendPart sends the beginning of an upload, and says how much was to come.
func (d *depot) sendPart(sent, announced int) *net.TCPConn {
	d.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.server.URL, "http://"))
	must(d, err)
	form, contentType := apitest.Form("a", bytes.Repeat([]byte("x"), sent+100), nil)
	_, err = fmt.Fprintf(conn, "POST /v1/files/upload HTTP/1.1\r\nHost: plinth.test\r\nAuthorization: Bearer %s\r\nX-Org-Id: %s\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", d.admin.Token, d.admin.Org, contentType, announced, form[:sent])
	must(d, err)
	return conn.(*net.TCPConn)
}

// TestShortBody: who announces more than it sends gets an answer, and leaves nothing.
func TestShortBody(t *testing.T) {
	on(t, usual(), func(d *depot) {
		for _, sent := range []int{0, 100, 300 << 10, 5 * mebibyte} {
			conn := d.sendPart(sent, 10*mebibyte)
			must(d, conn.CloseWrite())
			must(d, conn.SetReadDeadline(time.Now().Add(patience)))
			answer, err := io.ReadAll(conn)
			must(d, err)
			must(d, conn.Close())
			if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "/problems/malformed-body") {
				d.Errorf("%d bytes of 10 MiB are answered %s", sent, answer)
			}
		}
		d.wantUsage(0)
		d.sweep()
	})
}

// TestBrokenOff: who goes away in the middle leaves nothing, and what it was to take is free again.
func TestBrokenOff(t *testing.T) {
	on(t, usual(), func(d *depot) {
		for _, sent := range []int{100, 5 * mebibyte, 20 * mebibyte} {
			conn := d.sendPart(sent, 30*mebibyte)
			must(d, conn.Close())
		}
		d.until("nothing is left", func() bool {
			return len(d.strings("select id::text from app.objects where size > 0")) == 0 && len(d.strings("select org_id::text from app.storage")) == 0
		})
		d.sweep()
	})
}

// busy has connections to the database for many requests at once, of which few are to be sent away.
func busy() apitest.Option {
	return apitest.WithConfig(func(c *config.Config) { c.PoolSize = 80 })
}

// TestManyUploads: of more uploads at once than there is storage for, exactly as many succeed as there is.
func TestManyUploads(t *testing.T) {
	on(t, usual(), func(d *depot) {
		form, contentType := apitest.Form("a", bytes.Repeat([]byte("x"), mebibyte), nil)
		d.wantHalf(200, 201, func() (*apitest.Response, error) {
			return d.admin.Try("POST", "/v1/files/upload", form, header("Content-Type", contentType))
		})
		d.wantUsage(100 * mebibyte)
		d.sweep()
	}, holding(100*mebibyte), busy())
}

func TestManyAnnounced(t *testing.T) {
	on(t, usual(), func(d *depot) {
		d.wantHalf(200, 201, func() (*apitest.Response, error) {
			return d.admin.Try("POST", "/v1/files/uploads", body{"name": "a", "size": mebibyte, "content_type": "a/b"})
		})
		usage := d.admin.Do(d, "GET", "/v1/orgs/"+d.admin.Org+"/usage", nil)
		if usage.Number(d, "storage.bytes") != 100*mebibyte || usage.Number(d, "storage.reserved_bytes") != 100*mebibyte {
			d.Errorf("usage is %s", usage.Body)
		}
		d.exec("update app.objects set expires_at = now() - interval '1 second'")
		d.sweep()
		d.wantUsage(0)
	}, holding(100*mebibyte), busy())
}

// wantHalf does something many times at once, of which half must succeed and the rest find the quota used up.
func (d *depot) wantHalf(times, success int, do func() (*apitest.Response, error)) {
	d.Helper()
	var all sync.WaitGroup
	answers := make(chan string, times)
	for range times {
		all.Go(func() {
			r, err := do()
			for again := time.NewTicker(100 * time.Millisecond); err == nil && r.Status == http.StatusServiceUnavailable; { // as it says: later
				<-again.C
				r, err = do()
			}
			switch {
			case err != nil:
				answers <- err.Error()
			case r.Status == http.StatusForbidden && strings.Contains(string(r.Body), `"/problems/quota"`):
				answers <- "quota"
			case r.Status == success:
				answers <- "done"
			default:
				answers <- r.Text(d, "type")
			}
		})
	}
	all.Wait()
	close(answers)
	count := map[string]int{}
	for a := range answers {
		count[a]++
	}
	if count["done"] != times/2 || count["quota"] != times/2 {
		d.Errorf("the answers are %v", count)
	}
}

// path is the part of an address of the program's that a client asks a test's server for.
func path(address string) string {
	return strings.TrimPrefix(address, "http://plinth.test")
}

func query(address string) url.Values {
	u, _ := url.Parse(address)
	return u.Query()
}
