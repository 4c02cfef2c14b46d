// Package bus carries short messages between the nodes of an installation, the processes that serve it, in a channel per
// organization: hints that there is something to look for in the database, and signals that nobody keeps.
package bus

import (
	"context"

	"github.com/google/uuid"
)

// Bus is a node's way to the other nodes. A message may be lost, and nothing may depend on it: not one is kept for a node
// that is away, and those that wait while the connection is lost are not sent later. What arrives from a node arrives in
// its order. Of equal messages that wait to be sent together only the last is.
//
// Only Run blocks. All else may be called at any time, before and after Run too.
type Bus interface {
	// Publish sends a message to the other nodes that have joined the organization. It never blocks and may lose the
	// message, and does where it is longer than the bus carries or where too many wait. A node does not get its own
	// messages back.
	Publish(org uuid.UUID, message []byte)

	// Join has this node get the organization's messages, from shortly after the call. Joining twice is as joining once.
	Join(org uuid.UUID)

	// Leave ends what Join began, at once but for one message that is being handed on at that moment.
	Leave(org uuid.UUID)

	// Run serves until ctx ends, once in the life of a Bus. It calls receive for each message of another node, one call at
	// a time and none after its return; receive must not block. The connection is Run's: it logs one warning when that is
	// lost and one line when it is back, and tries until it is.
	Run(ctx context.Context, receive func(org uuid.UUID, message []byte))
}

// Alone is the bus of a node that has no others.
func Alone() Bus { return alone{} }

type alone struct{}

func (alone) Publish(uuid.UUID, []byte) {}

func (alone) Join(uuid.UUID) {}

func (alone) Leave(uuid.UUID) {}

func (alone) Run(ctx context.Context, _ func(uuid.UUID, []byte)) { <-ctx.Done() }
