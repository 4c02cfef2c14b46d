package hub_test

import (
	"errors"
	"slices"
	"sync"
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
	client.Admit(&hub.Access{All: true, Except: map[uuid.UUID]bool{other: true}})
	said(secret{"early", one}, secret{"one", one})
	client.SetAccess(&hub.Access{Except: map[uuid.UUID]bool{other: true}})
	said(secret{"other", other})
	client.Admit(&hub.Access{All: true}) // too late
	said(secret{"other", other})
	client.SetAccess(&hub.Access{All: true})
	said(secret{"one", one}, secret{"other", other})
	client.SetAccess(&hub.Access{})
	said()
}

func publish(t *testing.T, h *hub.Hub, org uuid.UUID, m hub.Message) {
	t.Helper()
	if err := h.Publish(org, func() (hub.Message, error) { return m, nil }); err != nil {
		t.Fatal(err)
	}
}

func join(h *hub.Hub, org uuid.UUID) *hub.Client {
	c := hub.NewClient(org, uuid.New(), uuid.New())
	h.Join(c)
	return c
}

// take waits for the signal, which must have been given.
func take(t *testing.T, c *hub.Client) ([]hub.Message, hub.Reason) {
	t.Helper()
	select {
	case <-c.Ready():
	default:
		t.Fatal("nothing is ready")
	}
	return c.Take()
}

func TestPublishReachesItsOrganizationAlone(t *testing.T) {
	h := hub.New()
	mine, theirs := uuid.New(), uuid.New()
	a, b, foreign := join(h, mine), join(h, mine), join(h, theirs)
	publish(t, h, mine, text("one"))
	publish(t, h, mine, text("two"))
	for _, c := range []*hub.Client{a, b} {
		if got, reason := take(t, c); len(got) != 2 || got[0] != text("one") || got[1] != text("two") || reason != 0 {
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
	if err := h.Publish(org, make); err != nil || made != 0 {
		t.Errorf("made %d for nobody, %v", made, err)
	}
	join(h, org)
	join(h, org)
	if err := h.Publish(org, make); err != nil || made != 1 {
		t.Errorf("made %d for two, %v", made, err)
	}
	broken := errors.New("broken")
	if err := h.Publish(org, func() (hub.Message, error) { return nil, broken }); !errors.Is(err, broken) {
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
		if got, reason := take(t, brisk); len(got) != 1 || reason != 0 {
			t.Fatalf("brisk took %d, %d", len(got), reason)
		}
	}
	publish(t, h, org, text("x"))
	if got, reason := take(t, brisk); len(got) != 1 || reason != 0 {
		t.Errorf("brisk took %d, %d", len(got), reason)
	}
	publish(t, h, org, text("y"))
	if got, reason := take(t, slow); len(got) != 0 || reason != hub.SlowConsumer {
		t.Errorf("slow took %d messages, reason %d", len(got), reason)
	}
}

func TestExactlyTheAllowanceIsKept(t *testing.T) {
	h := hub.New()
	org := uuid.New()
	c := join(h, org)
	for range 3 { // taking it makes room again
		publish(t, h, org, text(make([]byte, hub.MaxBehind)))
		if got, reason := take(t, c); len(got) != 1 || reason != 0 {
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
		"the session ends":             {func(h *hub.Hub, c *hub.Client) { h.EndSession(c.Session) }, hub.SessionEnded},
		"another session ends":         {func(h *hub.Hub, _ *hub.Client) { h.EndSession(uuid.New()) }, 0},
		"the hub closes":               {func(h *hub.Hub, _ *hub.Client) { h.Close() }, hub.Restarting},
		"the first reason is the last": {func(h *hub.Hub, c *hub.Client) { h.EndSession(c.Session); h.Close() }, hub.SessionEnded},
	} {
		t.Run(name, func(t *testing.T) {
			h := hub.New()
			c := join(h, org)
			publish(t, h, org, text("before"))
			test.end(h, c)
			publish(t, h, org, text("after"))
			got, reason := take(t, c)
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
	if _, reason := take(t, c); reason != hub.Restarting {
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
				<-c.Ready()
				c.Take()
				h.EndSession(c.Session)
				h.EndMember(uuid.New(), c.User)
				h.Leave(c)
			}
		})
	}
	wg.Wait()
	if h.Len() != 1 {
		t.Errorf("%d clients left, want the stalled one", h.Len())
	}
	if got, reason := take(t, stalled); len(got) != 800 || reason != 0 {
		t.Errorf("the stalled client has %d messages, reason %d", len(got), reason)
	}
}
