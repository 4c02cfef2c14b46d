package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// bareCommand is the first argument that makes this program the bare fan-out; the address and the bytes of a frame follow.
const bareCommand = "bare"

// startBare runs the bare fan-out with frames of the size in a process of its own.
func startBare(ctx context.Context, program string, frame int) (*server, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	return startServer(ctx, exec.CommandContext(ctx, program, bareCommand, addr, strconv.Itoa(frame)), addr)
}

// serveBare serves the fan-out until the context ends.
func serveBare(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: bare address bytes")
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("read size of frames: %w", err)
	}
	f := &bareFanOut{frame: []byte(strings.Repeat("x", size)), room: map[*bareMember]struct{}{}}
	f.upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferPool: &sync.Pool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /ws", f.join)
	mux.HandleFunc("POST /publish", f.publish)
	s := &http.Server{Addr: args[0], Handler: mux, ReadHeaderTimeout: readyWithin}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve bare fan-out: %w", err)
	}
	return nil
}

// bareFanOut is the least that carries a frame to everybody: one room, and for each connection a channel and a goroutine
// that writes. It has no tenants, no log, no database, and does not read what clients send.
type bareFanOut struct {
	upgrader websocket.Upgrader
	frame    []byte

	mu   sync.RWMutex
	room map[*bareMember]struct{}
}

type bareMember struct {
	conn   *websocket.Conn
	frames chan *websocket.PreparedMessage
}

// bareBehind is how many frames a connection may lag.
const bareBehind = 256

// join says hello, with as many frames behind it as the query's replay says. The member is in the room by then.
func (f *bareFanOut) join(w http.ResponseWriter, hr *http.Request) {
	replay, _ := strconv.Atoi(hr.URL.Query().Get("replay")) // none
	conn, err := f.upgrader.Upgrade(w, hr, nil)
	if err != nil {
		return // the upgrader has answered
	}
	m := &bareMember{conn, make(chan *websocket.PreparedMessage, bareBehind)}
	f.mu.Lock()
	f.room[m] = struct{}{}
	f.mu.Unlock()
	go func() { // the request's own goroutine ends, and frees what net/http holds
		defer f.leave(m)
		_ = m.write(f.frame, replay) // the connection's end
	}()
}

func (f *bareFanOut) leave(m *bareMember) {
	f.mu.Lock()
	delete(f.room, m)
	f.mu.Unlock()
	_ = m.conn.Close()
}

func (m *bareMember) write(frame []byte, replay int) error {
	if err := m.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","cursor":""}`)); err != nil {
		return err
	}
	for range replay {
		if err := m.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
			return err
		}
	}
	for p := range m.frames {
		_ = m.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if err := m.conn.WritePreparedMessage(p); err != nil {
			return err
		}
	}
	return nil
}

// publish hands one frame to all; who is too far behind loses the connection.
func (f *bareFanOut) publish(w http.ResponseWriter, _ *http.Request) {
	p, err := websocket.NewPreparedMessage(websocket.TextMessage, f.frame)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for m := range f.room {
		select {
		case m.frames <- p:
		default:
			_ = m.conn.Close()
		}
	}
}
