package api

import (
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
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

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *Time) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, token.String())
	if err != nil || token.Kind() != '"' {
		return errors.New("expected a time as in RFC 3339")
	}
	if at = at.UTC(); at.Year() < 1 || at.Year() > 9999 {
		return errors.New("expected a year from 1 to 9999 in UTC")
	}
	t.Time = at
	return nil
}

// TimePtr is the time, or nil where it is absent or null.
func TimePtr(n Nullable[Time]) *time.Time {
	if at := n.Ptr(); at != nil {
		return &at.Time
	}
	return nil
}

// Document is a JSON object that passes through unread, as the database wrote it.
type Document []byte

// OrEmpty is the object, or an empty one where it is absent.
func (d Document) OrEmpty() Document {
	if d == nil {
		return Document("{}")
	}
	return d
}

// MarshalJSON implements json.Marshaler.
func (d Document) MarshalJSON() ([]byte, error) {
	return d.OrEmpty(), nil
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom, for requests: there the object may be absent but not null.
func (d *Document) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if from.PeekKind() == 'n' {
		return errNull
	}
	text, err := from.ReadValue()
	*d = append((*d)[:0], text...)
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Document) UnmarshalJSON(text []byte) error {
	*d = append((*d)[:0], text...)
	return nil
}

// Schema implements huma.SchemaProvider.
func (Document) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}
