package main

import (
	"fmt"
	"slices"
	"time"
)

// trial is what an operation's rounds gave: rates a second, round by round.
type trial struct {
	floor, scope, http []float64
	latencies          []time.Duration // of requests
}

const tableHead = `| operation     | pgbench, no RLS | scope in Go | of pgbench       |   HTTP | of pgbench       | p50 ms | p99 ms |
|---------------|----------------:|------------:|-----------------:|-------:|-----------------:|-------:|-------:|
`

func (t *trial) row(name string) string {
	slices.Sort(t.latencies)
	return fmt.Sprintf("| %-13s | %15.0f | %11.0f | %s | %6.0f | %s | %6.2f | %6.2f |\n", name,
		median(t.floor), median(t.scope), ratios(t.scope, t.floor), median(t.http), ratios(t.http, t.floor),
		milliseconds(quantile(t.latencies, 0.5)), milliseconds(quantile(t.latencies, 0.99)))
}

// ratios is the median ratio of the rounds, with the least and the greatest: how far to trust it.
func ratios(side, floor []float64) string {
	list := make([]float64, len(side))
	for i := range side {
		list[i] = side[i] / floor[i]
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", median(list), slices.Min(list), slices.Max(list))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
