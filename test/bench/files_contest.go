package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// turn does something once, and tells how much it did and how long that took.
type turn func(ctx context.Context) (amount float64, took time.Duration, err error)

// way is one of several ways to do the same.
type way struct {
	name    string
	servers []*server // whose CPU counts
	turn    turn
	undo    func(context.Context) error // clears away what the turn left behind; nil where that is nothing

	rates []float64 // amounts a second, round by round
	costs []float64 // milliseconds of CPU for an amount of 1
}

func (w *way) cpuTime() (all time.Duration, err error) {
	for _, s := range w.servers {
		used, err := s.cpuTime()
		if err != nil {
			return 0, err
		}
		all += used
	}
	return all, nil
}

func (w *way) measure(ctx context.Context) error {
	syscall.Sync() // or one would wait for what another has written
	before, err := w.cpuTime()
	if err != nil {
		return err
	}
	amount, took, err := w.turn(ctx)
	if err != nil {
		return err
	}
	after, err := w.cpuTime()
	if err != nil {
		return err
	}
	w.rates = append(w.rates, amount/took.Seconds())
	w.costs = append(w.costs, milliseconds(after-before)/amount)
	if w.undo == nil {
		return nil
	}
	return w.undo(ctx)
}

// contest has ways to do the same take turns, and compares them with some of them.
type contest struct {
	what, unit  string
	bases, ways []*way
}

// run prints the table of so many rounds, each begun by another way.
func (c *contest) run(ctx context.Context, rounds int) error {
	for round := range rounds {
		for i := range c.ways {
			w := c.ways[(round+i)%len(c.ways)]
			if err := w.measure(ctx); err != nil {
				return fmt.Errorf("%s, %s: %w", c.what, w.name, err)
			}
		}
	}
	head, line := fmt.Sprintf("| %-39s | %9s |", c.what, c.unit+"/s"), "|"+strings.Repeat("-", 41)+"|----------:|"
	for _, b := range c.bases {
		head, line = head+fmt.Sprintf(" %-21s |", "of "+b.name), line+strings.Repeat("-", 23)+"|"
	}
	fmt.Printf("\n%s %15s |\n%s----------------:|\n", head, "ms of CPU/"+c.unit, line)
	for _, w := range c.ways {
		fmt.Println(c.row(w))
	}
	return nil
}

func (c *contest) row(w *way) string {
	row := fmt.Sprintf("| %-39s | %9.0f |", w.name, median(w.rates))
	for _, b := range c.bases {
		ratio := "1"
		if b != w {
			ratio = ratios(w.rates, b.rates)
		}
		row += fmt.Sprintf(" %-21s |", ratio)
	}
	cost := "-"
	if len(w.servers) > 0 {
		cost = fmt.Sprintf("%.2f", median(w.costs))
	}
	return row + fmt.Sprintf(" %15s |", cost)
}
