package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// client sends requests over one kept-alive connection. It reads no more of HTTP/1.1 (RFC 9112) than this server's
// answers need, and allocates nothing, so that it takes as little as it can from the cores it shares with the server.
type client struct {
	conn   net.Conn
	in     *bufio.Reader
	out    []byte
	rng    *rand.Rand
	people population
	tokens []string
}

// requestTimeout bounds one request, so that a server that hangs ends the run.
const requestTimeout = 20 * time.Second

func dial(ctx context.Context, addr string, people population, tokens []string, seed uint64) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), rng: rand.New(rand.NewPCG(seed, 0)), people: people, tokens: tokens}, nil
}

// worker gives the function that does one request of the operation and reads its answer.
func (c *client) worker(o operation) func(context.Context) error {
	head, body := o.request()
	return func(context.Context) error {
		d := c.people.draw(c.rng)
		c.out = head.appendTo(c.out[:0], d)
		c.out = append(append(c.out, c.tokens[d.org]...), "\r\n\r\n"...)
		c.out = body.appendTo(c.out, d)
		if err := c.exchange(o.status); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		return nil
	}
}

// exchange sends what is in out, and reads the answer.
func (c *client) exchange(want int) error {
	if err := c.conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return c.readAnswer(want)
}

func (c *client) readAnswer(want int) error {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read status: %w", err)
	}
	if len(line) < len("HTTP/1.1 200") {
		return fmt.Errorf("status line %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return fmt.Errorf("status line %q", line)
	}
	length, err := c.readHead()
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	if status != want {
		said, _ := c.in.Peek(min(max(length, 0), 500)) // for the message only
		return fmt.Errorf("answered %d instead of %d: %s", status, want, said)
	}
	if length >= 0 {
		_, err = c.in.Discard(length)
		return err
	}
	return c.skipChunks()
}

// readHead reads the header fields and gives the length of the body, -1 where it is chunked.
func (c *client) readHead() (int, error) {
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
}

func (c *client) skipChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return errors.New("malformed chunk")
		}
		if _, err := c.in.Discard(int(size) + 2); err != nil { // and the line's end
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
