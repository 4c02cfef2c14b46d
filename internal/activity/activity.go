// Package activity is the history of a task, read from the event log.
package activity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/activity/activitydb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Entry is something that happened to a task or to what hangs on it.
type Entry struct {
	ID         uuid.UUID    `json:"id" format:"uuid" doc:"That of the event, as live connections tell it."`
	Type       string       `json:"type" example:"task.updated"`
	EntityID   uuid.UUID    `json:"entity_id" format:"uuid" doc:"What it happened to: the task, or a comment, checklist item, link or member of it."`
	ActorID    *uuid.UUID   `json:"actor_id" format:"uuid" nullable:"true"`
	OccurredAt time.Time    `json:"occurred_at"`
	Version    int32        `json:"version" doc:"Of what it happened to, from then on."`
	Changes    []Change     `json:"changes" nullable:"false" doc:"What an update changed, by name."`
	Data       api.Document `json:"data,omitzero" doc:"The whole of what was made or removed; also of what you see for the first time here. A comment that is gone has no text."`
}

// Change is a member of a resource before and after.
type Change struct {
	Field string `json:"field" doc:"A member of the resource; fields.<key> is a custom field." example:"priority"`
	From  Value  `json:"from"`
	To    Value  `json:"to"`
}

// Value is any JSON value, as the event log holds it.
type Value jsontext.Value

// MarshalJSONTo implements json.MarshalerTo.
func (v Value) MarshalJSONTo(e *jsontext.Encoder) error { return e.WriteValue(jsontext.Value(v)) }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (v *Value) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	read, err := d.ReadValue()
	*v = append((*v)[:0], read...)
	return err
}

// Schema implements huma.SchemaProvider.
func (Value) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "Any JSON value."}
}

// Routes registers the activity operation.
func Routes(r *api.Router) {
	api.Get(r, "/v1/tasks/{task}/activity", List, api.Op{ID: "list-activity", Tag: "Activity", Summary: "List what happened to a task",
		Doc: "Newest first, with its comments, checklist, links and watchers. Moves within a column are left out, and so is what happened in projects that you do not see. " +
			"From the oldest entry's data on, each update's changes lead to the task as it is.",
		Can: rbac.TaskRead})
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	api.TaskRef
}

// List gives a task's history, newest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Entry], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	id, key := in.Split()
	if err := activitydb.New(s.Ahead()).RequireTask(ctx, activitydb.RequireTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	// The planner would rather read and sort all of a task's events in each month of the log: most tasks have few.
	if _, err := s.Ahead().Exec(ctx, "select set_config('enable_sort', 'off', true)"); err != nil {
		return nil, err
	}
	rows, err := activitydb.New(s).ListActivity(ctx, activitydb.ListActivityParams{OrgID: s.Org(), TaskID: id, TaskKey: key, After: after, More: in.More()})
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	entries := make([]Entry, len(rows))
	for i, row := range rows {
		if entries[i], err = entryOf(row); err != nil {
			return nil, fmt.Errorf("read event %s: %w", row.ID, err)
		}
	}
	return api.NewPage(in.PageQuery, entries, func(e Entry) Entry { return e }, func(e Entry) uuid.UUID { return e.ID })
}

func entryOf(r activitydb.ListActivityRow) (Entry, error) {
	e := Entry{ID: r.ID, Type: r.Kind, EntityID: r.EntityID, ActorID: r.ActorID, OccurredAt: r.OccurredAt, Version: r.Version}
	if err := json.Unmarshal(r.Changes, &e.Changes); err != nil {
		return e, fmt.Errorf("decode changes: %w", err)
	}
	for i, c := range e.Changes {
		e.Changes[i].From, e.Changes[i].To = restTime(c.Field, c.From), restTime(c.Field, c.To)
	}
	if r.Data == nil {
		return e, nil
	}
	data, err := event.RestTimes(r.Data)
	e.Data = api.Document(data)
	return e, err
}

// restTime writes a member's value as event.RestTimes does, where it is a time.
func restTime(name string, v Value) Value {
	var at time.Time
	if !strings.HasSuffix(name, "_at") || strings.HasPrefix(name, "fields.") || json.Unmarshal(v, &at) != nil || at.IsZero() {
		return v
	}
	text, err := json.Marshal(at.UTC())
	if err != nil {
		return v
	}
	return text
}
