package bus

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestNamesOfChannels(t *testing.T) {
	org := uuid.MustParse("0190a5b0-0000-7000-8000-00000000beef")
	if got, ok := orgOf("plinth:{0190a5b0-0000-7000-8000-00000000beef}"); !ok || got != org {
		t.Errorf("got %v, %t", got, ok)
	}
	for _, name := range []string{
		"", "plinth:", "plinth:{}", org.String(), "{" + org.String() + "}", "plinth:" + org.String(), "plinth:{" + org.String(),
		strings.ToUpper(channel(org)), channel(org) + "}", "plinth:{0190a5b0000070008000000000000beef}",
	} {
		if got, ok := orgOf(name); ok {
			t.Errorf("%q is read as %v", name, got)
		}
	}
}

// TestQueue: the last of equal messages is sent, in its place, and no more wait than there is room for.
func TestQueue(t *testing.T) {
	q, one, two := newQueue(), uuid.New(), uuid.New()
	for _, m := range []message{{one, "on"}, {one, "off"}, {two, "on"}, {one, "on"}} {
		q.put(m)
	}
	if got, want := q.take(), []message{{one, "off"}, {two, "on"}, {one, "on"}}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	for _, test := range []struct{ size, want int }{{4, queueLength}, {queueBytes / 4, 4}, {queueBytes + 1, 0}} {
		for i := range 2 * queueLength {
			q.put(message{one, string(rune(i+1)) + strings.Repeat("x", test.size-len(string(rune(i+1))))})
		}
		if got := len(q.take()); got != test.want {
			t.Errorf("kept %d messages of %d bytes, want %d", got, test.size, test.want)
		}
	}
}

// TestNobodyIsCalledAfterTheEnd, even if a connection still reads.
func TestNobodyIsCalledAfterTheEnd(t *testing.T) {
	n, org, calls := newNode(1, slog.New(slog.DiscardHandler)), uuid.New(), 0
	n.Join(org)
	ctx, stop := context.WithCancel(t.Context())
	n.run(ctx, "nothing", func(uuid.UUID, []byte) { calls++ }, func(context.Context, func()) error {
		n.deliver(uuid.New(), org, "in time")
		stop()
		return errors.New("the end")
	})
	n.deliver(uuid.New(), org, "late")
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}
