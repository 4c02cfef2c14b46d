package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"
)

// account calls a server as one account, in one organization.
type account struct {
	base           string
	token, refresh string
	user, org      string
	column         string // of its board, to put tasks into
}

// signUp makes an account that is the admin of an organization with a board.
func signUp(t *testing.T, base string) *account {
	t.Helper()
	a := &account{base: base}
	a.signUp(t, "ada@example.com", map[string]any{"org_name": "Analytical Engines"})
	var project struct{ ID string }
	a.want(t, http.StatusCreated, "POST", "/v1/projects", map[string]any{"name": "Mobile app", "key": "APP"}, &project)
	var board struct{ Columns []struct{ ID string } }
	a.want(t, http.StatusCreated, "POST", "/v1/projects/"+project.ID+"/boards", map[string]any{"name": "Sprint", "template": "kanban"}, &board)
	a.column = board.Columns[0].ID
	return a
}

func (a *account) signUp(t *testing.T, email string, more map[string]any) {
	t.Helper()
	body := map[string]any{"email": email, "password": "nine loud geese in may", "name": "Ada"}
	maps.Copy(body, more)
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		User, Org    struct{ ID string }
	}
	a.want(t, http.StatusCreated, "POST", "/v1/auth/signup", body, &answer)
	a.token, a.refresh, a.user, a.org = answer.AccessToken, answer.RefreshToken, answer.User.ID, answer.Org.ID
}

// want sends a request and reads the answer, which must have the status.
func (a *account) want(t *testing.T, status int, method, path string, body, answer any) {
	t.Helper()
	got, raw, err := a.do(t.Context(), method, path, body, "")
	if err != nil || got != status {
		t.Fatalf("%s %s: status %d, want %d: %v %s", method, path, got, status, err, raw)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
}

func (a *account) do(ctx context.Context, method, path string, body any, idempotencyKey string) (status int, answer []byte, err error) {
	content, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	if body == nil {
		content = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "X-Org-Id": a.org, "Idempotency-Key": idempotencyKey} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// createTask tries until the server has acknowledged the task. The key makes one of them, however often it takes.
func (a *account) createTask(ctx context.Context, title string) error {
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for {
		status, answer, err := a.do(ctx, "POST", "/v1/columns/"+a.column+"/tasks", map[string]any{"title": title}, title)
		switch {
		case err == nil && status == http.StatusCreated:
			return nil
		case err == nil && status < 500 && status != http.StatusConflict:
			return fmt.Errorf("create %q: status %d: %s", title, status, answer)
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

type event struct {
	ID, Type string
	Data     struct{ Key, Title string }
}

// events are all of the organization's, from the first task on.
func (a *account) events(t *testing.T) []event {
	t.Helper()
	var all []event
	for cursor := ""; ; {
		var page struct {
			Items      []event
			NextCursor *string `json:"next_cursor"`
		}
		a.want(t, http.StatusOK, "GET", "/v1/events?limit=200"+cursor, nil, &page)
		for _, e := range page.Items {
			if all != nil || e.Type == "task.created" {
				all = append(all, e)
			}
		}
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}
