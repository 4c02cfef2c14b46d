package event

import (
	"context"
	"fmt"
	"strconv"
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
	var xid, epoch string
	err := l.DB.QueryRow(ctx, "select pg_snapshot_xmin(pg_current_snapshot())::text, app.stream_epoch()").Scan(&xid, &epoch)
	if err != nil {
		return Position{}, "", fmt.Errorf("read end of event log: %w", err)
	}
	p, err := ParseHorizon(xid)
	return p, epoch, err
}

// ParseHorizon is the position of pg_snapshot_xmin: every event before it is committed and visible.
func ParseHorizon(xid string) (Position, error) {
	n, err := strconv.ParseUint(xid, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("parse horizon: %w", err)
	}
	return Position{XID: n}, nil // events of the horizon's own transaction have ids above 0
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
