package tus_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/plinth/plinth/internal/platform/tus"
)

func TestWholeInOneRequest(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		for _, size := range []int{0, 1, 8 << 20, 20<<20 + 3} {
			server := serve(t, s, newRecords())
			data := content(size)
			answer := server.send(t, "POST", base, bytes.NewReader(data), "Content-Type", chunk, "Upload-Length", fmt.Sprint(size))
			expect(t, answer, http.StatusCreated)
			where := answer.Header.Get("Location")
			if id := strings.TrimPrefix(where, base); id != server.get(where).ID || len(id) != 36 {
				t.Fatalf("Location is %q", where)
			}
			if got := answer.Header.Get("Upload-Offset"); got != fmt.Sprint(size) {
				t.Errorf("Upload-Offset is %q of %d", got, size)
			}
			expectWhole(t, s, server.records, where, data)
		}
	})
}

func TestInPieces(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(30<<20 + 17)
		where := server.create(t, len(data))
		at := 0
		for _, size := range []int{1, 4095, 5<<20 - 1, 9<<20 + 7, 3, 2 << 20, 8 << 20} {
			answer := server.patch(t, where, at, bytes.NewReader(data[at:at+size]))
			expect(t, answer, http.StatusNoContent)
			at += size
			if got := server.offset(t, where); got != at || answer.Header.Get("Upload-Offset") != fmt.Sprint(at) {
				t.Fatalf("at %d HEAD says %d, PATCH %s", at, got, answer.Header.Get("Upload-Offset"))
			}
			expect(t, server.patch(t, where, at-1, strings.NewReader("x")), http.StatusConflict)
		}
		head := server.send(t, "HEAD", where, nil)
		if got := head.Header.Get("Upload-Metadata"); !strings.Contains(got, "name YS50eHQ=") || !strings.Contains(got, "empty") {
			t.Errorf("Upload-Metadata is %q", got)
		}
		for name := range head.Header {
			if value := head.Header.Get(name); strings.Contains(value, "beef") || strings.Contains(value, "+") {
				t.Errorf("%s shows the storage's names: %s", name, value)
			}
		}
		expect(t, server.patch(t, where, at, bytes.NewReader(data[at:])), http.StatusNoContent)
		expectWhole(t, s, server.records, where, data)
	})
}

// TestAfterTheEnd: a client whose last answer was lost learns that all is there, and cannot change it any more.
func TestAfterTheEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(1000)
		where := server.create(t, len(data))
		expect(t, server.patch(t, where, 0, bytes.NewReader(data)), http.StatusNoContent)
		if got := server.offset(t, where); got != len(data) {
			t.Errorf("HEAD says %d", got)
		}
		expect(t, server.patch(t, where, len(data), http.NoBody), http.StatusNoContent)
		expect(t, server.patch(t, where, 0, bytes.NewReader(data)), http.StatusConflict)
		expect(t, server.send(t, "DELETE", where, nil), http.StatusNotFound)
		expectWhole(t, s, server.records, where, data)
	})
}

// TestFinishFails: the bytes are there but the record could not be written. The client's next question has it done.
func TestFinishFails(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		for name, again := range map[string]func(*server, string) int{
			"HEAD":  func(server *server, where string) int { return server.send(t, "HEAD", where, nil).StatusCode },
			"PATCH": func(server *server, where string) int { return server.patch(t, where, 1000, http.NoBody).StatusCode },
		} {
			server := serve(t, s, newRecords())
			data := content(1000)
			where := server.create(t, len(data))
			server.set(func() { server.breaks = 2 })
			answer := server.patch(t, where, 0, bytes.NewReader(data))
			expect(t, answer, http.StatusInternalServerError)
			if !strings.Contains(answer.text, errBroken.Error()) {
				t.Errorf("%s: answered %s", name, answer.text)
			}
			if got := again(server, where); got != http.StatusInternalServerError {
				t.Errorf("%s: answered %d before it was finished", name, got)
			}
			if got := again(server, where); got >= 300 {
				t.Errorf("%s: answered %d", name, got)
			}
			if got := server.offset(t, where); got != len(data) {
				t.Errorf("%s: HEAD says %d", name, got)
			}
			expectWhole(t, s, server.records, where, data)
		}
	})
}

// TestFinishFailsAtOnce: the client of a POST that failed at its end is told where to go on.
func TestFinishFailsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		for _, size := range []int{0, 1000} {
			server := serve(t, s, newRecords())
			data := content(size)
			server.set(func() { server.breaks = 1 })
			answer := server.send(t, "POST", base, bytes.NewReader(data), "Content-Type", chunk, "Upload-Length", fmt.Sprint(size))
			expect(t, answer, http.StatusInternalServerError)
			where := answer.Header.Get("Location")
			if got := server.offset(t, where); got != size {
				t.Errorf("HEAD says %d of %d", got, size)
			}
			expectWhole(t, s, server.records, where, data)
		}
	})
}

func TestTerminate(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		where := server.create(t, 12<<20)
		expect(t, server.patch(t, where, 0, bytes.NewReader(content(9<<20))), http.StatusNoContent)
		key := server.get(where).Key
		if len(s.traces(t, key)) == 0 {
			t.Fatal("nothing is seen of an upload under way")
		}
		expect(t, server.send(t, "DELETE", where, nil), http.StatusNoContent)
		if traces := s.traces(t, key); len(traces) > 0 {
			t.Errorf("left: %q", traces)
		}
		if server.get(where).ID != "" {
			t.Error("the record is there")
		}
		expect(t, server.send(t, "HEAD", where, nil), http.StatusNotFound)
	})
}

// TestRemove is what the sweep of expired uploads does.
func TestRemove(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		where, other := server.create(t, 12<<20), server.create(t, 10)
		expect(t, server.patch(t, where, 0, bytes.NewReader(content(9<<20))), http.StatusNoContent)
		for range 2 {
			if err := s.Remove(t.Context(), server.get(where).Key); err != nil {
				t.Fatal(err)
			}
			for _, trace := range s.traces(t, server.get(where).Key) {
				if strings.Contains(trace, server.get(where).ID) {
					t.Errorf("left: %s", trace)
				}
			}
		}
		expect(t, server.send(t, "HEAD", where, nil), http.StatusNotFound)
		expect(t, server.patch(t, other, 0, bytes.NewReader(content(10))), http.StatusNoContent)
		expectWhole(t, s, server.records, other, content(10))
	})
}

// TestAllAtOnce: of many that send the same bytes at once, each stops who came before, the upload is in order after each round,
// and it is finished once.
func TestAllAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(20 << 20)
		where := server.create(t, len(data))
		for at := 0; at < len(data); at = server.offset(t, where) {
			end := min(at+4<<20, len(data))
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					_, _ = server.try(t, "PATCH", where, bytes.NewReader(data[at:]), "Content-Type", chunk, "Upload-Offset", fmt.Sprint(at))
				})
			}
			all.Wait()
			if at = server.offset(t, where); at < end { // alone it gets somewhere
				expect(t, server.patch(t, where, at, bytes.NewReader(data[at:end])), http.StatusNoContent)
			}
		}
		expectWhole(t, s, server.records, where, data)
	})
}

// TestRestart: another process goes on.
func TestRestart(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		first := serve(t, s, newRecords())
		data := content(12 << 20)
		where := first.create(t, len(data))
		expect(t, first.patch(t, where, 0, bytes.NewReader(data[:10<<20])), http.StatusNoContent)
		first.Close()
		s.Storage = s.open(t)
		second := serve(t, s, first.records)
		at := second.offset(t, where)
		if at != 10<<20 {
			t.Errorf("HEAD says %d", at)
		}
		expect(t, second.patch(t, where, at, bytes.NewReader(data[at:])), http.StatusNoContent)
		expectWhole(t, s, first.records, where, data)
	})
}

var _ tus.Uploads = (*records)(nil)
