package event

import (
	"context"
	"log/slog"
	"time"
)

// Relay follows the log and hands every event, in order, to one receiver.
type Relay struct {
	Log     Log
	Deliver func(context.Context, Record) // in the log's order; what it waits for, all events after it wait for
	Logger  *slog.Logger

	wake chan struct{}
	read time.Time // when it last read
}

const (
	idlePoll  = 250 * time.Millisecond // finds what other processes wrote
	firstPoll = 5 * time.Millisecond   // gathers a burst of writes, and waits for the horizon to pass them
	batchSize = 1000

	// longestWrite is more than any transaction that writes events takes: what is yet to be read began no longer before the
	// last reading.
	longestWrite = 24 * time.Hour
)

// NewRelay makes a relay; Run starts it.
func NewRelay(log Log, deliver func(context.Context, Record), logger *slog.Logger) *Relay {
	return &Relay{Log: log, Deliver: deliver, Logger: logger, wake: make(chan struct{}, 1)}
}

// Wake tells the relay that events were written. It never blocks, and many calls are as one.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run follows the log from the position until ctx ends. While the database is away it keeps its place.
func (r *Relay) Run(ctx context.Context, from Position) {
	wait := idlePoll
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			wait = firstPoll
			timer.Reset(wait)
			continue
		case <-timer.C:
		}
		begun := time.Now()
		records, err := r.Log.After(ctx, from, r.read.Add(-longestWrite), batchSize)
		if err == nil {
			r.read = begun
		}
		if err != nil && ctx.Err() == nil {
			r.Logger.Warn("event relay waits for the database", "cause", err.Error())
			wait = idlePoll
		}
		for _, rec := range records {
			r.Deliver(ctx, rec)
			from = rec.Position
		}
		switch {
		case len(records) == batchSize:
			wait = 0
		case len(records) > 0:
			wait = firstPoll
		default:
			wait = min(2*max(wait, firstPoll), idlePoll)
		}
		timer.Reset(wait)
	}
}
