// Package docs serves the interactive API reference from files compiled into the binary, so that it works without
// a network and tells no third party who reads it.
package docs

import (
	"bytes"
	"html/template"
	"net/http"
)

// PagePath is where the reference page lives; its assets are below it.
const PagePath = "/docs"

// contentSecurityPolicy keeps the page on its own origin.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the reference page at /docs and /docs/ and its assets below, for GET and HEAD only. Mount it on both
// paths; notFound answers what is not there. The page is named title and shows the OpenAPI document at specPath, an absolute path on the same origin.
//
// The policy forbids other origins: a servers entry that names one makes "try it out" fail.
//
// It panics if the files compiled into the binary are damaged.
func Handler(title, specPath string, notFound http.HandlerFunc) http.Handler {
	files := assets()
	page := newPage(title, specPath, files)

	byPath := map[string]file{PagePath: page, PagePath + "/": page}
	for _, f := range files {
		byPath[f.url] = f
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSecurityHeaders(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f, ok := byPath[r.URL.Path]
		if !ok {
			notFound(w, r)
			return
		}
		f.serve(w, r)
	})
}

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
}

func newPage(title, specPath string, files map[string]file) file {
	urls := make(map[string]string, len(files))
	for name, f := range files {
		urls[name] = f.url
	}
	var html bytes.Buffer
	page := template.Must(template.ParseFS(embedded, "assets/index.html"))
	err := page.Execute(&html, struct {
		Title, PagePath, SpecPath string
		URLs                      map[string]string
	}{title, PagePath, specPath, urls})
	if err != nil {
		panic("docs: render the page: " + err.Error())
	}
	return file{
		url:          PagePath,
		contentType:  "text/html; charset=utf-8",
		cacheControl: "no-cache",
		digest:       digest(html.Bytes()),
		body:         html.Bytes(),
	}
}
