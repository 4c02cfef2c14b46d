package main

import (
	"context"
	"errors"
	"fmt"
)

const memoryHead = `| side   | connections are in   | idle MB | with them MB | more MB | bytes a connection |
|--------|----------------------|--------:|-------------:|--------:|-------------------:|
`

// memory measures what idle connections take, of a server each that has done nothing else.
func (l *live) memory(ctx context.Context) error {
	fmt.Printf("\nMemory of the server's process, %d idle connections:\n\n%s", l.idle, memoryHead)
	for _, of := range []struct {
		rooms string
		start func(context.Context) (*liveSide, error)
	}{
		{"1 organization", func(ctx context.Context) (*liveSide, error) { return l.servePlinth(ctx, l.oneRoom) }},
		{fmt.Sprintf("%d organizations", l.rooms), func(ctx context.Context) (*liveSide, error) { return l.servePlinth(ctx, l.manyRooms) }},
		{"1 room", l.serveBare},
	} {
		if err := l.memoryOf(ctx, of.rooms, of.start); err != nil {
			return fmt.Errorf("memory of connections in %s: %w", of.rooms, err)
		}
	}
	return nil
}

func (l *live) memoryOf(ctx context.Context, rooms string, start func(context.Context) (*liveSide, error)) (err error) {
	side, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, side.server.stop()) }()
	idle, err := side.server.settled(ctx, l.settle)
	if err != nil {
		return err
	}
	a, err := connect(ctx, side, l.idle, calmly, "", ignore)
	if err != nil {
		return err
	}
	defer a.close()
	with, err := side.server.settled(ctx, l.settle)
	if err != nil {
		return err
	}
	if err := context.Cause(a.ctx); err != nil { // some have gone
		return err
	}
	const mb = 1e6
	fmt.Printf("| %-6s | %-20s | %7.1f | %12.1f | %7.1f | %18d |\n", side.name, rooms, float64(idle)/mb, float64(with)/mb, float64(with-idle)/mb, (with-idle)/int64(l.idle))
	return nil
}
