package examples_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/plinth/plinth/test/binary"
)

// TestListenersBeginAnewWhereTheyMust cuts connections and has the server find the cursors of the next ones too old. The
// listeners say so, and go on with a hello of their own.
func TestListenersBeginAnewWhereTheyMust(t *testing.T) {
	t.Parallel()
	server := binary.Start(t)
	ada := signUp(t, server)
	proxy := startProxy(t, server)
	listeners := startAll(t, proxy.URL, ada)
	create := func(title string) {
		t.Helper()
		if err := ada.createTask(t.Context(), title); err != nil {
			t.Fatal(err)
		}
	}
	create("Before")
	waitForEvents(t, listeners, 1)

	proxy.forge.Store(true)
	proxy.cut()
	for _, l := range listeners {
		until(t, l.name+" says resync and hello", func() bool {
			page := l.shown() // it says hello once; what it shows is that the stream has a gap, and that it is live
			return l.count("resync") == 1 && l.count("hello") == 2 || page.State == "live" && strings.HasPrefix(page.Newest, "Away for too long")
		})
	}
	create("After")
	stream := ada.events(t)
	for _, l := range listeners {
		until(t, l.name+" receives what comes after", func() bool { return len(l.events()) >= 2 })
		if got := l.events(); !slices.Equal(got, []string{stream[0].ID, stream[1].ID}) {
			t.Errorf("%s received %q of %+v", l.name, got, stream)
		}
	}
}

// TestListenersEndWithTheirSession has nothing left to try once the server refuses the account for good.
func TestListenersEndWithTheirSession(t *testing.T) {
	t.Parallel()
	server := binary.Start(t)
	ada := signUp(t, server)
	listeners := startAll(t, server, ada)
	ada.want(t, http.StatusNoContent, "POST", "/v1/auth/logout", map[string]any{"refresh_token": ada.refresh}, nil)
	for _, l := range listeners[:2] {
		l.wantRefused(t, "the stream has ended: the token has expired or its session was ended")
	}
	wantEnded(t, listeners[2], "The token has expired or its session was ended")

	// The handshake is refused by now; a page does not get to know the status.
	startGo(t, server, ada).wantRefused(t, "refused: 401 Unauthorized")
	startTypeScript(t, server, ada).wantRefused(t, "refused: 401 Unauthorized")
}

func TestListenersEndWithTheirMembership(t *testing.T) {
	t.Parallel()
	dir := binary.Dir(t)
	server := binary.Serve(t, binary.Command(t, dir, nil, "serve", "--addr", "127.0.0.1:0")).BaseURL
	ada := signUp(t, server)
	bob := join(t, ada, filepath.Join(dir, "data"))
	listeners := startAll(t, server, bob)
	ada.want(t, http.StatusNoContent, "DELETE", "/v1/orgs/"+ada.org+"/members/"+bob.user, nil, nil)
	for _, l := range listeners[:2] {
		l.wantRefused(t, "the stream has ended: you are no member of the organization any more")
	}
	wantEnded(t, listeners[2], "You are no member of the organization any more")

	startGo(t, server, bob).wantRefused(t, "refused: 403 Forbidden")
	startTypeScript(t, server, bob).wantRefused(t, "refused: 403 Forbidden")
}

func wantEnded(t *testing.T, browser *listener, reason string) {
	t.Helper()
	until(t, "the page says that the stream has ended", func() bool { return browser.shown().State == "ended" })
	if page := browser.shown(); !strings.HasPrefix(page.Text, reason) {
		t.Errorf("the page says %q, want %q", page.Text, reason)
	}
}

// proxy stands before a server. It can cut all connections, and forge the cursors of those to come.
type proxy struct {
	*httptest.Server
	forge atomic.Bool

	mu    sync.Mutex
	conns []net.Conn // to the server
}

func startProxy(t *testing.T, server string) *proxy {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	reverse := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if query := r.Out.URL.Query(); p.forge.Load() && query.Has("cursor") {
				query.Set("cursor", "of-another-life")
				r.Out.URL.RawQuery = query.Encode()
			}
		},
		Transport: &http.Transport{DialContext: p.dial},
	}
	p.Server = httptest.NewServer(reverse)
	t.Cleanup(func() {
		p.cut()
		p.Close()
	})
	return p
}

func (p *proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conn)
	return conn, nil
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
}

var invitationToken = regexp.MustCompile(`pli_[A-Za-z0-9_-]+`)

// join makes an account that is a member of ada's organization, by the invitation in the mail of the data directory.
func join(t *testing.T, ada *account, data string) *account {
	t.Helper()
	ada.want(t, http.StatusCreated, "POST", "/v1/orgs/"+ada.org+"/invite", map[string]any{"email": "bob@example.com", "role": "member"}, nil)
	var token string
	until(t, "the invitation is mailed", func() bool {
		mails, err := filepath.Glob(filepath.Join(data, "mail", "*.eml"))
		if err != nil || len(mails) == 0 {
			return false
		}
		mail, err := os.ReadFile(mails[0])
		token = invitationToken.FindString(strings.ReplaceAll(string(mail), "=\r\n", "")) // quoted-printable folds lines so
		return err == nil && token != ""
	})
	bob := &account{base: ada.base}
	bob.signUp(t, "bob@example.com", nil)
	bob.want(t, http.StatusOK, "POST", "/v1/invitations/accept", map[string]any{"token": token}, nil)
	bob.org = ada.org
	return bob
}
