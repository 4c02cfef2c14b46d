package stream_test

import (
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/tap"
)

// tapped is another node, and the count of the statements that it has sent with a text in them.
func tapped(t testing.TB, s *apitest.Server) (*apitest.Server, func(text string) int) {
	t.Helper()
	var watch tap.Tap
	node := s.Node(t, func(o *app.Options) { o.Dial = watch.Dial })
	return node, func(text string) int {
		n := 0
		for _, b := range watch.Seen() {
			if strings.Contains(b.SQL, text) {
				n++
			}
		}
		return n
	}
}
