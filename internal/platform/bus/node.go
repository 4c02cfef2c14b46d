package bus

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	patience   = 2 * time.Second // with a server that does not answer
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second // between attempts to connect
)

// node is what a bus has whatever carries it.
type node struct {
	id      uuid.UUID // random: how a node knows its own messages
	longest int       // message to send, in bytes
	log     *slog.Logger
	orgs    *orgs
	queue   *queue

	receiving sync.Mutex // one call at a time
	receive   func(org uuid.UUID, message []byte)
}

func newNode(longest int, log *slog.Logger) *node {
	return &node{id: uuid.New(), longest: longest, log: log, orgs: newOrgs(), queue: newQueue()}
}

// Publish implements Bus.
func (n *node) Publish(org uuid.UUID, text []byte) {
	if org != uuid.Nil && len(text) <= n.longest {
		n.queue.put(message{org, string(text)})
	}
}

// Join implements Bus.
func (n *node) Join(org uuid.UUID) {
	if org != uuid.Nil {
		n.orgs.join(org)
	}
}

// Leave implements Bus.
func (n *node) Leave(org uuid.UUID) { n.orgs.leave(org) }

// deliver hands on what another node sent to an organization that this one has joined.
func (n *node) deliver(from, org uuid.UUID, text string) {
	n.receiving.Lock()
	defer n.receiving.Unlock()
	if from != n.id && n.receive != nil && n.orgs.has(org) {
		n.receive(org, []byte(text))
	}
}

// receiveBy sets who gets the messages; nil is nobody.
func (n *node) receiveBy(receive func(uuid.UUID, []byte)) {
	n.receiving.Lock()
	defer n.receiving.Unlock()
	n.receive = receive
}

// run holds one session with the server after another until ctx ends. A session calls up once it is connected, and returns
// why it ended.
func (n *node) run(ctx context.Context, server string, receive func(uuid.UUID, []byte), session func(ctx context.Context, up func()) error) {
	n.receiveBy(receive)
	defer n.receiveBy(nil)
	lost, pause := false, firstPause
	up := func() {
		n.queue.take() // what has waited for the connection is out of date
		if lost {
			n.log.Info("the bus is back", "server", server)
		}
		lost, pause = false, firstPause
	}
	for {
		err := session(ctx, up)
		if ctx.Err() != nil {
			return
		}
		if !lost {
			n.log.Warn("the bus is lost: what happens on other nodes is found later", "server", server, "cause", err.Error())
			lost = true
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)): // nodes that lost it together do not all come back at once
		}
		pause = min(2*pause, lastPause)
	}
}
