package tus_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

const piece = 50 << 20

// TestMemoryIsFlat while 300 MiB pass, in pieces of 50.
func TestMemoryIsFlat(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		where, sent := server.create(t, 6*piece), sha256.New()
		before, peak := heap(), watchHeap(t)
		for i := range 6 {
			body := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{byte(i)}), piece), sent)
			answer := server.send(t, "PATCH", where, body, "Content-Type", chunk, "Upload-Offset", fmt.Sprint(i*piece))
			expect(t, answer, http.StatusNoContent)
		}
		if grown := peak.Load() - before; grown > 16<<20 {
			t.Errorf("the heap has grown by %d bytes", grown)
		}
		body := s.read(t, server.get(where).Key)
		defer func() { _ = body.Close() }()
		stored := sha256.New()
		if _, err := io.Copy(stored, body); err != nil || !bytes.Equal(stored.Sum(nil), sent.Sum(nil)) {
			t.Errorf("other bytes than were sent (%v)", err)
		}
	})
}

// heap is what is allocated after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// watchHeap looks at the heap now and then, and keeps the most.
func watchHeap(t testing.TB) *atomic.Int64 {
	var peak atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				peak.Store(max(peak.Load(), heap()))
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
	})
	return &peak
}
