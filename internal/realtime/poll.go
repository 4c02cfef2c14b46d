package realtime

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/realtime/realtimedb"
)

// events gives the scope's events behind a position, in order, at most limit.
func (v *Service) events(ctx context.Context, s *db.Scope, from event.Position, limit int32) ([]event.Record, error) {
	rows, err := realtimedb.New(s).ListEvents(ctx, realtimedb.ListEventsParams{OrgID: s.Org(), Xid: strconv.FormatUint(from.XID, 10), ID: from.ID, More: limit})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	records := make([]event.Record, len(rows))
	for i, row := range rows {
		xid, err := strconv.ParseUint(row.Xid, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read position of event %s: %w", row.Uid, err)
		}
		records[i] = event.Record{Position: event.Position{XID: xid, ID: row.ID}, UID: row.Uid, Org: s.Org(), Kind: event.Type(row.Kind), EntityID: row.EntityID,
			ProjectID: row.ProjectID, TaskID: row.TaskID, Version: row.Version, ActorID: row.ActorID, Payload: row.Payload, At: row.CreatedAt}
	}
	return records, nil
}

// ListEventsInput is the request of ListEvents.
type ListEventsInput struct {
	Limit  int32  `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many events a page holds."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"Of the last event seen, of a board's snapshot, or next_cursor; from the beginning where it is absent."`
}

// Event is one of the stream, as a socket sends it.
type Event struct {
	Type       string       `json:"type" example:"task.moved"`
	ID         string       `json:"id" format:"uuid"`
	Cursor     string       `json:"cursor" doc:"Give it back to go on behind this event."`
	OrgID      string       `json:"org_id" format:"uuid"`
	OccurredAt time.Time    `json:"occurred_at"`
	ActorID    *string      `json:"actor_id" format:"uuid" nullable:"true"`
	ProjectID  string       `json:"project_id,omitempty" format:"uuid"`
	TaskID     string       `json:"task_id,omitempty" format:"uuid"`
	CommentID  string       `json:"comment_id,omitempty" format:"uuid"`
	Status     string       `json:"status,omitempty" doc:"That of the resource, where it has one."`
	Version    int32        `json:"version" doc:"Of the resource; apply an event only where it is higher than the one you hold."`
	Data       api.Document `json:"data" doc:"The resource."`

	frame jsontext.Value
}

// MarshalJSONTo implements json.MarshalerTo: byte for byte what a socket sends.
func (e Event) MarshalJSONTo(to *jsontext.Encoder) error { return to.WriteValue(e.frame) }

// ListEvents pages through the organization's stream, in the order of commits.
func (v *Service) ListEvents(ctx context.Context, s *db.Scope, in *ListEventsInput) (*api.Page[Event], error) {
	var from event.Position
	if in.Cursor != "" {
		var err error
		if from, err = v.Cursors.Open(s.Org(), in.Cursor); err != nil {
			return nil, fault.Invalid("query.cursor", "is not a cursor of this stream, or of an earlier life of it; read everything anew")
		}
	}
	if in.Cursor != "" {
		err := realtimedb.New(s.Ahead()).RequireKept(ctx, realtimedb.RequireKeptParams{OrgID: s.Org(), Xid: strconv.FormatUint(from.XID, 10), ID: from.ID})
		if err != nil {
			return nil, err
		}
	}
	records, err := v.events(ctx, s, from, in.Limit+1)
	if err != nil {
		return nil, err
	}
	page := &api.Page[Event]{Items: []Event{}}
	for i, r := range records {
		if i == int(in.Limit) {
			cursor := v.Cursors.Seal(s.Org(), records[i-1].Position)
			page.NextCursor = &cursor
			break
		}
		frame, err := event.NewFrame(r, v.Cursors.Seal(s.Org(), r.Position))
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, Event{frame: frame})
	}
	return page, nil
}
