package files_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
)

// requiring has only what was scanned given out, or not.
func requiring(how string) apitest.Option {
	return apitest.WithConfig(func(c *config.Config) { c.FilesRequireScan = how })
}

func TestPending(t *testing.T) {
	for how, kinds := range map[string][]kind{"auto": scanning(), "true": {inDirScanned}, "false": {inDirScanned}} {
		t.Run(how, func(t *testing.T) {
			on(t, kinds, func(d *depot) {
				d.scanner.Stop(d)
				id := d.upload("a.txt", "content", nil).Text(d, "id")
				for range 5 {
					d.admin.Do(d, "GET", "/v1/files/"+id+"/download", nil).WantProblem(d, 409, "scan-pending")
				}
				d.wantList("&scan_status=pending", id)
				socket := d.admin.Listen(d)
				d.scanner.Continue(d)
				heard := socket.Until(d, "file.scanned")
				if e := heard[len(heard)-1]; e.Data["id"] != id || e.Data["scan_status"] != "clean" || e.ActorID != "" {
					d.Errorf("the event is %s", e.Raw)
				}
				d.wantContent(d.admin, id, "", "content")
			}, requiring(how))
		})
	}
}

func TestSkipped(t *testing.T) {
	t.Parallel()
	for how, status := range map[string]int{"auto": 200, "true": 403, "false": 200} {
		t.Run(how, func(t *testing.T) {
			on(t, []kind{inDir}, func(d *depot) {
				id := d.upload("a.txt", "content", nil).Text(d, "id")
				if got := d.file(id).Text(d, "scan_status"); got != "skipped" {
					d.Errorf("with no scanner a file is %s", got)
				}
				r := d.get(d.admin, id, "").Want(d, status)
				if status == 403 {
					r.WantProblem(d, 403, "file-blocked")
				}
				d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
				d.until("it is checked again", func() bool { return len(d.unchecked()) == 0 })
				d.becomes(id, "skipped")
			}, requiring(how))
		})
	}
}

// TestScannerComes: what was taken in before there was a scanner is scanned, and until then given out only where that may be.
func TestScannerComes(t *testing.T) {
	for how, status := range map[string]int{"auto": 409, "true": 409, "false": 200} {
		t.Run(how, func(t *testing.T) {
			on(t, []kind{inDir}, func(d *depot) {
				id := d.upload("a.txt", "content", nil).Text(d, "id")
				bad := d.upload("b.txt", string(clamd.EICAR()), nil).Text(d, "id")
				d.server.StopRelay()
				scanner := clamd.Start(d)
				scanner.Stop(d)
				node := d.node(scannedBy(scanner), requiring(how))
				there := d.admin.At(node)
				r := there.Do(d, "GET", "/v1/files/"+id+"/download", nil).Want(d, status)
				if status == 409 {
					r.WantProblem(d, 409, "scan-pending")
				}
				scanner.Continue(d)
				d.becomes(id, "clean")
				d.becomes(bad, "infected")
				d.wantContent(there, id, "", "content")
				there.Do(d, "GET", "/v1/files/"+bad+"/download", nil).WantProblem(d, 403, "file-blocked")
			})
		})
	}
}

// TestInfected: nobody gets it, wherever in the content it is; and who has to know is told, once.
func TestInfected(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		grace, mia, bob := d.join("grace", "member"), d.join("mia", "member"), d.join("bob", "admin")
		mailed := map[*apitest.Client]int{}
		for _, c := range []*apitest.Client{d.admin, grace, mia, bob} {
			mailed[c] = len(d.server.Mail.To(c.Email))
		}
		border := bytes.Repeat([]byte("0123456789abcdef"), 17<<20/16)
		copy(border[16<<20-20:], clamd.EICAR())
		socket := d.admin.Listen(d)
		files := map[string][]byte{"raw.txt": clamd.EICAR(), "a.zip": clamd.ZipOf(d, "a.txt", clamd.EICAR()),
			"deep.zip": clamd.Nested(d, 3, clamd.EICAR()), "border.bin": border}
		total := 0
		for name, content := range files {
			id := grace.SendFile(d, "/v1/files/upload", name, content, nil).Want(d, 201).Text(d, "id")
			heard := socket.Until(d, "file.scanned")
			if e := heard[len(heard)-1]; e.Data["id"] != id || e.Data["scan_status"] != "infected" || e.Data["scan_result"] != "Eicar-Test.UNOFFICIAL" {
				d.Fatalf("of %s there is %s", name, e.Raw)
			}
			d.get(grace, id, "").WantProblem(d, 403, "file-blocked")
			d.get(grace, id, "?version=1").WantProblem(d, 403, "file-blocked")
			store, key, _ := strings.Cut(d.key(id), " ")
			if keys := d.keys(); !d.has(store+" quarantine/"+key) || d.has(d.key(id)) {
				d.Fatalf("infected, the storage has %v", keys)
			}
			total += len(content)
		}
		d.wantUsage(total)
		if got := len(d.list(d.admin, "&scan_status=infected")); got != len(files) {
			d.Errorf("%d files are infected", got)
		}
		d.until("alerts are done", func() bool { return len(d.unchecked()) == 0 })
		for c, before := range mailed {
			want := before + len(files)
			if c == mia {
				want = before
			}
			if got := len(d.server.Mail.To(c.Email)); got != want {
				d.Errorf("%s has %d messages, want %d", c.Email, got, want)
			}
		}
		text := d.server.Mail.To(grace.Email)[mailed[grace]].Text
		if !strings.Contains(text, "quarantine") || !strings.Contains(text, "ada's organization") {
			d.Errorf("the message says %s", text)
		}
		for _, id := range d.list(d.admin, "") {
			grace.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		}
		d.sweep()
		d.wantUsage(0)
	})
}

func TestInfectedVersion(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		id := d.uploaded("a.txt", "good", nil)
		d.admin.SendFile(d, "/v1/files/"+id+"/versions", "a.txt", clamd.EICAR(), nil).Want(d, 201)
		d.becomes(id, "infected")
		d.get(d.admin, id, "").WantProblem(d, 403, "file-blocked")
		d.get(d.admin, id, "?version=2").WantProblem(d, 403, "file-blocked")
		d.wantContent(d.admin, id, "?version=1", "good")
		d.admin.SendFile(d, "/v1/files/"+id+"/versions", "a.txt", []byte("good again"), nil).Want(d, 201)
		d.becomes(id, "clean")
		d.wantContent(d.admin, id, "", "good again")
		d.get(d.admin, id, "?version=2").WantProblem(d, 403, "file-blocked")
		d.sweep()
	})
}

func TestUnscannable(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		for name, content := range map[string][]byte{"deep.zip": clamd.Nested(d, 40, clamd.EICAR()), "secret.zip": clamd.EncryptedZip(d)} {
			id := d.upload(name, string(content), nil).Text(d, "id")
			f := d.settled(id)
			if name == "secret.zip" && f.Text(d, "scan_status") == "clean" { // clamd looks into nothing that is encrypted, unless it is told to report it
				continue
			}
			if f.Text(d, "scan_status") != "unscannable" || !strings.HasPrefix(f.Text(d, "scan_result"), "Heuristics.") {
				d.Errorf("%s is %s", name, f.Body)
			}
			d.get(d.admin, id, "").WantProblem(d, 403, "file-blocked")
		}
	})
}

// TestFalsePositive: what was found by mistake comes back from quarantine once the scanner knows better and is asked.
func TestFalsePositive(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		d.scanner.AddSignature(d, "Mistake", []byte("harmless letter"))
		d.scanner.Reload(d)
		id := d.upload("a.txt", "a harmless letter", nil).Text(d, "id")
		d.becomes(id, "infected")
		d.until("the alert is sent", func() bool { return len(d.unchecked()) == 0 })
		mailed := d.server.Mail.Len()
		d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
		d.until("it is scanned again", func() bool { return len(d.unchecked()) == 0 })
		d.get(d.admin, id, "").WantProblem(d, 403, "file-blocked")
		d.scanner.RemoveSignature(d, "Mistake")
		d.scanner.Reload(d)
		d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
		d.becomes(id, "clean")
		d.wantContent(d.admin, id, "", "a harmless letter")
		if !d.has(d.key(id)) {
			d.Errorf("the storage has %v", d.keys())
		}
		d.sweep()
		if got := d.server.Mail.Len(); got != mailed {
			d.Errorf("%d messages more", got-mailed)
		}
	})
}

// TestNewSignature: what was clean is found out later without anybody asking, and addresses that were given out lead nowhere.
func TestNewSignature(t *testing.T) {
	on(t, scanning(), func(d *depot) {
		id, other := d.uploaded("a.txt", "a new worm", nil), d.uploaded("b.txt", "an old letter", nil)
		old := d.admin.SendFile(d, "/v1/files/"+other+"/versions", "b.txt", []byte("another letter"), nil).Want(d, 201)
		d.settled(old.Text(d, "id"))
		given := d.admin.Do(d, "GET", "/v1/files/"+id+"/download", nil)
		if string(d.follow(given).Want(d, 200).Body) != "a new worm" {
			d.Fatal("it is not given out")
		}
		d.scanner.AddSignature(d, "Worm", []byte("new worm"))
		d.scanner.AddSignature(d, "Letter", []byte("old letter"))
		d.scanner.Reload(d)
		mailed := d.server.Mail.Len()
		d.node() // which asks the scanner for its database
		d.becomes(id, "infected")
		d.get(d.admin, id, "").WantProblem(d, 403, "file-blocked")
		if r := d.follow(given); given.Status == 302 && r.Status < 400 {
			d.Errorf("the old address gives %d: %s", r.Status, r.Body)
		}
		d.until("an old version is found out, too", func() bool {
			return d.admin.Do(d, "GET", "/v1/files/"+other+"/download?version=1", nil).Status == 403
		})
		d.wantContent(d.admin, other, "", "another letter")
		d.until("the admin is told", func() bool { return d.server.Mail.Len() == mailed+2 })
		d.sweep()
	})
}

// TestManyAreChecked: fairly, and each of them once.
func TestManyAreChecked(t *testing.T) {
	on(t, []kind{inDirScanned}, func(d *depot) {
		d.scanner.Stop(d)
		var ids []string
		for i := range 40 {
			ids = append(ids, d.upload("a.txt", fmt.Sprint("content ", i), nil).Text(d, "id"))
		}
		bob := d.server.SignUp(d, "bob")
		late := bob.SendFile(d, "/v1/files/upload", "b.txt", []byte("late"), nil).Want(d, 201).Text(d, "id")
		start := d.admin.Do(d, "GET", "/v1/events?limit=200", nil).Want(d, 200)
		d.scanner.Continue(d)
		for _, id := range ids {
			d.becomes(id, "clean")
		}
		d.until("the other organization's is", func() bool {
			return bob.Do(d, "GET", "/v1/files/"+late, nil).Want(d, 200).Text(d, "scan_status") == "clean"
		})
		if scanned := d.strings("select entity_id::text from app.events where kind = 'file.scanned' and org_id = $1", d.admin.Org); len(scanned) != len(ids) {
			d.Errorf("%d events of %d files, from %s", len(scanned), len(ids), start.Get(d, "next_cursor"))
		}
	})
}
