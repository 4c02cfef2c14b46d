package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// result is what a side did in the measured span.
type result struct {
	rate      float64 // a second
	latencies []time.Duration
}

// load keeps all workers busy, first for the warm-up, then for the span that counts. The first error ends it.
func load(ctx context.Context, warmUp, span time.Duration, workers []func(context.Context) error) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	from := time.Now().Add(warmUp)
	until := from.Add(span)
	took := make([][]time.Duration, len(workers))
	var wg sync.WaitGroup
	for i, work := range workers {
		wg.Go(func() {
			for begun := time.Now(); begun.Before(until) && ctx.Err() == nil; {
				if err := work(ctx); err != nil {
					cancel(err)
					return
				}
				ended := time.Now()
				if ended.After(from) && ended.Before(until) {
					took[i] = append(took[i], ended.Sub(begun))
				}
				begun = ended
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return result{}, err
	}
	all := slices.Concat(took...)
	return result{float64(len(all)) / span.Seconds(), all}, nil
}

// quantile is the value below which the part q of the sorted values lies.
func quantile[T any](sorted []T, q float64) T {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
