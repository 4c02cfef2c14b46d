package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

// view is somebody's view of their organization, or of a project where one is named.
func (s *stage) view(by *apitest.Client, visibility, project string) string {
	body := object{"name": s.name("view"), "visibility": visibility, "filter": "assignee = me", "group_by": "status"}
	if project != "" {
		body["project_id"] = project
		body["filter"] = ""
	}
	return s.id(by.Do(s, "POST", "/v1/views", body).Want(s, 201))
}

func viewScenarios() map[string][]scenario {
	created, updated, deleted := []event.Type{event.ViewCreated}, []event.Type{event.ViewUpdated}, []event.Type{event.ViewDeleted}
	return map[string][]scenario{
		"create-view": {
			{name: "for a project", status: 201, emits: created, ready: func(s *stage) request {
				return request{body: object{"name": s.name("view"), "visibility": "project", "project_id": s.project(), "filter": `status = "todo"`,
					"sort": "-priority", "group_by": "assignee", "fields": []string{"key", "title", "fields.severity"}}}
			}},
			{name: "private", status: 201, ready: func(s *stage) request { return request{body: object{"name": s.name("view")}} }},
		},
		"list-views": {
			{name: "all", status: 200, ready: func(*stage) request { return request{} },
				grow: func(s *stage, _ request) string { return s.view(s.by, "private", "") }},
			{name: "of a project", status: 200, ready: func(s *stage) request {
				return request{query: ids{"project_id": s.project(), "visibility": "project"}}
			}},
		},
		"get-view": {{name: "shared", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"view_id": s.view(s.admin, "organization", "")}}
		}}},
		"update-view": {
			{name: "all its own", status: 200, emits: updated, ready: func(s *stage) request {
				project := s.project()
				return request{vars: ids{"view_id": s.view(s.author(), "project", project)}, version: 1, body: object{"name": s.name("view"), "project_id": project,
					"filter": nil, "sort": "created_at", "group_by": nil, "fields": []string{"key"}}}
			}},
			{name: "another's", status: 200, emits: updated, least: rbac.Admin, ready: func(s *stage) request {
				other := s.member
				if s.role == rbac.Member {
					other = s.admin
				}
				return request{vars: ids{"view_id": s.view(other.In(s.org), "organization", "")}, body: object{"name": s.name("view")}, version: 1}
			}},
			{name: "to share it", status: 200, emits: created, ready: func(s *stage) request {
				return request{vars: ids{"view_id": s.view(s.author(), "private", "")}, body: object{"visibility": "organization"}, version: 1}
			}},
			{name: "to keep it", status: 200, emits: deleted, ready: func(s *stage) request {
				return request{vars: ids{"view_id": s.view(s.author(), "organization", "")}, body: object{"visibility": "private"}, version: 1}
			}},
			{name: "a private one", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"view_id": s.view(s.author(), "private", "")}, body: object{"name": s.name("view")}, version: 1}
			}},
		},
		"delete-view": {
			{name: "shared", status: 204, emits: deleted, ready: func(s *stage) request {
				return request{vars: ids{"view_id": s.view(s.author(), "organization", "")}, version: 1}
			}},
			{name: "private", status: 204, ready: func(s *stage) request {
				return request{vars: ids{"view_id": s.view(s.author(), "private", "")}, version: 1}
			}},
		},
		"list-view-tasks": {{name: "of a project", status: 200, ready: func(s *stage) request {
			project := s.project()
			s.boardOf(project)
			return request{vars: ids{"view_id": s.view(s.admin, "project", project)}}
		}, grow: func(s *stage, q request) string {
			project := s.admin.Do(s, "GET", "/v1/views/"+q.vars["view_id"], nil).Want(s, 200).Text(s, "project_id")
			_, columns := s.boardOf(project)
			return s.id(s.task(columns[1]))
		}}},
		"list-view-groups": {{name: "by status", status: 200, ready: func(s *stage) request {
			s.task(s.column())
			return request{vars: ids{"view_id": s.view(s.admin, "organization", "")}}
		}}},
	}
}
