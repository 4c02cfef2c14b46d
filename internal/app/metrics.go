package app

import "github.com/prometheus/client_golang/prometheus"

// measure shows how busy the database pool is and how many sockets are open.
func (a *App) measure() {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	a.Router.Registry().MustRegister(
		gauge("plinth_database_connections_used", "Database connections in use.", func() int { return int(a.Pool.Stat().AcquiredConns()) }),
		gauge("plinth_database_connections_most", "Database connections at most.", func() int { return int(a.Pool.Stat().MaxConns()) }),
		gauge("plinth_sockets", "Open sockets.", a.Hub.Len),
	)
}
