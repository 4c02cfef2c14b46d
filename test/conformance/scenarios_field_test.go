package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
)

// field is a custom field of a project, of the kind given.
func (s *stage) field(project, kind string) string {
	body := object{"name": s.name("field"), "type": kind}
	if kind == "select" || kind == "multi_select" {
		body["options"] = []object{{"value": "one", "name": s.name("option"), "color": "#d73a4a"}, {"value": "two", "name": s.name("option")}}
	}
	return s.id(s.made("/v1/projects/"+project+"/fields", body))
}

// valued is a custom field of a new project, with a task that has a value of it.
func (s *stage) valued(kind string, value any) string {
	project := s.project()
	_, columns := s.boardOf(project)
	field := s.field(project, kind)
	key := s.admin.Do(s, "GET", "/v1/fields/"+field, nil).Want(s, 200).Text(s, "key")
	s.made("/v1/columns/"+columns[1]+"/tasks", object{"title": s.name("task"), "fields": object{key: value}})
	return field
}

func fieldScenarios() map[string][]scenario {
	updated := []event.Type{event.FieldUpdated}
	return map[string][]scenario{
		"create-field": {
			{name: "select", status: 201, emits: []event.Type{event.FieldCreated}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"name": s.name("field"), "key": "severity", "type": "select",
					"options": []object{{"value": "high", "name": "High", "color": "#d73a4a"}, {"name": s.name("option")}}}}
			}},
			{name: "number, with a derived key", status: 201, emits: []event.Type{event.FieldCreated}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"name": s.name("field"), "type": "number"}}
			}},
		},
		"list-fields": {{name: "of a project", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"project_id": s.project()}}
		}, grow: func(s *stage, q request) string { return s.field(q.vars["project_id"], "text") }}},
		"get-field": {{name: "with options", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"field_id": s.field(s.project(), "multi_select")}}
		}}},
		"update-field": {
			{name: "name", status: 200, emits: updated, ready: func(s *stage) request {
				return request{vars: ids{"field_id": s.field(s.project(), "date")}, body: object{"name": s.name("field")}, version: 1}
			}},
			{name: "options, one of them in use", status: 200, emits: updated, ready: func(s *stage) request {
				return request{vars: ids{"field_id": s.valued("select", "two")}, version: 1, body: object{
					"options": []object{{"value": "two", "name": s.name("option")}, {"value": "three", "name": s.name("option")}}}}
			}},
			{name: "place", status: 200, emits: updated, ready: func(s *stage) request {
				project := s.project()
				first, second := s.field(project, "text"), s.field(project, "url")
				return request{vars: ids{"field_id": s.field(project, "person")}, body: object{"after_id": first, "before_id": second}, version: 1}
			}},
		},
		"delete-field": {
			{name: "without values", status: 204, emits: []event.Type{event.FieldDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"field_id": s.field(s.project(), "checkbox")}, version: 1}
			}},
			{name: "with a value", status: 204, emits: []event.Type{event.FieldDeleted, event.TaskUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"field_id": s.valued("number", 3)}, version: 1}
			}},
		},
	}
}
