package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Together runs f with all its queries in one transaction, which begins with the first of them: what they did stands when
// f returns nil, and none of it otherwise. In the scope of an Idempotency-Key it is the key's transaction, which Keep
// commits. Each query is a round trip, and so is the commit.
func (s *Scope) Together(ctx context.Context, f func() error) error {
	s.together = true
	stands := false
	defer func() {
		s.together = false
		if !stands { // also where f panics
			s.first = nil
			s.Abort(ctx)
		}
	}()
	if err := f(); err != nil {
		return err
	}
	if s.key == nil && s.tx != nil {
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	stands = true
	return nil
}

// Try runs f, which may fail without costing the rest of the transaction that the scope is in: then what f did is undone,
// and refused is its error. It is a savepoint, which travels with the queries; undoing it takes a round trip. Lost is the
// error of a transaction that cannot go on. Outside a transaction f just runs.
func (s *Scope) Try(ctx context.Context, f func() error) (refused, lost error) {
	if s.tx == nil && s.key == nil && !s.together {
		return f(), nil
	}
	if s.tx == nil { // a refused entry is no refusal of f
		if _, err := s.Exec(ctx, "select"); err != nil {
			return nil, err
		}
	}
	s.tries++
	defer func() { s.tries-- }()
	savepoint := fmt.Sprintf("savepoint try%d", s.tries)
	waiting, sent := s.first, s.sent
	s.first = slices.Concat(waiting, []statement{{sql: savepoint}})
	refused = f()
	switch {
	case refused == nil:
		s.first = append(s.first, statement{sql: "release " + savepoint})
		return nil, nil
	case s.sent == sent: // f failed without a query
		s.first = waiting
		return refused, nil
	}
	if _, err := s.tx.Exec(ctx, "rollback to "+savepoint, pgx.QueryExecModeSimpleProtocol); err != nil {
		return refused, asFault(err)
	}
	s.first = []statement{{sql: "release " + savepoint}}
	return refused, nil
}

// commit ends the held transaction and gives its connection back. What has failed in it is not committed silently.
func (s *Scope) commit(ctx context.Context) error {
	tag, err := s.Exec(ctx, "commit")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("commit of a failed transaction: %s", tag)
	}
	if err != nil {
		s.Abort(ctx)
		return err
	}
	s.tx.(heldTx).conn.Release()
	s.tx = nil
	return nil
}

// Deadlocked tells a transaction that lost to another one as a whole: run again from its start it may pass, but not from
// a savepoint, as it keeps the locks that the other one waits for.
func Deadlocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}
