//go:build !linux

package pgembed

import (
	"context"
	"errors"
)

// Cluster cannot exist on this system: the guarantee that the server ends with
// its owner needs Linux's parent-death signal.
type Cluster struct{}

// Start always fails on this system.
func Start(context.Context, Options) (*Cluster, error) {
	return nil, errors.New("the embedded PostgreSQL needs Linux: set DATABASE_URL")
}

// Running always fails on this system.
func Running(Options) (func(user, database string) string, error) {
	return nil, errors.New("the embedded PostgreSQL needs Linux: set DATABASE_URL")
}

// URL returns the empty string.
func (*Cluster) URL(_, _ string) string { return "" }

// Stop does nothing.
func (*Cluster) Stop(context.Context) error { return nil }

// Done returns nil.
func (*Cluster) Done() <-chan struct{} { return nil }

// Err returns nil.
func (*Cluster) Err() error { return nil }

// Version returns the empty string.
func (*Cluster) Version() string { return "" }
