// Package tap reads along what an app sends to PostgreSQL: a statement that is measured or explained is then the very
// one that a request runs, and cannot drift from it.
package tap

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// Tap remembers the statements of the connections that it dials. The zero value is ready to use.
type Tap struct {
	mu   sync.Mutex
	seen []Binding
}

// Binding is a prepared statement with the parameters that it was run with.
type Binding struct {
	SQL  string
	bind pgproto3.Bind
}

// Dial opens a tapped connection; it fits db.Options.
func (t *Tap) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &tapped{Conn: conn, tap: t, prepared: map[string]string{}}, nil
}

// Seen gives what has been run so far, in order.
func (t *Tap) Seen() []Binding {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen
}

// tapped parses what the driver writes.
type tapped struct {
	net.Conn
	tap      *Tap
	started  bool // past the start-up packet, which has no type byte
	pending  []byte
	prepared map[string]string
}

func (t *tapped) Write(b []byte) (int, error) {
	t.pending = append(t.pending, b...)
	for {
		head := 1
		if !t.started {
			head = 0
		}
		if len(t.pending) < head+4 {
			break
		}
		end := head + int(binary.BigEndian.Uint32(t.pending[head:]))
		if len(t.pending) < end {
			break
		}
		if t.started {
			if err := t.note(t.pending[0], t.pending[5:end]); err != nil {
				return 0, err
			}
		}
		t.started = true
		t.pending = t.pending[end:]
	}
	return t.Conn.Write(b)
}

func (t *tapped) note(kind byte, body []byte) error {
	switch kind {
	case 'P':
		var parse pgproto3.Parse
		if err := parse.Decode(body); err != nil {
			return err
		}
		t.prepared[parse.Name] = parse.Query
	case 'B':
		var bind pgproto3.Bind
		if err := bind.Decode(bytes.Clone(body)); err != nil {
			return err
		}
		t.tap.mu.Lock()
		defer t.tap.mu.Unlock()
		t.tap.seen = append(t.tap.seen, Binding{t.prepared[bind.PreparedStatement], bind})
	}
	return nil
}

// Parameter is one that a statement was run with.
type Parameter struct {
	Type uint32  // OID
	Text *string // nil for null
}

// Parameters decodes the parameters. The connection tells their types, which the wire does not.
func (b Binding) Parameters(ctx context.Context, c *pgx.Conn) ([]Parameter, error) {
	described, err := c.Prepare(ctx, "", b.SQL)
	if err != nil {
		return nil, fmt.Errorf("describe statement: %w", err)
	}
	list := make([]Parameter, len(b.bind.Parameters))
	for i, raw := range b.bind.Parameters {
		list[i].Type = described.ParamOIDs[i]
		if raw == nil {
			continue
		}
		text, err := inText(c.TypeMap(), list[i].Type, formatOf(b.bind.ParameterFormatCodes, i), raw)
		if err != nil {
			return nil, fmt.Errorf("parameter $%d: %w", i+1, err)
		}
		list[i].Text = &text
	}
	return list, nil
}

// formatOf is the format of a parameter: there are codes for none (text), for all, or for each.
func formatOf(codes []int16, i int) int16 {
	switch len(codes) {
	case 0:
		return pgtype.TextFormatCode
	case 1:
		return codes[0]
	}
	return codes[i]
}

func inText(m *pgtype.Map, oid uint32, format int16, raw []byte) (string, error) {
	t, ok := m.TypeForOID(oid)
	if !ok {
		return "", errors.New("of a type that the driver does not know")
	}
	if oid == pgtype.UUIDOID && format == pgtype.BinaryFormatCode {
		id, err := uuid.FromBytes(raw)
		return id.String(), err
	}
	value, err := t.Codec.DecodeValue(m, oid, format, raw)
	if err != nil {
		return "", err
	}
	text, err := m.Encode(oid, pgtype.TextFormatCode, value, nil)
	return string(text), err
}
