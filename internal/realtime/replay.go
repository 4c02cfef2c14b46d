package realtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/event"
)

const (
	replayPage    = 500
	replayLimit   = 10_000 // events; who missed more reads everything anew
	replayTimeout = 10 * time.Second
	replayKept    = 10 * time.Second
	replayPages   = 100 // kept at most
)

// resyncText has a client read everything anew.
var resyncText = []byte(`{"type":"resync"}`)

// errLost is the error of a client that missed more than can be replayed, or whose cursor means nothing any more.
var errLost = errors.New("the cursor is too old to replay")

// replay sends what the log holds between where the client was and what its mailbox goes on with. Who missed too much is
// told to resync.
func (c *connection) replay(ctx context.Context) error {
	if c.resume == nil {
		return nil
	}
	from, until := c.resume.from, c.resume.until
	for sent := 0; from.Before(until); {
		page, err := c.service.replays.get(ctx, replayKey{c.Org, from, until}, c.service.readPage)
		if err != nil {
			return err
		}
		if sent += len(page); sent > replayLimit {
			return errLost
		}
		for _, m := range page {
			if err := c.pass(m); err != nil {
				return err
			}
			from = m.record.Position
		}
		if len(page) < replayPage {
			return nil
		}
	}
	return nil
}

// pass sends a message past the mailbox.
func (c *connection) pass(m message) error {
	if !c.Hears(m) {
		return nil
	}
	return c.out.send(m.frame)
}

// readPage reads a page of an organization's log, for whoever may see what of it.
func (v *Service) readPage(ctx context.Context, key replayKey) (page []message, err error) {
	err = errors.New("replay ended by a panic")
	v.guarded("replay", func() { page, err = v.encodePage(ctx, key) })
	return page, err
}

func (v *Service) encodePage(ctx context.Context, key replayKey) ([]message, error) {
	records, err := v.Log.Replay(ctx, key.org, key.from, key.until, replayPage)
	if errors.Is(err, event.ErrTrimmed) {
		return nil, errLost
	}
	if err != nil {
		return nil, err
	}
	page := make([]message, len(records))
	for i, r := range records {
		if page[i], err = v.newMessage(r); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// replays are pages of the log that were read lately. Connections that are cut together come back together, from the same
// few positions: each page is read and encoded once for all of them.
type replays struct {
	now func() time.Time

	mu    sync.Mutex
	pages map[replayKey]*replayedPage
}

type replayKey struct {
	org         uuid.UUID
	from, until event.Position
}

type replayedPage struct {
	read     chan struct{} // closed when the rest is set
	messages []message
	err      error
	at       time.Time
}

// get gives a page, which read reads where nobody has done so lately. A failure is not kept.
func (r *replays) get(ctx context.Context, key replayKey, read func(context.Context, replayKey) ([]message, error)) ([]message, error) {
	r.mu.Lock()
	page := r.pages[key]
	if page == nil {
		page = &replayedPage{read: make(chan struct{})}
		r.pages[key] = page
		go r.fill(context.WithoutCancel(ctx), key, page, read)
	}
	r.mu.Unlock()
	select {
	case <-page.read:
		return page.messages, page.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *replays) fill(ctx context.Context, key replayKey, page *replayedPage, read func(context.Context, replayKey) ([]message, error)) {
	ctx, cancel := context.WithTimeout(ctx, replayTimeout)
	defer cancel()
	defer close(page.read)
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if page.err != nil || len(r.pages) > replayPages {
			delete(r.pages, key)
		}
	}()
	page.messages, page.err = read(ctx, key)
	page.at = r.now()
}

// forget drops the pages that were read long ago.
func (r *replays) forget() {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, page := range r.pages {
		select {
		case <-page.read:
			if now.Sub(page.at) > replayKept {
				delete(r.pages, key)
			}
		default:
		}
	}
}
