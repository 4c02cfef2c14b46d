package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// Client speaks HTTP as somebody, in an organization.
type Client struct {
	Server  *Server
	Token   string
	Refresh string
	Org     string // sent as X-Org-Id unless empty
	User    string // the user's id
	Email   string
}

// Password is every test account's.
const Password = "a password for tests"

// Response is an answer, read whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Head   bool // HEAD was asked, so that there is no body
}

// Anonymous is a client with no token.
func (s *Server) Anonymous() *Client { return &Client{Server: s} }

var accounts atomic.Int64

// SignUp makes an account with an organization of its own, as whose admin it acts.
func (s *Server) SignUp(t testing.TB, name string) *Client {
	t.Helper()
	return s.signUp(t, name, map[string]any{"org_name": name + "'s organization"})
}

// SignUpAlone makes an account in no organization.
func (s *Server) SignUpAlone(t testing.TB, name string) *Client {
	t.Helper()
	return s.signUp(t, name, nil)
}

func (s *Server) signUp(t testing.TB, name string, more map[string]any) *Client {
	t.Helper()
	email := fmt.Sprintf("%s%d@plinth.test", name, accounts.Add(1))
	body := map[string]any{"email": email, "password": Password, "name": name}
	for k, v := range more {
		body[k] = v
	}
	r := s.Anonymous().Do(t, "POST", "/v1/auth/signup", body)
	r.Want(t, http.StatusCreated)
	c := &Client{Server: s, Token: r.Text(t, "access_token"), Refresh: r.Text(t, "refresh_token"), User: r.Text(t, "user.id"), Email: email}
	if more != nil {
		c.Org = r.Text(t, "org.id")
	}
	return c
}

// Join makes a new account a member of the client's organization, in a role, by invitation.
func (c *Client) Join(t testing.TB, name, role string) *Client {
	t.Helper()
	member := c.Server.SignUpAlone(t, name)
	c.Do(t, "POST", "/v1/orgs/"+c.Org+"/invite", map[string]any{"email": member.Email, "role": role}).Want(t, http.StatusCreated)
	member.Do(t, "POST", "/v1/invitations/accept", map[string]any{"token": c.Server.InvitationToken(t, member.Email)}).Want(t, http.StatusOK)
	member.Org = c.Org
	return member
}

var invitationToken = regexp.MustCompile(`pli_[A-Za-z0-9_-]+`)

// InvitationToken is the token of the newest invitation mailed to an address.
func (s *Server) InvitationToken(t testing.TB, email string) string {
	t.Helper()
	messages := s.Mail.To(email)
	if len(messages) == 0 {
		t.Fatalf("no mail to %s", email)
	}
	return invitationToken.FindString(messages[len(messages)-1].Text)
}

// In is the client in another organization.
func (c *Client) In(org string) *Client {
	other := *c
	other.Org = org
	return &other
}

// Header is a request header.
type Header struct{ Name, Value string }

// Do sends a request. A body of type []byte or string goes out as it is, nil means none, all else as JSON. The headers
// take the place of the client's own; one that is given twice is sent twice.
func (c *Client) Do(t testing.TB, method, path string, body any, headers ...Header) *Response {
	t.Helper()
	r, err := c.Try(method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// Upload uploads a file, to hang where the fields say.
func (c *Client) Upload(t testing.TB, content string, fields map[string]any, headers ...Header) *Response {
	t.Helper()
	return c.Send(t, "POST", "/v1/files/upload", content, fields, headers...).Want(t, http.StatusCreated)
}

// Send sends a file called file.txt as a multipart form (RFC 7578), behind other fields.
func (c *Client) Send(t testing.TB, method, path, content string, fields map[string]any, headers ...Header) *Response {
	t.Helper()
	form, contentType := Form("file.txt", []byte(content), fields)
	return c.Do(t, method, path, form, append(headers, Header{"Content-Type", contentType})...)
}

// Try is Do for goroutines that must not end the test.
func (c *Client) Try(method, path string, body any, headers ...Header) (*Response, error) {
	content, err := encode(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, c.Server.URL+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.Org != "" {
		req.Header.Set("X-Org-Id", c.Org)
	}
	for _, h := range headers {
		if h.Name == "Host" {
			req.Host = h.Value
		}
		req.Header.Del(h.Name)
	}
	for _, h := range headers {
		req.Header.Add(h.Name, h.Value)
	}
	resp, err := c.Server.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	return &Response{resp.StatusCode, resp.Header, read, method == http.MethodHead}, err
}

// SendFile posts a file of any name and content in a form, behind other fields.
func (c *Client) SendFile(t testing.TB, path, name string, content []byte, fields map[string]any, headers ...Header) *Response {
	t.Helper()
	form, contentType := Form(name, content, fields)
	return c.Do(t, http.MethodPost, path, form, append(headers, Header{"Content-Type", contentType})...)
}

// Form is a multipart form (RFC 7578) with a file behind other fields, and its type.
func Form(name string, content []byte, fields map[string]any) (form []byte, contentType string) {
	var b bytes.Buffer // to write to which never fails
	w := multipart.NewWriter(&b)
	for field, value := range fields {
		_ = w.WriteField(field, fmt.Sprint(value))
	}
	part, _ := w.CreateFormFile("file", name)
	_, _ = part.Write(content)
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

func encode(body any) (io.Reader, error) {
	switch b := body.(type) {
	case nil:
		return http.NoBody, nil
	case []byte:
		return bytes.NewReader(b), nil
	case string:
		return strings.NewReader(b), nil
	}
	b, err := json.Marshal(body)
	return bytes.NewReader(b), err
}

// Want fails the test unless the answer has the status.
func (r *Response) Want(t testing.TB, status int) *Response {
	t.Helper()
	if r.Status != status {
		t.Fatalf("status %d, want %d: %s", r.Status, status, r.Body)
	}
	return r
}

// WantProblem fails the test unless the answer is the problem of the kind.
func (r *Response) WantProblem(t testing.TB, status int, kind string) *Response {
	t.Helper()
	r.Want(t, status)
	if got := r.Header.Get("Content-Type"); r.Head && got == "application/problem+json" {
		return r
	}
	if got := r.Text(t, "type"); got != "/problems/"+kind {
		t.Fatalf("problem %s, want %s: %s", got, kind, r.Body)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q of a problem", got)
	}
	return r
}

// Get is the value at a dotted path of the answer, such as "items.0.id"; nil where it is null or absent.
func (r *Response) Get(t testing.TB, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(r.Body, &v); err != nil {
		t.Fatalf("answer is no JSON: %v: %s", err, r.Body)
	}
	for step := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Text is Get for a string that must be there.
func (r *Response) Text(t testing.TB, path string) string {
	t.Helper()
	s, ok := r.Get(t, path).(string)
	if !ok {
		t.Fatalf("no text at %s: %s", path, r.Body)
	}
	return s
}

// Number is Get for a number that must be there.
func (r *Response) Number(t testing.TB, path string) float64 {
	t.Helper()
	n, ok := r.Get(t, path).(float64)
	if !ok {
		t.Fatalf("no number at %s: %s", path, r.Body)
	}
	return n
}

// Len is how many items the array at the path has.
func (r *Response) Len(t testing.TB, path string) int {
	t.Helper()
	items, ok := r.Get(t, path).([]any)
	if !ok {
		t.Fatalf("no array at %s: %s", path, r.Body)
	}
	return len(items)
}
