package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const stormHead = `| side   | all have all s | p50 s | µs of CPU each | transactions | refused | cut  |
|--------|---------------:|------:|---------------:|-------------:|--------:|-----:|
`

// storms cuts all connections of each side, has all come back at once, and waits until each has what it missed.
func (l *live) storms(ctx context.Context, plinth, bare *audience) error {
	cursor, err := l.past(ctx, plinth)
	if err != nil {
		return err
	}
	fmt.Printf("\nA storm, %d connections come back for %d events each:\n\n%s", len(plinth.subscribers), l.missed, stormHead)
	if err := pause(ctx, l.settle); err != nil { // until the database has counted what went before
		return err
	}
	before, err := l.house.transactions(ctx)
	if err != nil {
		return err
	}
	s, err := l.storm(ctx, plinth, cursor)
	if err != nil {
		return err
	}
	if err := pause(ctx, l.settle); err != nil {
		return err
	}
	after, err := l.house.transactions(ctx)
	if err != nil {
		return err
	}
	fmt.Print(s.row(strconv.FormatInt(after-before, 10)))
	if s, err = l.storm(ctx, bare, strconv.Itoa(l.missed)); err != nil {
		return err
	}
	fmt.Print(s.row("0"))
	return nil
}

// past writes what the subscribers are going to miss, and gives the cursor ahead of it.
func (l *live) past(ctx context.Context, a *audience) (string, error) {
	probe, err := connect(ctx, a.side, 1, 1, "", ignore)
	if err != nil {
		return "", err
	}
	defer probe.close()
	t := newLatencyTrial(l.missed, len(a.subscribers))
	a.listen(t.arrived)
	for range l.missed {
		if err := a.side.writers[0].publish(); err != nil {
			return "", err
		}
	}
	return probe.subscribers[0].hello, a.wait(t.done)
}

// storm is how one went.
type storm struct {
	side         string
	took         []time.Duration // until each has everything
	refused, cut int64
	cpu          time.Duration // of the server, for a connection
}

func (l *live) storm(ctx context.Context, a *audience, cursor string) (*storm, error) {
	cpu, err := a.side.server.cpuTime()
	if err != nil {
		return nil, err
	}
	n := len(a.subscribers)
	t := newLatencyTrial(l.missed, n) // its events count as sent from here on
	a.close()
	back, err := connect(ctx, a.side, n, n, cursor, t.arrived)
	if err != nil {
		return nil, err
	}
	defer back.close()
	if err := back.wait(t.done); err != nil {
		return nil, fmt.Errorf("storm: %w", err)
	}
	until, err := a.side.server.cpuTime()
	return &storm{a.side.name, t.took[(l.missed-1)*n:], back.refused.Load(), back.cut.Load(), (until - cpu) / time.Duration(n)}, err
}

func (s *storm) row(transactions string) string {
	slices.Sort(s.took)
	return fmt.Sprintf("| %-6s | %14.2f | %5.2f | %14d | %12s | %7d | %4d |\n", s.side, s.took[len(s.took)-1].Seconds(), quantile(s.took, 0.5).Seconds(),
		s.cpu.Microseconds(), transactions, s.refused, s.cut)
}
