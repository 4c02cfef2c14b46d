package main

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// scopeWorker gives the function that runs an operation's statements once as a request does, in a scope, without HTTP.
// Rows are read but not decoded.
func scopeWorker(pool *db.Pool, people population, statements []statement, seed uint64) func(context.Context) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	return func(ctx context.Context) error {
		d := people.draw(rng)
		s := pool.Org(subject(d.org), orgID.id(d.org), int16(rbac.Member))
		last := len(statements) - 1
		for _, st := range statements[:last] {
			if _, err := s.Ahead().Exec(ctx, st.sql, st.values(d)...); err != nil {
				return err
			}
		}
		rows, err := s.Query(ctx, statements[last].sql, statements[last].values(d)...)
		if err != nil {
			return err
		}
		for rows.Next() {
			continue
		}
		return rows.Err()
	}
}

// values are the arguments of a statement about one draw.
func (s statement) values(d draw) []any {
	list := slices.Grow([]any(nil), len(s.args))
	for _, a := range s.args {
		list = append(list, a.value(d))
	}
	return list
}

func (a argument) value(d draw) any {
	switch a.variable {
	case varOrg:
		return orgID.id(d.org)
	case varTask:
		return taskID.id(d.task)
	case varColumn:
		return columnID.id(d.column)
	case varTitle:
		return string(d.appendTitle(nil))
	case varFresh:
		return uuid.Must(uuid.NewV7())
	}
	if a.constant == nil {
		return nil
	}
	return *a.constant // the driver sends a string in text form, whatever the type
}
