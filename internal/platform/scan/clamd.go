package scan

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const (
	progressLimit = 30 * time.Second
	verdictLimit  = 150 * time.Second // more than the two minutes after which clamd itself gives a scan up, which is a verdict
)

// Clamd is the way to a clamd. It keeps no connection, and may be used by many at once.
type Clamd struct {
	network, addr     string
	progress, verdict time.Duration
}

// Option changes what New makes.
type Option func(*Clamd)

// Patience sets how long clamd is waited for: to take a connection or a chunk or to answer what needs no scan (30 s), and to
// give its verdict (150 s), for which it has another second for each MiB sent.
func Patience(progress, verdict time.Duration) Option {
	return func(c *Clamd) { c.progress, c.verdict = progress, verdict }
}

// New makes the way to the clamd at an address, host:port or unix:/path. It does not connect.
func New(addr string, options ...Option) *Clamd {
	c := &Clamd{network: "tcp", addr: addr, progress: progressLimit, verdict: verdictLimit}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		c.network, c.addr = "unix", path
	}
	for _, option := range options {
		option(c)
	}
	return c
}

// Scan has clamd look through r. An error means that there is no verdict, and that another attempt may give one: clamd is
// away, too slow or broken, ctx has ended, or reading r failed, which is ErrSource. Scan reads r to
// its end or until clamd takes no more, and cannot interrupt a Read; clamd waits two minutes for the next 64 KiB.
func (c *Clamd) Scan(ctx context.Context, r io.Reader) (Verdict, error) {
	var verdict Verdict
	err := c.talk(ctx, func(s *session) error {
		database, err := s.version() // first: a newer one may be loaded meanwhile, and then judges
		if err != nil {
			return err
		}
		answer, err := s.stream(r, c.verdict)
		if err != nil {
			return err
		}
		verdict, err = judge(answer)
		verdict.Database = database
		return err
	})
	if err != nil {
		return Verdict{}, fmt.Errorf("scan: %w", err)
	}
	return verdict, nil
}

// Database gives the versions of clamd and of the daily database that it has loaded, and that one's time, such as "ClamAV
// 1.4.6/27890/Mon Oct  5 08:24:11 2026". Databases beside the daily one do not show, and with none of it there is the
// version of clamd alone.
func (c *Clamd) Database(ctx context.Context) (string, error) {
	var version string
	err := c.talk(ctx, func(s *session) (err error) {
		version, err = s.version()
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ask for the virus database: %w", err)
	}
	return version, nil
}

// Ping tells by its error whether clamd is there and answers.
func (c *Clamd) Ping(ctx context.Context) error {
	err := c.talk(ctx, func(s *session) error {
		answer, err := s.ask("PING")
		if err == nil && answer != "PONG" {
			err = fmt.Errorf("clamd answered %q", answer)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// talk holds a session with clamd, and ends it with ctx.
func (c *Clamd) talk(ctx context.Context, about func(*session) error) error {
	err := c.connect(ctx, about)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // which is why the connection is closed
	}
	return err
}

func (c *Clamd) connect(ctx context.Context, about func(*session) error) error {
	dialer := net.Dialer{Timeout: c.progress}
	conn, err := dialer.DialContext(ctx, c.network, c.addr)
	if err != nil {
		return fmt.Errorf("connect to clamd: %w", err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	s := &session{conn: conn, answers: bufio.NewReaderSize(conn, longestAnswer), progress: c.progress}
	if err := s.send([]byte("zIDSESSION\x00")); err != nil {
		return err
	}
	return about(s)
}
