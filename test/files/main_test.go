// Package files_test holds files to their promises, over HTTP, wherever they lie and whether or not somebody scans them.
package files_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/test/apitest"
	"github.com/plinth/plinth/test/clamd"
	"github.com/plinth/plinth/test/s3"
)

func TestMain(m *testing.M) { apitest.Main(m) }

// body is the content of a request, or what a form has besides its file.
type body = map[string]any

// kind is what an installation keeps its files in, and whether it has a scanner.
type kind int

const (
	inDir           kind = iota // the default
	inDirScanned                // with clamd
	inBucketScanned             // that keeps versions, with clamd
	inPlainBucket               // that keeps none, with clamd
)

func (k kind) String() string {
	return [...]string{"directory", "directory and clamd", "bucket and clamd", "bucket without versions and clamd"}[k]
}

func (k kind) scanned() bool { return k != inDir }

// The kinds that most tests run on, those that scan, and all.
func usual() []kind    { return []kind{inDir, inBucketScanned} }
func scanning() []kind { return []kind{inDirScanned, inBucketScanned, inPlainBucket} }
func all() []kind      { return []kind{inDir, inDirScanned, inBucketScanned, inPlainBucket} }

// depot is an installation with an organization in it, and a project with a task.
type depot struct {
	*testing.T
	kind    kind
	server  *apitest.Server
	admin   *apitest.Client
	bucket  *s3.Server    // nil where there is none
	scanner *clamd.Server // nil where there is none
	clock   *clock
	project string
	columns []string
}

// clock is the installation's, which a test may put forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// on runs a test on installations of these kinds.
func on(t *testing.T, kinds []kind, test func(d *depot), options ...apitest.Option) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			test(newDepot(t, k, options...))
		})
	}
}

func newDepot(t *testing.T, k kind, options ...apitest.Option) *depot {
	t.Helper()
	d := &depot{T: t, kind: k, clock: &clock{}}
	options = append(options, func(o *app.Options) { o.Now = d.clock.now })
	if k == inBucketScanned || k == inPlainBucket {
		d.bucket = s3.Start(t, s3.Versions(k == inBucketScanned))
		options = append(options, inBucket(d.bucket))
	}
	if k.scanned() {
		d.scanner = clamd.Start(t)
		options = append(options, scannedBy(d.scanner))
	}
	d.server = apitest.New(t, append(options, apitest.WithJobs(&job.Workers{}))...)
	d.admin = d.server.SignUp(t, "ada")
	d.project, d.columns = d.newProject("Engine", false)
	if k == inBucketScanned {
		d.until("the bucket keeps versions", d.server.App.Files.Stores.S3.Pinned)
	}
	return d
}

func inBucket(s *s3.Server) apitest.Option {
	return apitest.WithConfig(func(c *config.Config) {
		c.S3Endpoint, c.S3Bucket, c.S3Region, c.S3ForcePathStyle = s.Endpoint, s.Bucket, s.Region, true
		c.S3AccessKeyID, c.S3SecretAccessKey = s.AccessKeyID, config.Sensitive(s.SecretAccessKey)
	})
}

func scannedBy(s *clamd.Server) apitest.Option {
	return apitest.WithConfig(func(c *config.Config) { c.ClamdAddr = s.Addr })
}

// holding has organizations store this many bytes.
func holding(quota int) apitest.Option {
	return apitest.WithConfig(func(c *config.Config) { c.FilesQuota = quota })
}

const (
	patience = 60 * time.Second // for what must happen; it is no measure of speed
	lookEach = 5 * time.Millisecond
)

// until polls the condition and fails the test where it does not come true.
func (d *depot) until(what string, condition func() bool) {
	d.Helper()
	deadline := time.Now().Add(patience)
	look := time.NewTicker(lookEach)
	defer look.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			d.Fatalf("not in time: %s", what)
		}
		<-look.C
	}
}

// node is another process of the installation, with these options besides.
func (d *depot) node(options ...apitest.Option) *apitest.Server {
	d.Helper()
	return d.server.Node(d, append(options, apitest.WithJobs(&job.Workers{}))...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *depot) newProject(name string, private bool) (id string, columns []string) {
	d.Helper()
	id = d.admin.Do(d, "POST", "/v1/projects", body{"name": name, "private": private}).Want(d, 201).Text(d, "id")
	board := d.admin.Do(d, "POST", "/v1/projects/"+id+"/boards", body{"name": "Board", "template": "kanban"}).Want(d, 201)
	for i := range board.Len(d, "columns") {
		columns = append(columns, board.Text(d, fmt.Sprintf("columns.%d.id", i)))
	}
	return id, columns
}

// join makes a new member of the organization, and of a project where one is given.
func (d *depot) join(name, role string, projects ...string) *apitest.Client {
	d.Helper()
	who := d.admin.Join(d, name, role)
	for _, project := range projects {
		d.admin.Do(d, "POST", "/v1/projects/"+project+"/members", body{"user_id": who.User, "role": role}).Want(d, 201)
	}
	return who
}

func (d *depot) newTask(column string) (id string) {
	d.Helper()
	return d.admin.Do(d, "POST", "/v1/columns/"+column+"/tasks", body{"title": "Mill"}).Want(d, 201).Text(d, "id")
}

func (d *depot) newComment(task string) (id string) {
	d.Helper()
	return d.admin.Do(d, "POST", "/v1/tasks/"+task+"/comments", body{"body": "See the file."}).Want(d, 201).Text(d, "id")
}

// upload has the admin upload a file.
func (d *depot) upload(name, content string, fields body) *apitest.Response {
	d.Helper()
	return d.admin.SendFile(d, "/v1/files/upload", name, []byte(content), fields).Want(d, 201)
}

// uploaded is upload for a file that is looked at by then: it gives the file's id.
func (d *depot) uploaded(name, content string, fields body) (id string) {
	d.Helper()
	id = d.upload(name, content, fields).Text(d, "id")
	d.settled(id)
	return id
}

func (d *depot) file(id string) *apitest.Response {
	d.Helper()
	return d.admin.Do(d, "GET", "/v1/files/"+id, nil).Want(d, 200)
}

// settled waits until a file was looked at.
func (d *depot) settled(id string) *apitest.Response {
	d.Helper()
	var f *apitest.Response
	d.until("the file is checked", func() bool {
		f = d.file(id)
		return f.Text(d, "scan_status") != "pending"
	})
	return f
}

// becomes waits for a file's status.
func (d *depot) becomes(id, status string) *apitest.Response {
	d.Helper()
	var f *apitest.Response
	d.until("the file is "+status, func() bool {
		f = d.file(id)
		return f.Text(d, "scan_status") == status
	})
	return f
}

// passed is the status of a file that nothing is wrong with.
func (d *depot) passed() string {
	if d.kind.scanned() {
		return "clean"
	}
	return "skipped"
}

// get downloads a file, of a query, from wherever it is.
func (d *depot) get(who *apitest.Client, id, query string, headers ...apitest.Header) *apitest.Response {
	d.Helper()
	return d.follow(who.Do(d, "GET", "/v1/files/"+id+"/download"+query, nil, headers...), headers...)
}

// follow goes where a redirect leads.
func (d *depot) follow(r *apitest.Response, headers ...apitest.Header) *apitest.Response {
	d.Helper()
	if r.Status != http.StatusFound {
		return r
	}
	return d.elsewhere("GET", r.Header.Get("Location"), nil, headers...)
}

// elsewhere sends a request that is for no server of Plinth, as nobody.
func (d *depot) elsewhere(method, url string, content any, headers ...apitest.Header) *apitest.Response {
	d.Helper()
	stranger := &apitest.Client{Server: &apitest.Server{Transport: http.DefaultTransport}}
	return stranger.Do(d, method, url, content, headers...)
}

// wantContent fails the test unless a download gives just this.
func (d *depot) wantContent(who *apitest.Client, id, query, content string) {
	d.Helper()
	if r := d.get(who, id, query).Want(d, 200); string(r.Body) != content {
		d.Fatalf("%s%s has %d bytes %.60q, want %d bytes %.60q", id, query, len(r.Body), r.Body, len(content), content)
	}
}

// wantUsage fails the test unless the organization stores so many bytes, and has none set aside.
func (d *depot) wantUsage(bytes int) {
	d.Helper()
	u := d.admin.Do(d, "GET", "/v1/orgs/"+d.admin.Org+"/usage", nil).Want(d, 200)
	if u.Number(d, "storage.bytes") != float64(bytes) || u.Number(d, "storage.reserved_bytes") != 0 {
		d.Fatalf("usage is %s, want %d bytes", u.Body, bytes)
	}
}

// key is where a file's content lies, as keys gives it.
func (d *depot) key(id string) string {
	store := "dir "
	if d.bucket != nil {
		store = "s3 "
	}
	return store + d.admin.Org + "/" + id
}

// keys are what lies in the storages, each with its storage's name; versions, markers and unfinished uploads count. They are
// listed as the program does it, again where a server fails over what is being deleted.
func (d *depot) keys() []string {
	d.Helper()
	var keys []string
	list := func(name string, store blob.Store) {
		must(d, store.Walk(d.Context(), func(key string, _ time.Time) error {
			keys = append(keys, name+" "+key)
			return nil
		}))
	}
	list("dir", d.server.App.Files.Stores.Dir)
	if d.bucket != nil {
		list("s3", d.server.App.Files.Stores.S3)
	}
	slices.Sort(keys)
	return keys
}

func (d *depot) has(key string) bool { return slices.Contains(d.keys(), key) }

// strings are what a query gives, behind the scenes.
func (d *depot) strings(sql string, args ...any) []string {
	d.Helper()
	rows, err := d.server.Owner.Query(d.Context(), sql, args...)
	must(d, err)
	defer rows.Close()
	var found []string
	for rows.Next() {
		var s string
		must(d, rows.Scan(&s))
		found = append(found, s)
	}
	must(d, rows.Err())
	return found
}

func (d *depot) exec(sql string, args ...any) {
	d.Helper()
	_, err := d.server.Owner.Exec(d.Context(), sql, args...)
	must(d, err)
}

// sweep sweeps, and then fails the test unless all that lies in the storages is what files lead to, and all that counts.
func (d *depot) sweep() {
	d.Helper()
	// What was given up is looked for in a bucket once more, after a while that is over now.
	d.exec("update app.objects o set expires_at = now() - interval '1 second' where o.given_up and o.expires_at > now()")
	must(d, d.server.App.Files.Sweep(context.Background()))
	d.wantNothingLost()
}

// wantNothingLost fails the test unless storages, objects, files and what the organizations use agree.
func (d *depot) wantNothingLost() {
	d.Helper()
	led := d.strings(`select o.store || ' ' || case when o.quarantined then 'quarantine/' else '' end || o.org_id || '/' || o.id as key
		from app.objects o where exists (select from app.files f where f.org_id = o.org_id and (f.id = o.id or f.thumbnail_id = o.id)) order by key`)
	slices.Sort(led)
	if keys := d.keys(); !slices.Equal(keys, led) {
		d.Fatalf("the storages have\n%s\nand files lead to\n%s", strings.Join(keys, "\n"), strings.Join(led, "\n"))
	}
	for _, wrong := range []string{
		`select 'object ' || o.id || ' of no file' from app.objects o
			where not o.given_up and not exists (select from app.files f where f.org_id = o.org_id and (f.id = o.id or f.thumbnail_id = o.id))`,
		`select 'upload ' || u.id from app.uploads u`,
		`select 'size of ' || f.id from app.files f join app.objects o using (org_id, id) where f.size <> o.size or o.pin is null or o.expires_at is not null`,
		`select 'usage of ' || g.id || ': ' || g.counted || ' of ' || g.stored
			from (select g.id, coalesce((select s.bytes from app.storage s where s.org_id = g.id), 0) as counted,
			coalesce((select sum(f.size) from app.files f where f.org_id = g.id), 0) as stored from app.organizations g) g where g.counted <> g.stored`,
	} {
		if found := d.strings(wrong); len(found) > 0 {
			d.Fatalf("%s", strings.Join(found, "\n"))
		}
	}
}

func header(name, value string) apitest.Header { return apitest.Header{Name: name, Value: value} }
