package files_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
)

const cdn = "https://cdn.plinth.test"

// behindCDN has downloads go through a network.
func behindCDN() apitest.Option {
	return apitest.WithConfig(func(c *config.Config) {
		c.CDNBaseURL, c.CDNSigningKey = cdn, "a key of a network, which has 32 bytes"
	})
}

// copyAt is the path that a download leads to in the network, which asks the origin for it.
func (d *depot) copyAt(who *apitest.Client, id string) string {
	d.Helper()
	r := who.Do(d, "GET", "/v1/files/"+id+"/download", nil).Want(d, 302)
	to := r.Header.Get("Location")
	if !strings.HasPrefix(to, cdn+"/v1/files/content/") || r.Header.Get("Cache-Control") != "no-store" {
		d.Fatalf("the download leads to %s, %v", to, r.Header)
	}
	return strings.TrimPrefix(to, cdn)
}

func TestCDN(t *testing.T) {
	on(t, all(), func(d *depot) {
		grace, network := d.join("grace", "member"), d.server.Anonymous()
		id, other := d.uploaded("ä.txt", "content", nil), d.uploaded("b.txt", "another", nil)
		const window = 5 * time.Minute
		d.clock.forward(time.Until(time.Now().Truncate(window).Add(window))) // to the beginning of one
		at := d.copyAt(d.admin, id)
		d.clock.forward(window - time.Minute)
		if her := d.copyAt(grace, id); her != at {
			d.Errorf("two get %s and %s", at, her)
		}
		d.clock.forward(time.Minute - window)
		r := network.Do(d, "GET", at, nil).Want(d, 200)
		for name, want := range map[string]string{"Cache-Control": "public, max-age=60, must-revalidate",
			"ETag": `"` + sum("content") + `"`, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Type": "text/plain; charset=utf-8", "Set-Cookie": "", "Vary": ""} {
			if got := r.Header.Get(name); got != want {
				d.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		d.wantDisposition(r, "ä.txt")
		if string(r.Body) != "content" {
			d.Errorf("the network gets %q", r.Body)
		}
		network.Do(d, "GET", at, nil, header("If-None-Match", r.Header.Get("ETag"))).Want(d, 304)
		if r := network.Do(d, "GET", at, nil, header("Range", "bytes=1-2")).Want(d, 206); string(r.Body) != "on" {
			d.Errorf("the network gets a range of %q", r.Body)
		}

		parts := strings.Split(at, "/") // "", v1, files, content and these
		for i, value := range map[int]string{4: d.admin.User, 5: other, 6: "99999999999", 7: strings.Repeat("A", len(parts[7]))} {
			altered := strings.Split(at, "/")
			altered[i] = value
			network.Do(d, "GET", strings.Join(altered, "/"), nil).WantProblem(d, 403, "link-denied")
		}
		d.clock.forward(11 * time.Minute)
		r = network.Do(d, "GET", at, nil).WantProblem(d, 403, "link-denied")
		if strings.Contains(r.Header.Get("Cache-Control"), "public") {
			d.Errorf("a refusal may be kept: %v", r.Header)
		}
		d.clock.forward(-11 * time.Minute)

		d.admin.Do(d, "DELETE", "/v1/files/"+id, nil).Want(d, 204)
		r = network.Do(d, "GET", at, nil).WantProblem(d, 404, "not-found")
		if strings.Contains(r.Header.Get("Cache-Control"), "public") {
			d.Errorf("that it is gone may be kept: %v", r.Header)
		}
		d.admin.Do(d, "POST", "/v1/files/"+id+"/restore", nil).Want(d, 200)
		network.Do(d, "GET", at, nil).Want(d, 200)
		d.admin.SendFile(d, "/v1/files/"+id+"/versions", "c.txt", []byte("second"), nil).Want(d, 201)
		d.settled(id)
		second, first := network.Do(d, "GET", d.copyAt(d.admin, id), nil).Want(d, 200), network.Do(d, "GET", at, nil).Want(d, 200)
		if string(second.Body) != "second" || string(first.Body) != "content" {
			d.Error("the versions are mixed up")
		}
		d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		network.Do(d, "GET", at, nil).WantProblem(d, 404, "not-found")
		d.sweep()
	}, behindCDN())
}

func TestCDNOfTask(t *testing.T) {
	on(t, usual(), func(d *depot) {
		task := d.newTask(d.columns[0])
		at := d.copyAt(d.admin, d.uploaded("a.txt", "content", body{"task_id": task}))
		network := d.server.Anonymous()
		network.Do(d, "GET", at, nil).Want(d, 200)
		d.admin.Do(d, "DELETE", "/v1/tasks/"+task, nil).Want(d, 204)
		network.Do(d, "GET", at, nil).WantProblem(d, 404, "not-found")
	}, behindCDN())
}

// TestCDNOfInfected: the network gets no more than a user does.
func TestCDNOfInfected(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		bad := d.upload("a.txt", string(clamd.EICAR()), nil).Text(d, "id")
		d.becomes(bad, "infected")
		d.admin.Do(d, "GET", "/v1/files/"+bad+"/download", nil).WantProblem(d, 403, "file-blocked")
		id := d.uploaded("a.txt", "a worm", nil)
		at := d.copyAt(d.admin, id)
		d.scanner.AddSignature(d, "Worm", []byte("worm"))
		d.scanner.Reload(d)
		d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
		d.becomes(id, "infected")
		d.server.Anonymous().Do(d, "GET", at, nil).WantProblem(d, 403, "file-blocked")
	}, behindCDN())
}

// TestNoCDN: where there is no network no address for one is good, whoever signed it with no key at all.
func TestNoCDN(t *testing.T) {
	on(t, []kind{inDir}, func(d *depot) {
		id := d.uploaded("a.txt", "content", nil)
		const never = "99999999999"
		at := "/v1/files/content/" + d.admin.Org + "/" + id + "/" + never + "/" + signature("", "GET", d.admin.Org, id, never)
		d.server.Anonymous().Do(d, "GET", at, nil).WantProblem(d, 403, "link-denied")
	})
}

// signature is that of an address, by a key.
func signature(key string, parts ...string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(strings.Join(parts, "\n")))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
