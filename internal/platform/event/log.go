package event

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/db"
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
}

// Position is a place in the log's order: that of commits, as far as transactions below the snapshot's horizon go. A
// reader that follows it misses nothing, whatever order the transactions end in.
type Position struct {
	XID uint64
	ID  int64
}

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

// After gives the next events in order, at most limit.
func (l Log) After(ctx context.Context, p Position, limit int) ([]Record, error) {
	rows, err := l.DB.Query(ctx, `select xid::text, id, uid, org_id, kind, entity_id, project_id, task_id, version, actor_id, payload, created_at
		from app.read_events($1::text::xid8, $2, $3)`, strconv.FormatUint(p.XID, 10), p.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("read event log: %w", err)
	}
	return pgx.CollectRows(rows, scanRecord)
}

func scanRecord(row pgx.CollectableRow) (Record, error) {
	var r Record
	var xid string
	err := row.Scan(&xid, &r.ID, &r.UID, &r.Org, &r.Kind, &r.EntityID, &r.ProjectID, &r.TaskID, &r.Version, &r.ActorID, &r.Payload, &r.At)
	if err != nil {
		return r, err
	}
	r.XID, err = strconv.ParseUint(xid, 10, 64)
	return r, err
}
