// Package db is the way to PostgreSQL: the pool, the tenant scope that every request runs in, and the translation of
// SQLSTATE codes to faults.
package db

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// AppRole is the database role that serves requests: no superuser, no BYPASSRLS, owner of nothing.
const AppRole = "plinth_app"

// acquireTimeout bounds the wait for a free connection; past it a request is answered 503.
const acquireTimeout = 2 * time.Second

// Pool is a pool of connections in the role of the application. Queries go through a Scope.
type Pool struct {
	pool *pgxpool.Pool
}

// Options tune a Pool. The zero value is ready to use.
type Options struct {
	Size int                                                                  // connections at most; 0 means 16
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // for tests that watch the wire
}

// Open makes a pool for the URL. A login other than plinth_app takes that role on every new connection, so the login
// must be a member of it. Nothing is connected yet.
func Open(ctx context.Context, url string, o Options) (*Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database URL: %w", err)
	}
	cfg.MaxConns = 16
	if o.Size > 0 {
		cfg.MaxConns = int32(o.Size)
	}
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnLifetimeJitter = 10 * time.Minute
	cfg.ConnConfig.ConnectTimeout = acquireTimeout
	if o.Dial != nil {
		cfg.ConnConfig.DialFunc = o.Dial
	}
	takeRole := cfg.ConnConfig.User != AppRole
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		registerUUID(c.TypeMap())
		settings := "set statement_timeout = '10s'; set lock_timeout = '5s'; set idle_in_transaction_session_timeout = '15s'; set timezone = 'UTC'; " +
			"set jit = off; set max_parallel_workers_per_gather = 0" // every statement is short
		if takeRole {
			settings += "; set role " + AppRole
		}
		_, err := c.PgConn().Exec(ctx, settings).ReadAll()
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	return &Pool{pool}, nil
}

// Close waits for connections in use and closes all.
func (p *Pool) Close() { p.pool.Close() }

// Ping asks the database for an answer, in one round trip.
func (p *Pool) Ping(ctx context.Context) error { return asFault(p.pool.Ping(ctx)) }

// Stat tells how busy the pool is.
func (p *Pool) Stat() *pgxpool.Stat { return p.pool.Stat() }

// Unscoped runs queries outside any tenant's scope, where the policies show no tenant row. It serves the few functions
// that look past them on purpose (the event relay, the sweep) and the start-up check.
func (p *Pool) Unscoped() DBTX { return unscoped{p.pool} }

// DBTX is what sqlc's queries run on.
type DBTX interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	Query(context.Context, string, ...any) (pgx.Rows, error)
	QueryRow(context.Context, string, ...any) pgx.Row
}

type unscoped struct{ *pgxpool.Pool }

func (u unscoped) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := u.Pool.Query(ctx, sql, args...)
	return unscopedRows{rows}, asFault(err)
}

type unscopedRows struct{ pgx.Rows }

func (r unscopedRows) Err() error { return asFault(r.Rows.Err()) }

func (u unscoped) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := u.Pool.Exec(ctx, sql, args...)
	return tag, asFault(err)
}

// Subject is who asks: a user of a reseller, in a session.
type Subject struct {
	Reseller, User, Session uuid.UUID
}

// Org is the scope of an organization, for a subject whose role there is need or higher.
func (p *Pool) Org(who Subject, org uuid.UUID, need int16) *Scope {
	return &Scope{pool: p.pool, who: who, org: org,
		entry: statement{"select app.enter_org($1, $2, $3, $4, $5)", []any{who.Reseller, who.User, who.Session, org, need}}}
}

// Job is the scope of an organization for work that goes on after the request of a user, without the session: the user
// must still be a member whose role there is need or higher.
func (p *Pool) Job(user, org uuid.UUID, need int16) *Scope {
	return &Scope{pool: p.pool, who: Subject{User: user}, org: org,
		entry: statement{"select app.enter_job($1, $2, $3)", []any{user, org, need}}}
}

// User is a signed-in user's own scope, outside any organization.
func (p *Pool) User(who Subject) *Scope {
	return &Scope{pool: p.pool, who: who,
		entry: statement{"select app.enter_user($1, $2, $3)", []any{who.Reseller, who.User, who.Session}}}
}

// Reseller is the scope of a brand with nobody signed in.
func (p *Pool) Reseller(id uuid.UUID) *Scope {
	return &Scope{pool: p.pool, who: Subject{Reseller: id},
		entry: statement{"select app.enter_reseller($1)", []any{id}}}
}
