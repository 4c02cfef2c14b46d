package tus_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/tus"
)

func TestRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		where := server.create(t, 10)
		unknown := base + "0190a5b0-0000-4000-8000-000000000000"
		patch := []string{"Content-Type", chunk, "Upload-Offset", "0"}
		for _, c := range []struct {
			what, method, where string
			headers             []string
			status              int
		}{
			{"no length", "POST", base, nil, 400},
			{"negative length", "POST", base, []string{"Upload-Length", "-1"}, 400},
			{"a word for length", "POST", base, []string{"Upload-Length", "ten"}, 400},
			{"deferred length", "POST", base, []string{"Upload-Defer-Length", "1"}, 400},
			{"too large", "POST", base, []string{"Upload-Length", fmt.Sprint(maxSize + 1)}, 413},
			{"concatenation", "POST", base, []string{"Upload-Concat", "partial", "Upload-Length", "1"}, 400},
			{"other version", "POST", base, []string{"Tus-Resumable", "0.2.2", "Upload-Length", "1"}, 412},
			{"no type", "PATCH", where, []string{"Upload-Offset", "0"}, 400},
			{"no offset", "PATCH", where, []string{"Content-Type", chunk}, 400},
			{"other offset", "PATCH", where, []string{"Content-Type", chunk, "Upload-Offset", "3"}, 409},
			{"beyond the length", "PATCH", where, patch, 413},
			{"later length", "PATCH", where, append([]string{"Upload-Length", "10"}, patch...), 400},
			{"unknown", "PATCH", unknown, patch, 404},
			{"unknown", "HEAD", unknown, nil, 404},
			{"unknown", "DELETE", unknown, nil, 404},
			{"no UUID", "HEAD", base + "1", nil, 404},
			{"capitals", "HEAD", strings.ToUpper(where[len(base):]), nil, 404},
			{"the storage's name", "HEAD", base + "0190a5b0-0000-7000-8000-00000000beef/" + where[len(base):], nil, 404},
			{"a file beside it", "HEAD", where + ".info", nil, 404},
			{"dots", "HEAD", base + "%2e%2e%2f" + where[len(base):], nil, 404},
			{"download", "GET", where, nil, 405},
			{"list", "GET", base, nil, 405},
			{"POST to an upload", "POST", where, nil, 405},
			{"PATCH of all", "PATCH", base, patch, 405},
			{"override", "POST", base, []string{"X-HTTP-Method-Override", "DELETE"}, 400},
			{"override", "POST", where, []string{"X-HTTP-Method-Override", "DELETE"}, 405},
			{"override", "PATCH", where, append([]string{"X-HTTP-Method-Override", "DELETE"}, patch...), 400},
		} {
			if !strings.HasPrefix(c.where, base) {
				c.where = base + c.where
			}
			t.Run(c.what, func(t *testing.T) {
				answer := server.send(t, c.method, c.where, strings.NewReader("more than ten"), c.headers...)
				expect(t, answer, c.status)
				if got := answer.Header.Get("Tus-Version"); c.status == 412 && got != "1.0.0" {
					t.Errorf("Tus-Version is %q", got)
				}
				if got := answer.Header.Get("Allow"); c.status == 405 && got != "OPTIONS, POST" && got != "DELETE, HEAD, PATCH" {
					t.Errorf("Allow is %q", got)
				}
			})
		}
		if got := server.offset(t, where); got != 0 {
			t.Errorf("HEAD says %d", got)
		}
		server.set(func() {
			if len(server.all) != 1 {
				t.Errorf("%d uploads are recorded", len(server.all))
			}
		})
	})
}

// TestNothingIsAskedOfWhatIsNoID: neither the record nor the storage.
func TestNothingIsAskedOfWhatIsNoID(t *testing.T) {
	handler, err := tus.New(tus.Config{Path: base, MaxSize: 1, Storage: directory(t).Storage, Uploads: untouchable{}, Refuse: refuse, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"x", "../x", "0190A5B0-0000-7000-8000-00000000BEEF", "{0190a5b0-0000-7000-8000-00000000beef}"} {
		if got := status(t, handler, "HEAD", base+id); got != http.StatusNotFound {
			t.Errorf("%s: answered %d", id, got)
		}
	}
}

// untouchable panics when it is called.
type untouchable struct{ tus.Uploads }

func TestBeginRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, s storage) {
		server := serve(t, s, newRecords())
		server.set(func() { server.refuse = errFull })
		answer := server.send(t, "POST", base, nil, "Upload-Length", "1")
		expect(t, answer, http.StatusForbidden)
		if !strings.Contains(answer.text, errFull.Error()) || answer.Header.Get("Location") != "" {
			t.Errorf("answered %s, Location %q", answer.text, answer.Header.Get("Location"))
		}
	})
}

// TestTheStorageIsAway: an upload that cannot be stored is not recorded either.
func TestTheStorageIsAway(t *testing.T) {
	b := newBucket(t)
	s := b.storageBy(t, b.client(saboteur{func(r *http.Request) bool { return r.Method == "POST" && r.URL.Query().Has("uploads") }}))
	server := serve(t, s, newRecords())
	answer := server.send(t, "POST", base, nil, "Upload-Length", "1")
	expect(t, answer, http.StatusInternalServerError)
	if !strings.Contains(answer.text, "create upload") {
		t.Errorf("answered %s", answer.text)
	}
	server.set(func() {
		if len(server.all) > 0 {
			t.Error("the record stays")
		}
	})
}

func TestLocked(t *testing.T) {
	server := serve(t, directory(t), newRecords())
	where := server.create(t, 1)
	for cause, want := range map[error]int{context.DeadlineExceeded: http.StatusLocked, errBroken: http.StatusInternalServerError} {
		server.set(func() { server.lockFail = cause })
		expect(t, server.send(t, "HEAD", where, nil), want)
	}
}

func TestOptions(t *testing.T) {
	server := serve(t, directory(t), newRecords())
	answer := server.send(t, "OPTIONS", base, nil, "Origin", "https://elsewhere.example", "Upload-Draft-Interop-Version", "6")
	expect(t, answer, http.StatusOK)
	for name, want := range map[string]string{
		"Tus-Version": "1.0.0", "Tus-Max-Size": fmt.Sprint(maxSize), "Tus-Extension": "creation,creation-with-upload,termination",
		"Access-Control-Allow-Origin": "", "Upload-Limit": "",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestWhatClientsSayIsNotBelieved: no name of theirs gets into Location, and no secret into the log.
func TestWhatClientsSayIsNotBelieved(t *testing.T) {
	server := serve(t, directory(t), newRecords())
	answer := server.send(t, "POST", base+"?token=hunter2", bytes.NewReader(nil), "Upload-Length", "3", "X-Forwarded-Host", "hunter2",
		"Forwarded", "host=hunter2;proto=https", "X-Forwarded-Proto", "https", "X-Request-ID", "hunter2", "Upload-Metadata", "name aHVudGVyMg==")
	expect(t, answer, http.StatusCreated)
	where := answer.Header.Get("Location")
	if where != base+server.get(where).ID {
		t.Errorf("Location is %q", where)
	}
	expect(t, server.patch(t, where+"?token=hunter2", 0, strings.NewReader("abc")), http.StatusNoContent)
	log := server.log.String()
	if strings.Contains(log, "hunter2") || strings.Contains(log, "level=INFO") || !strings.Contains(log, "event=UploadFinished") {
		t.Errorf("logged:\n%s", log)
	}
}

func TestConfig(t *testing.T) {
	whole := tus.Config{
		Path: base, MaxSize: 1, Storage: directory(t).Storage, Uploads: newRecords(), Refuse: refuse, Log: discard(),
	}
	for what, breaks := range map[string]func(*tus.Config){
		"no slash before": func(c *tus.Config) { c.Path = "files/" },
		"no slash after":  func(c *tus.Config) { c.Path = "/files" },
		"no size":         func(c *tus.Config) { c.MaxSize = 0 },
		"no storage":      func(c *tus.Config) { c.Storage = nil },
		"no uploads":      func(c *tus.Config) { c.Uploads = nil },
		"no refusal":      func(c *tus.Config) { c.Refuse = nil },
		"no log":          func(c *tus.Config) { c.Log = nil },
	} {
		config := whole
		breaks(&config)
		if _, err := tus.New(config); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
