package filefaults_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/s3"
)

func decode(raw []byte, into any) error { return json.Unmarshal(raw, into) }

// hasten has all pauses and leases of checks end.
func (s *site) hasten(t testing.TB) {
	t.Helper()
	s.exec(t, "update app.files set due_at = now() where due_at > now()")
}

// expire has the time of all uploads run out.
func (s *site) expire(t testing.TB) {
	t.Helper()
	s.exec(t, "update app.objects set expires_at = now() - interval '1 second' where expires_at > '-infinity'")
}

// sweep has the server sweep, by deleting a file for good.
func (s *site) sweep(t testing.TB, c *apitest.Client) {
	t.Helper()
	id := upload(t, c, "litter", []byte("litter"))
	c.Do(t, http.MethodDelete, "/v1/files/"+id+"?permanently=true", nil).Want(t, http.StatusNoContent)
}

// drained waits until all checks are done.
func (s *site) drained(t testing.TB) {
	t.Helper()
	s.hasten(t)
	until(t, "all files are checked", func() bool { return value[int](t, s, "select count(*) from app.files where due_at is not null") == 0 })
}

// settle has all time run out, and expects that nothing is left but files: in the table, in the storages and of the quota.
// There may be no bucket.
func (s *site) settle(t testing.TB, c *apitest.Client, b *s3.Server) {
	t.Helper()
	s.drained(t)
	s.expire(t)
	s.sweep(t, c)
	until(t, "the sweep is done", func() bool {
		return value[int](t, s, "select count(*) from app.objects where expires_at is not null") == 0
	})
	s.tidy(t, c, b)
}

// tidy expects that nothing is left but files.
func (s *site) tidy(t testing.TB, c *apitest.Client, b *s3.Server) {
	t.Helper()
	lost := value[int](t, s, `select count(*) from app.objects o
		where not exists (select from app.files f where f.org_id = o.org_id and (f.id = o.id or f.thumbnail_id = o.id))`)
	if lost > 0 {
		t.Errorf("%d objects are of no file", lost)
	}
	if left := value[int](t, s, "select count(*) from app.uploads"); left > 0 {
		t.Errorf("%d uploads are left", left)
	}
	s.wantKeys(t, "dir", s.inDir(t))
	if b != nil {
		s.wantKeys(t, "s3", inBucket(t, b))
	}
	s.wantQuota(t, c)
}

func (s *site) wantKeys(t testing.TB, store string, got []string) {
	t.Helper()
	want := value[[]string](t, s, `select coalesce(array_agg(case when quarantined then 'quarantine/' else '' end || org_id || '/' || id order by 1), '{}')
		from app.objects where store = $1`, store)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s has %d objects, want %d:\n%s\n\nwant\n%s", store, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// inDir lists all files under the data directory's folder of files.
func (s *site) inDir(t testing.TB) []string {
	t.Helper()
	var keys []string
	root := filepath.Join(s.dir, "files")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			key, _ := filepath.Rel(root, path)
			keys = append(keys, key)
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	must(t, err)
	return keys
}

// inBucket lists all that a bucket has: versions, delete markers and unfinished uploads, each by its key.
func inBucket(t testing.TB, b *s3.Server) []string {
	t.Helper()
	var keys []string
	for _, e := range b.Entries(t) {
		switch {
		case e.Upload != "":
			keys = append(keys, e.Key+" (unfinished)")
		case e.Marker:
			keys = append(keys, e.Key+" (deleted)")
		default:
			keys = append(keys, e.Key)
		}
	}
	return keys
}

func (s *site) wantQuota(t testing.TB, c *apitest.Client) {
	t.Helper()
	want := value[float64](t, s, "select coalesce(sum(size), 0)::float8 from app.files where org_id = $1", c.Org)
	usage := c.Do(t, http.MethodGet, "/v1/orgs/"+c.Org+"/usage", nil).Want(t, http.StatusOK)
	if got := usage.Number(t, "storage.bytes"); got != want {
		t.Errorf("the organization stores %v bytes, want %v", got, want)
	}
	if reserved := usage.Number(t, "storage.reserved_bytes"); reserved != 0 {
		t.Errorf("%v bytes are set aside", reserved)
	}
}

// moment is a time in which a fault may come.
func moment(d time.Duration) <-chan time.Time { return time.After(d) }
