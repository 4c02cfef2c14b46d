package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/plinth/plinth/internal/platform/blob"
)

// visitor sends and fetches large files, one at a time.
type visitor struct {
	http  *http.Client
	base  string
	token string // "" where none is asked for
}

func newVisitor(s *server, token string) *visitor {
	return &visitor{base: "http://" + s.addr, token: token, http: &http.Client{
		// Copies of 4 KiB, as are usual, would make the client the slower side.
		Transport:     &http.Transport{WriteBufferSize: 256 << 10, ReadBufferSize: 256 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for one server
	}}
}

// to prepares a request; url is a path, or whole and then without the token.
func (v *visitor) to(ctx context.Context, method, url string, body io.Reader, length int64) (*http.Request, error) {
	whole := strings.HasPrefix(url, "http")
	if !whole {
		url = v.base + url
	}
	hr, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	hr.ContentLength = length
	if v.token != "" && !whole {
		hr.Header.Set("Authorization", "Bearer "+v.token)
		hr.Header.Set("X-Org-Id", orgID.id(0).String())
	}
	return hr, nil
}

// do sends a request whose answer is JSON, or does not matter where into is nil.
func (v *visitor) do(hr *http.Request, into any) error {
	answer, err := v.http.Do(hr)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(answer.Body, mib))
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s is answered %s: %s", hr.Method, hr.URL.Path, answer.Status, said)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(said, into)
}

// send sends bytes that become a file as they are.
func (v *visitor) send(ctx context.Context, method, url string, content io.Reader, length int64) error {
	hr, err := v.to(ctx, method, url, content, length)
	if err != nil {
		return err
	}
	return v.do(hr, nil)
}

// call sends JSON to the server, and reads what it answers.
func (v *visitor) call(ctx context.Context, method, path, body string, into any) error {
	hr, err := v.to(ctx, method, path, strings.NewReader(body), int64(len(body)))
	if err != nil {
		return err
	}
	if body != "" {
		hr.Header.Set("Content-Type", "application/json")
	}
	return v.do(hr, into)
}

// fetch reads a file, also from where it is redirected to.
func (v *visitor) fetch(ctx context.Context, url string, length int64) error {
	hr, err := v.to(ctx, http.MethodGet, url, nil, 0)
	if err != nil {
		return err
	}
	answer, err := v.http.Do(hr)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusFound:
		return v.fetch(ctx, answer.Header.Get("Location"), length)
	case http.StatusOK:
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, answer.Body, make([]byte, 256<<10))
		if err == nil && n != length {
			err = fmt.Errorf("GET %s gives %d bytes of %d", url, n, length)
		}
		return err
	}
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 1000)) // for the message only
	return fmt.Errorf("GET %s is answered %s: %s", url, answer.Status, said)
}

// The form around a file.
const (
	formType = "multipart/form-data; boundary=plinth-bench"
	formHead = "--plinth-bench\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bench.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
	formTail = "\r\n--plinth-bench--\r\n"
)

// stored is what of the server's answers about files is looked at.
type stored struct {
	ID         string  `json:"id"`
	SHA256     *string `json:"sha256"`
	ScanStatus string  `json:"scan_status"`
}

// upload sends the large file in a form, gives the file's id, and fails where the server has read something else.
func (v *visitor) upload(ctx context.Context, f *files) (string, error) {
	body := io.MultiReader(strings.NewReader(formHead), f.content(), strings.NewReader(formTail))
	hr, err := v.to(ctx, http.MethodPost, "/v1/files/upload", body, int64(len(formHead)+len(formTail))+f.bytes())
	if err != nil {
		return "", err
	}
	hr.Header.Set("Content-Type", formType)
	var got stored
	if err := v.do(hr, &got); err != nil {
		return "", err
	}
	if got.SHA256 == nil || *got.SHA256 != f.sum {
		return "", errors.New("another file than was sent has arrived")
	}
	return got.ID, nil
}

func downloadPath(id string) string { return "/v1/files/" + id + "/download" }

// remove deletes a file for good, and waits until its bytes are gone.
func (v *visitor) remove(ctx context.Context, store blob.Store, id string) error {
	if err := v.call(ctx, http.MethodDelete, "/v1/files/"+id+"?permanently=true", "", nil); err != nil {
		return err
	}
	for {
		_, err := store.Stat(ctx, orgID.id(0).String()+"/"+id)
		if errors.Is(err, blob.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// randomBytes are the same each time, and look like no type of file.
func randomBytes(n int) []byte {
	rng, b := rand.NewPCG(1, 2), make([]byte, 0, n+8)
	for len(b) < n {
		for x, i := rng.Uint64(), 0; i < 8; i++ {
			b = append(b, byte(x>>(8*i)))
		}
	}
	return b[:n]
}
