package hostile_test

import (
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/test/apitest"
)

// Row 45: ids in paths.
func TestNastyPaths(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	sc := newScene(t, c)
	before := fingerprint(t, s)
	ids := []string{"%00", "a%00b", "%ff", "%ed%a0%80", "%2f", "%2e%2e%2f", "..%2f..%2fetc%2fpasswd", "%5c", "x", "0", "-1", "null", "undefined", "NaN", "%20", "%0d%0aX:1", "%F0%9F%98%80", "%E2%80%AE",
		strings.Repeat("a", 41), strings.Repeat("A", 8000), nobody + "%00", nobody + "%20", "%7B" + nobody + "%7D", nobody[:35] + "%C3%A9", "';drop%20table%20app.tasks;--", "APP-0", "APP--1",
		"APP-99999999999999999999", "APP-2147483648", "APP-9999999999", "app-1", "A-1", "*", "$1", "%25s", "..;"}
	for _, op := range s.App.Router.Operations() {
		if !strings.Contains(op.Path, "{") {
			continue
		}
		for _, id := range ids {
			for _, path := range sc.broken(t, op.Path, id) {
				r := c.Do(t, op.Method, path, bodyFor(op))
				if wrong := wrongWith(r); wrong != "" {
					t.Errorf("%s %.150s: %s: answers %d %.300s", op.Method, path, wrong, r.Status, r.Body)
				}
			}
		}
		// What climbs leads nowhere: with a redirect would go the method, to what holds the thing.
		for _, id := range []string{"..", "%2e%2e", ".", "x/..", "/", "//evil.example", "\\evil.example", "../..", "./../."} {
			for _, path := range sc.broken(t, op.Path, id) {
				resp := raw(t, address(s), op.Method+" "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+c.Token+"\r\nX-Org-Id: "+c.Org+"\r\nContent-Length: 0\r\n\r\n")
				if resp != nil && (resp.StatusCode < 400 || resp.StatusCode > 499) {
					t.Errorf("%s %s answers %d", op.Method, path, resp.StatusCode)
				}
			}
		}
	}
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}
}

// broken puts the id into each parameter of the path in turn.
func (sc scene) broken(t testing.TB, path, id string) []string {
	var paths []string
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "{") {
			before, after, _ := strings.Cut(path, segment)
			paths = append(paths, sc.path(t, before)+id+sc.path(t, after))
		}
	}
	return paths
}

func bodyFor(op *api.Op) any {
	if op.Method == "GET" || op.Method == "DELETE" {
		return nil
	}
	return map[string]any{}
}
