package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// latencyTrial times a known number of events to each of the subscribers.
type latencyTrial struct {
	begun       time.Time
	subscribers int
	sent        []atomic.Int64  // when each event was, as time after begun
	took        []time.Duration // of each event to each subscriber
	left        atomic.Int64
	done        chan struct{} // closed when all have everything
}

func newLatencyTrial(events, subscribers int) *latencyTrial {
	t := &latencyTrial{begun: time.Now(), subscribers: subscribers, sent: make([]atomic.Int64, events), done: make(chan struct{})}
	t.took = make([]time.Duration, events*subscribers)
	t.left.Store(int64(len(t.took)))
	return t
}

func (t *latencyTrial) send(event int) { t.sent[event].Store(int64(time.Since(t.begun))) }

func (t *latencyTrial) arrived(event, subscriber int) error {
	if event >= len(t.sent) {
		return errTooMany
	}
	t.took[event*t.subscribers+subscriber] = time.Since(t.begun) - time.Duration(t.sent[event].Load())
	if t.left.Add(-1) == 0 {
		close(t.done)
	}
	return nil
}

// lasts is how long each event took to the last of its subscribers.
func (t *latencyTrial) lasts() []time.Duration {
	list := make([]time.Duration, 0, len(t.sent))
	for of := range slices.Chunk(t.took, t.subscribers) {
		list = append(list, slices.Max(of))
	}
	return list
}

// steady writes events at a pace, one after the other. None is sent before the one ahead of it is written.
func (a *audience) steady(ctx context.Context, w *writer, pace float64, span time.Duration) (*latencyTrial, error) {
	t := newLatencyTrial(max(1, int(pace*span.Seconds())), len(a.subscribers))
	a.listen(t.arrived)
	tick := time.NewTicker(time.Duration(float64(time.Second) / pace))
	defer tick.Stop()
	for event := range t.sent {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		t.send(event)
		if err := w.publish(); err != nil {
			return nil, err
		}
	}
	return t, a.wait(t.done)
}

// flight holds a number of events back that not everybody has. A slot is an event's that is on its way, by its number.
type flight struct {
	slots       []atomic.Int64 // subscribers who lack the event
	subscribers int
	free        chan struct{}
}

func newFlight(events, subscribers int) *flight {
	f := &flight{make([]atomic.Int64, events), subscribers, make(chan struct{}, events)}
	for i := range f.slots {
		f.slots[i].Store(int64(subscribers))
		f.free <- struct{}{}
	}
	return f
}

func (f *flight) arrived(event, _ int) error {
	slot := &f.slots[event%len(f.slots)]
	if slot.Add(-1) > 0 {
		return nil
	}
	slot.Store(int64(f.subscribers)) // all got the earlier ones by then, and the next in this slot is still to be written
	select {
	case f.free <- struct{}{}:
		return nil
	default:
		return errTooMany
	}
}

// saturation is what a side does when it is written to as fast as it delivers.
type saturation struct {
	rate float64       // deliveries a second: pairs of an event and a subscriber
	cpu  time.Duration // of the server, for a delivery
}

// saturate keeps all writers busy, with an event each in flight.
func (a *audience) saturate(ctx context.Context, writers []*writer, warmUp, span time.Duration) (saturation, error) {
	f := newFlight(len(writers), len(a.subscribers))
	a.listen(f.arrived)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, w := range writers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-ctx.Done():
					return
				case <-a.ctx.Done():
					return
				case <-f.free:
				}
				if err := w.publish(); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	s, err := a.observe(ctx, warmUp, span)
	close(stop)
	wg.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return saturation{}, err
	}
	return s, a.land(f)
}

// observe counts what arrives in the span.
func (a *audience) observe(ctx context.Context, warmUp, span time.Duration) (saturation, error) {
	if err := pause(ctx, warmUp); err != nil {
		return saturation{}, err
	}
	cpu, err := a.side.server.cpuTime()
	if err != nil {
		return saturation{}, err
	}
	begun, had := time.Now(), a.received()
	if err := pause(ctx, span); err != nil {
		return saturation{}, err
	}
	took, got := time.Since(begun), a.received()-had
	until, err := a.side.server.cpuTime()
	if err != nil {
		return saturation{}, err
	}
	if got == 0 {
		return saturation{}, fmt.Errorf("%s delivered nothing in %s", a.side.name, span)
	}
	return saturation{float64(got) / took.Seconds(), (until - cpu) / time.Duration(got)}, nil
}

// land waits until nothing is in flight.
func (a *audience) land(f *flight) error {
	landed := make(chan struct{})
	go func() {
		for range f.slots {
			select {
			case <-f.free:
			case <-a.ctx.Done():
			}
		}
		close(landed)
	}()
	return a.wait(landed)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
