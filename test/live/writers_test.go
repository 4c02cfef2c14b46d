package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/test/apitest"
)

const (
	writesEach  = 60 * time.Millisecond // a writer's pace
	tries       = 20                    // of a request, each at some node
	retryPause  = 100 * time.Millisecond
	longestHold = 400 * time.Millisecond // of a slow transaction, at each step
)

// tenant is an organization of the model: who is in it, what they write and what is heard of it. All it holds bears its
// word.
type tenant struct {
	word   string
	org    string
	people []*apitest.Client
	board  board

	mu     sync.Mutex
	tasks  []string
	frames map[string]string // as it was first heard, by event
}

// note holds a frame to what anybody else heard of the event.
func (h *tenant) note(f frame, raw string) error {
	if f.OrgID != h.org {
		return fmt.Errorf("event of organization %s, not %s: %s", f.OrgID, h.org, raw)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	first, ok := h.frames[f.ID]
	if ok && first != raw {
		return fmt.Errorf("event %s has two forms:\n%s\n%s", f.ID, first, raw)
	}
	h.frames[f.ID] = raw
	return nil
}

func (h *tenant) addTask(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tasks = append(h.tasks, id)
}

// pickTask is one of the tasks, "" where there is none; taken out, nobody picks it again.
func (h *tenant) pickTask(random *rand.Rand, out bool) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.tasks) == 0 {
		return ""
	}
	i := random.IntN(len(h.tasks))
	id := h.tasks[i]
	if out {
		h.tasks = slices.Delete(h.tasks, i, i+1)
	}
	return id
}

// writer writes through the API, at any node.
type writer struct {
	t      testing.TB
	tenant *tenant
	nodes  []*node
	random *rand.Rand

	answers map[int]int // by status; 0 is none from any node
}

func (w *writer) run(ctx context.Context) {
	pace := time.NewTicker(writesEach)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			w.write()
		}
	}
}

// write makes one change at random.
func (w *writer) write() {
	b, task := w.tenant.board, w.tenant.pickTask(w.random, false)
	title := fmt.Sprintf("%s %d", w.tenant.word, w.random.Uint32())
	path := "/v1/tasks/" + task
	switch n := w.random.IntN(20); {
	case n < 5 || task == "":
		if r := w.send("POST", "/v1/columns/"+b.columns[w.random.IntN(len(b.columns))]+"/tasks", body{"title": title}); r != nil && r.Status == 201 {
			w.tenant.addTask(r.Text(w.t, "id"))
		}
	case n < 10:
		w.send("PATCH", path, body{"title": title})
	case n < 13:
		w.send("PATCH", path, body{"column_id": b.columns[w.random.IntN(len(b.columns))]})
	case n < 17:
		w.send("POST", path+"/comments", body{"body": title})
	case n < 18:
		w.send("PATCH", "/v1/projects/"+b.project, body{"name": title})
	case n < 19:
		w.send("POST", path+"/archive", nil)
		w.send("POST", path+"/unarchive", nil)
	default:
		w.send("DELETE", "/v1/tasks/"+w.tenant.pickTask(w.random, true), nil)
	}
}

// send sends a request until a node answers it. What others did meanwhile may refuse it.
func (w *writer) send(method, path string, content any) *apitest.Response {
	who := w.tenant.people[w.random.IntN(len(w.tenant.people))]
	var headers []apitest.Header
	if method == "POST" {
		headers = append(headers, apitest.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
	}
	for range tries {
		r, err := at(w.nodes[w.random.IntN(len(w.nodes))], who).Try(method, path, content, headers...)
		if err == nil && r.Status != 503 {
			w.answered(method, path, r)
			return r
		}
		rest(w.t.Context(), w.random, retryPause)
	}
	w.answers[0]++
	return nil
}

func (w *writer) answered(method, path string, r *apitest.Response) {
	w.answers[r.Status]++
	switch r.Status {
	case 200, 201, 204, 404, 409:
	default:
		w.t.Errorf("%s %s answers %d: %s", method, path, r.Status, r.Body)
	}
}

// slowly writes events in transactions that take their time, so that they end in another order than they begin, and some
// not at all.
func slowly(ctx context.Context, owner *pgxpool.Pool, org, word string, random *rand.Rand) error {
	for ctx.Err() == nil {
		if err := slowTransaction(context.WithoutCancel(ctx), owner, org, word, random); err != nil {
			return fmt.Errorf("slow transaction: %w", err)
		}
		rest(ctx, random, longestHold)
	}
	return nil
}

func slowTransaction(ctx context.Context, owner *pgxpool.Pool, org, word string, random *rand.Rand) error {
	errGivenUp := errors.New("given up")
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if random.IntN(2) == 0 { // takes its place among the transactions now, and among the events later
			if _, err := tx.Exec(ctx, "select pg_current_xact_id()"); err != nil {
				return err
			}
			rest(ctx, random, longestHold)
		}
		for range 1 + random.IntN(3) {
			_, err := tx.Exec(ctx, `insert into app.events (org_id, kind, entity_id, version, actor_id, payload)
				values ($1, 'label.updated', $2, 1, null, jsonb_build_object('id', $2::uuid, 'name', $3::text))`, org, uuid.New(), word)
			if err != nil {
				return err
			}
			rest(ctx, random, longestHold)
		}
		if random.IntN(5) == 0 {
			return errGivenUp
		}
		return nil
	})
	if errors.Is(err, errGivenUp) {
		return nil
	}
	return err
}
