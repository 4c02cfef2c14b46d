package api

import (
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// IDs is a list of ids in a body, at most a hundred.
type IDs []uuid.UUID

// Schema implements huma.SchemaProvider.
func (IDs) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, MaxItems: ptr(100), Items: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}
}

// Time is a time in a body, within the range that PostgreSQL and RFC 3339 share.
type Time struct{ time.Time }

// Schema implements huma.SchemaProvider.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-12-01T12:00:00Z"}}
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Time) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return errors.New("expected a time as in RFC 3339")
	}
	if at.Year() < 1 {
		return errors.New("expected a year of 1 or later")
	}
	t.Time = at.UTC()
	return nil
}

// Ptr is the time, or nil where none was given.
func (t Time) Ptr() *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t.Time
}
