// Package plans_test holds every list to its index: each documented filter, sort and search is asked for over HTTP in an
// organization of 200,000 tasks, and what the request sent to PostgreSQL is run again under EXPLAIN, by the same user. The
// bounds are blocks touched, not time: they hold on any machine.
package plans_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/tap"
	"github.com/plinth/plinth/test/volume"
)

func TestPlans(t *testing.T) {
	h := open(t)
	all := slices.Concat(sortCases(), deepCases(), placeCases(), filterCases(), searchCases(), expressionCases(), satelliteCases())
	for _, c := range all {
		for _, user := range c.users() {
			t.Run(names[user]+" "+c.path, func(t *testing.T) { h.check(t, c, user) })
		}
	}
}

var names = map[int]string{volume.Admin: "admin", volume.Member: "member", volume.Guest: "guest"}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{tap: &tap.Tap{}, secret: rand.Text() + rand.Text(), clients: map[int]*apitest.Client{}}
	h.server = apitest.New(t, apitest.WithConfig(func(c *config.Config) { c.JWTSecret = config.Sensitive(h.secret) }),
		func(o *app.Options) { o.Dial = h.tap.Dial })
	h.server.StopRelay()
	ctx := context.Background()
	must(t, volume.Fill(ctx, h.server.DatabaseURL(pgembed.Superuser)))
	var err error
	h.pool, err = db.Open(ctx, h.server.DatabaseURL(db.AppRole), db.Options{Size: 1})
	must(t, err)
	t.Cleanup(h.pool.Close)
	h.conn, err = pgx.Connect(ctx, h.server.DatabaseURL(db.AppRole))
	must(t, err)
	t.Cleanup(func() { _ = h.conn.Close(ctx) })
	for user := range names {
		token, err := volume.Token(h.secret, user)
		must(t, err)
		h.clients[user] = &apitest.Client{Server: h.server, Token: token, Org: volume.Org.ID(0).String(), User: volume.User.ID(user).String()}
	}
	return h
}

// ownPlan is how a list says that it is to be planned for its own values, not once for all.
const ownPlan = "force_custom_plan"

// check asks for the list and looks at each statement that this sent. The driver prepares them all: what does not say
// that it is to be planned anew must be as good with a plan for any values.
func (h *house) check(t *testing.T, c listCase, user int) {
	if c.bound == (bound{}) {
		c.bound = ordered
	}
	path := c.path
	if c.deep != nil {
		path += "&cursor=" + h.deeper(t, user, path, *c.deep)
	}
	sent, r := h.statements(t, user, path)
	if c.items >= 0 && r.Len(t, "items") < c.items {
		t.Errorf("%d items, fewer than the case is about", r.Len(t, "items"))
	}
	modes := []string{ownPlan, "force_generic_plan"}
	if slices.ContainsFunc(sent, func(b tap.Binding) bool { return strings.Contains(b.SQL, ownPlan) }) {
		modes = modes[:1]
	}
	for _, mode := range modes {
		blocks := 0
		for i := range sent {
			p, text := h.explain(t, user, sent[:i+1], mode)
			blocks += p.buffers()
			if rows, of := p.scanned(); rows > max(smallTable, float64(c.bound.rows)) {
				t.Errorf("%s: %.0f rows of %s were read without an index\n%s\n%s", mode, rows, of, sent[i].SQL, text)
			}
			if rows := p.sorted(); rows > float64(c.bound.rows) {
				t.Errorf("%s: %.0f rows were sorted, more than %d\n%s\n%s", mode, rows, c.bound.rows, sent[i].SQL, text)
			}
		}
		if blocks > c.bound.blocks {
			t.Errorf("%s: %d blocks were touched, more than %d\n%s", mode, blocks, c.bound.blocks, sent[len(sent)-1].SQL)
		}
		t.Logf("%s: %d blocks of at most %d", mode, blocks, c.bound.blocks)
	}
}

// place is the key in a cursor of a list of tasks.
type place struct {
	Value *string `json:"v"`
	ID    string  `json:"i"`
}

// deeper makes the cursor of a page far into the list: the server's own for the second page, with another place in it.
func (h *house) deeper(t *testing.T, user int, path string, to place) string {
	t.Helper()
	const seal = 12
	first := h.clients[user].Do(t, "GET", path, nil).Want(t, 200)
	raw, err := base64.RawURLEncoding.DecodeString(first.Text(t, "next_cursor"))
	must(t, err)
	var cursor map[string]any
	must(t, json.Unmarshal(raw[seal:], &cursor))
	cursor["k"] = to
	text, err := json.Marshal(cursor)
	must(t, err)
	sealed := mac(mac([]byte(h.secret), []byte("list cursors")), text)[:seal]
	return url.QueryEscape(base64.RawURLEncoding.EncodeToString(append(sealed, text...)))
}

func mac(key, text []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(text)
	return m.Sum(nil)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
