package db

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/plinth/plinth/internal/platform/fault"
)

// retryAfter is what a client is told while the database is away.
const retryAfter = time.Second

// asFault gives a database error its kind. It adds nothing that a client could read out of the database.
func asFault(err error) error {
	if err == nil || errors.Is(err, pgx.ErrNoRows) || errors.Is(err, context.Canceled) {
		return err
	}
	var known *fault.Fault
	if errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if isEncodeError(err) {
			return err
		}
		return unavailable(err) // the connection, not the server, said no
	}
	return ofSQLState(pg)
}

// isEncodeError tells what pgx could not encode or scan, a defect of ours, from a broken connection.
func isEncodeError(err error) bool {
	var scan pgx.ScanArgError
	text := err.Error()
	return errors.As(err, &scan) || strings.Contains(text, "unable to encode") || strings.HasPrefix(text, "expected ")
}

func ofSQLState(pg *pgconn.PgError) error {
	f := &fault.Fault{Kind: fault.Internal, Constraint: pg.ConstraintName, Err: pg}
	switch {
	case pg.Code == "PLNTH", pg.Code == "42501" && pg.ConstraintName != "": // app.refuse
		f.Kind, f.Constraint = fault.Kind(pg.ConstraintName), ""
		if pg.ColumnName != "" {
			f.Fields = []fault.Field{{Location: pg.ColumnName, Message: refusal(f.Kind, pg.Detail)}}
		}
	case pg.Code == "42501": // a policy
		f.Kind = fault.Forbidden
	case pg.ConstraintName == "tasks_column_fkey", inTask(pg.ConstraintName): // what it came into has moved or gone meanwhile
		f.Kind, f.Retryable = fault.Conflict, true
	case pg.Code == "23503": // foreign key: a reference to what is not there, or not ours
		f.Kind = fault.NotFound
	case pg.Code == "23505" || pg.Code == "23P01": // unique
		f.Kind, f.Retryable = fault.Conflict, strings.Contains(pg.ConstraintName, "rank")
	case pg.Code == "23514": // check
		f.Kind = fault.Validation
	case pg.Code == "40001" || pg.Code == "40P01": // serialization failure, deadlock
		f.Kind, f.Retryable, f.RetryAfter = fault.Conflict, true, retryAfter
	case pg.Code == "22021" || pg.Code == "22P05": // NUL or bytes that are not UTF-8
		f.Kind, f.Detail = fault.Validation, "Text may not hold the character U+0000."
	case pg.Code == "54000" || pg.Code == "54001": // program limit exceeded
		f.Kind = fault.Validation
	case away(pg.Code):
		f.Kind, f.RetryAfter = fault.Unavailable, retryAfter
	}
	return f
}

// inTask reports the foreign keys of what hangs on a task, which hold the task's project too: the task moved to another
// project, or went, while something was hung on it. Whether the task is there the statement has asked by then.
func inTask(constraint string) bool {
	switch constraint {
	case "comments_task_fkey", "task_links_task_fkey", "task_links_other_fkey":
		return true
	}
	return strings.HasSuffix(constraint, "_org_id_task_id_project_id_fkey")
}

// refusal is why app.refuse says no, in its own words where it has some.
func refusal(kind fault.Kind, why string) string {
	if why != "" {
		return why
	}
	if kind == fault.NotFound {
		return "does not exist"
	}
	return "is not possible here"
}

// away reports the classes of a server that cannot serve now: connection, resources, shutdown, time-outs, read-only.
func away(code string) bool {
	switch code[:2] {
	case "08", "53", "57", "58":
		return true
	}
	return code == "55P03" || code == "25006" || code == "25P03"
}
