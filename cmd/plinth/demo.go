package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/demo"
	"github.com/plinth/plinth/internal/platform/config"
)

type demoCmd struct {
	Tasks int    `help:"How many tasks to make." default:"400"`
	Seed  uint64 `help:"Makes the same work again." default:"1"`
}

// Run fills an organization with sample work. It may run beside a server, which then sends the events on.
func (d demoCmd) Run(c *cli) error {
	return c.withDatabase(func(ctx context.Context, cfg config.Config, database *app.Database) error {
		if err := database.Prepare(ctx, cfg.RequirePatchedPostgres); err != nil {
			return err
		}
		summary, err := d.fill(ctx, cfg, database.AppURL)
		if err != nil {
			return fmt.Errorf("make demo: %w", err)
		}
		return tell(cfg, summary)
	})
}

func (d demoCmd) fill(ctx context.Context, cfg config.Config, databaseURL string) (_ demo.Summary, err error) {
	// Nobody is to be held back from their own machine.
	cfg.RateLimitIP, cfg.RateLimitAccount, cfg.RateLimitOrg = unlimited, unlimited, unlimited
	box := &demo.Mailbox{}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := app.New(ctx, app.Options{Config: cfg, DatabaseURL: databaseURL, Log: log, Now: time.Now, Mail: box})
	if err != nil {
		return demo.Summary{}, err
	}
	defer a.Close()
	return demo.Fill(ctx, demo.Options{API: a.Router, Mail: box, Now: time.Now(), Tasks: d.Tasks, Seed: d.Seed})
}

const unlimited = 1_000_000_000

func tell(cfg config.Config, s demo.Summary) error {
	_, errCounts := fmt.Printf("%s: %d members, %d projects, %d boards, %d tasks (%d sub-tasks, %d done), %d links, %d comments, %d views\n",
		s.Org.Name, s.Members, s.Projects, s.Boards, s.Tasks, s.Subtasks, s.Done, s.Links, s.Comments, s.Views)
	_, errAccess := fmt.Printf(`
organization  %s
admin         %s
password      %s (the same for every member)

Log in while plinth serve runs:

curl -s %s/v1/auth/login -H 'Content-Type: application/json' \
  -d '{"email":"%s","password":"%s"}'

and with the access_token of the answer:

curl -s '%s/v1/tasks?status=in_progress&sort=due_at' -H 'X-Org-Id: %s' \
  -H 'Authorization: Bearer ACCESS_TOKEN'
`, s.Org.ID, s.Admin, s.Password, cfg.PublicURL, s.Admin, s.Password, cfg.PublicURL, s.Org.ID)
	return errors.Join(errCounts, errAccess)
}
