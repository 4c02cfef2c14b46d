package hub_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/hub"
)

type text string

func (m text) Size() int { return len(m) }

func (text) IsFor(*hub.Client) bool { return true }

// secret is about a project.
type secret struct {
	text
	project uuid.UUID
}

func (m secret) IsFor(c *hub.Client) bool { return c.Sees(m.project) }

// TestAccess: what came before the access was known is held to it, and each change counts from then on.
func TestAccess(t *testing.T) {
	h, org := hub.New(), uuid.New()
	one, other := uuid.New(), uuid.New()
	client := join(h, org)
	said := func(want ...hub.Message) {
		t.Helper()
		publish(t, h, org, secret{"one", one})
		publish(t, h, org, secret{"other", other})
		if got, _ := client.Take(); !slices.Equal(got, want) {
			t.Errorf("heard %v, want %v", got, want)
		}
	}
	publish(t, h, org, secret{"early", one})
	publish(t, h, org, secret{"early too", other})
	client.Admit(&hub.Access{All: true, Except: map[uuid.UUID]bool{other: true}}, nil)
	said(secret{"early", one}, secret{"one", one})
	client.SetAccess(&hub.Access{Except: map[uuid.UUID]bool{other: true}})
	said(secret{"other", other})
	client.Admit(&hub.Access{All: true}, nil) // too late
	said(secret{"other", other})
	client.SetAccess(&hub.Access{All: true})
	said(secret{"one", one}, secret{"other", other})
	client.SetAccess(&hub.Access{})
	said()
}

var published atomic.Int64

// publish publishes at the next position.
func publish(t *testing.T, h *hub.Hub, org uuid.UUID, m hub.Message) hub.Position {
	t.Helper()
	at := hub.Position{XID: 1, ID: published.Add(1)}
	if err := h.Publish(org, at, func() (hub.Message, error) { return m, nil }); err != nil {
		t.Fatal(err)
	}
	return at
}

func join(h *hub.Hub, org uuid.UUID) *hub.Client {
	c := hub.NewClient(org, uuid.New(), uuid.New())
	h.Join(c)
	return c
}

func TestPublishReachesItsOrganizationAlone(t *testing.T) {
	h := hub.New()
	mine, theirs := uuid.New(), uuid.New()
	a, b, foreign := join(h, mine), join(h, mine), join(h, theirs)
	publish(t, h, mine, text("one"))
	publish(t, h, mine, text("two"))
	for _, c := range []*hub.Client{a, b} {
		if got, reason := c.Take(); len(got) != 2 || got[0] != text("one") || got[1] != text("two") || reason != 0 {
			t.Errorf("took %v, %d", got, reason)
		}
	}
	if got, reason := foreign.Take(); len(got) != 0 || reason != 0 {
		t.Errorf("another organization took %v, %d", got, reason)
	}
	h.Leave(a)
	publish(t, h, mine, text("three"))
	if got, _ := a.Take(); len(got) != 0 {
		t.Errorf("took %v after leaving", got)
	}
	if h.Len() != 2 {
		t.Errorf("%d clients, want 2", h.Len())
	}
}

func TestMessageIsMadeOnceAndOnlyForListeners(t *testing.T) {
	h := hub.New()
	org, made := uuid.New(), 0
	make := func() (hub.Message, error) { made++; return text("m"), nil }
	if err := h.Publish(org, hub.Position{ID: 1}, make); err != nil || made != 0 {
		t.Errorf("made %d for nobody, %v", made, err)
	}
	join(h, org)
	join(h, org)
	if err := h.Publish(org, hub.Position{ID: 1}, make); err != nil || made != 1 {
		t.Errorf("made %d for two, %v", made, err)
	}
	broken := errors.New("broken")
	if err := h.Publish(org, hub.Position{ID: 2}, func() (hub.Message, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestSlowConsumerIsCutOffAndLosesItsBacklog(t *testing.T) {
	h := hub.New()
	org := uuid.New()
	slow, brisk := join(h, org), join(h, org)
	half := text(make([]byte, hub.MaxBehind/2))
	for range 2 {
		publish(t, h, org, half)
		if got, reason := brisk.Take(); len(got) != 1 || reason != 0 {
			t.Fatalf("brisk took %d, %d", len(got), reason)
		}
	}
	publish(t, h, org, text("x"))
	if got, reason := brisk.Take(); len(got) != 1 || reason != 0 {
		t.Errorf("brisk took %d, %d", len(got), reason)
	}
	publish(t, h, org, text("y"))
	if got, reason := slow.Take(); len(got) != 0 || reason != hub.SlowConsumer {
		t.Errorf("slow took %d messages, reason %d", len(got), reason)
	}
}

func TestExactlyTheAllowanceIsKept(t *testing.T) {
	h := hub.New()
	org := uuid.New()
	c := join(h, org)
	for range 3 { // taking it makes room again
		publish(t, h, org, text(make([]byte, hub.MaxBehind)))
		if got, reason := c.Take(); len(got) != 1 || reason != 0 {
			t.Fatalf("took %d, %d", len(got), reason)
		}
	}
}

func TestEndings(t *testing.T) {
	org, other := uuid.New(), uuid.New()
	for name, test := range map[string]struct {
		end  func(*hub.Hub, *hub.Client)
		want hub.Reason
	}{
		"the member is removed":        {func(h *hub.Hub, c *hub.Client) { h.EndMember(org, c.User) }, hub.NotAMember},
		"a member is removed there":    {func(h *hub.Hub, c *hub.Client) { h.EndMember(other, c.User) }, 0},
		"another member is removed":    {func(h *hub.Hub, _ *hub.Client) { h.EndMember(org, uuid.New()) }, 0},
		"the session ends":             {func(h *hub.Hub, c *hub.Client) { h.EndSessions(c.Session) }, hub.SessionEnded},
		"another session ends":         {func(h *hub.Hub, _ *hub.Client) { h.EndSessions(uuid.New()) }, 0},
		"the hub closes":               {func(h *hub.Hub, _ *hub.Client) { h.Close() }, hub.Restarting},
		"the first reason is the last": {func(h *hub.Hub, c *hub.Client) { h.EndSessions(c.Session); h.Close() }, hub.SessionEnded},
	} {
		t.Run(name, func(t *testing.T) {
			h := hub.New()
			c := join(h, org)
			publish(t, h, org, text("before"))
			test.end(h, c)
			publish(t, h, org, text("after"))
			got, reason := c.Take()
			if reason != test.want {
				t.Errorf("reason %d, want %d", reason, test.want)
			}
			if want := map[bool]int{true: 2, false: 1}[test.want == 0]; len(got) != want || got[0] != text("before") {
				t.Errorf("took %v, want what came before the end", got)
			}
		})
	}
}

func TestClosedHubEndsLatecomers(t *testing.T) {
	h := hub.New()
	h.Close()
	c := join(h, uuid.New())
	if _, reason := c.Take(); reason != hub.Restarting {
		t.Errorf("reason %d", reason)
	}
	if h.Len() != 0 {
		t.Errorf("%d clients in a closed hub", h.Len())
	}
}

// TestManyAtOnce is for the race detector: nobody waits for a reader, and no lock is held while anybody waits.
func TestManyAtOnce(t *testing.T) {
	h := hub.New()
	org := uuid.New()
	stalled := join(h, org) // nobody ever takes from it
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				c := join(h, org)
				publish(t, h, org, text("m"))
				c.Take()
				h.EndSessions(c.Session)
				h.EndMember(uuid.New(), c.User)
				h.Leave(c)
			}
		})
	}
	wg.Wait()
	if h.Len() != 1 {
		t.Errorf("%d clients left, want the stalled one", h.Len())
	}
	if got, reason := stalled.Take(); len(got) != 800 || reason != 0 {
		t.Errorf("the stalled client has %d messages, reason %d", len(got), reason)
	}
}

// about is of a topic in a project.
type about struct {
	text
	project uuid.UUID
	topic   hub.Topic
}

func (m about) IsFor(c *hub.Client) bool { return c.Sees(m.project) && c.Follows([]hub.Topic{m.topic}) }

// TestFollowing: who follows something hears of that alone, as long as it sees its project.
func TestFollowing(t *testing.T) {
	h, org, project, hidden := hub.New(), uuid.New(), uuid.New(), uuid.New()
	one, two := hub.Topic{Kind: hub.Board, ID: uuid.New()}, hub.Topic{Kind: hub.Task, ID: uuid.New()}
	client := join(h, org)
	client.Admit(&hub.Access{All: true, Except: map[uuid.UUID]bool{hidden: true}}, nil)
	said := func(want ...hub.Message) {
		t.Helper()
		publish(t, h, org, about{"one", project, one})
		publish(t, h, org, about{"two", project, two})
		if got, _ := client.Take(); !slices.Equal(got, want) {
			t.Errorf("heard %v, want %v", got, want)
		}
	}
	said(about{"one", project, one}, about{"two", project, two})
	if client.Follow(one, hidden, 2) {
		t.Error("it follows what it does not see")
	}
	said(about{"one", project, one}, about{"two", project, two})
	if !client.Follow(one, project, 1) || client.Follow(two, project, 1) || !client.Follow(one, project, 1) {
		t.Error("a limit of one allows one, over and over")
	}
	said(about{"one", project, one})
	client.Follow(two, project, 2)
	client.Unfollow(one)
	said(about{"two", project, two})
	client.Unfollow(two)
	said()
	client.Follow(two, project, 2)
	if lost := client.SetAccess(&hub.Access{}); !slices.Equal(lost, []hub.Topic{two}) {
		t.Errorf("lost %v with the access", lost)
	}
	client.SetAccess(&hub.Access{All: true})
	said() // what was lost does not come back by itself
}

// TestResume: who comes back gets what the room remembers from behind its position, and is told where that begins.
func TestResume(t *testing.T) {
	h, org, other := hub.New(), uuid.New(), uuid.New()
	start := publish(t, h, org, text("to nobody"))
	join(h, org)
	first := publish(t, h, org, text("first"))
	publish(t, h, other, text("another organization's"))
	second := publish(t, h, org, text("second"))
	for name, c := range map[string]struct {
		from hub.Position
		want []hub.Message
	}{
		"from before the room": {hub.Position{}, []hub.Message{text("first"), text("second")}},
		"from its beginning":   {start, []hub.Message{text("first"), text("second")}},
		"from within":          {first, []hub.Message{text("second")}},
		"from the end":         {second, nil},
		"from ahead of us":     {hub.Position{XID: 2}, nil},
	} {
		client := hub.NewClient(org, uuid.New(), uuid.New())
		if since := h.Resume(client, c.from); since != start {
			t.Errorf("%s: since %v, want %v", name, since, start)
		}
		publish(t, h, other, text("not for us"))
		client.Admit(&hub.Access{All: true}, nil)
		if got, reason := client.Take(); !slices.Equal(got, c.want) || reason != 0 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	ahead := hub.NewClient(org, uuid.New(), uuid.New())
	h.Resume(ahead, hub.Position{XID: 1, ID: published.Load() + 1})
	publish(t, h, org, text("known"))
	publish(t, h, org, text("new"))
	if got, _ := ahead.Take(); !slices.Equal(got, []hub.Message{text("new")}) {
		t.Errorf("who was ahead of us took %v, want what it had not seen", got)
	}
}

// TestHistoryIsBounded in number, size and age; what it has lost, since tells.
func TestHistoryIsBounded(t *testing.T) {
	resumed := func(h *hub.Hub, org uuid.UUID) (int, hub.Position) {
		c := hub.NewClient(org, uuid.New(), uuid.New())
		since := h.Resume(c, hub.Position{})
		got, _ := c.Take()
		return len(got), since
	}
	for name, c := range map[string]struct {
		size, n, want int
		ticks         int
	}{
		"many":  {1, 2500, 1000, 0},
		"large": {100 << 10, 7, 2, 0},
		"fresh": {1, 3, 3, 29},
		"old":   {1, 3, 0, 30},
	} {
		t.Run(name, func(t *testing.T) {
			h, org := hub.New(), uuid.New()
			join(h, org)
			var at []hub.Position
			for range c.n {
				at = append(at, publish(t, h, org, text(make([]byte, c.size))))
			}
			for range c.ticks {
				h.Tick(25)
			}
			n, since := resumed(h, org)
			if n != c.want || c.want < c.n && since != at[c.n-c.want-1] {
				t.Errorf("%d remembered since %v, want %d", n, since, c.want)
			}
		})
	}
}

// TestTurns: every connection has its turn once in so many ticks.
func TestTurns(t *testing.T) {
	h := hub.New()
	turns := map[*hub.Client]int{}
	for range 60 {
		join(h, uuid.New())
	}
	for range 50 {
		for _, c := range h.Tick(25) {
			turns[c]++
		}
	}
	for _, n := range turns {
		if n != 2 {
			t.Errorf("%d turns in two rounds", n)
		}
	}
	if len(turns) != 60 {
		t.Errorf("%d of 60 had a turn", len(turns))
	}
}

// TestRoomsOpenAndEmpty: the bus is told once of each.
func TestRoomsOpenAndEmpty(t *testing.T) {
	h, org := hub.New(), uuid.New()
	var told []string
	h.Opened = func(id uuid.UUID) { told = append(told, "opened "+id.String()) }
	h.Emptied = func(id uuid.UUID) { told = append(told, "emptied "+id.String()) }
	a, b := join(h, org), join(h, org)
	h.Leave(a)
	h.Leave(a) // twice is as once
	h.Leave(b)
	h.Leave(b)
	if want := []string{"opened " + org.String(), "emptied " + org.String()}; !slices.Equal(told, want) {
		t.Errorf("told %v", told)
	}
}

// TestServe: what comes is written in order, by one at a time, and the end last.
func TestServe(t *testing.T) {
	h, org := hub.New(), uuid.New()
	c := join(h, org)
	publish(t, h, org, text("early"))
	var got []hub.Message
	ended := make(chan hub.Reason, 1)
	busy := make(chan struct{}, 1)
	c.Serve(func(messages []hub.Message, reason hub.Reason) {
		busy <- struct{}{} // would block beside another call
		got = append(got, messages...)
		<-busy
		if reason != 0 {
			ended <- reason
		}
	})
	want := []hub.Message{text("early")}
	for i := range 200 {
		want = append(want, text(rune('a'+i)))
		publish(t, h, org, want[i+1])
	}
	c.End(hub.SessionEnded)
	c.End(hub.Restarting)
	publish(t, h, org, text("late"))
	if reason := <-ended; reason != hub.SessionEnded || !slices.Equal(got, want) {
		t.Errorf("wrote %v, ended by %d", got, reason)
	}
}

// TestSignals are not for who lags.
func TestSignals(t *testing.T) {
	h, org := hub.New(), uuid.New()
	c := join(h, org)
	c.Signal(text("seen"))
	publish(t, h, org, text(make([]byte, hub.MaxBehind/4)))
	c.Signal(text("unseen"))
	if got, reason := c.Take(); len(got) != 2 || got[0] != text("seen") || reason != 0 {
		t.Errorf("took %d messages, reason %d", len(got), reason)
	}
}
