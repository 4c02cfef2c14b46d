package blob_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	aws "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/test/s3"
)

const life = time.Minute

// onBoth runs a test on a service with versions and on one without.
func onBoth(t *testing.T, test func(t *testing.T, server *s3.Server, s *blob.S3)) {
	for name, versions := range map[string]s3.Versions{"versioned": s3.Versioned, "unversioned": s3.Unversioned} {
		t.Run(name, func(t *testing.T) {
			server := s3.Start(t, versions)
			test(t, server, open(t, server, server.Endpoint))
		})
	}
}

// send sends a signed request with this body, after a change to it, and gives the status. A service that hangs up before it has read
// the body has refused it.
func send(t testing.TB, signed blob.Signed, body []byte, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequest(signed.Method, signed.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range signed.Header {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r)
	}
	r.Close = true // what is left of a body must not become the next request
	answer, err := http.DefaultClient.Do(r)
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return http.StatusBadRequest
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func unchanged(*http.Request) {}

func TestSignedPut(t *testing.T) {
	onBoth(t, func(t *testing.T, server *s3.Server, s *blob.S3) {
		text := random(1000)
		sum := sha256.Sum256(text)
		other := append([]byte("x"), text[1:]...)
		secret := newKey()
		put(t, s, secret, text)
		for _, sum := range [][]byte{nil, sum[:]} {
			key := newKey()
			signed, err := s.SignPut(t.Context(), key, 1000, "text/plain", sum, life)
			if err != nil || signed.Method != http.MethodPut || time.Until(signed.Expires) > life || time.Until(signed.Expires) < life/2 {
				t.Fatalf("signed: %+v, %v", signed, err)
			}
			for name, test := range map[string]struct {
				body   []byte
				change func(*http.Request)
			}{
				"another verb":    {text, func(r *http.Request) { r.Method = http.MethodGet }},
				"to delete":       {text, func(r *http.Request) { r.Method = http.MethodDelete }},
				"another key":     {text, func(r *http.Request) { r.URL.Path += "x" }},
				"shorter":         {text[1:], unchanged},
				"longer":          {append([]byte("x"), text...), unchanged},
				"no length":       {text, func(r *http.Request) { r.ContentLength, r.Body = -1, io.NopCloser(bytes.NewReader(text)) }},
				"another type":    {text, func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }},
				"no type":         {text, func(r *http.Request) { r.Header.Del("Content-Type") }},
				"a longer life":   {text, func(r *http.Request) { query(r, "X-Amz-Expires", "600") }},
				"a part":          {text, func(r *http.Request) { query(r, "partNumber", "1") }},
				"another's bytes": {text, func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", server.Bucket+"/"+secret) }},
				"open to all":     {text, func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") }},
				"as if moved":     {text, func(r *http.Request) { r.Header.Set("X-Amz-Meta-Moved-From", "x") }},
				"no signature":    {text, func(r *http.Request) { r.URL.RawQuery = "" }},
			} {
				if status := send(t, signed, test.body, test.change); status/100 != 4 {
					t.Errorf("%s: %d", name, status)
				}
			}
			if sum != nil {
				for name, change := range map[string]func(*http.Request){
					"another sum": unchanged, "no sum": func(r *http.Request) { r.Header.Del("X-Amz-Checksum-Sha256") },
				} {
					if status := send(t, signed, other, change); status/100 != 4 {
						t.Errorf("%s: %d", name, status)
					}
				}
			}
			gone(t, s, key)
			if status := send(t, signed, text, unchanged); status != http.StatusOK {
				t.Fatalf("put: %d", status)
			}
			holds(t, s, key, stat(t, s, key).Pin, text)
		}
	})
}

func query(r *http.Request, name, value string) {
	q := r.URL.Query()
	q.Set(name, value)
	r.URL.RawQuery = q.Encode()
}

// TestSignedPutOfNothing, of which no length is signed, takes nothing else.
func TestSignedPutOfNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *s3.Server, s *blob.S3) {
		key := newKey()
		signed, err := s.SignPut(t.Context(), key, 0, "text/plain", nil, life)
		if err != nil {
			t.Fatal(err)
		}
		if status := send(t, signed, []byte("x"), unchanged); status/100 != 4 {
			t.Errorf("a byte: %d", status)
		}
		gone(t, s, key)
		if status := send(t, signed, nil, unchanged); status != http.StatusOK {
			t.Errorf("nothing: %d", status)
		}
		holds(t, s, key, stat(t, s, key).Pin, nil)
	})
}

// TestSignaturesExpire: the wait is for the service's clock, which is this one.
func TestSignaturesExpire(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	key := newKey()
	o := put(t, s, key, []byte("text"))
	signed, err := s.SignPut(t.Context(), key, 4, "text/plain", nil, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	get, err := s.SignGet(t.Context(), key, o.Pin, "text/plain", "inline", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Until(signed.Expires.Add(time.Second)))
	if status := send(t, signed, []byte("late"), unchanged); status != http.StatusForbidden {
		t.Errorf("put: %d", status)
	}
	if status := send(t, blob.Signed{Method: http.MethodGet, URL: get}, nil, unchanged); status != http.StatusForbidden {
		t.Errorf("get: %d", status)
	}
	holds(t, s, key, stat(t, s, key).Pin, []byte("text"))
}

func TestSignedParts(t *testing.T) {
	const size, part = 12 * mib, 5 * mib
	onBoth(t, func(t *testing.T, server *s3.Server, s *blob.S3) {
		key, text := newKey(), random(size)
		id, parts, err := s.StartParts(t.Context(), key, size, part, "text/plain", life)
		if err != nil || len(parts) != 3 {
			t.Fatalf("%d parts: %v", len(parts), err)
		}
		if status := send(t, parts[0], text[:part-1], unchanged); status/100 != 4 {
			t.Errorf("a short part: %d", status)
		}
		if status := send(t, parts[2], text[:part], unchanged); status/100 != 4 {
			t.Errorf("a long part: %d", status)
		}
		if status := send(t, parts[0], text[:part], func(r *http.Request) { query(r, "partNumber", "4") }); status/100 != 4 {
			t.Errorf("another part: %d", status)
		}
		for i := range parts {
			if o, err := s.FinishParts(t.Context(), key, id, size); err == nil {
				t.Errorf("finished with %d parts: %+v", i, o)
			}
			at := len(parts) - 1 - i // the last comes first
			from := at * part
			if status := send(t, parts[at], text[from:min(from+part, size)], unchanged); status != http.StatusOK {
				t.Fatalf("part %d: %d", at, status)
			}
		}
		gone(t, s, key)
		if o, err := s.FinishParts(t.Context(), key, id, size-1); err == nil {
			t.Errorf("finished with another size: %+v", o)
		}
		o, err := s.FinishParts(t.Context(), key, id, size)
		if err != nil || o.Size != size {
			t.Fatalf("finish: %+v, %v", o, err)
		}
		holds(t, s, key, o.Pin, text)
		if again, err := s.FinishParts(t.Context(), key, id, size); err != nil || again != o {
			t.Errorf("done again: %+v, %v, want %+v", again, err, o)
		}
		if _, err := s.FinishParts(t.Context(), key, id, size-1); err == nil {
			t.Error("done again with another size")
		}
		if _, err := s.FinishParts(t.Context(), newKey(), id, size); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("no upload: %v", err)
		}
		if status := send(t, parts[0], text[:part], unchanged); status/100 != 4 {
			t.Errorf("a part after the end: %d", status)
		}
		if n := len(server.Entries(t)); n != 1 {
			t.Errorf("%d things are left, want the object", n)
		}
	})
}

func TestSignedPartsAreBounded(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	for _, test := range []struct {
		size, part int64
		life       time.Duration
	}{{0, 5 * mib, life}, {mib, 5*mib - 1, life}, {10_000*5*mib + 1, 5 * mib, life}, {mib, 0, life}, {mib, 5 * mib, 0}} {
		if _, _, err := s.StartParts(t.Context(), newKey(), test.size, test.part, "text/plain", test.life); err == nil {
			t.Errorf("%d bytes in parts of %d for %v are fine", test.size, test.part, test.life)
		}
	}
	key := newKey()
	id, parts, err := s.StartParts(t.Context(), key, 1100*5*mib, 5*mib, "text/plain", life)
	if err != nil || len(parts) != 1100 {
		t.Errorf("%d parts: %v", len(parts), err)
	}
	if err := s.Delete(t.Context(), key); err != nil || len(server.Entries(t)) > 0 {
		t.Errorf("delete %s: %v", id, err)
	}
}

// TestManyParts beyond one answer of the service. They are too small to become an object, which only Complete tells.
func TestManyParts(t *testing.T) {
	const n = 1001
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	key := newKey()
	id, _, err := s.StartParts(t.Context(), key, n, 5*mib, "text/plain", life)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int32(n) {
		_, err := s.Client().UploadPart(t.Context(), &aws.UploadPartInput{
			Bucket: new(s.Bucket()), Key: &key, UploadId: &id, PartNumber: new(i + 1), Body: strings.NewReader("x"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.FinishParts(t.Context(), key, id, n); err == nil || !strings.Contains(err.Error(), "EntityTooSmall") {
		t.Errorf("finish: %v", err)
	}
	if err := s.Delete(t.Context(), key); err != nil || len(server.Entries(t)) > 0 {
		t.Errorf("delete: %v", err)
	}
}

// TestGapBetweenParts: the sizes are right and the numbers are not.
func TestGapBetweenParts(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	key := newKey()
	id, _, err := s.StartParts(t.Context(), key, 1, 5*mib, "text/plain", life)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Client().UploadPart(t.Context(), &aws.UploadPartInput{
		Bucket: new(s.Bucket()), Key: &key, UploadId: &id, PartNumber: new(int32(2)), Body: strings.NewReader("x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.FinishParts(t.Context(), key, id, 1); err == nil || !strings.Contains(err.Error(), "number 1") {
		t.Errorf("finish: %v", err)
	}
}

func TestSignedGet(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	key, text := newKey(), random(1000)
	o := put(t, s, key, text)
	server.Overwrite(t, key, random(1000))
	disposition := `attachment; filename="a b.txt"; filename*=UTF-8''%C3%A4.txt`
	link, err := s.SignGet(t.Context(), key, o.Pin, "text/plain; charset=utf-8", disposition, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil || !bytes.Equal(got, text) {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
	if h := answer.Header; h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Content-Disposition") != disposition {
		t.Errorf("headers: %v", h)
	}
	parsed, err := url.Parse(link)
	if err != nil || parsed.Query().Get("X-Amz-Expires") != "60" {
		t.Errorf("it lives %s seconds: %v", parsed.Query().Get("X-Amz-Expires"), err)
	}
	signed := blob.Signed{Method: http.MethodGet, URL: link}
	for name, change := range map[string]func(*http.Request){
		"another version": func(r *http.Request) { query(r, "versionId", "null") },
		"another type":    func(r *http.Request) { query(r, "response-content-type", "text/html") },
		"another key":     func(r *http.Request) { r.URL.Path += "x" },
		"to delete":       func(r *http.Request) { r.Method = http.MethodDelete },
	} {
		if status := send(t, signed, nil, change); status/100 != 4 {
			t.Errorf("%s: %d", name, status)
		}
	}
	holds(t, s, key, o.Pin, text)
}

// TestNoSignedGetWithoutVersions: nothing would hold its reader to the pin.
func TestNoSignedGetWithoutVersions(t *testing.T) {
	server := s3.Start(t, s3.Unversioned)
	s := open(t, server, server.Endpoint)
	key := newKey()
	o := put(t, s, key, []byte("text"))
	if link, err := s.SignGet(t.Context(), key, o.Pin, "text/plain", "inline", life); err == nil {
		t.Errorf("signed: %s", link)
	}
}

func TestNothingIsSignedForHostileKeys(t *testing.T) {
	server := s3.Start(t, s3.Versioned)
	s := open(t, server, server.Endpoint)
	o := put(t, s, newKey(), []byte("text"))
	for _, key := range []string{"", "a", "../a", "a/../b", "a/b?x"} {
		_, errPut := s.SignPut(t.Context(), key, 1, "text/plain", nil, life)
		_, errGet := s.SignGet(t.Context(), key, o.Pin, "text/plain", "inline", life)
		_, _, errStart := s.StartParts(t.Context(), key, mib, 5*mib, "text/plain", life)
		_, errFinish := s.FinishParts(t.Context(), key, "x", 1)
		for i, err := range []error{errPut, errGet, errStart, errFinish} {
			if err == nil {
				t.Errorf("%q, call %d is fine", key, i)
			}
		}
	}
	if _, err := s.SignPut(t.Context(), newKey(), -1, "text/plain", nil, life); err == nil {
		t.Error("a negative size is fine")
	}
	if _, err := s.SignPut(t.Context(), newKey(), 1, "text/plain", nil, 0); err == nil {
		t.Error("a life of nothing is fine")
	}
}
