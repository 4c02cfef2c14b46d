package hostile_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// Row 33 and the rule for log lines: no secret stands in any line of the log, wherever it was sent.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := apitest.New(t, apitest.WithLog(&log))
	ada := s.SignUp(t, "ada")
	bob := ada.Join(t, "bob", "member")
	invitation := s.InvitationToken(t, bob.Email)
	pair := s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(ada.Refresh)).Want(t, 200)
	ticket := ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	spare := ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	const wrong, key = "wrong horse battery", "an idempotency key"
	secrets := []string{apitest.Password, wrong, ada.Token, ada.Refresh, bob.Token, bob.Refresh, invitation, pair.Text(t, "access_token"), pair.Text(t, "refresh_token"), ticket, spare}
	for _, token := range secrets[2:] { // parts of them are secrets too
		secrets = append(secrets, token[len(token)-20:])
	}

	for _, token := range []string{ada.Token, ticket, spare, ada.Refresh, ada.Token + "x"} {
		for _, org := range []string{ada.Org, nobody, "x", ""} {
			conn, _, err := s.Dial("?token="+token+"&org_id="+org, nil)
			if err == nil {
				_ = conn.Close()
			}
		}
		conn, _, err := s.Dial("?org_id="+ada.Org, http.Header{"Sec-Websocket-Protocol": {"bearer, " + token}})
		if err == nil {
			_ = conn.Close()
		}
		s.Anonymous().Do(t, "GET", "/ws?token="+token+"&org_id="+ada.Org, nil)
		for _, path := range []string{"/v1/me?token=", "/nowhere?token=", "/nowhere/", "/v1/me/%zz?token=", "//x?token=", "/docs?token=", "/problems/", "/v1/tasks?q=%zz&token=", "/v1/tasks/", "/v1/tasks?cursor=", "/v1/tasks?status="} {
			if r, err := ada.Try("GET", path+url.QueryEscape(token), nil); err == nil && r.Status >= 400 && strings.Contains(string(r.Body), token) {
				t.Errorf("%s shows the token: %s", path, r.Body)
			}
		}
		s.Anonymous().Do(t, "GET", "/v1/me", nil, apitest.Header{Name: "Authorization", Value: "Bearer " + token + "!"})
		s.Anonymous().Do(t, "GET", "/v1/me", nil, apitest.Header{Name: "Authorization", Value: token})
	}
	for _, body := range []any{
		login(ada.Email, wrong), login(ada.Email, apitest.Password),
		map[string]any{"email": ada.Email, "password": wrong, "passwrod": wrong},
		map[string]any{"email": 7, "password": wrong},
		map[string]any{"email": ada.Email, "password": []string{wrong}},
		map[string]any{"email": ada.Email, "password": strings.Repeat(wrong, 100)},
		map[string]any{"email": ada.Email, wrong: 1},
		`{"email":"a@b.cd","password":"` + wrong + `"`, `{"email":"a@b.cd","password":"` + wrong + `\ud800"}`, `{"password":"` + wrong + `","password":"` + wrong + `"}`, `{"` + wrong + `":1,"` + wrong + `":1}`, wrong, `"` + wrong + `"`, `["` + wrong + `"]`,
		map[string]any{"email": "new@plinth.test", "name": "", "password": wrong}, map[string]any{"email": wrong, "name": "x", "password": wrong},
		map[string]any{"email": "new@plinth.test", "name": "x", "password": "password1234", "org_name": ""},
		refresh(ada.Refresh), refresh(wrong), map[string]any{"refresh_token": ada.Refresh, "x": 1}, map[string]any{"refresh_token": []string{ada.Refresh}},
		map[string]any{"token": invitation}, map[string]any{"token": invitation, "x": invitation}, map[string]any{"token": strings.Repeat(invitation, 10)},
	} {
		for _, path := range []string{"/v1/auth/login", "/v1/auth/signup", "/v1/auth/refresh", "/v1/auth/logout", "/v1/invitations/accept"} {
			bob.Do(t, "POST", path, body, apitest.Header{Name: "Idempotency-Key", Value: key})
		}
	}
	s.App.Router.Handle("GET /panic", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("at the disco") }))
	s.Anonymous().Do(t, "GET", "/panic?token="+ada.Token, nil).Want(t, 500)

	lines := checkLog(t, log.String())
	if len(lines) < 100 || !slices.ContainsFunc(lines, func(line map[string]any) bool { return line["route"] == "GET /ws" && line["org"] == ada.Org }) {
		t.Errorf("%d lines of log, or none of the socket", len(lines))
	}
	for line := range strings.Lines(log.String()) {
		for _, secret := range secrets {
			if strings.Contains(line, secret) {
				t.Errorf("%.12s... stands in the log: %.600s", secret, line)
				break
			}
		}
	}
}

// checkLog reads the log as JSON lines; a field with a line break in it fails the test.
func checkLog(t *testing.T, log string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line of the log is no JSON: %v: %s", err, text)
			continue
		}
		for name, value := range line {
			if s, ok := value.(string); ok && name != "stack" && strings.ContainsAny(s, "\r\n\x00\x1b") {
				t.Errorf("field %s holds control characters: %q", name, s)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// Row 53: whatever a client writes, a request is one line of the log, and no field holds a line break of the client's.
func TestLineBreaksInTheLog(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := apitest.New(t, apitest.WithLog(&log), apitest.WithConfig(behindProxy))
	ada := s.SignUp(t, "ada")
	before := strings.Count(log.String(), "\n")
	const forged = `%0d%0a%7b%22level%22:%22INFO%22,%22msg%22:%22forged%22%7d`
	sent := 0
	do := func(c *apitest.Client, method, path string, body any, headers ...apitest.Header) {
		if _, err := c.Try(method, path, body, headers...); err == nil {
			sent++
		}
	}
	for _, path := range []string{"/nowhere/" + forged, "/v1/tasks/" + forged, "/v1/tasks?q=" + forged, "/v1/tasks?" + forged + "=1", "/v1/tasks?status=" + forged, "/problems/" + forged, "/docs/" + forged, "/" + forged + "?x=%1b[31m", "/ws?token=" + forged + "&org_id=" + forged} {
		do(ada, "GET", path, nil)
	}
	text := "\r\n{\"level\":\"INFO\",\"msg\":\"forged\"}\x1b[31m"
	for _, path := range []string{"/v1/auth/login", "/v1/projects"} {
		do(ada, "POST", path, map[string]any{"email": text, "password": text, "name": text, text: text})
		do(ada, "POST", path, map[string]any{"name": text})
		do(ada, "POST", path, text)
	}
	for _, name := range []string{"X-Request-Id", "Traceparent", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "Origin", "X-Org-Id", "Idempotency-Key", "If-Match", "Content-Type", "Authorization", "Cursor"} {
		for _, value := range []string{"a\tb\u0085c\u2028d", strings.Repeat("x", 5000), `"}` + "\t" + `{"msg":"forged"}`} {
			do(ada, "POST", "/v1/auth/login", login("x", "y"), apitest.Header{Name: name, Value: value})
		}
	}
	if resp := raw(t, address(s), "FORGED\x01 / HTTP/1.1\r\nHost: localhost\r\n\r\n"); resp != nil && resp.StatusCode < 400 {
		t.Errorf("a method with a control character answers %d", resp.StatusCode)
	}
	until(t, "a line of log for each request", func() bool { return strings.Count(log.String(), "\n") >= before+sent })
	for _, line := range checkLog(t, log.String()) {
		if line["msg"] == "forged" {
			t.Errorf("a forged line: %v", line)
		}
		if id, _ := line["request_id"].(string); len(id) > 128 {
			t.Errorf("a request id of %d characters", len(id))
		}
	}
}
