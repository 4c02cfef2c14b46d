package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// audience is everybody who listens to one side, over a connection each. Their first error ends it for all.
type audience struct {
	side        *liveSide
	cursor      string // what they come back with; empty for those who come anew
	subscribers []*subscriber
	arrival     atomic.Pointer[arrival]
	refused     atomic.Int64 // handshakes that were tried again
	cut         atomic.Int64 // sockets that ended ahead of what they had missed
	ctx         context.Context
	fail        context.CancelCauseFunc
	reading     sync.WaitGroup
	dialing     chan struct{}
}

// arrival is told of each event that a subscriber has, both by number: from 0 on since listen. Its error ends the audience.
type arrival func(event, subscriber int) error

// errTooMany is an event that nobody wrote, or one that came twice.
var errTooMany = errors.New("more events than were written")

// subscriber reads frames (RFC 6455, 5.2), and no more of them than counting takes.
type subscriber struct {
	conn   *net.TCPConn
	in     *bufio.Reader
	hello  string // its cursor
	events atomic.Int64
	bytes  atomic.Int64 // of the last event's frame
}

const (
	readBuffer  = 4 << 10
	dialsAtOnce = 128 // stays within the backlog of a listener
	retryAfter  = 100 * time.Millisecond
)

// connect opens n sockets, at most atOnce of them at a time, and reads the hello of each. Those with a cursor get what is
// behind it.
func connect(ctx context.Context, side *liveSide, n, atOnce int, cursor string, on arrival) (*audience, error) {
	a := &audience{side: side, cursor: cursor, subscribers: make([]*subscriber, n), dialing: make(chan struct{}, dialsAtOnce)}
	a.ctx, a.fail = context.WithCancelCause(ctx)
	a.arrival.Store(&on)
	opening := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i := range a.subscribers {
		opening <- struct{}{}
		wg.Go(func() {
			defer func() { <-opening }()
			if err := a.open(i); err != nil {
				a.fail(err)
				return
			}
			a.reading.Go(func() { a.fail(a.follow(i)) })
		})
	}
	wg.Wait()
	if err := context.Cause(a.ctx); err != nil {
		a.close()
		return nil, fmt.Errorf("connect to %s: %w", side.name, err)
	}
	return a, nil
}

// follow reads until the connection ends. One that ends before it gave anything of what was missed is opened again, as
// clients do; elsewhere nothing may end.
func (a *audience) follow(i int) error {
	for {
		s := a.subscribers[i]
		err := s.read(a, i)
		if a.cursor == "" || s.events.Load() > 0 {
			return err
		}
		if err := a.again(&a.cut); err != nil {
			return err
		}
		if err := a.open(i); err != nil {
			return err
		}
	}
}

// again counts why a subscriber has to come back, and waits a little.
func (a *audience) again(why *atomic.Int64) error {
	why.Add(1)
	return pause(a.ctx, retryAfter)
}

// errRefused is a handshake that the server had no room for.
var errRefused = errors.New("refused")

// open connects one subscriber; where the server is too busy, it comes back a little later.
func (a *audience) open(i int) error {
	for {
		s, err := a.tryOpen(i)
		if !errors.Is(err, errRefused) {
			a.subscribers[i] = s
			return err
		}
		if err := a.again(&a.refused); err != nil {
			return err
		}
	}
}

func (a *audience) tryOpen(i int) (*subscriber, error) {
	a.dialing <- struct{}{}
	var d net.Dialer
	conn, err := d.DialContext(a.ctx, "tcp", a.side.server.addr)
	<-a.dialing
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	s := &subscriber{conn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, readBuffer)}
	context.AfterFunc(a.ctx, s.reset)
	if _, err := conn.Write(a.side.upgrade(i, a.cursor)); err != nil {
		s.reset()
		return nil, fmt.Errorf("send handshake: %w", err)
	}
	if err := s.readHandshake(); err != nil {
		s.reset()
		return nil, err
	}
	return s, nil
}

// reset ends the connection as a network that goes away does; no port is left waiting.
func (s *subscriber) reset() {
	_ = s.conn.SetLinger(0)
	_ = s.conn.Close()
}

// readHandshake reads the answer and the hello.
func (s *subscriber) readHandshake() error {
	line, err := s.in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read handshake: %w", err)
	}
	status := string(bytes.TrimSpace(line))
	for len(bytes.TrimSpace(line)) > 0 {
		if line, err = s.in.ReadSlice('\n'); err != nil {
			return fmt.Errorf("read handshake: %w", err)
		}
	}
	code, _ := strconv.Atoi(status[min(len(status), 9):min(len(status), 12)]) // else 0
	switch code {
	case http.StatusSwitchingProtocols:
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fmt.Errorf("%w: %s", errRefused, status)
	default:
		return fmt.Errorf("handshake: %s", status)
	}
	op, size, err := s.readHead()
	if err != nil || op != textFrame {
		return fmt.Errorf("read hello: %w", errors.Join(err, s.closeCode(op, size)))
	}
	text, err := s.in.Peek(size)
	if err != nil {
		return fmt.Errorf("read hello: %w", err)
	}
	var hello struct{ Type, Cursor string }
	if err := json.Unmarshal(text, &hello); err != nil || hello.Type != "hello" {
		return fmt.Errorf("first frame is %q", text)
	}
	s.hello = hello.Cursor
	_, err = s.in.Discard(size)
	return err
}

// The kinds of frames.
const (
	textFrame  = 1
	closeFrame = 8
	pingFrame  = 9
)

// readHead reads the head of a frame, which is whole and not masked.
func (s *subscriber) readHead() (op byte, size int, err error) {
	head, err := s.in.Peek(2)
	if err != nil {
		return 0, 0, err
	}
	op, size = head[0]&0x0f, int(head[1]&0x7f)
	long := map[int]int{126: 2, 127: 8}[size]
	if long == 0 {
		_, err = s.in.Discard(2)
		return op, size, err
	}
	if head, err = s.in.Peek(2 + long); err != nil {
		return 0, 0, err
	}
	var wide [8]byte
	copy(wide[8-long:], head[2:])
	_, err = s.in.Discard(2 + long)
	return op, int(binary.BigEndian.Uint64(wide[:])), err
}

// read counts the events and answers pings until the connection ends.
func (s *subscriber) read(a *audience, i int) error {
	for {
		op, size, err := s.readHead()
		if err != nil {
			return fmt.Errorf("socket ended: %w", err)
		}
		switch op {
		case textFrame:
			if _, err := s.in.Discard(size); err != nil {
				return fmt.Errorf("socket ended: %w", err)
			}
			s.bytes.Store(int64(size))
			n := s.events.Add(1) - 1
			if err := (*a.arrival.Load())(int(n), i); err != nil {
				return err
			}
		case pingFrame:
			if err := s.pong(size); err != nil {
				return fmt.Errorf("answer ping: %w", err)
			}
		default:
			return s.closeCode(op, size)
		}
	}
}

// pong sends the ping's text back, under a mask of zeros.
func (s *subscriber) pong(size int) error {
	text, err := s.in.Peek(size)
	if err != nil {
		return err
	}
	frame := append([]byte{0x8a, 0x80 | byte(size), 0, 0, 0, 0}, text...)
	if _, err := s.in.Discard(size); err != nil {
		return err
	}
	_, err = s.conn.Write(frame)
	return err
}

// closeCode is the error that a frame other than an event is.
func (s *subscriber) closeCode(op byte, size int) error {
	text, err := s.in.Peek(min(size, 125))
	if op != closeFrame || err != nil || len(text) < 2 {
		return fmt.Errorf("frame of kind %d", op)
	}
	return fmt.Errorf("server closed the socket with %d %s", binary.BigEndian.Uint16(text), text[2:])
}

// listen counts anew, from 0. Nothing may be on its way.
func (a *audience) listen(on arrival) {
	for _, s := range a.subscribers {
		s.events.Store(0)
	}
	a.arrival.Store(&on)
}

// received is how many events all subscribers have, together.
func (a *audience) received() (n int64) {
	for _, s := range a.subscribers {
		n += s.events.Load()
	}
	return n
}

// patience bounds the wait for what is to arrive, so that a server that loses events ends the run.
const patience = time.Minute

// wait waits until done is closed.
func (a *audience) wait(done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-a.ctx.Done():
		return context.Cause(a.ctx)
	case <-time.After(patience):
		return fmt.Errorf("%s: not everything arrived within %s", a.side.name, patience)
	}
}

// close resets all connections at once.
func (a *audience) close() {
	a.fail(errors.New("left"))
	a.reading.Wait()
}
