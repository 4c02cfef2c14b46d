package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/plinth/plinth/internal/platform/mail"
)

// received is a message as the server got it.
type received struct {
	from, to, user string
	secure         bool
	raw            string
}

// server is a mail server of which a test sets what it answers.
type server struct {
	addr  string
	inbox chan received
	rcpt  func(to string) error
	data  func() error
}

type serverOption func(*smtp.Server)

func withTLS(cert tls.Certificate) serverOption {
	return func(s *smtp.Server) { s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}} }
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func startServer(t *testing.T, l net.Listener, options ...serverOption) *server {
	t.Helper()
	s := &server{
		addr: l.Addr().String(), inbox: make(chan received, 100),
		rcpt: func(string) error { return nil }, data: func() error { return nil },
	}
	backend := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, secure := c.TLSConnectionState()
		return &session{server: s, got: received{secure: secure}}, nil
	}))
	backend.AllowInsecureAuth = true // the client is to know better
	backend.ErrorLog = quiet{}
	for _, option := range options {
		option(backend)
	}
	ended := make(chan error, 1)
	go func() { ended <- backend.Serve(l) }()
	t.Cleanup(func() {
		_ = backend.Close()
		<-ended
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	server *server
	got    received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if password != "p@ss" {
			return smtp.ErrAuthFailed
		}
		s.got.user = username
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.got.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.to = to
	return s.server.rcpt(to)
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.data(); err != nil {
		return err
	}
	s.got.raw = string(raw)
	s.server.inbox <- s.got
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// certificate is self-signed, for 127.0.0.1.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func newSMTP(t *testing.T, url string, options ...mail.SMTPOption) *mail.SMTP {
	t.Helper()
	s, err := mail.NewSMTP(url, from, options...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func receive(t *testing.T, s *server) received {
	t.Helper()
	select {
	case got := <-s.inbox:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("nothing received")
		return received{}
	}
}

var greeting = mail.Message{ID: "m1", To: "Ann <ann@example.org>", Subject: "Hi", Text: "Hello\n.\n..\nbye", HTML: "<p>Hello</p>"}

func TestSMTPDelivers(t *testing.T) {
	cert, pool := certificate(t)
	plain := startServer(t, listen(t, "127.0.0.1:0"))
	starttls := startServer(t, listen(t, "127.0.0.1:0"), withTLS(cert))
	direct := startServer(t, tls.NewListener(listen(t, "127.0.0.1:0"), &tls.Config{Certificates: []tls.Certificate{cert}}))
	for _, test := range []struct {
		name   string
		server *server
		url    string
		user   string
		secure bool
	}{
		{"plain", plain, "smtp://" + plain.addr, "", false},
		{"plain with password to this machine", plain, "smtp://ann:p%40ss@" + plain.addr, "ann", false},
		{"STARTTLS where offered", starttls, "smtp://" + starttls.addr, "", true},
		{"STARTTLS required", starttls, "smtp://ann:p%40ss@" + starttls.addr + "?tls=required", "ann", true},
		{"TLS", direct, "smtps://ann:p%40ss@" + direct.addr, "ann", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := newSMTP(t, test.url, mail.WithRoots(pool)).Send(t.Context(), greeting); err != nil {
				t.Fatal(err)
			}
			got := receive(t, test.server)
			// The server sees no TLS of its own where the listener does it.
			if secure := got.secure || test.server == direct; secure != test.secure || got.user != test.user {
				t.Errorf("secure %v, user %q", secure, got.user)
			}
			if got.from != "plinth@example.com" || got.to != "ann@example.org" {
				t.Errorf("envelope from %q to %q", got.from, got.to)
			}
			header, bodies := parse(t, got.raw)
			if header.Get("Message-Id") != "<m1@example.com>" || bodies["text/plain"] != greeting.Text || bodies["text/html"] != greeting.HTML {
				t.Errorf("header %v, bodies %q", header, bodies)
			}
		})
	}
}

func TestSMTPRefusesToBeInsecure(t *testing.T) {
	cert, _ := certificate(t)
	plain := startServer(t, listen(t, "127.0.0.1:0"))
	starttls := startServer(t, listen(t, "127.0.0.1:0"), withTLS(cert))
	direct := startServer(t, tls.NewListener(listen(t, "127.0.0.1:0"), &tls.Config{Certificates: []tls.Certificate{cert}}))
	for name, test := range map[string]struct{ url, want string }{
		"required, not offered":  {"smtp://" + plain.addr + "?tls=required", "STARTTLS"},
		"unknown authority":      {"smtp://" + starttls.addr, "certificate"},
		"unknown authority, TLS": {"smtps://" + direct.addr, "certificate"},
		"wrong password":         {"smtp://ann:wrong@" + plain.addr, "535"},
	} {
		err := newSMTP(t, test.url).Send(t.Context(), greeting)
		if err == nil || errors.Is(err, mail.ErrRejected) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []*server{plain, starttls, direct} {
		if len(s.inbox) != 0 {
			t.Error("a message went out")
		}
	}
}

func TestSMTPTellsRejectionFromTrouble(t *testing.T) {
	s := startServer(t, listen(t, "127.0.0.1:0"))
	sender := newSMTP(t, "smtp://"+s.addr)
	for name, test := range map[string]struct {
		rcpt, data error
		rejected   bool
	}{
		"no such user": {rcpt: &smtp.SMTPError{Code: 550, Message: "no such user"}, rejected: true},
		"greylisted":   {rcpt: &smtp.SMTPError{Code: 450, Message: "later"}},
		"spam":         {data: &smtp.SMTPError{Code: 554, Message: "spam"}, rejected: true},
		"disk full":    {data: &smtp.SMTPError{Code: 452, Message: "no space"}},
	} {
		s.rcpt = func(string) error { return test.rcpt }
		s.data = func() error { return test.data }
		if err := sender.Send(t.Context(), greeting); err == nil || errors.Is(err, mail.ErrRejected) != test.rejected {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := sender.Send(t.Context(), mail.Message{To: "a@example.org>\r\nRCPT TO:<b@example.org"}); !errors.Is(err, mail.ErrRejected) {
		t.Errorf("line break in the address: %v", err)
	}
}

// deaf accepts connections and says nothing.
func deaf(t *testing.T) (addr string, accepted <-chan net.Conn) {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	conns := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(conns)
				return
			}
			conns <- conn
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		for conn := range conns {
			_ = conn.Close()
		}
	})
	return l.Addr().String(), conns
}

func TestSMTPDoesNotWaitForEver(t *testing.T) {
	addr, _ := deaf(t)
	for _, scheme := range []string{"smtp://", "smtps://"} {
		if err := newSMTP(t, scheme+addr, mail.WithTimeout(50*time.Millisecond)).Send(t.Context(), greeting); err == nil {
			t.Errorf("%s: sent to nobody", scheme)
		}
	}
}

func TestSMTPEndsWithItsContext(t *testing.T) {
	addr, accepted := deaf(t)
	// The server stops in the middle: before its second answer, and before its
	// part of the handshake.
	for scheme, greets := range map[string]string{"smtp://": "220 hello\r\n", "smtps://": ""} {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		sender := newSMTP(t, scheme+addr, mail.WithTimeout(time.Hour))
		go func() { failed <- sender.Send(ctx, greeting) }()
		conn := <-accepted
		if _, err := io.WriteString(conn, greets); err != nil {
			t.Error(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
		cancel()
		select {
		case err := <-failed:
			if err == nil {
				t.Errorf("%s: sent to nobody", scheme)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: still waiting", scheme)
		}
		_ = conn.Close()
	}
}

// A server that hangs up after it has taken the message over has still taken it
// over: to send it again would double it.
func TestSMTPCountsAsSentWhatWasAccepted(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		text := newScript(conn)
		text.say("220 hello")
		for _, answer := range []string{"250 hello", "250 ok", "250 ok", "354 go on"} {
			text.line()
			text.say(answer)
		}
		for text.line() != "." {
		}
		text.say("250 queued")
	}()
	if err := newSMTP(t, "smtp://"+l.Addr().String()).Send(t.Context(), greeting); err != nil {
		t.Error(err)
	}
}

func TestMalformedServerURLs(t *testing.T) {
	for _, url := range []string{
		"", "mail", "http://mail", "smtp://", "smtp://mail:0", "smtp://mail:99999", "smtp://mail/x", "smtp://mail?tls=none",
		"smtps://mail?tls=required", "smtp://u:hunter2/x@mail", "smtp://u:%zzhunter2@mail",
	} {
		_, err := mail.NewSMTP(url, from)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := mail.NewSMTP("smtp://mail", "nobody"); err == nil {
		t.Error("a sender without a domain was accepted")
	}
}
