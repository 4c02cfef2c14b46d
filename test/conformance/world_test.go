package conformance_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// world is a server with two organizations that know nothing of each other, and one person who is in both.
type world struct {
	server *apitest.Server
	doc    *document
	a, b   *tenant
	both   *apitest.Client // an admin in either organization

	digests string // the query of snapshot
}

// tenant is an organization with a person in each role. Whatever is made in it bears its canary.
type tenant struct {
	org    string
	canary string
	admin  *apitest.Client
	member *apitest.Client
	guest  *apitest.Client

	world *world
	names *atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{server: apitest.New(t, apitest.WithConfig(func(c *config.Config) {
		c.ClamdAddr, c.CDNSigningKey = "127.0.0.1:1", linkKey // nobody asks the scanner: no jobs are done
	}))}
	w.doc = readDocument(t, w.server)
	g := &guard{next: w.server.Transport, doc: w.doc, strangers: map[string]string{}}
	w.server.Transport = g
	t.Cleanup(func() { g.report(t) })
	names := &atomic.Int64{}
	w.a = w.tenant(t, "aardvark", names)
	w.b = w.tenant(t, "bumblebee", names)
	w.both = w.a.admin.Join(t, "both", "admin")
	w.join(t, w.b, w.both, "admin")
	for _, c := range []*apitest.Client{w.a.admin, w.a.member, w.a.guest} {
		g.strangers[c.Token] = w.b.canary
	}
	for _, c := range []*apitest.Client{w.b.admin, w.b.member, w.b.guest} {
		g.strangers[c.Token] = w.a.canary
	}
	w.digests = digestsQuery(t, w.server.Owner)
	return w
}

func (w *world) tenant(t testing.TB, animal string, names *atomic.Int64) *tenant {
	t.Helper()
	v := &tenant{canary: animal + strings.ReplaceAll(uuid.NewString(), "-", "")[:8], world: w, names: names}
	v.admin = w.server.SignUp(t, v.canary)
	v.org = v.admin.Org
	v.member = v.admin.Join(t, v.canary, "member")
	v.guest = v.admin.Join(t, v.canary, "guest")
	return v
}

// join brings somebody with an account into an organization.
func (w *world) join(t testing.TB, v *tenant, who *apitest.Client, role string) {
	t.Helper()
	v.admin.Do(t, "POST", "/v1/orgs/"+v.org+"/invite", object{"email": who.Email, "role": role}).Want(t, http.StatusCreated)
	who.Do(t, "POST", "/v1/invitations/accept", object{"token": w.server.InvitationToken(t, who.Email)}).Want(t, http.StatusOK)
}

// another is a new organization of the tenant's admin.
func (v *tenant) another(t testing.TB) *tenant {
	t.Helper()
	other := *v
	other.org = v.admin.Do(t, "POST", "/v1/orgs", object{"name": v.canary + " too"}).Want(t, http.StatusCreated).Text(t, "id")
	other.admin = v.admin.In(other.org)
	return &other
}

// as is the tenant's stage, played by its person of a role.
func (v *tenant) as(t testing.TB, role rbac.Role) *stage {
	return &stage{t, v, map[rbac.Role]*apitest.Client{rbac.Guest: v.guest, rbac.Member: v.member, rbac.Admin: v.admin}[role], role}
}

// stage is where a scenario is made ready: in a tenant, for the one who is to send the request.
type stage struct {
	testing.TB
	*tenant
	by   *apitest.Client
	role rbac.Role
}

// name is a new name that bears the tenant's canary.
func (s *stage) name(of string) string {
	return fmt.Sprintf("%s %s %d", s.canary, of, s.names.Add(1))
}

// address is an e-mail address that nobody has.
func (s *stage) address() string { return fmt.Sprintf("%s.%d@plinth.test", s.canary, s.names.Add(1)) }

// made is something that the tenant's admin made.
func (s *stage) made(path string, body any) *apitest.Response {
	s.Helper()
	return s.admin.Do(s, "POST", path, body).Want(s, http.StatusCreated)
}

func (s *stage) id(r *apitest.Response) string { return r.Text(s, "id") }

// lastEvent is the organization's newest event, once nothing on the whole server holds it back from readers any more.
func (s *stage) lastEvent() string {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var uid string
		var settled bool
		err := s.world.server.Owner.QueryRow(s.Context(), `select uid::text, xid < pg_snapshot_xmin(pg_current_snapshot())
			from app.events where org_id = $1 order by xid desc, id desc limit 1`, s.org).Scan(&uid, &settled)
		switch {
		case err != nil:
			s.Fatal(err)
		case settled:
			return uid
		case time.Now().After(deadline):
			s.Fatal("an open transaction holds the events back")
		}
	}
}

// key is a project key that no project of any tenant has.
func (s *stage) key() string {
	return fmt.Sprintf("%s%d", strings.ToUpper(s.canary[:2]), s.names.Add(1))
}

// project is a new one, which a guest who is to send the request sees.
func (s *stage) project() string {
	project := s.id(s.made("/v1/projects", object{"name": s.name("project"), "key": s.key()}))
	if s.role == rbac.Guest {
		s.made("/v1/projects/"+project+"/members", object{"user_id": s.by.User, "role": "guest"})
	}
	return project
}

// board is a kanban board; its columns follow in order.
func (s *stage) board() (id string, columns []string) {
	return s.boardOf(s.project())
}

func (s *stage) boardOf(project string) (id string, columns []string) {
	r := s.made("/v1/projects/"+project+"/boards", object{"name": s.name("board"), "template": "kanban"})
	for i := range r.Len(s, "columns") {
		columns = append(columns, r.Text(s, fmt.Sprintf("columns.%d.id", i)))
	}
	return s.id(r), columns
}

// column is the one for things to do on a new board.
func (s *stage) column() string {
	_, columns := s.board()
	return columns[1]
}

func (s *stage) label() string {
	return s.id(s.made("/v1/labels", object{"name": s.name("label"), "color": "#d73a4a"}))
}

func (s *stage) task(column string) *apitest.Response {
	return s.made("/v1/columns/"+column+"/tasks", object{"title": s.name("task"), "description": s.canary})
}

// trashed is a task in the trash.
func (s *stage) trashed() *apitest.Response {
	task := s.task(s.column())
	s.admin.Do(s, "DELETE", "/v1/tasks/"+s.id(task), nil).Want(s, http.StatusNoContent)
	return task
}

// author is who sends the request, or the admin where that one may not write.
func (s *stage) author() *apitest.Client {
	if s.role == rbac.Guest {
		return s.admin
	}
	return s.by.In(s.org)
}

func (s *stage) comment(by *apitest.Client, task string) string {
	return s.id(by.Do(s, "POST", "/v1/tasks/"+task+"/comments", object{"body": s.name("comment")}).Want(s, http.StatusCreated))
}

// colleague is a member who never signs in, so the row stands for the account: a password's hash takes its time.
func (s *stage) colleague() string {
	s.Helper()
	id := newID()
	_, err := s.world.server.Owner.Exec(s.Context(), `with u as (insert into app.users (id, reseller_id, email, name, password_hash)
		values ($1, $2, $3, $4, '') returning *)
		insert into app.memberships (org_id, user_id, reseller_id, email, name, role)
		select $5, id, reseller_id, email, name, 'member' from u`, id, api.DefaultReseller, s.address(), s.name("colleague"), s.org)
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// newID is a UUIDv7 that names nothing.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
