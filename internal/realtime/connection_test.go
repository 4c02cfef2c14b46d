package realtime

import (
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/hub"
)

// fakeOutput stands for a client over a network that breaks, and for a defect of ours.
type fakeOutput struct {
	did    []string
	breaks bool
	panics bool
}

func (o *fakeOutput) send(f frame) error {
	o.did = append(o.did, "send "+string(f.text))
	if o.panics {
		panic("a defect")
	}
	if o.breaks {
		return errors.New("broken pipe")
	}
	return nil
}

func (o *fakeOutput) ping() error           { o.did = append(o.did, "ping"); return nil }
func (o *fakeOutput) end(reason hub.Reason) { o.did = append(o.did, "end "+reason.String()) }
func (o *fakeOutput) abort()                { o.did = append(o.did, "abort") }

// TestOneConnectionIsLost where a write fails or panics: it ends once and tells whoever waits for it, and nothing else does.
func TestOneConnectionIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		out  fakeOutput
		want []string
	}{
		"all is well":      {fakeOutput{}, []string{"send one", "ping", "send two", "end session ended"}},
		"the network ends": {fakeOutput{breaks: true}, []string{"send one", "end "}},
		"a defect":         {fakeOutput{panics: true}, []string{"send one", "abort", "end session ended"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := hub.NewClient(uuid.New(), uuid.New(), uuid.New())
			client.Admit(&hub.Access{All: true}, nil)
			v := &Service{Logger: slog.New(slog.DiscardHandler)}
			con := &connection{Client: client, service: v, out: &c.out, done: make(chan struct{})}
			one, err := newFrame([]byte("one"), "")
			if err != nil {
				t.Fatal(err)
			}
			two, _ := newFrame([]byte("two"), "")
			client.Send(one)
			client.Send(ping{})
			client.Send(two)
			written := make(chan struct{}, 10)
			client.Serve(func(messages []hub.Message, reason hub.Reason) {
				con.write(messages, reason)
				written <- struct{}{}
			})
			<-written
			client.End(hub.SessionEnded)
			<-con.done
			if !slices.Equal(c.out.did, c.want) {
				t.Errorf("did %q, want %q", c.out.did, c.want)
			}
		})
	}
}
