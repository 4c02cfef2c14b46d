// Package live_test runs several processes of the program over one database, as behind a load balancer, and holds the
// live stream to its promises whatever ends or fails meanwhile.
package live_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/binary"
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
	lookEach = 10 * time.Millisecond
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// node is one process of the program. It may end and start again on its address.
type node struct {
	*apitest.Server // as clients reach it
	address         string
	dir             string
	env             []string
	process         *binary.Server // nil while it is down; the test's goroutine's
}

// startNodes runs processes over one new database, with these settings besides, and gives them and the database's
// superuser.
func startNodes(t testing.TB, count int, settings ...string) ([]*node, *pgxpool.Pool) {
	t.Helper()
	url := apitest.Database(t)
	owner, err := pgxpool.New(t.Context(), url(pgembed.Superuser))
	must(t, err)
	t.Cleanup(owner.Close)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	shared := append([]string{"DATABASE_URL=" + url(db.AppRole), "PLINTH_MIGRATE_DATABASE_URL=" + url(pgembed.Superuser),
		"JWT_SECRET=" + hex.EncodeToString(secret)}, settings...)
	nodes := make([]*node, count)
	for i := range nodes {
		address, dir := freeAddress(t, i+2), binary.Dir(t)
		nodes[i] = &node{address: address, dir: dir, env: append(slices.Clone(shared), "PLINTH_DATA_DIR="+dir),
			Server: &apitest.Server{URL: "http://" + address, Transport: &http.Transport{MaxIdleConnsPerHost: 8, ResponseHeaderTimeout: patience}}}
		nodes[i].start(t)
	}
	return nodes, owner
}

// freeAddress is an address of the loopback network, with a free port. No client's connection begins at an address whose
// last part is above 1, so that the port stays free while nobody listens there.
func freeAddress(t testing.TB, last int) string {
	t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", last))
	must(t, err)
	must(t, listener.Close())
	return listener.Addr().String()
}

func (n *node) start(t testing.TB) {
	t.Helper()
	n.process = binary.Serve(t, binary.Command(t, n.dir, n.env, "serve", "--addr", n.address))
}

func (n *node) kill(t testing.TB) {
	t.Helper()
	n.process.KillAlone(t)
	n.process = nil
}

func (n *node) stop(t testing.TB) {
	t.Helper()
	n.process.Stop(t)
	n.process = nil
}

// at is the client at a node.
func at(n *node, c *apitest.Client) *apitest.Client {
	there := *c
	there.Server = n.Server
	return &there
}

var invitationToken = regexp.MustCompile(`pli_[A-Za-z0-9_-]+`)

// join makes a new account a member of the client's organization, by an invitation that the node mails.
func join(t testing.TB, n *node, admin *apitest.Client, name string) *apitest.Client {
	t.Helper()
	member := n.SignUpAlone(t, name)
	at(n, admin).Do(t, "POST", "/v1/orgs/"+admin.Org+"/invite", body{"email": member.Email, "role": "member"}).Want(t, 201)
	member.Do(t, "POST", "/v1/invitations/accept", body{"token": invitationToken.FindString(n.mailTo(t, member.Email))}).Want(t, 200)
	member.Org = admin.Org
	return member
}

// mailTo is the mail to an address that has none but this.
func (n *node) mailTo(t testing.TB, address string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(n.dir, "mail", "*.eml"))
	must(t, err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		must(t, err)
		if text := strings.ReplaceAll(string(raw), "=\r\n", ""); strings.Contains(text, "<"+address+">") { // without soft line breaks
			return text
		}
	}
	t.Fatalf("no mail to %s", address)
	return ""
}

// board is a project's kanban board.
type board struct {
	project string
	columns []string
}

// newBoard makes a project with a board, both called so.
func newBoard(t testing.TB, c *apitest.Client, name string) board {
	t.Helper()
	b := board{project: c.Do(t, "POST", "/v1/projects", body{"name": name}).Want(t, 201).Text(t, "id")}
	made := c.Do(t, "POST", "/v1/projects/"+b.project+"/boards", body{"name": name, "template": "kanban"}).Want(t, 201)
	for i := range made.Len(t, "columns") {
		b.columns = append(b.columns, made.Text(t, fmt.Sprintf("columns.%d.id", i)))
	}
	return b
}

func (b board) add(t testing.TB, c *apitest.Client, title string) (task string) {
	t.Helper()
	return c.Do(t, "POST", "/v1/columns/"+b.columns[0]+"/tasks", body{"title": title}).Want(t, 201).Text(t, "id")
}

func unmarshal(t testing.TB, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
}
