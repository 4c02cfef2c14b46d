package conformance_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// beyondProjects are the places of ids that stand for something outside any project, which a member sees whatever the
// projects are.
func beyondProjects() map[string]string {
	return map[string]string{
		"assignee_id": "a member", "assignee_ids": "members", "created_by": "a member", "user_id": "a member",
		"label_id": "the organization's", "label_ids": "the organization's", "org_id": "the organization",
		"template_id": "the organization's", "job_id": "its owner's", "view_id": "its owner's, or the organization's",
	}
}

// testHiddenProjects: wherever an id may stand, one of a private project answers somebody who is not in it exactly as one
// that names nothing, and nothing is written.
func (w *world) testHiddenProjects(t *testing.T) {
	v := w.tenant(t, "chameleon", w.a.names)
	w.eachScenario(t, ofAnOrg, func(t *testing.T, op *api.Op, sc scenario) {
		if least, _ := rbac.Least(op.Can); least > rbac.Member || sc.least > rbac.Member {
			return // admins see everything
		}
		s := v.as(t, rbac.Member)
		seen := sc.ready(s)
		places := slices.DeleteFunc(seen.references(), func(p place) bool { return beyondProjects()[p.name] != "" || p.String() == sc.loose })
		if len(places) == 0 {
			return
		}
		before := w.projects(t, v)
		hidden := sc.ready(s)
		w.hide(t, v, before)
		digest := w.snapshot(t)
		for _, p := range places {
			if seen.at(p) == hidden.at(p) {
				continue
			}
			absent := seen.with(p, unlike(seen.at(p))).send(op, s).WantProblem(t, http.StatusNotFound, "not-found")
			same(t, p.String(), seen.with(p, hidden.at(p)).send(op, s), absent)
		}
		w.unchanged(t, digest, "a request with a hidden project's id")
	})
}

// readersMay are the operations that somebody may do who only reads a project.
func readersMay() map[string]string {
	return map[string]string{
		"delete-project-member": "leaving",
		"add-watcher":           "watching is reading",
		"remove-watcher":        "watching is reading",
	}
}

// testReaders: a member who is a guest in a project reads there and changes nothing, without being told that what is to be
// changed is not there.
func (w *world) testReaders(t *testing.T) {
	v := w.tenant(t, "dormouse", w.a.names)
	w.eachScenario(t, ofAnOrg, func(t *testing.T, op *api.Op, sc scenario) {
		if least, _ := rbac.Least(op.Can); least > rbac.Member || sc.least > rbac.Member || readersMay()[op.ID] != "" {
			return
		}
		s := v.as(t, rbac.Member)
		q := sc.ready(s)
		if !slices.ContainsFunc(q.references(), func(p place) bool { return p.in == "path" && beyondProjects()[p.name] == "" }) {
			return
		}
		w.restrict(t, v)
		if op.Method == http.MethodGet {
			q.send(op, s).Want(t, sc.status)
			return
		}
		before := w.snapshot(t)
		q.send(op, s).WantProblem(t, http.StatusForbidden, "forbidden")
		w.unchanged(t, before, "a reader")
	})
}

func (w *world) projects(t *testing.T, v *tenant) []string {
	t.Helper()
	var known []string
	err := w.server.Owner.QueryRow(t.Context(), "select coalesce(array_agg(id::text), '{}') from app.projects where org_id = $1", v.org).Scan(&known)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// hide makes the projects that are not known private, with the tenant's member in none of them.
func (w *world) hide(t *testing.T, v *tenant, known []string) {
	t.Helper()
	_, err := w.server.Owner.Exec(t.Context(), `with hidden as (
		  update app.projects set private = true where org_id = $1 and id::text <> all($2) returning id)
		delete from app.project_members where org_id = $1 and project_id in (select id from hidden) and user_id = $3`, v.org, known, v.member.User)
	if err != nil {
		t.Fatal(err)
	}
}

// restrict makes the tenant's member a guest in all projects.
func (w *world) restrict(t *testing.T, v *tenant) {
	t.Helper()
	_, err := w.server.Owner.Exec(t.Context(), `insert into app.project_members (org_id, project_id, user_id, role)
		select org_id, id, $2, 'guest' from app.projects where org_id = $1
		on conflict (org_id, project_id, user_id) do update set role = 'guest'`, v.org, v.member.User)
	if err != nil {
		t.Fatal(err)
	}
}
