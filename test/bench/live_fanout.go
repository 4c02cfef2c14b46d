package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const fanOutHead = `| subscribers | side   | deliveries/s | of bare          | µs of CPU | p50 ms | p99 ms | last p50 ms | last p99 ms |
|------------:|--------|-------------:|------------------|----------:|-------:|-------:|------------:|------------:|
`

// fanOutTrial is what the rounds of one side gave.
type fanOutTrial struct {
	audience    *audience
	rates, cpu  []float64 // deliveries a second; microseconds of the server for each
	each, lasts []time.Duration
}

// fanOut lets the sides take turns: at a steady pace for the latency, then as fast as they deliver.
func (l *live) fanOut(ctx context.Context, plinth, bare *audience) error {
	sides := []*fanOutTrial{{audience: plinth}, {audience: bare}}
	for round := range l.rounds {
		for turn := range sides {
			t := sides[(round+turn)%len(sides)]
			if err := t.round(ctx, time.Duration(l.seconds)*time.Second); err != nil {
				return fmt.Errorf("fan-out of %s: %w", t.audience.side.name, err)
			}
		}
	}
	fmt.Print(sides[0].row(ratios(sides[0].rates, sides[1].rates)), sides[1].row("1"))
	return nil
}

// pace is how many events a second are modest for a room.
func pace(subscribers int) float64 { return min(5, max(2, 5_000/float64(subscribers))) }

func (t *fanOutTrial) round(ctx context.Context, span time.Duration) error {
	a := t.audience
	at, err := a.steady(ctx, a.side.writers[0], pace(len(a.subscribers)), 2*span)
	if err != nil {
		return err
	}
	t.each, t.lasts = append(t.each, at.took...), append(t.lasts, at.lasts()...)
	s, err := a.saturate(ctx, a.side.writers, warmUp, span)
	t.rates, t.cpu = append(t.rates, s.rate), append(t.cpu, float64(s.cpu.Nanoseconds())/1000)
	return err
}

func (t *fanOutTrial) row(ratio string) string {
	slices.Sort(t.each)
	slices.Sort(t.lasts)
	return fmt.Sprintf("| %11d | %-6s | %12.0f | %-16s | %9.1f | %6.1f | %6.1f | %11.1f | %11.1f |\n", len(t.audience.subscribers), t.audience.side.name,
		median(t.rates), ratio, median(t.cpu), milliseconds(quantile(t.each, 0.5)), milliseconds(quantile(t.each, 0.99)),
		milliseconds(quantile(t.lasts, 0.5)), milliseconds(quantile(t.lasts, 0.99)))
}
