package files_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// overwrite puts other bytes in a file's place, as one can who has a way into the storage.
func (d *depot) overwrite(id, content string) {
	d.Helper()
	if d.bucket != nil {
		d.bucket.Overwrite(d, d.admin.Org+"/"+id, []byte(content))
		return
	}
	path := d.path(id)
	must(d, os.Chmod(path, 0o600))
	must(d, os.WriteFile(path, []byte(content), 0o600))
}

// path is where a file's content lies in the data directory.
func (d *depot) path(id string) string {
	d.Helper()
	found, err := filepath.Glob(filepath.Join(d.server.DataDir(), "files", d.admin.Org, id))
	must(d, err)
	if len(found) != 1 {
		d.Fatalf("the directory has %v of %s", found, id)
	}
	return found[0]
}

// onlyServes downloads a file over and over, and fails the test where it gets other bytes, until the function is called.
func (d *depot) onlyServes(id, content string) (done func()) {
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			r, err := d.admin.Try("GET", "/v1/files/"+id+"/download", nil)
			if err == nil && r.Status == 200 && string(r.Body) != content {
				d.Errorf("%q is given out", r.Body)
			}
		}
	})
	return sync.OnceFunc(func() { close(stop); all.Wait() })
}

// TestOverwrittenWithVersions: the bytes that were scanned are still there, and are what is given out.
func TestOverwrittenWithVersions(t *testing.T) {
	on(t, []kind{inBucketScanned}, func(d *depot) {
		id := d.uploaded("a.txt", "the good bytes", nil)
		d.overwrite(id, "the evil bytes")
		d.wantContent(d.admin, id, "", "the good bytes")
		d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
		d.until("it is scanned again", func() bool { return len(d.unchecked()) == 0 })
		d.wantContent(d.admin, id, "", "the good bytes")
		d.bucket.Mark(d, d.admin.Org+"/"+id)
		d.wantContent(d.admin, id, "", "the good bytes")
		d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		d.until("all versions are gone", func() bool { return len(d.strings("select id::text from app.objects")) == 0 })
		d.sweep()
	})
}

// TestOverwritten: where the bytes that were looked at are no more, nobody gets what took their place.
func TestOverwritten(t *testing.T) {
	on(t, []kind{inDir, inDirScanned, inPlainBucket}, func(d *depot) {
		for _, evil := range []string{"the evil bytes", "short", "much longer than it was"} {
			id := d.uploaded("a.txt", "the good bytes", nil)
			done := d.onlyServes(id, "the good bytes")
			defer done()
			d.overwrite(id, evil)
			if r := d.get(d.admin, id, ""); r.Status != 409 && r.Status != 403 {
				d.Errorf("overwritten it is answered %d: %s", r.Status, r.Body)
			}
			f := d.becomes(id, "failed")
			done()
			d.get(d.admin, id, "").WantProblem(d, 403, "file-blocked")
			if f.Text(d, "scan_result") == "" || f.Text(d, "sha256") != sum("the good bytes") {
				d.Errorf("the file is %s", f.Body)
			}
		}
		d.sweep()
	})
}

// TestOverwrittenWhileScanned: the verdict is about bytes that are no more.
func TestOverwrittenWhileScanned(t *testing.T) {
	on(t, []kind{inDirScanned, inPlainBucket}, func(d *depot) {
		d.scanner.Stop(d)
		id := d.upload("a.txt", "the good bytes", nil).Text(d, "id")
		d.overwrite(id, "the evil bytes")
		done := d.onlyServes(id, "the good bytes")
		defer done()
		d.scanner.Continue(d)
		d.settled(id)
		if r := d.get(d.admin, id, ""); r.Status == 200 && string(r.Body) != "the good bytes" {
			d.Errorf("it is answered %q", r.Body)
		}
		d.becomes(id, "failed")
		done()
	})
}

func TestGoneFromTheStorage(t *testing.T) {
	on(t, []kind{inDir, inDirScanned}, func(d *depot) {
		id := d.uploaded("a.txt", "content", nil)
		must(d, os.Remove(d.path(id)))
		d.get(d.admin, id, "").WantProblem(d, 409, "scan-pending")
		d.becomes(id, "failed")
		d.get(d.admin, id, "").WantProblem(d, 403, "file-blocked")
		d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		d.sweep()
	})
}

// TestPutBack: the same bytes heal a file, as when a backup is put back.
func TestPutBack(t *testing.T) {
	on(t, []kind{inDir, inDirScanned}, func(d *depot) {
		id := d.uploaded("a.txt", "the good bytes", nil)
		d.overwrite(id, "the evil bytes")
		d.overwrite(id, "the good bytes")
		d.get(d.admin, id, "").WantProblem(d, 409, "scan-pending")
		d.becomes(id, d.passed())
		d.wantContent(d.admin, id, "", "the good bytes")
		d.sweep()
	})
}

// TestPutBackLate: a file that was found to be wrong is scanned again when somebody asks.
func TestPutBackLate(t *testing.T) {
	on(t, []kind{inDirScanned, inPlainBucket}, func(d *depot) {
		id := d.uploaded("a.txt", "the good bytes", nil)
		d.overwrite(id, "the evil bytes")
		d.get(d.admin, id, "").WantProblem(d, 409, "scan-pending")
		d.becomes(id, "failed")
		d.overwrite(id, "the good bytes")
		d.admin.Do(d, "POST", "/v1/files/"+id+"/rescan", nil).Want(d, 200)
		d.becomes(id, "clean")
		d.wantContent(d.admin, id, "", "the good bytes")
	})
}
