// Package volume is an organization of 200,000 tasks beside twenty small ones: what lists must be quick on. Much of it is
// skewed as real work is: some people, labels, projects and words have few tasks, some have tens of thousands.
package volume

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
)

// Tasks is how many the large organization has.
const Tasks = 200_000

// seedSQL fills a migrated database; it reads the number of tasks from the setting volume.tasks.
//
//go:embed seed.sql
var seedSQL string

// Kind is what an id is of. Ids are made from numbers, as seed.sql does.
type Kind int

// The kinds.
const (
	User    Kind = 1
	Session Kind = 2
	Org     Kind = 3
	Project Kind = 4
	Board   Kind = 5
	Column  Kind = 6
	Task    Kind = 7
	Label   Kind = 8
	View    Kind = 9
)

// ID is that of the n-th thing of a kind.
func (k Kind) ID(n int) uuid.UUID {
	return uuid.MustParse("0190000" + strconv.Itoa(int(k)) + "-0000-7000-8000-" + strconv.Itoa(100_000_000_000+n))
}

// What of the large organization the skew makes special. Its number in a kind that is drawn falls with its size: user,
// label and project 0 have the most tasks.
const (
	Admin  = 0 // a user
	Member = 1 // a user, from whom project Hidden is hidden
	Guest  = 2 // a user, who sees three small projects

	Hidden    = 5       // a private project
	Small     = 39      // the smallest project
	RareUser  = 59      // assigned to sixty tasks
	RareLabel = 49      // on sixty tasks
	MyView    = 900_000 // of the admin
	Hub       = 1001    // the task on which most hangs: comments, watchers, links, a checklist, events

	RareWord   = "zeppelin" // in ten tasks
	CommonWord = "report"   // in three of ten
)

// Key is that of a task, in its project.
func Key(project, task int) string { return fmt.Sprintf("P%d-%d", project, task+1) }

// Fill loads the data into a migrated database, at the URL of a superuser. It takes half a minute of one core.
func Fill(ctx context.Context, url string) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.PgConn().Exec(ctx, fmt.Sprintf("set volume.tasks = %d; %s", Tasks, seedSQL)).ReadAll(); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	// In no transaction of several statements.
	if _, err := c.Exec(ctx, "vacuum (analyze, freeze)"); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	return nil
}

// Subject is a user of the large organization, in a session.
func Subject(user int) db.Subject {
	return db.Subject{Reseller: api.DefaultReseller, User: User.ID(user), Session: Session.ID(user)}
}

// Token is a user's access token, as a server with this secret would issue it.
func Token(secret string, user int) (string, error) {
	who := Subject(user)
	return authn.NewTokens(authn.HS256([]byte(secret)), time.Hour, time.Now).Issue(who.Reseller, who.User, who.Session)
}
