package live_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/redis"
)

var (
	seedFlag = flag.Uint64("seed", 0, "what the model's actors draw from; 0 draws one")
	rounds   = flag.Int("rounds", 3, "how often the model does each of its evils")
)

const (
	nodeCount     = 3
	listenerCount = 12 // of each organization
	writerCount   = 3  // of each organization
	slowCount     = 2  // slow transactions at a time, of each organization
	longestPeace  = 800 * time.Millisecond
	leastEvents   = 100 // of each organization: fewer show nothing
)

// TestModel has two organizations write through three nodes while nodes are killed and drained, Redis dies, stands still
// and forgets, and the database cuts its connections. Whoever listens, on whatever channel and over however many
// connections, has in the end each event of its organization once, in the one order and the one form, and nothing else.
func TestModel(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("again with: -run TestModel -seed %d", seed)
	m := newModel(t, seed)
	writing, stopWriting := context.WithCancel(t.Context())
	listening, stopListening := context.WithCancel(t.Context())
	defer stopListening()
	m.listen(listening)
	m.write(writing)
	m.rage(*rounds)
	stopWriting()
	m.writers.Wait()
	for _, h := range m.tenants {
		h.board.add(t, at(m.nodes[0], h.people[0]), h.word+" at last")
	}
	m.settle()
	stopListening()
	m.hearing.Wait()
	m.check()
}

// model is the whole of it.
type model struct {
	t         *testing.T
	seed      uint64
	nodes     []*node
	owner     *pgxpool.Pool
	redis     *unruly
	tenants   []*tenant
	listeners []*listener

	actors           uint64
	writers, hearing sync.WaitGroup

	mu      sync.Mutex
	answers map[int]int // of all writers, by status
}

func newModel(t *testing.T, seed uint64) *model {
	t.Helper()
	m := &model{t: t, seed: seed, redis: &unruly{Server: redis.Start(t)}, answers: map[int]int{}}
	m.nodes, m.owner = startNodes(t, nodeCount, "REDIS_URL="+m.redis.URL)
	for _, word := range []string{"canary", "goldfinch"} {
		m.tenants = append(m.tenants, m.newTenant(word))
	}
	return m
}

// random is the next actor's source.
func (m *model) random() *rand.Rand {
	m.actors++
	return rand.New(rand.NewPCG(m.seed, m.actors))
}

func (m *model) newTenant(word string) *tenant {
	first := m.nodes[0]
	admin := first.SignUp(m.t, word)
	h := &tenant{word: word, org: admin.Org, frames: map[string]string{},
		people: []*apitest.Client{admin, join(m.t, first, admin, word+"-a"), join(m.t, first, admin, word+"-b")}}
	h.board = newBoard(m.t, admin, word)
	h.tasks = []string{h.board.add(m.t, admin, word)}
	return h
}

// listen has listeners begin, most behind one of the events that there are, and some now.
func (m *model) listen(ctx context.Context) {
	channels := []channel{socket, socket, socket, poll, stream, stream}
	for _, h := range m.tenants {
		random, past := m.random(), m.past(h)
		for i := range listenerCount {
			begin := past[random.IntN(len(past))]
			l := &listener{name: fmt.Sprintf("%s %d", h.word, i), tenant: h, nodes: m.nodes, who: h.people[i%len(h.people)], random: m.random(),
				channel: channels[i%len(channels)], after: begin.ID, cursor: begin.Cursor, horizon: m.horizon}
			if i%len(channels) == 0 {
				l.after, l.cursor = "", ""
			}
			m.listeners = append(m.listeners, l)
			m.hearing.Go(func() { l.run(ctx) })
		}
	}
}

// past is what happened in the organization so far.
func (m *model) past(h *tenant) []frame {
	m.t.Helper()
	var page struct{ Items []frame }
	unmarshal(m.t, at(m.nodes[0], h.people[0]).Do(m.t, "GET", "/v1/events?limit=200", nil).Want(m.t, 200).Body, &page)
	return page.Items
}

// horizon is the first of the transactions that are yet to begin.
func (m *model) horizon(ctx context.Context) (uint64, error) {
	var xid uint64
	err := m.owner.QueryRow(ctx, "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").Scan(&xid)
	return xid, err
}

// write has the writers begin.
func (m *model) write(ctx context.Context) {
	for _, h := range m.tenants {
		for range writerCount {
			w := &writer{t: m.t, tenant: h, nodes: m.nodes, random: m.random(), answers: map[int]int{}}
			m.writers.Go(func() {
				w.run(ctx)
				m.mu.Lock()
				defer m.mu.Unlock()
				for status, n := range w.answers {
					m.answers[status] += n
				}
			})
		}
		for range slowCount {
			random := m.random()
			m.writers.Go(func() {
				if err := slowly(ctx, m.owner, h.org, h.word, random); err != nil {
					m.t.Error(err)
				}
			})
		}
	}
}

// rage does every evil once a round, in some order, and heals all in the end.
func (m *model) rage(rounds int) {
	random := m.random()
	evils := []func(*rand.Rand){m.killNode, m.stopNode, m.startNode, m.startNode, m.cutDatabase,
		m.on(m.redis.kill), m.on(m.redis.pause), m.on(m.redis.start), m.on(m.redis.start), m.on(m.redis.flush)}
	for range rounds {
		for _, i := range random.Perm(len(evils)) {
			evils[i](random)
			rest(m.t.Context(), random, longestPeace)
		}
	}
	for _, n := range m.nodes {
		if n.process == nil {
			n.start(m.t)
		}
	}
	m.redis.start(m.t)
}

func (m *model) on(evil func(testing.TB)) func(*rand.Rand) { return func(*rand.Rand) { evil(m.t) } }

// nodesThatAre gives those that are up, or down, in some order.
func (m *model) nodesThatAre(up bool, random *rand.Rand) []*node {
	var found []*node
	for _, i := range random.Perm(len(m.nodes)) {
		if n := m.nodes[i]; (n.process != nil) == up {
			found = append(found, n)
		}
	}
	return found
}

// killNode ends a node, but never the last, with SIGKILL.
func (m *model) killNode(random *rand.Rand) {
	if up := m.nodesThatAre(true, random); len(up) > 1 {
		up[0].kill(m.t)
	}
}

// stopNode drains a node, but never the last.
func (m *model) stopNode(random *rand.Rand) {
	if up := m.nodesThatAre(true, random); len(up) > 1 {
		up[0].stop(m.t)
	}
}

func (m *model) startNode(random *rand.Rand) {
	if down := m.nodesThatAre(false, random); len(down) > 0 {
		down[0].start(m.t)
	}
}

// cutDatabase ends all connections of the nodes to the database.
func (m *model) cutDatabase(*rand.Rand) {
	_, err := m.owner.Exec(m.t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'plinth_app' and datname = current_database()")
	if err != nil {
		m.t.Errorf("cut the database's connections: %v", err)
	}
}

// settle waits until every listener that is in its right mind has heard the last event.
func (m *model) settle() {
	last := map[*tenant]string{}
	for _, h := range m.tenants {
		truth := m.truth(h)
		last[h] = truth[len(truth)-1].id
	}
	within(patience, func() bool {
		for _, l := range m.listeners {
			if l.failed() == nil && l.last() != last[l.tenant] {
				return false
			}
		}
		return true
	}) // who has not is found by check
}

// entry is an event as it was committed.
type entry struct {
	id, kind, entity string
	xid              uint64
	position         int64
	version          int // of the entity
}

// truth is all events of the organization, in their order.
func (m *model) truth(h *tenant) []entry {
	m.t.Helper()
	rows, err := m.owner.Query(m.t.Context(),
		"select uid::text, kind, entity_id::text, xid::text::bigint, id, version from app.events where org_id = $1 order by xid, id", h.org)
	must(m.t, err)
	truth, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e entry, err error) {
		return e, row.Scan(&e.id, &e.kind, &e.entity, &e.xid, &e.position, &e.version)
	})
	must(m.t, err)
	return truth
}

// check holds everything that was heard to what was committed.
func (m *model) check() {
	for i, h := range m.tenants {
		truth := m.truth(h)
		kinds := map[string]int{}
		for _, e := range truth {
			kinds[e.kind]++
		}
		m.t.Logf("%s: %d events, %d of them heard: %v", h.word, len(truth), len(h.frames), kinds)
		if len(truth) < leastEvents {
			m.t.Errorf("%s: only %d events", h.word, len(truth))
		}
		m.checkTasks(h, truth)
		m.checkWords(h, m.tenants[1-i])
		for _, l := range m.listeners {
			if l.tenant != h {
				continue
			}
			if err := l.check(truth); err != nil {
				m.t.Errorf("listener %s: %v", l.name, err)
			}
			m.t.Logf("listener %s: %d events over %d connections", l.name, len(l.heard), l.stays)
		}
	}
	m.t.Logf("writers' answers: %v", m.answers)
}

// state is what a task is, as far as the model changes it.
type state struct {
	Version  int    `json:"version"`
	Title    string `json:"title"`
	ColumnID string `json:"column_id"`
}

// checkTasks holds what one has in the end who applied each task's event that was newer than what he had to what the
// database has. The events are not in the order of the versions: a request with an Idempotency-Key takes its place in the
// log before it waits for its task.
func (m *model) checkTasks(h *tenant, truth []entry) {
	seen, applied := map[string]bool{}, map[string]state{}
	for _, e := range truth {
		raw, heard := h.frames[e.id]
		if !heard || !strings.HasPrefix(e.kind, "task.") {
			continue
		}
		if version := fmt.Sprint(e.entity, e.version); seen[version] {
			m.t.Errorf("%s: a second event with version %d: %s", h.word, e.version, raw)
		} else {
			seen[version] = true
		}
		var f struct{ Data state }
		unmarshal(m.t, []byte(raw), &f)
		if f.Data.Version > applied[e.entity].Version {
			applied[e.entity] = f.Data
		}
	}
	stored := m.storedTasks(h)
	for id, a := range applied {
		if a != stored[id] {
			m.t.Errorf("%s: task %s is %+v, but by the events %+v", h.word, id, stored[id], a)
		}
	}
	if len(stored)-len(applied) > 1 { // the first came before most listeners
		m.t.Errorf("%s: %d tasks, but events of %d", h.word, len(stored), len(applied))
	}
}

func (m *model) storedTasks(h *tenant) map[string]state {
	m.t.Helper()
	rows, err := m.owner.Query(m.t.Context(), "select id::text, version, title, column_id::text from app.tasks where org_id = $1", h.org)
	must(m.t, err)
	stored := map[string]state{}
	for rows.Next() {
		var id string
		var k state
		must(m.t, rows.Scan(&id, &k.Version, &k.Title, &k.ColumnID))
		stored[id] = k
	}
	must(m.t, rows.Err())
	return stored
}

// checkWords looks for the other organization's word, and for its own, which shows that the word is in what is heard.
func (m *model) checkWords(h, other *tenant) {
	own := 0
	for _, raw := range h.frames {
		if strings.Contains(raw, other.word) || strings.Contains(raw, other.org) {
			m.t.Errorf("%s hears of %s: %s", h.word, other.word, raw)
		}
		if strings.Contains(raw, h.word) {
			own++
		}
	}
	if own < leastEvents {
		m.t.Errorf("%s: only %d events bear its word", h.word, own)
	}
}
