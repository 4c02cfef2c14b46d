package hostile_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
)

// Row 14: only the hosts of the settings are served, whichever way another one is named.
func TestForgedHosts(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithConfig(func(c *config.Config) { c.Hosts = []string{"boards.example.com"} }))
	for _, head := range []string{
		"GET /healthz HTTP/1.1\r\nHost: evil.example",
		"GET /healthz HTTP/1.1\r\nHost: plinth.test.evil.example",
		"GET /healthz HTTP/1.1\r\nHost: evil-plinth.test",
		"GET /healthz HTTP/1.1\r\nHost: localhost.evil.example",
		"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1.evil.example",
		"GET /healthz HTTP/1.1\r\nHost: evil.example:8000",
		"GET /healthz HTTP/1.1\r\nHost: ",
		"GET /healthz HTTP/1.1\r\nHost: plinth.test\r\nX-Forwarded-Host: evil.example",
		"GET /healthz HTTP/1.1\r\nHost: plinth.test\r\nX-Forwarded-Host: plinth.test, evil.example",
		"GET /healthz HTTP/1.1\r\nHost: plinth.test\r\nX-Forwarded-Host: plinth.test\r\nX-Forwarded-Host: evil.example",
		"GET http://evil.example/healthz HTTP/1.1\r\nHost: plinth.test",
		"GET /v1/me HTTP/1.1\r\nHost: evil.example",
		"GET /docs HTTP/1.1\r\nHost: evil.example",
		"GET /nowhere HTTP/1.1\r\nHost: evil.example",
	} {
		resp := raw(t, address(s), head+"\r\n\r\n")
		if resp == nil {
			t.Errorf("no answer to %q", head)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		if wrong := wrongWith(&apitest.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}); resp.StatusCode != 421 || wrong != "" || strings.Contains(string(body), "evil") {
			t.Errorf("%q answers %d %s %s", head, resp.StatusCode, wrong, body)
		}
	}
	for _, host := range []string{"plinth.test", "PLINTH.test:443", "plinth.test.", "boards.example.com", "localhost", "127.0.0.1:8000", "[::1]:8000"} {
		if resp := raw(t, address(s), "GET /healthz HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); resp == nil || resp.StatusCode != 200 {
			t.Errorf("host %s: %v", host, resp)
		}
	}
	if resp := raw(t, address(s), "GET /healthz HTTP/1.1\r\nHost: plinth.test\r\nHost: evil.example\r\n\r\n"); resp != nil && resp.StatusCode < 400 {
		t.Errorf("two hosts answer %d", resp.StatusCode)
	}
}

// Row 14: links in mail come from the settings, whatever served host the request names.
func TestLinksInMail(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.WithConfig(func(c *config.Config) { c.PublicURL = "https://boards.example.com" }))
	ada := s.SignUp(t, "ada")
	ada.Do(t, "POST", "/v1/orgs/"+ada.Org+"/invite", map[string]any{"email": "grace@plinth.test", "role": "member"}, apitest.Header{Name: "Host", Value: "localhost:1"},
		apitest.Header{Name: "X-Forwarded-Host", Value: "localhost"}, apitest.Header{Name: "X-Forwarded-Proto", Value: "http"}, apitest.Header{Name: "Forwarded", Value: "host=evil.example"}).Want(t, 201)
	mail := s.Mail.To("grace@plinth.test")
	if len(mail) != 1 || strings.Count(mail[0].Text, "://") != 1 || !strings.Contains(mail[0].Text, "https://boards.example.com/invitations/accept?token=pli_") {
		t.Errorf("mail %v", mail)
	}
}

// Row 49, as far as mail goes: a name with line breaks adds no header.
func TestLineBreaksInMailHeaders(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	org := ada.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Acme\r\nBcc: eve@evil.example\r\n\r\nClick"}).Want(t, 201).Text(t, "id")
	ada = ada.In(org)
	ada.Do(t, "POST", "/v1/orgs/"+org+"/invite", map[string]any{"email": "grace@plinth.test", "role": "member"}).Want(t, 201)
	for _, address := range []string{"a@b.cd\r\nBcc: eve@evil.example", "a@b.cd\nx", "a\r\n@b.cd"} {
		ada.Do(t, "POST", "/v1/orgs/"+org+"/invite", map[string]any{"email": address, "role": "member"}).WantProblem(t, 422, "validation")
	}
}

// Row 50: methods and paths that are not there.
func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	for _, request := range []string{"TRACE /v1/tasks", "TRACE /", "TRACE /docs", "TRACE /healthz", "TRACE /ws", "CONNECT /v1/tasks", "PUT /v1/tasks", "DELETE /v1/auth/login", "GET /v1/auth/login", "PATCH /v1/projects",
		"POST /healthz", "POST /docs", "OPTIONS /v1/tasks", "PROPFIND /v1/tasks", "BREW /v1/tasks", "get /healthz"} {
		resp := raw(t, address(s), request+" HTTP/1.1\r\nHost: localhost\r\nCookie: secret\r\nContent-Length: 0\r\n\r\n")
		if resp == nil {
			t.Errorf("no answer to %s", request)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		if wrong := wrongWith(&apitest.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}); resp.StatusCode != 405 || wrong != "" || resp.Header.Get("Allow") == "" || strings.Contains(string(body), "secret") {
			t.Errorf("%s answers %d, Allow %q: %s %s", request, resp.StatusCode, resp.Header.Get("Allow"), wrong, body)
		}
	}
	for _, path := range []string{"/debug", "/debug/pprof/", "/debug/vars", "/metrics", "/v1", "/v1/", "/v2/me", "/.env", "/.git/config", "/v1/auth", "/docs/nothing", "/problems/nothing", "/openapi", "/schemas/Task.json", "/v1/openapi.json", "/V1/me", "/v1/me/"} {
		r := s.Anonymous().Do(t, "GET", path, nil)
		if wrong := wrongWith(r); wrong != "" || r.Status != 404 {
			t.Errorf("%s answers %d: %s %.200s", path, r.Status, wrong, r.Body)
		}
	}
	for _, method := range []string{"GET", "POST"} {
		for _, path := range []string{"//evil.example", "//evil.example/..", "/\\evil.example", "/%2f/evil.example", "/%5cevil.example", "/.//evil.example/"} {
			resp := raw(t, address(s), fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", method, path))
			if resp == nil || resp.StatusCode >= 500 || resp.StatusCode < 300 || strings.HasPrefix(resp.Header.Get("Location"), "//") || strings.Contains(resp.Header.Get("Location"), ":") {
				t.Errorf("%s %s: %v", method, path, resp)
			}
		}
	}
}
