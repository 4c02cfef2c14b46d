package stream_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/redis"
)

// joined are two nodes over one database, with a bus of each kind between them.
func joined(t *testing.T, test func(t *testing.T, a, b *apitest.Server)) {
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		url := redis.Start(t).URL
		over := func(o *app.Options) {
			var err error
			if o.Bus, err = bus.NewRedis(url, slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
		}
		s := apitest.New(t, over)
		test(t, s, s.Node(t, over))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := apitest.New(t)
		over := func(o *app.Options) {
			o.Bus = bus.NewPostgres(s.DatabaseURL(db.AppRole), slog.New(slog.DiscardHandler))
		}
		test(t, s.Node(t, over), s.Node(t, over))
	})
}

// TestNodesShareViewers: who looks and what they signal is seen on the other node; who is on a node that goes is gone.
func TestNodesShareViewers(t *testing.T) {
	t.Parallel()
	joined(t, func(t *testing.T, one, two *apitest.Server) {
		ada := one.SignUp(t, "ada")
		mel := ada.Join(t, "mel", "member")
		p := newPlace(t, ada, "Engine", false)
		a, m := ada.At(one).Listen(t), mel.At(two).Listen(t)
		look := object{"type": "view", "task_id": p.task}
		a.Ask(t, look, "viewing")
		presenceOf(t, a, "ada")
		m.Ask(t, look, "viewing")
		presenceOf(t, m, "ada mel") // with the next word, where the bus came up after them
		presenceOf(t, a, "ada mel")
		a.Send(t, object{"type": "typing", "task_id": p.task, "typing": true})
		if seen := m.Until(t, "typing"); !strings.Contains(seen[len(seen)-1].Raw, ada.User) {
			t.Errorf("heard %s", seen[len(seen)-1].Raw)
		}
		m.Ask(t, object{"type": "leave", "task_id": p.task}, "left")
		presenceOf(t, a, "ada")
	})
}

// TestCanaries: whatever two organizations do on two nodes, neither hears of the other on any channel (threat 13).
func TestCanaries(t *testing.T) {
	t.Parallel()
	joined(t, func(t *testing.T, one, two *apitest.Server) {
		type house struct {
			canary  string
			admin   *apitest.Client
			place   place
			sockets []*apitest.Socket
			streams []*apitest.Stream
		}
		houses := []*house{{canary: "aardvark"}, {canary: "bumblebee"}}
		for _, h := range houses {
			h.admin = one.SignUp(t, h.canary)
			h.place = newPlace(t, h.admin, h.canary, false)
			for _, node := range []*apitest.Server{one, two} {
				h.sockets = append(h.sockets, h.admin.At(node).Listen(t), h.admin.At(node).ListenTo(t, "&board_id="+h.place.board))
				h.streams = append(h.streams, h.admin.At(node).Stream(t, ""))
			}
		}
		for i, h := range houses {
			other := houses[1-i]
			for _, socket := range h.sockets {
				for _, frame := range []object{
					{"type": "view", "board_id": h.place.board}, {"type": "view", "task_id": h.place.task},
					{"type": "typing", "task_id": h.place.task, "typing": true}, {"type": "cursor", "board_id": h.place.board, "data": object{"at": h.canary}},
					{"type": "view", "board_id": other.place.board}, {"type": "subscribe", "task_id": other.place.task}, // refused
					{"type": "typing", "task_id": other.place.task, "typing": true}, {"type": "cursor", "board_id": other.place.board, "data": object{"at": h.canary}},
				} {
					socket.Send(t, frame)
				}
			}
			h.admin.At(two).Do(t, "PATCH", "/v1/tasks/"+h.place.task, object{"title": h.canary + " moves"}).Want(t, 200)
			mark(t, h.admin, h.canary+" ends")
		}
		clean := func(h *house, raw string) {
			t.Helper()
			for _, stranger := range houses {
				for _, word := range []string{stranger.canary, stranger.admin.Org, stranger.admin.User, stranger.place.board, stranger.place.task} {
					if stranger != h && strings.Contains(raw, word) && !strings.Contains(raw, `"type":"error"`) {
						t.Errorf("%s heard %s", h.canary, raw)
					}
				}
			}
		}
		for _, h := range houses {
			for _, socket := range h.sockets {
				for pongs, marked := 0, false; pongs < 2 || !marked; { // what is on its way between nodes has time to come
					e := socket.Next(t)
					clean(h, e.Raw)
					marked = marked || e.Data["name"] == h.canary+" ends"
					if e.Type == "pong" {
						pongs++
					}
					if e.Type == "label.created" || e.Type == "pong" {
						socket.Send(t, object{"type": "ping"})
					}
				}
			}
			for _, stream := range h.streams {
				for e := stream.Next(t); e.Data["name"] != h.canary+" ends"; e = stream.Next(t) {
					clean(h, e.Raw)
				}
			}
		}
	})
}
