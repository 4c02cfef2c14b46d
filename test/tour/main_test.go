// Package tour_test takes the program through what its users do with it: the README's tour, the commands, and the life of
// a server from its first start to being killed.
package tour_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/binary"
)

func TestMain(m *testing.M) { os.Exit(binary.Main(m)) }

// session calls a server as one account, in one organization.
type session struct {
	t              *testing.T
	base           string
	token, refresh string
	org            string
}

const password = "nine loud geese in may"

// signUp makes an account with an organization.
func signUp(t *testing.T, base, email string) *session {
	t.Helper()
	s := &session{t: t, base: base}
	s.signedIn("/v1/auth/signup", http.StatusCreated, map[string]any{"email": email, "password": password, "name": "Ada", "org_name": "Analytical Engines"})
	return s
}

func logIn(t *testing.T, base, email, password string) *session {
	t.Helper()
	s := &session{t: t, base: base}
	s.signedIn("/v1/auth/login", http.StatusOK, map[string]any{"email": email, "password": password})
	var me struct{ Orgs []struct{ ID string } }
	s.want(http.StatusOK, "GET", "/v1/me", nil, &me)
	if len(me.Orgs) != 1 {
		t.Fatalf("%s is in %d organizations", email, len(me.Orgs))
	}
	s.org = me.Orgs[0].ID
	return s
}

func (s *session) signedIn(path string, status int, body any) {
	s.t.Helper()
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		Org          struct{ ID string }
	}
	s.want(status, "POST", path, body, &answer)
	s.token, s.refresh, s.org = answer.AccessToken, answer.RefreshToken, answer.Org.ID
}

// want sends a request and reads the answer, which must have the status.
func (s *session) want(status int, method, path string, body, answer any) {
	s.t.Helper()
	got, raw := s.do(method, path, body)
	if got != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, raw)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		s.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
}

func (s *session) do(method, path string, body any) (status int, answer []byte) {
	s.t.Helper()
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	if s.org != "" {
		req.Header.Set("X-Org-Id", s.org)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// page is a list's answer.
type page[T any] struct {
	Items      []T
	NextCursor *string `json:"next_cursor"`
}

// all reads a list to its end.
func all[T any](s *session, path string) []T {
	s.t.Helper()
	path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
	var items []T
	for cursor := ""; ; {
		var p page[T]
		s.want(http.StatusOK, "GET", path+"limit=200"+cursor, nil, &p)
		items = append(items, p.Items...)
		if p.NextCursor == nil {
			return items
		}
		cursor = "&cursor=" + *p.NextCursor
	}
}

// column makes a project with a board and returns its first column.
func (s *session) column() string {
	s.t.Helper()
	var project struct{ ID string }
	s.want(http.StatusCreated, "POST", "/v1/projects", map[string]any{"name": "Mobile app", "key": "APP"}, &project)
	var board struct{ Columns []struct{ ID string } }
	s.want(http.StatusCreated, "POST", "/v1/projects/"+project.ID+"/boards", map[string]any{"name": "Sprint", "template": "kanban"}, &board)
	return board.Columns[0].ID
}
