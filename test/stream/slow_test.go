package stream_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// TestSlowStream: who does not read a stream is cut off, nobody waits for him, and what he missed he gets when he comes back.
func TestSlowStream(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	cursor := seen(t, ada)
	narrow := &http.Transport{ReadBufferSize: 512, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = errors.Join(err, tcp.SetReadBuffer(64<<10))
		}
		return conn, err
	}}
	defer narrow.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/events/stream?cursor="+cursor, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ada.Token)
	req.Header.Set("X-Org-Id", ada.Org)
	resp, err := narrow.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	brisk := ada.Listen(t)
	const large = 24
	for n := range large {
		if _, err := s.Owner.Exec(t.Context(), `insert into app.events (org_id, kind, entity_id, version, actor_id, payload)
			select $1, 'project.updated', gen_random_uuid(), 1, $2, jsonb_build_object('number', $3::int, 'filler', repeat('x', 400000))`, ada.Org, ada.User, n); err != nil {
			t.Fatal(err)
		}
		if e := brisk.Next(t); e.Data["number"] != float64(n) {
			t.Fatalf("event %.200s out of turn", e.Raw)
		}
	}
	until(t, "it is cut off", func() bool { return s.App.Hub.Len() == 1 })
	got, last := 0, cursor
	for lines := bufio.NewReaderSize(resp.Body, 1<<20); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			last = strings.TrimSpace(id)
		}
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, `"number"`) && strings.HasSuffix(line, "\n") {
			got++
		}
	}
	if got == 0 || got >= large {
		t.Fatalf("it got %d events of %d before its end", got, large)
	}
	again := ada.Stream(t, "", apitest.Header{Name: "Last-Event-ID", Value: last})
	for n := got; n < large; n++ {
		if e := again.Next(t); e.Data["number"] != float64(n) {
			t.Fatalf("back, it got %.200s, want number %d", e.Raw, n)
		}
	}
}
