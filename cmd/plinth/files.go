package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/file"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/db"
)

type filesCmd struct {
	Move   filesMoveCmd   `cmd:"" help:"Move all files to another storage; it may be interrupted, and run again."`
	Strays filesStraysCmd `cmd:"" help:"Remove what lies in the storages for more than a day and is no file's."`
}

type filesMoveCmd struct {
	To string `help:"Where to: dir, the data directory, or s3, the bucket." enum:"dir,s3" required:"" placeholder:"STORAGE"`
}

// Run moves the files, also beside a running server, until all are there or a signal interrupts it.
func (m filesMoveCmd) Run(c *cli) error {
	return c.withFiles(func(ctx context.Context, files *file.Service) error {
		if files.Stores.S3 != nil {
			if err := files.Stores.S3.Prepare(ctx); err != nil {
				return err
			}
		}
		p := progress{told: time.Now()}
		err := files.Move(ctx, m.To, p.note)
		p.tell()
		if ctx.Err() != nil {
			return errors.New("interrupted; run it again to move the rest")
		}
		return err
	})
}

// progress tells on stderr how far a move has come, at most once a second.
type progress struct {
	objects int
	bytes   int64
	told    time.Time
}

func (p *progress) note(objects int, bytes int64) {
	p.objects, p.bytes = objects, bytes
	if time.Since(p.told) >= time.Second {
		p.tell()
	}
}

func (p *progress) tell() {
	p.told = time.Now()
	fmt.Fprintf(os.Stderr, "%d objects moved, %d bytes\n", p.objects, p.bytes)
}

type filesStraysCmd struct{}

// Run removes the strays, and prints the storage and the key of each.
func (filesStraysCmd) Run(c *cli) error {
	return c.withFiles(func(ctx context.Context, files *file.Service) error {
		count := 0
		err := files.Strays(ctx, func(store, key string) {
			count++
			fmt.Println(store, key)
		})
		fmt.Fprintf(os.Stderr, "%d strays removed\n", count)
		return err
	})
}

// withFiles reaches the files of a database that is up to date, until a signal ends the context.
func (c *cli) withFiles(use func(context.Context, *file.Service) error) error {
	return c.withDatabase(func(ctx context.Context, cfg config.Config, d *app.Database) error {
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := pendingMigrations(ctx, d.OwnerURL); err != nil {
			return err
		}
		stores, err := app.OpenStores(cfg)
		if err != nil {
			return err
		}
		pool, err := db.Open(ctx, d.AppURL, db.Options{Size: 1})
		if err != nil {
			return err
		}
		defer pool.Close()
		return use(ctx, &file.Service{Pool: pool, Stores: stores, Now: time.Now})
	})
}
