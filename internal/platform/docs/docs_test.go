package docs_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/docs"
)

const specPath = "/openapi.json"

func TestPageIsServedAtBothPaths(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	for _, target := range []string{"/docs", "/docs/"} {
		res := get(handler, target, nil)
		if res.Code != http.StatusOK {
			t.Fatalf("GET %s: status %d, want 200", target, res.Code)
		}
		wantHeader(t, res, "Content-Type", "text/html; charset=utf-8")
		wantHeader(t, res, "Cache-Control", "no-cache")
		for _, want := range []string{"<title>Acme API</title>", `data-spec="/openapi.json"`} {
			if !strings.Contains(res.Body.String(), want) {
				t.Errorf("GET %s: the page lacks %s", target, want)
			}
		}
	}
}

func TestEveryFileOfThePageIsReachable(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	contentTypes := map[string]string{
		"LICENSE":                          "text/plain; charset=utf-8",
		"NOTICE":                           "text/plain; charset=utf-8",
		"favicon.svg":                      "image/svg+xml",
		"page.css":                         "text/css; charset=utf-8",
		"page.js":                          "text/javascript; charset=utf-8",
		"swagger-ui-bundle.js":             "text/javascript; charset=utf-8",
		"swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
		"swagger-ui.css":                   "text/css; charset=utf-8",
	}
	urls := assetURLs(t, handler)
	if len(urls) != len(contentTypes) {
		t.Errorf("the page refers to %d files, want %d: %v", len(urls), len(contentTypes), urls)
	}
	for name, contentType := range contentTypes {
		res := get(handler, urls[name], nil)
		if res.Code != http.StatusOK || res.Body.Len() == 0 {
			t.Errorf("%s at %q: status %d, %d bytes", name, urls[name], res.Code, res.Body.Len())
		}
		wantHeader(t, res, "Content-Type", contentType)
		wantHeader(t, res, "Cache-Control", "public, max-age=31536000, immutable")
		wantHeader(t, res, "X-Content-Type-Options", "nosniff")
	}
}

func TestVendoredFilesMatchTheirSums(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	urls := assetURLs(t, handler)
	sums := readSums(t)
	for name, want := range sums {
		sum := sha256.Sum256(get(handler, urls[name], nil).Body.Bytes())
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: sha256 %s, want %s", name, got, want)
		}
	}
	entries, err := fs.ReadDir(os.DirFS("assets"), "swagger-ui")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if _, ok := sums[strings.TrimSuffix(entry.Name(), ".gz")]; !ok {
			t.Errorf("%s has no sum", entry.Name())
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	for _, target := range []string{"/docs", "/docs/", assetURLs(t, handler)["page.js"], "/docs/absent"} {
		res := get(handler, target, nil)
		wantHeader(t, res, "Content-Security-Policy", policy)
		wantHeader(t, res, "X-Content-Type-Options", "nosniff")
		wantHeader(t, res, "Referrer-Policy", "same-origin")
	}
}

// The policy would stop these; here they show without a browser.
func TestPageHasNothingInlineAndNoOtherOrigin(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	urls := assetURLs(t, handler)
	page := get(handler, "/docs", nil).Body.String()

	origin := regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|["'(=\s]//\w`)
	for name, text := range map[string]string{
		"page":     page,
		"page.js":  get(handler, urls["page.js"], nil).Body.String(),
		"page.css": get(handler, urls["page.css"], nil).Body.String(),
	} {
		if found := origin.FindString(text); found != "" {
			t.Errorf("%s names another origin: %q", name, found)
		}
	}
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`)
	if found := inline.FindString(page); found != "" {
		t.Errorf("the page has inline code or style: %q", found)
	}
	fetched := regexp.MustCompile(`(?i)@import|url\(\s*["']?[^d"')\s]`)
	if found := fetched.FindString(get(handler, urls["swagger-ui.css"], nil).Body.String()); found != "" {
		t.Errorf("swagger-ui.css loads a file: %q", found)
	}
}

func TestTitleAndSpecPathAreEscaped(t *testing.T) {
	page := get(docs.Handler(`A&B </title><script>alert(1)</script>`, `/x"><script>alert(2)</script>`, http.NotFound), "/docs", nil).Body.String()
	if strings.Contains(page, "<script>alert") {
		t.Errorf("markup of a caller reached the page:\n%s", page)
	}
	if !strings.Contains(page, "<title>A&amp;B &lt;/title&gt;") {
		t.Errorf("the title is not shown as text:\n%s", page)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		res := httptest.NewRecorder()
		handler.ServeHTTP(res, httptest.NewRequest(method, "/docs", nil))
		if res.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d, want 405", method, res.Code)
		}
		wantHeader(t, res, "Allow", "GET, HEAD")
	}
}

func TestHeadHasNoBody(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	for _, target := range []string{"/docs", assetURLs(t, handler)["page.js"]} {
		res := httptest.NewRecorder()
		handler.ServeHTTP(res, httptest.NewRequest(http.MethodHead, target, nil))
		if res.Code != http.StatusOK || res.Body.Len() != 0 {
			t.Errorf("HEAD %s: status %d, %d bytes; want 200 and none", target, res.Code, res.Body.Len())
		}
		wantHeader(t, res, "Content-Length", strconv.Itoa(get(handler, target, nil).Body.Len()))
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	stale := path.Join("/docs/assets/0000000000000000", "page.js")
	for _, target := range []string{"/docs/absent", "/docs/assets/", "/docs/assets/index.html", "/docs/../docs.go", stale} {
		if res := get(handler, target, nil); res.Code != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", target, res.Code)
		}
	}
}

func TestGzipIsNegotiated(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	target := assetURLs(t, handler)["swagger-ui-bundle.js"]
	plain := get(handler, target, nil)
	wantHeader(t, plain, "Vary", "Accept-Encoding")
	for accept, want := range map[string]string{
		"":                        "",
		"identity":                "",
		"br, zstd":                "",
		"gzip;q=0":                "",
		"gzip; q=0.000, deflate":  "",
		"gzip;q=high":             "",
		"gzip":                    "gzip",
		"GZIP":                    "gzip",
		"br;q=1.0, gzip ; q=0.5":  "gzip",
		"deflate,gzip;q=1.0, *;q": "gzip",
	} {
		res := get(handler, target, http.Header{"Accept-Encoding": {accept}})
		wantHeader(t, res, "Content-Encoding", want)
		wantHeader(t, res, "Vary", "Accept-Encoding")
		body := res.Body.Bytes()
		if want == "gzip" {
			body = gunzip(t, body)
		}
		if !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("Accept-Encoding %q: another body than without it", accept)
		}
	}
}

func TestValidatorsAvoidTransfers(t *testing.T) {
	handler := docs.Handler("Acme API", specPath, http.NotFound)
	seen := map[string]string{}
	for _, target := range []string{"/docs", assetURLs(t, handler)["swagger-ui.css"]} {
		for _, accept := range []string{"identity", "gzip"} {
			first := get(handler, target, http.Header{"Accept-Encoding": {accept}})
			etag := first.Header().Get("ETag")
			if etag == "" {
				t.Fatalf("GET %s: no ETag", target)
			}
			seen[etag] = target + " as " + accept
			again := get(handler, target, http.Header{"Accept-Encoding": {accept}, "If-None-Match": {etag}})
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("GET %s with its ETag: status %d, want 304", target, again.Code)
			}
		}
	}
	// One page, and the style sheet in two encodings.
	if len(seen) != 3 {
		t.Errorf("validators %v, want 3", seen)
	}
	other := get(docs.Handler("Other API", specPath, http.NotFound), "/docs", nil).Header().Get("ETag")
	if _, clash := seen[other]; clash {
		t.Error("pages of different titles share an ETag")
	}
}

func get(handler http.Handler, target string, header http.Header) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodGet, "http://docs.test/", nil)
	req.URL.Path = target
	for name, values := range header {
		req.Header[name] = values
	}
	res := httptest.NewRecorder()
	handler.ServeHTTP(res, req)
	return res
}

func wantHeader(t *testing.T, res *httptest.ResponseRecorder, name, want string) {
	t.Helper()
	if got := res.Header().Get(name); got != want {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// assetURLs returns every href and src of the page that is not the page or the OpenAPI document, by file name.
func assetURLs(t *testing.T, handler http.Handler) map[string]string {
	t.Helper()
	page := get(handler, "/docs", nil).Body.String()
	urls := map[string]string{}
	for _, match := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if url := match[1]; url != docs.PagePath && url != specPath {
			urls[path.Base(url)] = url
		}
	}
	return urls
}

func readSums(t *testing.T) map[string]string {
	t.Helper()
	list, err := os.Open("swagger-ui.sha256")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	sums := map[string]string{}
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			t.Fatalf("malformed line %q", lines.Text())
		}
		sums[name] = sum
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return sums
}

func gunzip(t *testing.T, zipped []byte) []byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
