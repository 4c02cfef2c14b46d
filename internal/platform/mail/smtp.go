package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP is a [Sender] that hands each message to a mail server, over a
// connection of its own.
type SMTP struct {
	from    *mail.Address
	host    string
	tls     *tls.Config
	direct  bool // TLS from the first byte
	timeout time.Duration
	options []gomail.Option
}

// SMTPOption changes what [NewSMTP] makes.
type SMTPOption func(*SMTP)

// WithRoots trusts the certificate authorities in pool and not the system's.
func WithRoots(pool *x509.CertPool) SMTPOption {
	return func(s *SMTP) { s.tls.RootCAs = pool }
}

// WithTimeout changes how long connecting may take, up to the log-in, and then
// sending a message: 15 seconds each.
func WithTimeout(d time.Duration) SMTPOption {
	return func(s *SMTP) { s.timeout = d }
}

// NewSMTP returns an SMTP for the server at rawURL, which sends as from the
// address from. The forms are
//
//	smtp://[user:password@]host[:587]               TLS where the server offers it (STARTTLS)
//	smtp://[user:password@]host[:587]?tls=required  TLS or nothing
//	smtps://[user:password@]host[:465]              TLS from the start
//
// The certificate is verified wherever there is TLS, and a password goes to
// other machines under TLS only.
func NewSMTP(rawURL, from string, options ...SMTPOption) (*SMTP, error) {
	address, err := parseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("sender %w", err)
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("mail server: malformed URL") // the cause may quote the password
	}
	s := &SMTP{
		from:    address,
		host:    u.Hostname(),
		tls:     &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12},
		timeout: 15 * time.Second,
	}
	if err := s.configure(u); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	for _, option := range options {
		option(s)
	}
	// Without RSET, since one that fails after delivery would look like a failed delivery.
	s.options = append(s.options, gomail.WithTLSConfig(s.tls), gomail.WithTimeout(s.timeout), gomail.WithoutNoop(), gomail.WithoutRset())
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return s, nil
}

func (s *SMTP) configure(u *url.URL) error {
	port, policy := 587, gomail.TLSOpportunistic
	switch {
	case u.Scheme == "smtps" && u.RawQuery == "":
		port, s.direct = 465, true
		s.options = append(s.options, gomail.WithSSL())
	case u.Scheme == "smtp" && u.RawQuery == "tls=required":
		policy = gomail.TLSMandatory
	case u.Scheme == "smtp" && u.RawQuery == "":
	default:
		return errors.New("URL must be smtp://, with ?tls=required at most, or smtps://")
	}
	if u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("URL must have a host and no path")
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return errors.New("port must be between 1 and 65535")
		}
		port = int(n)
	}
	s.options = append(s.options, gomail.WithPort(port), gomail.WithTLSPolicy(policy))
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return nil
}

// Send returns once the server has taken the message over.
func (s *SMTP) Send(ctx context.Context, message Message) error {
	out, err := compose(message, s.from)
	if err != nil {
		return err
	}
	// Whatever state the conversation is in, closing the connection ends it, also
	// where go-mail gives up without doing so.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, err := gomail.NewClient(s.host, append(s.options[:len(s.options):len(s.options)], gomail.WithDialContextFunc(s.dialer(ctx)))...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to mail server: %w", err)
	}
	err = client.SendWithSMTPClient(session, out)
	switch {
	case err == nil:
		// The server has the message, whatever it says to the goodbye.
		_ = client.CloseWithSMTPClient(session)
		return nil
	case refused(err):
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return fmt.Errorf("send mail: %w", err)
}

// dialer connects and closes the connection when ctx, which unlike the one for
// dialling spans the conversation, ends.
func (s *SMTP) dialer(ctx context.Context) gomail.DialContextFunc {
	return func(dialCtx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if !s.direct {
			return conn, nil
		}
		secure := tls.Client(conn, s.tls)
		if err := secure.HandshakeContext(dialCtx); err != nil {
			return nil, err
		}
		return secure, nil
	}
}

// refused says whether the server has refused this message or its recipient
// for good (RFC 5321, 4.2.1). A refused log-in or sender is the configuration's
// fault, which may be put right.
func refused(err error) bool {
	var failure *gomail.SendError
	if !errors.As(err, &failure) || failure.ErrorCode()/100 != 5 {
		return false
	}
	switch failure.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return true
	}
	return false
}
