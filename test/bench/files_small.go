package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

// inFlight is a turn that keeps all workers busy for the span of a round, and counts what they did.
func (f *files) inFlight(workers []func(context.Context) error) turn {
	span := time.Duration(f.seconds) * time.Second
	return func(ctx context.Context) (float64, time.Duration, error) {
		r, err := load(ctx, 0, span, workers)
		return float64(len(r.latencies)), span, err
	}
}

// asking is a turn in which the clients connect to a server, and each sends one request after the other, and begins again.
func (f *files) asking(s *server, status int, requests ...[]byte) turn {
	return func(ctx context.Context) (float64, time.Duration, error) {
		workers := make([]func(context.Context) error, smallClients)
		for i := range workers {
			c, err := dial(ctx, s.addr, population{}, nil, 0)
			if err != nil {
				return 0, 0, err
			}
			defer func() { _ = c.conn.Close() }()
			next := i
			workers[i] = func(context.Context) error {
				c.out = append(c.out[:0], requests[next%len(requests)]...)
				next++
				return c.exchange(status)
			}
		}
		return f.inFlight(workers)(ctx)
	}
}

const requestTail = " HTTP/1.1\r\nHost: localhost\r\n"

// authorized ends the head of a request to plinth.
func (f *files) authorized(org int) string {
	return "X-Org-Id: " + orgID.id(org).String() + "\r\nAuthorization: Bearer " + f.tokens[org] + "\r\n\r\n"
}

// smallUploads has the clients upload to one organization, and to one each in turn: what an organization has stored is
// counted by one at a time.
func (f *files) smallUploads(ctx context.Context, plinth, bare *server) error {
	var forms [][]byte
	for org := range smallClients {
		forms = append(forms, f.smallForm(org))
	}
	copiers := make([]func(context.Context) error, smallClients)
	for i := range copiers {
		copiers[i] = func(context.Context) error { return copyFile(f.small, f.floor) }
	}
	post := []byte("POST /" + requestTail + "Content-Length: " + strconv.Itoa(smallSize) + "\r\n\r\n" + string(f.block[:smallSize]))
	copied := &way{name: "copy, fsync", turn: f.inFlight(copiers), undo: f.sweepFloor}
	posted := &way{name: "bare HTTP, fsync", servers: []*server{bare}, turn: f.asking(bare, http.StatusOK, post), undo: f.sweepFloor}
	one := &way{name: "plinth, 1 organization", servers: []*server{plinth}, turn: f.asking(plinth, http.StatusCreated, forms[0])}
	many := &way{name: fmt.Sprintf("plinth, %d organizations", len(forms)), servers: []*server{plinth}, turn: f.asking(plinth, http.StatusCreated, forms...)}
	c := &contest{what: "upload of 16 KiB to the directory", unit: "file", bases: []*way{copied, posted}, ways: []*way{copied, posted, one, many}}
	return c.run(ctx, f.rounds)
}

// smallForm is the whole request that uploads a small file.
func (f *files) smallForm(org int) []byte {
	head := "POST /v1/files/upload" + requestTail + "Content-Type: " + formType +
		"\r\nContent-Length: " + strconv.Itoa(len(formHead)+smallSize+len(formTail)) + "\r\n" + f.authorized(org)
	return append(append([]byte(head+formHead), f.block[:smallSize]...), formTail...)
}

func (f *files) smallDownloads(ctx context.Context, plinth, bare *server, v *visitor) error {
	var page struct {
		Items []stored `json:"items"`
	}
	if err := v.call(ctx, http.MethodGet, "/v1/files?limit="+strconv.Itoa(smallFiles+1), "", &page); err != nil {
		return err
	}
	if len(page.Items) < 2 {
		return fmt.Errorf("there are %d files to download", len(page.Items))
	}
	var ofPlinth, ofBare [][]byte
	for i, file := range page.Items[1:] { // the latest is the large one
		if err := v.fetch(ctx, downloadPath(file.ID), smallSize); err != nil { // once, as the clients do not look at what they get
			return err
		}
		name := "small-" + strconv.Itoa(i)
		if err := os.WriteFile(f.floor+"/"+name, f.block[:smallSize], 0o600); err != nil {
			return fmt.Errorf("write small files: %w", err)
		}
		ofBare = append(ofBare, []byte("GET /files/"+name+requestTail+"\r\n"))
		ofPlinth = append(ofPlinth, []byte("GET "+downloadPath(file.ID)+requestTail+f.authorized(0)))
	}
	given := &way{name: "http.FileServer", servers: []*server{bare}, turn: f.asking(bare, http.StatusOK, ofBare...)}
	own := &way{name: "plinth", servers: []*server{plinth}, turn: f.asking(plinth, http.StatusOK, ofPlinth...)}
	c := &contest{what: "download of 16 KiB from the directory", unit: "file", bases: []*way{given}, ways: []*way{given, own}}
	return c.run(ctx, f.rounds)
}
