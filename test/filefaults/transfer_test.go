package filefaults_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
)

// send is a request with a body that is streamed, of size bytes.
func send(ctx context.Context, c *apitest.Client, method, url, contentType string, content io.Reader, size int64) (*apitest.Response, error) {
	hr, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return nil, err
	}
	hr.ContentLength = size
	hr.Header.Set("Content-Type", contentType)
	if strings.HasPrefix(url, c.Server.URL) {
		hr.Header.Set("Authorization", "Bearer "+c.Token)
		hr.Header.Set("X-Org-Id", c.Org)
	}
	resp, err := c.Server.Transport.RoundTrip(hr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	return &apitest.Response{Status: resp.StatusCode, Header: resp.Header, Body: read}, err
}

// post uploads a file of size bytes in one form.
func post(ctx context.Context, c *apitest.Client, name string, content io.Reader, size int64) (*apitest.Response, error) {
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	if _, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}}); err != nil {
		return nil, err
	}
	tail := "\r\n--" + w.Boundary() + "--\r\n"
	length := int64(head.Len()) + size + int64(len(tail))
	return send(ctx, c, http.MethodPost, c.Server.URL+"/v1/files/upload", w.FormDataContentType(), io.MultiReader(&head, content, strings.NewReader(tail)), length)
}

// upload is post for what must succeed. It gives the file's id.
func upload(t testing.TB, c *apitest.Client, name string, content []byte) string {
	t.Helper()
	r, err := post(t.Context(), c, name, bytes.NewReader(content), int64(len(content)))
	must(t, err)
	return r.Want(t, http.StatusCreated).Text(t, "id")
}

// announced is an upload that goes to where the server says.
func announced(ctx context.Context, c *apitest.Client, name string, content []byte) (*apitest.Response, error) {
	r, err := c.Try(http.MethodPost, "/v1/files/uploads", body{"name": name, "size": len(content), "content_type": "text/plain"})
	if err != nil || r.Status != http.StatusCreated {
		return r, err
	}
	id, url, ok := where(r)
	if !ok {
		return r, fmt.Errorf("no address in %s", r.Body)
	}
	if r, err = send(ctx, c, http.MethodPut, url, "text/plain", bytes.NewReader(content), int64(len(content))); err != nil || r.Status >= 300 {
		return r, err
	}
	return c.Try(http.MethodPost, "/v1/files/"+id+"/complete", nil)
}

func where(r *apitest.Response) (id, url string, ok bool) {
	var u struct{ ID, URL string }
	return u.ID, u.URL, decode(r.Body, &u) == nil && u.URL != ""
}

// status is a file's scan_status.
func status(t testing.TB, c *apitest.Client, id string) string {
	t.Helper()
	return c.Do(t, http.MethodGet, "/v1/files/"+id, nil).Want(t, http.StatusOK).Text(t, "scan_status")
}

func untilStatus(t testing.TB, c *apitest.Client, id, want string) {
	t.Helper()
	until(t, "file "+id+" becomes "+want, func() bool { return status(t, c, id) == want })
}

// wantContent downloads a file, also from where it is said to be.
func wantContent(t testing.TB, c *apitest.Client, id string, want []byte) {
	t.Helper()
	got, err := fetch(c, id)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("file %s comes as %d bytes, want %d: %v", id, len(got), len(want), err)
	}
}

func fetch(c *apitest.Client, id string) ([]byte, error) {
	r, err := c.Try(http.MethodGet, "/v1/files/"+id+"/download", nil)
	if err == nil && r.Status == http.StatusFound {
		resp, err := http.Get(r.Header.Get("Location"))
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		read, err := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the storage answers %s: %s", resp.Status, read)
		}
		return read, err
	}
	if err == nil && r.Status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", r.Status, r.Body)
	}
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

// picture is a PNG that differs from others.
func picture(n int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 48))
	for i := range 64 * 48 {
		img.Set(i%64, i/64, color.NRGBA{uint8(n), uint8(n >> 8), uint8(i), 255}) //nolint:gosec // the low bits are enough
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// witness tries to download files all the time, and remembers when it was first given one.
type witness struct {
	c *apitest.Client

	mu     sync.Mutex
	ids    []string
	served map[string]time.Time
}

// watch has a witness look at files, from when it is told of them until the test ends.
func watch(t testing.TB, c *apitest.Client) *witness {
	t.Helper()
	w := &witness{c: c, served: map[string]time.Time{}}
	ctx, cancel := context.WithCancel(context.Background())
	var looking sync.WaitGroup
	looking.Go(func() {
		for ctx.Err() == nil {
			w.look()
			select {
			case <-ctx.Done():
			case <-time.After(lookEach): // leaves the machine to the others
			}
		}
	})
	t.Cleanup(func() { cancel(); looking.Wait() })
	return w
}

func (w *witness) follow(ids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids = append(w.ids, ids...)
}

// look asks for each file that was not served yet.
func (w *witness) look() {
	w.mu.Lock()
	ids := slices.Clone(w.ids)
	w.mu.Unlock()
	for _, id := range ids {
		for _, path := range []string{"/download", "/thumbnail"} {
			r, err := w.c.Try(http.MethodGet, "/v1/files/"+id+path, nil)
			if err == nil && r.Status < 400 {
				w.note(id)
			}
		}
	}
}

func (w *witness) note(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.served[id] = time.Now()
	w.ids = slices.DeleteFunc(w.ids, func(other string) bool { return other == id })
}

// judge holds the server to having served only what had been found clean by then.
func (w *witness) judge(t testing.TB, s *site) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, at := range w.served {
		if !value[bool](t, s, "select scan_status = 'clean' and scanned_at < $2 from app.files where id = $1", id, at) {
			t.Errorf("file %s was served before it was clean", id)
		}
	}
}

// nothing holds the server to having served nothing so far.
func (w *witness) nothing(t testing.TB) {
	t.Helper()
	w.look()
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.served {
		t.Errorf("file %s was served", id)
	}
}
