package main

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
)

// seedSQL fills the database; it reads the number of organizations, and of the tasks of each, from the settings bench.orgs and bench.tasks.
//
//go:embed seed.sql
var seedSQL string

// liveSQL goes on behind seedSQL, with the members of the room that is measured; how many is the setting bench.members.
//
//go:embed live.sql
var liveSQL string

// floorSQL takes the policies off a clone, and answers what the scope would without one.
//
//go:embed floor.sql
var floorSQL string

// The shape of an organization, as seed.sql makes it.
const (
	tasksPerOrg   = 504 // 63 in each column
	columnsPerOrg = 8   // 2 projects of 4
)

// kind is the digit of an id that tells what the id is of. Ids are made from numbers alone, so that pgbench, which
// computes with nothing else, can draw them.
type kind byte

const (
	userID    kind = '1'
	sessionID kind = '2'
	orgID     kind = '3'
	columnID  kind = '6'
	taskID    kind = '7'
)

// firstNumber makes every number 12 digits wide, the last group of a UUID.
const firstNumber = 100_000_000_000

func (k kind) prefix() string { return "0190000" + string(k) + "-0000-7000-8000-" }

func (k kind) appendID(dst []byte, n int) []byte {
	return strconv.AppendInt(append(dst, k.prefix()...), firstNumber+int64(n), 10)
}

func (k kind) id(n int) uuid.UUID { return uuid.Must(uuid.ParseBytes(k.appendID(nil, n))) }

// draw is what one request is about: a task and a column of the same organization, and a number for the title.
type draw struct{ org, task, column, title int }

// population is what is in the database.
type population struct {
	orgs  int
	tasks int // of each; tasksPerOrg for the operations, which draw from as many
	room  int // members of the first organization besides those that each has
}

const membersPerOrg = 5

func (p population) users() int { return membersPerOrg*p.orgs + p.room }

// draw picks uniformly, as the pgbench scripts do.
func (p population) draw(r *rand.Rand) draw {
	org := r.IntN(p.orgs)
	return draw{
		org: org, task: org + p.orgs*r.IntN(tasksPerOrg), column: org + p.orgs*r.IntN(columnsPerOrg),
		title: 100_000 + r.IntN(900_000),
	}
}

const titleText = "Ship the report of week "

func (d draw) appendTitle(dst []byte) []byte {
	return strconv.AppendInt(append(dst, titleText...), int64(d.title), 10)
}

// subject is a user who asks; in an organization that is the one of its number.
func subject(user int) db.Subject {
	return db.Subject{Reseller: api.DefaultReseller, User: userID.id(user), Session: sessionID.id(user)}
}

// tokens gives the access tokens of the first users, as the server with this secret would issue them. The first user of each
// organization has its number.
func tokens(secret string, users int) ([]string, error) {
	issuer := authn.NewTokens(authn.HS256([]byte(secret)), time.Hour, time.Now)
	list := make([]string, users)
	for user := range list {
		who := subject(user)
		token, err := issuer.Issue(who.Reseller, who.User, who.Session)
		if err != nil {
			return nil, err
		}
		list[user] = token
	}
	return list, nil
}

// seed fills the database at the owner's URL.
func (p population) seed(ctx context.Context, url string) error {
	return onConnection(ctx, url, func(c *pgx.Conn) error {
		script := fmt.Sprintf("set bench.orgs = %d; set bench.tasks = %d; set bench.members = %d; %s\n%s", p.orgs, p.tasks, p.room, seedSQL, liveSQL)
		if _, err := c.PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		// In no transaction of several statements.
		if _, err := c.Exec(ctx, "vacuum (analyze, freeze)"); err != nil {
			return fmt.Errorf("vacuum: %w", err)
		}
		return nil
	})
}

// clone copies the database that nobody is connected to.
func clone(ctx context.Context, adminURL, from, to string) error {
	return onConnection(ctx, adminURL, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "create database "+to+" template "+from); err != nil {
			return fmt.Errorf("clone database: %w", err)
		}
		return nil
	})
}

// unbind takes the policies off the database at the owner's URL.
func unbind(ctx context.Context, url string) error {
	return onConnection(ctx, url, func(c *pgx.Conn) error {
		if _, err := c.PgConn().Exec(ctx, floorSQL).ReadAll(); err != nil {
			return fmt.Errorf("take the policies off: %w", err)
		}
		return nil
	})
}

func onConnection(ctx context.Context, url string, use func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = c.Close(ctx) }()
	return use(c)
}
