package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	postgresChannel = "plinth_bus"

	// postgresMessage is what fits into a payload with its two ids: NOTIFY takes less than 8000 bytes, and base64 makes
	// four of three.
	postgresMessage = 7999*3/4 - 2*len(uuid.UUID{})

	silence = 5 * time.Second // after which the server is asked whether it is there
)

// notify sends payloads in their order. Nothing is written, so the commit need not wait for the disk, which it would do
// with the lock that all of a server's notifiers share.
const notify = `with quick as (select set_config('synchronous_commit', 'off', true))
	select pg_notify($1, payload) from quick, unnest($2::text[]) payload`

// NewPostgres makes a bus over LISTEN and NOTIFY of PostgreSQL, on a connection of its own. Messages are up to 5967 bytes;
// every node gets those of all organizations and leaves aside what it has not joined. The URL must lead to the server: a
// pooler of transactions does not pass notifications on, and then no message arrives, with nothing in the log.
func NewPostgres(url string, log *slog.Logger) Bus {
	return &postgres{newNode(postgresMessage, log), url}
}

// postgres is a Bus over PostgreSQL.
type postgres struct {
	*node
	url string
}

// Run implements Bus.
func (p *postgres) Run(ctx context.Context, receive func(uuid.UUID, []byte)) {
	p.run(ctx, "postgresql", receive, p.session)
}

func (p *postgres) session(ctx context.Context, up func()) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if err := ask(ctx, conn, "listen "+postgresChannel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	up()
	for {
		if err := p.wait(ctx, conn); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		if err := p.publish(ctx, conn); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
}

func (p *postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(p.url)
	if err != nil { // it quotes the URL
		return nil, errors.New("parse database URL")
	}
	cfg.ConnectTimeout = patience
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		if from, org, text, ok := openPayload(n.Payload); ok && n.Channel == postgresChannel {
			p.deliver(from, org, text)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

// wait returns once a notification has come or there is something to publish. To end a wait does not end the connection.
func (p *postgres) wait(ctx context.Context, conn *pgx.Conn) error {
	waiting, stop := context.WithTimeout(ctx, silence)
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-p.queue.ready:
			stop()
		case <-waiting.Done():
		}
	})
	err := conn.PgConn().WaitForNotification(waiting)
	ended := waiting.Err()
	stop()
	watcher.Wait() // it must not take the next signal
	switch {
	case ended == nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(ended, context.DeadlineExceeded):
		return ask(ctx, conn, "select")
	}
	return nil
}

func (p *postgres) publish(ctx context.Context, conn *pgx.Conn) error {
	messages := p.queue.take()
	if len(messages) == 0 {
		return nil
	}
	payloads := make([]string, len(messages))
	for i, m := range messages {
		payloads[i] = payload(p.id, m)
	}
	return ask(ctx, conn, notify, postgresChannel, payloads)
}

// ask runs a statement for what it does, with bounded patience.
func ask(ctx context.Context, conn *pgx.Conn, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := conn.Exec(ctx, sql, args...)
	return err
}
