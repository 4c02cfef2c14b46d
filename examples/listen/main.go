// Command listen prints an organization's events as they happen, one JSON object a line, whatever happens to the connection.
//
// It reads BASE_URL, TOKEN and ORG from the environment. The first line is the hello, which says that from now on nothing
// is missed. A line {"type":"resync"} says that something was: read everything anew after the hello that follows it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	lines := flag.Int("n", 0, "end after this many lines; 0 goes on")
	limit := flag.Duration("for", 0, "end after this time; 0 goes on")
	flag.Parse()
	if err := listen(*lines, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "listen: "+err.Error())
		os.Exit(1)
	}
}

// errEnough ends the stream after the last line that was asked for.
var errEnough = errors.New("enough lines")

func listen(lines int, limit time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	printed := 0
	s := stream{
		base:  cmp.Or(os.Getenv("BASE_URL"), "http://127.0.0.1:8000"),
		token: os.Getenv("TOKEN"),
		org:   os.Getenv("ORG"),
		handle: func(frame []byte) error {
			if _, err := fmt.Println(string(frame)); err != nil {
				return err
			}
			if printed++; printed == lines {
				return errEnough
			}
			return nil
		},
		lost: func(why error) { fmt.Fprintf(os.Stderr, "listen: %v; connecting again\n", why) },
	}
	err := s.follow(ctx)
	if errors.Is(err, errEnough) || ctx.Err() != nil {
		return nil
	}
	return err
}
