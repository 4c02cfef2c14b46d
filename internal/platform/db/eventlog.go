package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// monthsAhead is how many months have their partition of the event log before they begin.
const monthsAhead = 3

// KeepEventLog makes the partitions of the months to come, and drops those of past months that hold nothing any more, as the
// owner that the URL names. It may run on several nodes at once, and gives up where it would keep writers waiting.
func KeepEventLog(ctx context.Context, url string, now time.Time) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "set lock_timeout = '2s'; set timezone = 'UTC'"); err != nil {
		return fmt.Errorf("set up connection: %w", err)
	}
	first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for n := range monthsAhead + 1 {
		if err := makeMonth(ctx, conn, first.AddDate(0, n, 0)); err != nil {
			return fmt.Errorf("make a month of the event log: %w", err)
		}
	}
	if err := dropMonths(ctx, conn, first.AddDate(0, 0, -1)); err != nil { // a day after their end
		return fmt.Errorf("drop months of the event log: %w", err)
	}
	return nil
}

// makeMonth makes the partition of a month, unless one covers it. What came into the default one meanwhile is moved: for
// that the owner lifts its policies from itself, within the transaction.
func makeMonth(ctx context.Context, conn *pgx.Conn, month time.Time) error {
	name := pgx.Identifier{"log", "events_" + month.Format("2006_01")}.Sanitize()
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var there bool
		err := tx.QueryRow(ctx, "select to_regclass($1) is not null from (select pg_advisory_xact_lock(hashtextextended('event log', 0))) locked", name).Scan(&there)
		if err != nil || there {
			return err
		}
		from, to := month.Format(time.DateOnly), month.AddDate(0, 1, 0).Format(time.DateOnly)
		_, err = tx.Exec(ctx, fmt.Sprintf(`
			create table %[1]s (like app.events including defaults including constraints);
			alter table log.events_default no force row level security;
			with moved as (delete from log.events_default where created_at >= '%[2]s' and created_at < '%[3]s' returning *) insert into %[1]s select * from moved;
			alter table log.events_default force row level security;
			alter table %[1]s enable row level security;
			alter table %[1]s force row level security;
			alter table app.events attach partition %[1]s for values from ('%[2]s') to ('%[3]s')`, name, from, to), pgx.QueryExecModeSimpleProtocol)
		return err
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P17" { // it would overlap
		return nil
	}
	return err
}

// dropMonths drops the partitions that end before a time and are empty.
func dropMonths(ctx context.Context, conn *pgx.Conn, before time.Time) error {
	rows, err := conn.Query(ctx, `select c.oid, format('%I.%I', c.relnamespace::regnamespace, c.relname) from pg_inherits i join pg_class c on c.oid = i.inhrelid
		where i.inhparent = 'app.events'::regclass
		and substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \('([^']+)'\)$$)::timestamptz <= $1 order by 2`, before)
	if err != nil {
		return err
	}
	past, err := pgx.CollectRows(rows, pgx.RowToStructByPos[partition])
	if err != nil {
		return err
	}
	for _, p := range past {
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return p.dropEmpty(ctx, tx, before) }); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

type partition struct {
	OID  uint32
	Name string
}

// dropEmpty drops the partition unless it holds something. It looks as plinth_entry, which sees every organization's events:
// the owner is bound by the policies. Nobody writes into a past month, but in a transaction that began in it. The log
// is locked first, as readers do, who would deadlock with it otherwise.
func (p partition) dropEmpty(ctx context.Context, tx pgx.Tx, before time.Time) error {
	if _, err := tx.Exec(ctx, "set local role plinth_entry"); err != nil {
		return err
	}
	var used bool
	if err := tx.QueryRow(ctx, "select exists (select from app.events where created_at < $1 and tableoid = $2)", before, p.OID).Scan(&used); err != nil || used {
		return err
	}
	_, err := tx.Exec(ctx, "reset role; lock table only app.events in access exclusive mode; drop table "+p.Name, pgx.QueryExecModeSimpleProtocol)
	return err
}
