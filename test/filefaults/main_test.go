// Package filefaults_test breaks what files rest on, the process, the database, the storages, the scanner, the disk and the
// clients, under the real program. It looks for bytes that went out before they were scanned, for files that were
// acknowledged and are gone, and for litter.
package filefaults_test

import (
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/binary"
	"github.com/plinth/plinth/test/s3"
)

func TestMain(m *testing.M) { apitest.Main(built{m}) }

// built are tests that have the program built first.
type built struct{ tests *testing.M }

func (b built) Run() int { return binary.Main(b.tests) }

// body is the content of a request.
type body = map[string]any

const (
	// patience bounds the wait for what must happen; it is no measure of speed.
	patience = 60 * time.Second
	lookEach = 20 * time.Millisecond
)

// within polls the condition and reports whether it came true.
func within(limit time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(limit)
	look := time.NewTicker(lookEach)
	defer look.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		<-look.C
	}
	return true
}

// until fails the test where what must happen does not.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !within(patience, condition) {
		t.Fatalf("waited in vain: %s", what)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is an installation: a process, which may end and start again at its address, and what it keeps.
type site struct {
	*apitest.Server // as clients reach it; Owner is bound by no policy
	address, dir    string
	env             []string
	process         *binary.Server // nil while it is down
	embedded        bool           // the database is the program's own, and ends with it
}

// newSite starts one over a new database.
func newSite(t testing.TB, settings ...string) *site {
	t.Helper()
	s := sited(t, settings...)
	s.start(t)
	return s
}

// sited prepares one over a new database.
func sited(t testing.TB, settings ...string) *site {
	t.Helper()
	url := apitest.Database(t)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	s := prepared(t, append(settings, "DATABASE_URL="+url(db.AppRole), "PLINTH_MIGRATE_DATABASE_URL="+url(pgembed.Superuser),
		"JWT_SECRET="+hex.EncodeToString(secret)))
	s.connect(t, url(pgembed.Superuser))
	return s
}

// ownSite starts one with an embedded database.
func ownSite(t testing.TB, settings ...string) *site {
	t.Helper()
	s := prepared(t, settings)
	s.embedded = true
	s.start(t)
	return s
}

func prepared(t testing.TB, settings []string) *site {
	t.Helper()
	s := &site{address: freeAddress(t), dir: binary.Dir(t)}
	s.env = append(slices.Clone(settings), "PLINTH_DATA_DIR="+s.dir, "ACCESS_TOKEN_EXPIRE_MINUTES=1440")
	s.Server = &apitest.Server{URL: "http://" + s.address, Transport: &http.Transport{MaxIdleConnsPerHost: 8, ResponseHeaderTimeout: 2 * patience}}
	return s
}

func (s *site) connect(t testing.TB, url string) {
	t.Helper()
	owner, err := pgxpool.New(t.Context(), url)
	must(t, err)
	t.Cleanup(owner.Close)
	s.Owner = owner
}

// freeAddress is an address with a free port. No client's connection begins at 127.0.0.2, so that the port stays free
// while nobody listens there.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	must(t, err)
	must(t, listener.Close())
	return listener.Addr().String()
}

func (s *site) start(t testing.TB) {
	t.Helper()
	s.process = binary.Serve(t, binary.Command(t, s.dir, s.env, "serve", "--addr", s.address))
	if s.embedded && s.Owner == nil {
		url, err := pgembed.Running(pgembed.Options{Dir: filepath.Join(s.dir, "postgres")})
		must(t, err)
		s.connect(t, url(pgembed.Superuser, pgembed.Database))
	}
}

func (s *site) kill(t testing.TB) {
	t.Helper()
	if s.embedded {
		s.process.Kill(t)
		s.Owner.Reset()
	} else {
		s.process.KillAlone(t)
	}
	s.process = nil
}

func (s *site) stop(t testing.TB) {
	t.Helper()
	s.process.Stop(t)
	s.process = nil
}

// bucket are the settings for files in a bucket, reached at an endpoint.
func bucket(b *s3.Server, endpoint string) []string {
	return []string{"S3_ENDPOINT=" + endpoint, "S3_BUCKET=" + b.Bucket, "S3_REGION=" + b.Region, "S3_ACCESS_KEY_ID=" + b.AccessKeyID,
		"S3_SECRET_ACCESS_KEY=" + b.SecretAccessKey, "S3_FORCE_PATH_STYLE=true"}
}

// value is what one query finds.
func value[T any](t testing.TB, s *site, query string, args ...any) T {
	t.Helper()
	var v T
	if err := s.Owner.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func (s *site) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := s.Owner.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
