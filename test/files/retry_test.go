package files_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/s3"
)

func TestRetries(t *testing.T) {
	on(t, usual(), func(d *depot) {
		key := header("Idempotency-Key", "one")
		task := d.newTask(d.columns[0])
		first := d.admin.SendFile(d, "/v1/files/upload", "a.txt", []byte("content"), nil, key).Want(d, 201)
		again := d.admin.SendFile(d, "/v1/files/upload", "a.txt", []byte("content"), nil, key).Want(d, 201)
		if string(again.Body) != string(first.Body) || again.Header.Get("Idempotency-Replayed") != "true" ||
			again.Header.Get("ETag") != first.Header.Get("ETag") {
			d.Errorf("the replay is %v %s of %s", again.Header, again.Body, first.Body)
		}
		d.admin.SendFile(d, "/v1/files/upload", "a.txt", []byte("CONTENT"), nil, key).WantProblem(d, 422, "idempotency-mismatch")
		d.admin.SendFile(d, "/v1/files/upload", "b.txt", []byte("content"), nil, key).WantProblem(d, 422, "idempotency-mismatch")
		d.admin.SendFile(d, "/v1/files/upload", "a.txt", []byte("content"), body{"task_id": task}, key).WantProblem(d, 422, "idempotency-mismatch")
		d.wantUsage(7)
		id := first.Text(d, "id")
		d.settled(id)
		d.wantNothingLost()

		version := header("Idempotency-Key", "two")
		path := "/v1/files/" + id + "/versions"
		for range 3 {
			if r := d.admin.SendFile(d, path, "a.txt", []byte("second"), nil, version).Want(d, 201); r.Number(d, "number") != 2 {
				d.Errorf("the version is %s", r.Body)
			}
		}
		announced := header("Idempotency-Key", "three")
		announcement := body{"name": "a", "size": 5, "content_type": "a/b"}
		u := d.admin.Do(d, "POST", "/v1/files/uploads", announcement, announced).Want(d, 201)
		if r := d.admin.Do(d, "POST", "/v1/files/uploads", announcement, announced).Want(d, 201); string(r.Body) != string(u.Body) {
			d.Errorf("announced again it is %s of %s", r.Body, u.Body)
		}
		wantSent(d, d.send(u, "third"))
		completed := header("Idempotency-Key", "four")
		for range 2 {
			d.admin.Do(d, "POST", "/v1/files/"+u.Text(d, "id")+"/complete", nil, completed).Want(d, 200)
		}
		d.wantUsage(7 + 6 + 5)
		grace := d.join("grace", "member")
		grace.SendFile(d, "/v1/files/upload", "b.txt", []byte("of her own"), nil, key).Want(d, 201)
		d.until("all are checked", func() bool { return len(d.list(d.admin, "&scan_status=pending")) == 0 })
		d.sweep()
	})
}

// TestRetriesAtOnce: of the same upload five times at once one makes a file, and whoever is answered with one is with that.
func TestRetriesAtOnce(t *testing.T) {
	on(t, usual(), func(d *depot) {
		key := header("Idempotency-Key", "one")
		form, contentType := apitest.Form("a.txt", []byte("content"), nil)
		var all sync.WaitGroup
		answers := make(chan *apitest.Response, 5)
		for range cap(answers) {
			all.Go(func() {
				r, err := d.admin.Try("POST", "/v1/files/upload", form, key, header("Content-Type", contentType))
				if err != nil {
					d.Error(err)
					return
				}
				answers <- r
			})
		}
		all.Wait()
		close(answers)
		var ids []string
		for r := range answers {
			if r.Status == http.StatusConflict {
				r.WantProblem(d, 409, "idempotency-in-flight")
				continue
			}
			ids = append(ids, r.Want(d, 201).Text(d, "id"))
		}
		if slices.Sort(ids); len(ids) == 0 || len(slices.Compact(ids)) != 1 {
			d.Errorf("the files are %v", ids)
		}
		d.wantUsage(7)
		d.settled(ids[0])
		d.wantNothingLost()
	})
}

// TestKeysHoldNothingForABucket: requests with an Idempotency-Key that wait for a bucket leave the connections to the database to
// others.
func TestKeysHoldNothingForABucket(t *testing.T) {
	t.Parallel()
	const connections = 4
	bucket := s3.Start(t, s3.Versioned)
	proxy := s3.NewProxy(t, bucket)
	d := newDepot(t, inDir, inBucket(bucket), apitest.WithConfig(func(c *config.Config) { c.S3Endpoint, c.PoolSize = proxy.Endpoint, connections }))
	d.bucket = bucket
	released := make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	defer release()
	hang := func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		<-released
		forward.ServeHTTP(w, r)
	}
	var uploads []string
	for range 2 * connections {
		u := d.announce(d.admin, "content", nil)
		wantSent(t, d.send(u, "content"))
		uploads = append(uploads, u.Text(t, "id"))
	}
	proxy.All(hang)
	var all sync.WaitGroup
	statuses := make(chan int, 4*connections)
	ask := func(path string, content any, key string) {
		all.Go(func() {
			r, err := d.admin.Try("POST", path, content, header("Idempotency-Key", key))
			if err == nil {
				statuses <- r.Status
			}
		})
	}
	for i, id := range uploads {
		ask("/v1/files/"+id+"/complete", nil, "complete "+id)
		ask("/v1/files/uploads", body{"name": "large", "size": 100 << 20, "content_type": "a/b"}, fmt.Sprint("announce ", i))
	}
	d.until("all wait for the bucket", func() bool { return len(proxy.Seen()) >= 4*connections })
	d.admin.Do(t, "GET", "/v1/files", nil).Want(t, 200)
	release()
	all.Wait()
	close(statuses)
	succeeded := 0
	for status := range statuses {
		if status == 200 || status == 201 {
			succeeded++
		}
	}
	if succeeded != 4*connections {
		t.Errorf("%d of %d succeed once the bucket answers", succeeded, 4*connections)
	}
}
