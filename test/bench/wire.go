package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
)

// statement is one that the server sends for an operation, as it stood on the wire: the floor cannot drift from it.
type statement struct {
	sql  string
	args []argument
}

// argument is a parameter: a variable, or a constant in text form, nil for null.
type argument struct {
	variable variable
	constant *string
}

// entryCall is what every scope sends first. It is part of the scope, so the floor goes without it.
const entryCall = "select app.enter_org("

// statementsOf does the operation once in an app of its own and gives what that sent to the database, less the entry.
func statementsOf(ctx context.Context, cfg config.Config, url string, o operation, tokens []string) ([]statement, error) {
	var w wire
	a, err := app.New(ctx, app.Options{Config: cfg, DatabaseURL: url, Log: slog.New(slog.DiscardHandler), Now: time.Now, Dial: w.dial})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	before := len(w.bound())
	about := draw{org: 1, task: 1, column: 1, title: 123_456}
	if err := serveOnce(ctx, a, o, about, tokens[about.org]); err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	bound := w.bound()[before:]
	if len(bound) < 2 || !strings.HasPrefix(bound[0].sql, entryCall) {
		return nil, fmt.Errorf("%s: %d statements were sent, not the entry and some more", o.name, len(bound))
	}
	var list []statement
	err = onConnection(ctx, url, func(c *pgx.Conn) error {
		for _, b := range bound[1:] {
			args, err := b.arguments(ctx, c, about)
			if err != nil {
				return err
			}
			list = append(list, statement{b.sql, args})
		}
		return nil
	})
	return list, err
}

func serveOnce(ctx context.Context, a *app.App, o operation, about draw, token string) error {
	path := string(parseTemplate(o.path).appendTo(nil, about))
	body := parseTemplate(o.body).appendTo(nil, about)
	hr := httptest.NewRequestWithContext(ctx, o.method, "http://localhost"+path, bytes.NewReader(body))
	if len(body) == 0 {
		hr.Body = http.NoBody
	}
	hr.Header.Set("Authorization", "Bearer "+token)
	hr.Header.Set("X-Org-Id", orgID.id(about.org).String())
	rec := httptest.NewRecorder()
	a.Router.ServeHTTP(rec, hr)
	if rec.Code != o.status {
		return fmt.Errorf("answered %d instead of %d: %s", rec.Code, o.status, rec.Body)
	}
	return nil
}

// wire remembers the statements of the connections that it dials.
type wire struct {
	mu   sync.Mutex
	seen []binding
}

// binding is a prepared statement with the parameters that it was run with.
type binding struct {
	sql  string
	bind pgproto3.Bind
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &tap{Conn: conn, wire: w, prepared: map[string]string{}}, nil
}

func (w *wire) bound() []binding {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}

// tap reads along what the driver writes.
type tap struct {
	net.Conn
	wire     *wire
	started  bool // past the start-up packet, which has no type byte
	pending  []byte
	prepared map[string]string
}

func (t *tap) Write(b []byte) (int, error) {
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

func (t *tap) note(kind byte, body []byte) error {
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
		t.wire.mu.Lock()
		defer t.wire.mu.Unlock()
		t.wire.seen = append(t.wire.seen, binding{t.prepared[bind.PreparedStatement], bind})
	}
	return nil
}

// arguments tells the variables among the parameters by their values.
func (b binding) arguments(ctx context.Context, c *pgx.Conn, about draw) ([]argument, error) {
	described, err := c.Prepare(ctx, "", b.sql)
	if err != nil {
		return nil, fmt.Errorf("describe statement: %w", err)
	}
	known := map[string]variable{
		orgID.id(about.org).String(): varOrg, taskID.id(about.task).String(): varTask,
		columnID.id(about.column).String(): varColumn, string(about.appendTitle(nil)): varTitle,
	}
	list := make([]argument, len(b.bind.Parameters))
	for i, raw := range b.bind.Parameters {
		if raw == nil {
			continue
		}
		oid := described.ParamOIDs[i]
		text, err := inText(c.TypeMap(), oid, formatOf(b.bind.ParameterFormatCodes, i), raw)
		if err != nil {
			return nil, fmt.Errorf("parameter $%d: %w", i+1, err)
		}
		switch v, ok := known[text]; {
		case ok:
			list[i].variable = v
		case oid == pgtype.UUIDOID:
			list[i].variable = varFresh
		default:
			list[i].constant = &text
		}
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
