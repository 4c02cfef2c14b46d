package event

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
)

// Record is an event as the log holds it.
type Record struct {
	Position
	UID       uuid.UUID
	Org       uuid.UUID
	Kind      Type
	EntityID  uuid.UUID
	ProjectID *uuid.UUID
	TaskID    *uuid.UUID
	Version   int32
	ActorID   *uuid.UUID
	Payload   []byte
	At        time.Time
	BoardID   *uuid.UUID // the one that its task is on, where the reader is of the live side
}

// Position is a place in the log's order: that of commits, as far as transactions below the snapshot's horizon go. A
// reader that follows it misses nothing, whatever order the transactions end in.
type Position = hub.Position

// Log reads the events of every organization. It is the relay's, and never a request's.
type Log struct{ DB db.DBTX }

// End is the position behind which only events that are not yet visible lie, and the epoch of the log.
func (l Log) End(ctx context.Context) (Position, string, error) {
	var text, epoch string
	err := l.DB.QueryRow(ctx, "select pg_current_snapshot()::text, app.stream_epoch()").Scan(&text, &epoch)
	if err != nil {
		return Position{}, "", fmt.Errorf("read end of event log: %w", err)
	}
	s, err := ParseSnapshot(text)
	return s.Horizon(), epoch, err
}

// Snapshot is what a reader of the database saw at a moment, as pg_current_snapshot tells it.
type Snapshot struct {
	xmin, xmax uint64
	running    []uint64
}

// ParseSnapshot reads the text form, xmin:xmax:xid,xid.
func ParseSnapshot(text string) (Snapshot, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return Snapshot{}, fmt.Errorf("parse snapshot %q", text)
	}
	var numbers []uint64
	for _, field := range strings.FieldsFunc(text, func(c rune) bool { return c == ':' || c == ',' }) {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return Snapshot{}, fmt.Errorf("parse snapshot %q: %w", text, err)
		}
		numbers = append(numbers, n)
	}
	return Snapshot{numbers[0], numbers[1], numbers[2:]}, nil
}

// Horizon is the position before which the snapshot saw everything; it saw some of what follows, too.
func (s Snapshot) Horizon() Position {
	return Position{XID: s.xmin} // events of the horizon's own transaction have ids above 0
}

// Settled is a snapshot that saw what lies before s's horizon, and nothing else.
func (s Snapshot) Settled() Snapshot { return Snapshot{xmin: s.xmin, xmax: s.xmin} }

// Saw reports whether the snapshot showed the event at the position.
func (s Snapshot) Saw(p Position) bool {
	return p.XID < s.xmin || p.XID < s.xmax && !slices.Contains(s.running, p.XID)
}

// After gives the next events in order, at most limit. None of them is of a transaction that began before since, which is a
// bound for where to look.
func (l Log) After(ctx context.Context, p Position, since time.Time, limit int) ([]Record, error) {
	rows, err := l.DB.Query(ctx, "select "+columns+" from app.read_events($1, $2::text::xid8, $3, $4)", since, xidText(p), p.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("read event log: %w", err)
	}
	return pgx.CollectRows(rows, scanRecord)
}

// ErrTrimmed is the error of Replay where events behind the position are kept no longer.
var ErrTrimmed = errors.New("events behind the position are gone")

// Replay gives an organization's events behind a position and up to another one, in order, at most limit.
func (l Log) Replay(ctx context.Context, org uuid.UUID, from, until Position, limit int) ([]Record, error) {
	rows, err := l.DB.Query(ctx, "select "+columns+" from app.replay_events($1, $2::text::xid8, $3, $4::text::xid8, $5, $6)",
		org, xidText(from), from.ID, xidText(until), until.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("replay events: %w", err)
	}
	records, err := pgx.CollectRows(rows, scanRecord)
	if fault.Is(err, fault.Validation) {
		return nil, ErrTrimmed
	}
	if err != nil {
		return nil, fmt.Errorf("replay events: %w", err)
	}
	return records, nil
}

// EndedSessions are the sessions that ended within the last 20 seconds.
func (l Log) EndedSessions(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := l.DB.Query(ctx, "select id from app.ended_sessions()")
	if err != nil {
		return nil, fmt.Errorf("read ended sessions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Held is for how long the oldest committed event waits for transactions that began before it.
func (l Log) Held(ctx context.Context) (time.Duration, error) {
	var seconds float64
	if err := l.DB.QueryRow(ctx, "select app.events_held()").Scan(&seconds); err != nil {
		return 0, fmt.Errorf("read what holds events: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

const columns = "xid::text, id, uid, org_id, kind, entity_id, project_id, task_id, board_id, version, actor_id, payload, created_at"

func xidText(p Position) string { return strconv.FormatUint(p.XID, 10) }

func scanRecord(row pgx.CollectableRow) (Record, error) {
	var r Record
	var xid string
	err := row.Scan(&xid, &r.ID, &r.UID, &r.Org, &r.Kind, &r.EntityID, &r.ProjectID, &r.TaskID, &r.BoardID, &r.Version, &r.ActorID, &r.Payload, &r.At)
	if err != nil {
		return r, err
	}
	r.XID, err = strconv.ParseUint(xid, 10, 64)
	return r, err
}
