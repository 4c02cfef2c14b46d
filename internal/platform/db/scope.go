package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth/plinth/internal/platform/fault"
)

// Scope runs queries as one subject in one organization (or reseller). It implements sqlc's DBTX: each query travels as
// one pipelined batch, the entry function first, in one implicit transaction and one round trip. A refused entry aborts
// the rest unrun.
//
// A Scope serves one request and is not safe for concurrent use.
type Scope struct {
	pool  *pgxpool.Pool
	who   Subject
	org   uuid.UUID
	entry statement
	first []statement

	key *claim // set while the request carries an Idempotency-Key
	tx  pgx.Tx // the open transaction of a keyed request, or of Together

	together bool // the next query opens a transaction, for those after it too
	tries    int  // how many savepoints are around the next query
	sent     int  // batches so far
}

type statement struct {
	sql  string
	args []any
}

type claim struct {
	key  string
	hash []byte
}

// Subject is who asks.
func (s *Scope) Subject() Subject { return s.who }

// User is the id of the user who asks.
func (s *Scope) User() uuid.UUID { return s.who.User }

// Org is the organization of the scope; the nil UUID outside any.
func (s *Scope) Org() uuid.UUID { return s.org }

// Aside is a scope of the same subject and organization outside the transaction of this one, for what is asked before
// something slow is done: an Idempotency-Key would hold its connection all the while.
func (s *Scope) Aside() *Scope { return &Scope{pool: s.pool, who: s.who, org: s.org, entry: s.entry} }

// NewID is a new UUIDv7 (RFC 9562): made here, so that nothing waits for the database in between.
func (s *Scope) NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Ahead queues the statements executed on it to run before the scope's next query, in the same transaction and round
// trip. Their failure fails that query.
func (s *Scope) Ahead() DBTX { return ahead{s} }

type ahead struct{ *Scope }

func (a ahead) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	a.first = append(a.first, statement{sql, args})
	return pgconn.CommandTag{}, nil
}

// Exec runs a statement.
func (s *Scope) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	b, err := s.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := b.results.Exec()
	if closeErr := b.close(); err == nil {
		err = closeErr
	}
	return tag, asFault(err)
}

// Query runs a query for many rows, which the caller closes.
func (s *Scope) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	b, err := s.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	r, err := b.results.Query()
	if err != nil {
		_ = b.close()
		return nil, asFault(err)
	}
	return &rows{Rows: r, batch: b}, nil
}

// QueryRow runs a query for one row. Scan reports whatever went wrong.
func (s *Scope) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	b, err := s.send(ctx, sql, args)
	if err != nil {
		return failedRow{err}
	}
	return row{b.results.QueryRow(), b}
}

// send starts the batch and reads it up to the last statement's result.
func (s *Scope) send(ctx context.Context, sql string, args []any) (*sentBatch, error) {
	var b pgx.Batch
	if s.tx == nil && (s.key != nil || s.together) {
		b.BeginTx(pgx.TxOptions{})
	}
	if s.tx == nil {
		b.Queue(s.entry.sql, s.entry.args...)
	}
	if s.tx == nil && s.key != nil {
		b.Queue("select app.claim_key($1, $2, $3)", s.org, s.key.key, s.key.hash)
	}
	for _, st := range s.first {
		b.Queue(st.sql, st.args...)
	}
	s.first = nil
	b.Queue(sql, args...)
	s.sent++

	sent := &sentBatch{ahead: b.Len() - 1}
	if s.tx != nil {
		sent.results = s.tx.SendBatch(ctx, &b)
	} else if err := s.acquire(ctx, &b, sent); err != nil {
		return nil, err
	}
	for range sent.ahead {
		if _, err := sent.results.Exec(); err != nil {
			_ = sent.close()
			return nil, asFault(err)
		}
	}
	return sent, nil
}

// acquire sends the batch on a connection of the pool, which waits for a free one only so long.
func (s *Scope) acquire(ctx context.Context, b *pgx.Batch, sent *sentBatch) error {
	waitCtx, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := s.pool.Acquire(waitCtx)
	if err != nil {
		return unavailable(fmt.Errorf("acquire connection: %w", err))
	}
	sent.results = conn.SendBatch(ctx, b)
	if tx := sent.results.Tx(); tx != nil {
		s.tx = heldTx{tx, conn}
		return nil
	}
	sent.conn = conn
	return nil
}

// Claim makes the next query open a transaction that holds the Idempotency-Key; Keep or Abort ends it. A key whose
// answer is known refuses with fault.IdempotencyReplay before anything else runs.
func (s *Scope) Claim(key string, hash []byte) { s.key = &claim{key, hash} }

// Answer is what a request was answered, kept for its retries.
type Answer struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

// Keep stores the answer under the claimed key and commits, in one round trip. An error means that nothing the request
// did is there, unless the connection was lost on the way: then a retry with the same key shows the truth.
func (s *Scope) Keep(ctx context.Context, a Answer) error {
	headers, err := json.Marshal(a.Headers)
	if err != nil {
		return fmt.Errorf("encode kept headers: %w", err)
	}
	if s.tx == nil { // the handler asked the database nothing
		if _, err := s.Exec(ctx, "select"); err != nil {
			return err
		}
	}
	// The request may have moved into an organization that it made; the key is kept where it was claimed.
	s.first = append(s.first, s.entry, statement{
		"update app.idempotency_keys set status = $1, headers = $2, body = $3 where org_id = $4 and actor_id = $5 and key = $6",
		[]any{a.Status, headers, a.Body, s.org, s.who.User, s.key.key}})
	return s.commit(ctx)
}

// Abort rolls a held transaction back and gives its connection back. Without one it does nothing.
func (s *Scope) Abort(ctx context.Context) {
	held, ok := s.tx.(heldTx)
	if !ok {
		return
	}
	_ = held.Rollback(context.WithoutCancel(ctx)) // a broken connection is dropped by Release
	held.conn.Release()
	s.tx = nil
}

// Kept is the stored answer of a claimed key.
func (s *Scope) Kept(ctx context.Context) (Answer, error) {
	key := s.key.key
	s.key = nil
	var a Answer
	var headers []byte
	err := s.QueryRow(ctx, "select status, headers, body from app.idempotency_keys where org_id = $1 and actor_id = $2 and key = $3",
		s.org, s.who.User, key).Scan(&a.Status, &headers, &a.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read kept answer: %w", err)
	}
	if err := json.Unmarshal(headers, &a.Headers); err != nil {
		return Answer{}, fmt.Errorf("decode kept headers: %w", err)
	}
	return a, nil
}

// heldTx is a transaction with the connection that it keeps from the pool.
type heldTx struct {
	pgx.Tx
	conn *pgxpool.Conn
}

// sentBatch is a batch on its way, and the connection to give back when it is read.
type sentBatch struct {
	results pgx.BatchResults
	conn    *pgxpool.Conn // nil inside a held transaction
	ahead   int           // statements before the caller's
}

func (b *sentBatch) close() error {
	err := b.results.Close()
	if b.conn != nil {
		b.conn.Release()
		b.conn = nil
	}
	return err
}

type row struct {
	pgx.Row
	batch *sentBatch
}

func (r row) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	if closeErr := r.batch.close(); err == nil {
		err = closeErr // what the commit refused
	}
	return asFault(err)
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

type rows struct {
	pgx.Rows
	batch    *sentBatch
	closeErr error
	closed   bool
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.Rows.Close()
	r.closeErr = r.batch.close()
}

func (r *rows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return asFault(err)
	}
	return asFault(r.closeErr)
}

var _ DBTX = (*Scope)(nil)

// ErrNoRows is what QueryRow's Scan gives where no row is; features hand it to fault.About.
var ErrNoRows = pgx.ErrNoRows

func unavailable(err error) error {
	return &fault.Fault{Kind: fault.Unavailable, RetryAfter: retryAfter, Err: err}
}
