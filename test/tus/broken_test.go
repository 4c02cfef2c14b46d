package tus_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestTheConnectionBreaks in the middle of a PATCH. What came before is kept.
func TestTheConnectionBreaks(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(25 << 20)
		where := server.create(t, len(data))
		for _, sent := range []int{100, 11 << 20} {
			at := server.offset(t, where)
			breakOff(t, server, where, at, data[at:], sent)
			until(t, "the server notices", func() bool { return !server.held(where) })
			if got := server.offset(t, where); got != at+sent {
				t.Errorf("from %d %d were sent, HEAD says %d", at, sent, got)
			}
		}
		at := server.offset(t, where)
		expect(t, server.patch(t, where, at, bytes.NewReader(data[at:])), http.StatusNoContent)
		expectWhole(t, s, server.records, where, data)
	})
}

// breakOff announces all of the data, sends some, and closes the connection.
func breakOff(t testing.TB, server *server, where string, at int, data []byte, sent int) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAsker: ann\r\nTus-Resumable: 1.0.0\r\n"+
		"Content-Type: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n", where, chunk, at, len(data))
	if err == nil {
		_, err = conn.Write(data[:sent])
	}
	if err := errors.Join(err, conn.(*net.TCPConn).CloseWrite()); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil { // the server has read all by then
		t.Fatal(err)
	}
	_ = conn.Close()
}

// stalled is a PATCH that has sent some bytes and sends no more.
type stalled struct {
	pipe   *io.PipeWriter
	answer chan reply
}

func stall(t testing.TB, server *server, where string, size int, sent []byte) *stalled {
	t.Helper()
	body, pipe := io.Pipe()
	t.Cleanup(func() { _ = pipe.Close() })
	st := &stalled{pipe: pipe, answer: make(chan reply, 1)}
	go func() {
		answer, err := server.try(t, "PATCH", where, struct{ io.Reader }{io.LimitReader(body, int64(size))},
			"Content-Type", chunk, "Upload-Offset", "0")
		if err != nil {
			t.Errorf("PATCH: %v", err)
		}
		st.answer <- answer
	}()
	if _, err := pipe.Write(sent); err != nil {
		t.Fatal(err)
	}
	until(t, "the upload is held", func() bool { return server.held(where) })
	return st
}

// TestTheNextStopsTheOneThatHangs: who asks gets the offset with all that has come, and goes on.
func TestTheNextStopsTheOneThatHangs(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(12 << 20)
		where := server.create(t, len(data))
		hangs := stall(t, server, where, len(data), data[:9<<20])
		at := server.offset(t, where)
		answer := <-hangs.answer
		expect(t, answer, http.StatusBadRequest)
		if !strings.Contains(answer.text, "interrupted") {
			t.Errorf("answered %s", answer.text)
		}
		expect(t, server.patch(t, where, at, bytes.NewReader(data[at:])), http.StatusNoContent)
		expectWhole(t, s, server.records, where, data)
	})
}

// TestStoppedWhileItWaits for bytes that do not come.
func TestStoppedWhileItWaits(t *testing.T) {
	s := directory(t)
	server := serve(t, s, newRecords())
	where := server.create(t, 1000)
	hangs := stall(t, server, where, 1000, content(100))
	until(t, "what was sent is stored", func() bool { return s.size(server.get(where).Key) == 100 })
	if got := server.offset(t, where); got != 100 {
		t.Errorf("HEAD says %d", got)
	}
	expect(t, <-hangs.answer, http.StatusBadRequest)
}

// TestFinishedWhileItWaits: who gets the lock sees what has become of the upload since it asked.
func TestFinishedWhileItWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(1000)
		where := server.create(t, len(data))
		server.set(func() {
			server.atLock = func(func()) { expect(t, server.patch(t, where, 0, bytes.NewReader(data)), http.StatusNoContent) }
		})
		if got := server.offset(t, where); got != len(data) {
			t.Errorf("HEAD says %d", got)
		}
		expectWhole(t, s, server.records, where, data)
	})
}

// TestStoppedBeforeItReads: the server does not wait for the rest of the body either.
func TestStoppedBeforeItReads(t *testing.T) {
	server := serve(t, directory(t), newRecords())
	where := server.create(t, 10)
	server.set(func() { server.atLock = func(wanted func()) { wanted() } })
	body, pipe := io.Pipe()
	t.Cleanup(func() { _ = pipe.Close() })
	answered := make(chan reply, 1)
	go func() {
		answer, err := server.try(t, "PATCH", where, struct{ io.Reader }{body}, "Content-Type", chunk, "Upload-Offset", "0")
		if err != nil {
			t.Errorf("PATCH: %v", err)
		}
		answered <- answer
	}()
	select {
	case answer := <-answered:
		expect(t, answer, http.StatusBadRequest)
	case <-time.After(patience):
		t.Error("no answer")
		_ = pipe.Close()
		<-answered
	}
}

// TestStrangersStopNobody, nor learn what there is.
func TestStrangersStopNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(1000)
		where := server.create(t, len(data))
		hangs := stall(t, server, where, len(data), data[:100])
		for _, method := range []string{"HEAD", "PATCH", "DELETE"} {
			answer := server.send(t, method, where, strings.NewReader("x"), "Asker", "bob", "Content-Type", chunk, "Upload-Offset", "0")
			expect(t, answer, http.StatusNotFound)
		}
		if _, err := hangs.pipe.Write(data[100:]); err != nil {
			t.Fatal(err)
		}
		expect(t, <-hangs.answer, http.StatusNoContent)
		expectWhole(t, s, server.records, where, data)
	})
}

// TestClose: what has come is stored, and the client is sent elsewhere.
func TestClose(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		data := content(12 << 20)
		where := server.create(t, len(data))
		hangs := stall(t, server, where, len(data), data[:9<<20])
		server.handler.Close()
		expect(t, <-hangs.answer, http.StatusServiceUnavailable)
		expect(t, server.send(t, "HEAD", where, nil), http.StatusServiceUnavailable)
		server.Server.Close()
		next := serve(t, s, server.records)
		at := next.offset(t, where)
		expect(t, next.patch(t, where, at, bytes.NewReader(data[at:])), http.StatusNoContent)
		expectWhole(t, s, server.records, where, data)
	})
}

// TestNothingRunsAfterClose: the goroutines of tusd end with its grace, of 10 seconds.
func TestNothingRunsAfterClose(t *testing.T) {
	server := serve(t, directory(t), newRecords())
	where := server.create(t, 10)
	hangs := stall(t, server, where, 10, []byte("some"))
	server.Close()
	expect(t, <-hangs.answer, http.StatusServiceUnavailable)
	until(t, "nothing of it runs", func() bool {
		all := stacks()
		return !strings.Contains(all, "tus/tusd") && !strings.Contains(all, "platform/tus.")
	})
}

func stacks() string {
	all := make([]byte, 4<<20)
	return string(all[:runtime.Stack(all, true)])
}

// TestSlowerThanTheServersDeadline: the deadlines are the connection's, through whatever wraps the answer.
func TestSlowerThanTheServersDeadline(t *testing.T) {
	s, limit := directory(t), 300*time.Millisecond
	server := serve(t, s, newRecords(), func(s *httptest.Server) { s.Config.ReadTimeout, s.Config.WriteTimeout = limit, limit })
	data := content(1000)
	where := server.create(t, len(data))
	slow := stall(t, server, where, len(data), data[:100])
	<-time.After(3 * limit) // is what is tested
	if _, err := slow.pipe.Write(data[100:]); err != nil {
		t.Fatal(err)
	}
	expect(t, <-slow.answer, http.StatusNoContent)
	expectWhole(t, s, server.records, where, data)
}

// TestAPartFails: what comes after it is not stored either. tusd alone leaves a hole and says that all is well.
func TestAPartFails(t *testing.T) {
	b := newBucket(t)
	var failed atomic.Int32
	s := b.storageBy(t, b.client(saboteur{func(r *http.Request) bool {
		return r.Method == "PUT" && r.URL.Query().Get("partNumber") == "2" && failed.Add(1) == 1
	}}))
	server := serve(t, s, newRecords())
	data := content(30 << 20)
	where := server.create(t, len(data))
	answer := server.patch(t, where, 0, bytes.NewReader(data))
	expect(t, answer, http.StatusInternalServerError)
	if !strings.Contains(answer.text, "store bytes of upload") {
		t.Errorf("answered %s", answer.text)
	}
	at := server.offset(t, where)
	if at != 8<<20 {
		t.Fatalf("HEAD says %d", at)
	}
	expect(t, server.patch(t, where, at, bytes.NewReader(data[at:])), http.StatusNoContent)
	expectWhole(t, s, server.records, where, data)
}

// TestNoPartOvertakes one that fails late.
func TestNoPartOvertakes(t *testing.T) {
	b := newBucket(t)
	var third atomic.Int32
	s := b.storageBy(t, b.client(saboteur{func(r *http.Request) bool {
		part := r.URL.Query().Get("partNumber")
		if part == "3" {
			third.Add(1)
		}
		if part != "2" {
			return false
		}
		<-time.After(time.Second) // in which the third would be sent
		return true
	}}))
	server := serve(t, s, newRecords())
	where := server.create(t, 30<<20)
	expect(t, server.patch(t, where, 0, bytes.NewReader(content(30<<20))), http.StatusInternalServerError)
	if got := server.offset(t, where); got != 8<<20 || third.Load() > 0 {
		t.Errorf("HEAD says %d, the third part was sent %d times", got, third.Load())
	}
}

// TestNothingIsReadInVain: a client is not let send what cannot be stored.
func TestNothingIsReadInVain(t *testing.T) {
	b := newBucket(t)
	s := b.storageBy(t, b.client(saboteur{func(r *http.Request) bool { return r.URL.Query().Has("partNumber") }}))
	server := serve(t, s, newRecords())
	where := server.create(t, 300<<20)
	body := &counter{Reader: io.LimitReader(rand.NewChaCha8([32]byte{}), 300<<20)}
	_, _ = server.try(t, "PATCH", where, body, "Content-Type", chunk, "Upload-Offset", "0") // it may find the connection closed
	if got := body.n.Load(); got > 60<<20 {
		t.Errorf("%d bytes were sent", got)
	}
	if got := server.offset(t, where); got != 0 {
		t.Errorf("HEAD says %d", got)
	}
}

type counter struct {
	io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// TestMetadataIsNotTheStorages: a client would choose the type that a browser takes the object for.
func TestMetadataIsNotTheStorages(t *testing.T) {
	b := newBucket(t)
	server := serve(t, b.storage(t), newRecords())
	answer := server.send(t, "POST", base, strings.NewReader("x"), "Content-Type", chunk, "Upload-Length", "1",
		"Upload-Metadata", "filetype dGV4dC9odG1s,a:b eA==")
	expect(t, answer, http.StatusCreated)
	key := server.get(answer.Header.Get("Location")).Key
	object, err := b.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	if len(object.Metadata) > 0 || strings.Contains(*object.ContentType, "html") {
		t.Errorf("the object has %v, type %s", object.Metadata, *object.ContentType)
	}
}

// TestCompletingFails, before S3 has heard of it and after.
func TestCompletingFails(t *testing.T) {
	b := newBucket(t)
	for name, lost := range map[string]func(*http.Request) bool{
		"request": func(r *http.Request) bool { return r.Method == "POST" && r.URL.Query().Has("uploadId") },
		"answer": func(r *http.Request) bool {
			if r.Method != "POST" || !r.URL.Query().Has("uploadId") {
				return false
			}
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err == nil {
				_ = answer.Body.Close()
			}
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			var failed atomic.Bool
			s := b.storageBy(t, b.client(saboteur{func(r *http.Request) bool {
				return !failed.Load() && lost(r) && !failed.Swap(true)
			}}))
			server := serve(t, s, newRecords())
			data := content(9 << 20)
			where := server.create(t, len(data))
			expect(t, server.patch(t, where, 0, bytes.NewReader(data)), http.StatusInternalServerError)
			if got := server.offset(t, where); got != len(data) {
				t.Errorf("HEAD says %d", got)
			}
			expectWhole(t, s, server.records, where, data)
		})
	}
}

// TestABucketsRuleAborts the multipart upload. tusd takes that for completed, and the client would lose its file.
func TestABucketsRuleAborts(t *testing.T) {
	b := newBucket(t)
	s := b.storage(t)
	server := serve(t, s, newRecords())
	where := server.create(t, 9<<20)
	expect(t, server.patch(t, where, 0, bytes.NewReader(content(8<<20))), http.StatusNoContent)
	key := server.get(where).Key
	uploads, err := b.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &b.name, Prefix: &key})
	if err != nil || len(uploads.Uploads) != 1 {
		t.Fatalf("%v, %v", uploads, err)
	}
	_, err = b.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: &b.name, Key: &key, UploadId: uploads.Uploads[0].UploadId})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, server.send(t, "HEAD", where, nil), http.StatusNotFound)
	if got := server.get(where).finishes; got != 0 {
		t.Errorf("finished %d times", got)
	}
}

// TestRemainsGo when the process was killed once the record was written: the client asks again, and they are removed then.
func TestRemainsGo(t *testing.T) {
	b := newBucket(t)
	var killed atomic.Bool
	s := b.storageBy(t, b.client(saboteur{func(r *http.Request) bool { return !killed.Load() && r.URL.Query().Has("versions") }}))
	server := serve(t, s, newRecords())
	data := content(1000)
	where := server.create(t, len(data))
	expect(t, server.patch(t, where, 0, bytes.NewReader(data)), http.StatusNoContent)
	if !strings.Contains(server.log.String(), "remains of an upload stay") || len(s.traces(t, server.get(where).Key)) == 0 {
		t.Errorf("nothing is left, or nothing said of it:\n%s", server.log)
	}
	killed.Store(true)
	if got := server.offset(t, where); got != len(data) {
		t.Errorf("HEAD says %d", got)
	}
	expectWhole(t, s, server.records, where, data)
}
