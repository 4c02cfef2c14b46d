package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

func templateScenarios() map[string][]scenario {
	one := func(s *stage, by *apitest.Client) request {
		return request{vars: ids{"template_id": s.template(by, s.project())}, version: 1}
	}
	another := func(s *stage) request {
		if s.role == rbac.Member {
			return one(s, s.admin)
		}
		return one(s, s.member)
	}
	return map[string][]scenario{
		"create-project-template": {{name: "of a project", status: 201, emits: []event.Type{event.TemplateCreated}, ready: func(s *stage) request {
			return request{body: object{"project_id": s.plannedProject(), "name": s.name("template"), "description": s.canary}}
		}}},
		"list-project-templates": {
			{name: "all", status: 200, ready: func(*stage) request { return request{} },
				grow: func(s *stage, _ request) string { return s.template(s.admin, s.project()) }},
			{name: "naming the organization", status: 200, ready: func(s *stage) request { return request{query: ids{"org_id": s.org}} }},
		},
		"get-project-template": {{name: "by id", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"template_id": s.template(s.admin, s.plannedProject())}}
		}}},
		"update-project-template": {
			{name: "one's own", status: 200, emits: []event.Type{event.TemplateUpdated}, ready: func(s *stage) request {
				q := one(s, s.author())
				q.body = object{"name": s.name("template"), "description": s.canary}
				return q
			}},
			{name: "another's", status: 200, emits: []event.Type{event.TemplateUpdated}, least: rbac.Admin, ready: func(s *stage) request {
				q := another(s)
				q.body = object{"name": s.name("template")}
				return q
			}},
		},
		"delete-project-template": {
			{name: "one's own", status: 204, emits: []event.Type{event.TemplateDeleted}, ready: func(s *stage) request { return one(s, s.author()) }},
			{name: "another's", status: 204, emits: []event.Type{event.TemplateDeleted}, least: rbac.Admin, ready: another},
		},
		"create-project-from-template": {
			{name: "with all that one can have", status: 201,
				emits: []event.Type{event.ProjectCreated, event.ProjectMemberAdded, event.BoardCreated, event.ColumnCreated, event.ColumnCreated,
					event.ColumnCreated, event.ColumnCreated, event.FieldCreated, event.ViewCreated},
				ready: func(s *stage) request {
					return request{vars: ids{"template_id": s.template(s.admin, s.plannedProject())},
						body: object{"name": s.name("project"), "key": s.key(), "description": s.canary, "private": true}}
				}},
			{name: "with a derived key", status: 201, emits: []event.Type{event.ProjectCreated, event.ProjectMemberAdded}, ready: func(s *stage) request {
				return request{vars: ids{"template_id": s.template(s.admin, s.project())}, body: object{"name": s.name("project")}}
			}},
		},
	}
}

// template is one of a project, made by somebody.
func (s *stage) template(by *apitest.Client, project string) string {
	s.Helper()
	return s.id(by.In(s.org).Do(s, "POST", "/v1/project-templates", object{"project_id": project, "name": s.name("template")}).Want(s, 201))
}

// plannedProject is a project with all that a template takes.
func (s *stage) plannedProject() string {
	project := s.project()
	s.boardOf(project)
	s.made("/v1/projects/"+project+"/fields", object{"name": s.name("field"), "type": "select", "options": []object{{"name": s.canary}}})
	s.made("/v1/views", object{"name": s.name("view"), "project_id": project, "visibility": "project", "filter": "status = done"})
	return project
}
