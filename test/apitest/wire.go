package apitest

import (
	"context"
	"encoding/binary"
	"net"
	"sync/atomic"
)

// Wire watches the connections to the database and counts round trips: a Sync or simple Query of the frontend that
// executes something, for which the client then waits. Preparing a statement, which a connection does once, is not
// counted.
type Wire struct{ trips atomic.Int64 }

// Trips is how many round trips there have been.
func (w *Wire) Trips() int64 { return w.trips.Load() }

// Dial opens a watched connection; it fits db.Options.
func (w *Wire) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &watched{Conn: conn, wire: w}, nil
}

// watched parses what the frontend writes: after the untyped start-up message, each message is a type byte and a length
// that includes itself.
type watched struct {
	net.Conn
	wire     *Wire
	pending  []byte
	started  bool
	executes bool
}

func (c *watched) Write(b []byte) (int, error) {
	c.pending = append(c.pending, b...)
	for c.step() {
	}
	return c.Conn.Write(b)
}

func (c *watched) step() bool {
	head := 5
	if !c.started {
		head = 4
	}
	if len(c.pending) < head {
		return false
	}
	length := int(binary.BigEndian.Uint32(c.pending[head-4:])) + head - 4
	if len(c.pending) < length {
		return false
	}
	if c.started {
		c.see(c.pending[0])
	}
	c.started = true
	c.pending = c.pending[length:]
	return true
}

func (c *watched) see(kind byte) {
	switch kind {
	case 'E': // Execute
		c.executes = true
	case 'Q': // Query
		c.wire.trips.Add(1)
	case 'S': // Sync
		if c.executes {
			c.wire.trips.Add(1)
		}
		c.executes = false
	}
}
