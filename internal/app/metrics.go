package app

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// measure shows how busy the database pool is and how many sockets are open.
func (a *App) measure() {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	a.Router.Registry().MustRegister(
		gauge("plinth_database_connections_used", "Database connections in use.", func() int { return int(a.Pool.Stat().AcquiredConns()) }),
		gauge("plinth_database_connections_most", "Database connections at most.", func() int { return int(a.Pool.Stat().MaxConns()) }),
		gauge("plinth_sockets", "Open live connections.", a.Hub.Len),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "plinth_event_log_held_seconds",
			Help: "For how long the oldest committed event waits for a transaction that began before it; NaN while the database does not say."}, a.held),
	)
}

// held asks when the metrics are read.
func (a *App) held() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	held, err := a.live.Log.Held(ctx)
	if err != nil {
		return math.NaN()
	}
	return held.Seconds()
}
