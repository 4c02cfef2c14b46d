package filefaults_test

import (
	"net"
	"sync"
	"testing"
)

// relay stands before a scanner, and may hold what is sent to it up.
type relay struct {
	Addr string

	to string
	mu sync.Mutex
	at func(sent int) // before each piece, with the bytes of the connection so far; nil does nothing
}

func newRelay(t testing.TB, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	r := &relay{Addr: listener.Addr().String(), to: to}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go r.pass(conn)
		}
	}()
	return r
}

func (r *relay) hold(at func(sent int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = at
}

// pass passes a connection on until either end closes it.
func (r *relay) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		defer func() { _ = client.Close() }()
		r.copy(client, server, func(int) {})
	}()
	r.copy(server, client, func(sent int) {
		r.mu.Lock()
		at := r.at
		r.mu.Unlock()
		if at != nil {
			at(sent)
		}
	})
}

func (r *relay) copy(to, from net.Conn, before func(sent int)) {
	piece, sent := make([]byte, 64<<10), 0
	for {
		n, err := from.Read(piece)
		if n > 0 {
			before(sent)
			sent += n
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
