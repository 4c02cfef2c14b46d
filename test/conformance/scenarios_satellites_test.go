package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// satelliteScenarios are those of what hangs on a task: its checklist, links, watchers and history.
func satelliteScenarios() map[string][]scenario {
	return map[string][]scenario{
		"create-checklist-item": {
			{name: "by id", status: 201, emits: []event.Type{event.ChecklistItemCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.newTask()}, body: object{"text": s.name("item")}}
			}},
			{name: "by key, checked", status: 201, emits: []event.Type{event.ChecklistItemCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, body: object{"text": s.name("item"), "checked": true}}
			}},
		},
		"list-checklist-items": {
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.newTask()}} },
				grow: func(s *stage, q request) string { return s.checklistItem(q.vars["task"]) }},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
		},
		"update-checklist-item": {
			{name: "text and check", status: 200, emits: []event.Type{event.ChecklistItemUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"item_id": s.checklistItem(s.newTask())}, body: object{"text": s.name("item"), "checked": true}, version: 1}
			}},
			{name: "place", status: 200, emits: []event.Type{event.ChecklistItemUpdated}, ready: func(s *stage) request {
				task := s.newTask()
				first, second, third := s.checklistItem(task), s.checklistItem(task), s.checklistItem(task)
				return request{vars: ids{"item_id": third}, body: object{"after_id": first, "before_id": second}, version: 1}
			}},
		},
		"delete-checklist-item": {{name: "unchecked", status: 204, emits: []event.Type{event.ChecklistItemDeleted}, ready: func(s *stage) request {
			return request{vars: ids{"item_id": s.checklistItem(s.newTask())}, version: 1}
		}}},

		"create-link": {
			{name: "blocks, by ids", status: 201, emits: []event.Type{event.LinkCreated, event.LinkCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.newTask()}, body: object{"kind": "blocks", "task_id": s.newTask()}}
			}},
			{name: "duplicated by, by keys", status: 201, emits: []event.Type{event.LinkCreated, event.LinkCreated}, ready: func(s *stage) request {
				column := s.column()
				return request{vars: ids{"task": s.task(column).Text(s, "key")}, body: object{"kind": "duplicated_by", "task_id": s.task(column).Text(s, "key")}}
			}},
			{name: "relates", status: 201, emits: []event.Type{event.LinkCreated, event.LinkCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.newTask()}, body: object{"kind": "relates", "task_id": s.newTask()}}
			}},
		},
		"list-links": {
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.newTask()}} },
				grow: func(s *stage, q request) string { return s.link(q.vars["task"], "blocked_by", s.newTask()) }},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
		},
		"delete-link": {
			{name: "of its own side", status: 204, emits: []event.Type{event.LinkDeleted, event.LinkDeleted}, unversioned: true, ready: func(s *stage) request {
				task := s.newTask()
				return request{vars: ids{"task": task, "link_id": s.link(task, "relates", s.newTask())}}
			}},
			{name: "of the other side, by key", status: 204, emits: []event.Type{event.LinkDeleted, event.LinkDeleted}, unversioned: true, ready: func(s *stage) request {
				other := s.task(s.column())
				return request{vars: ids{"task": other.Text(s, "key"), "link_id": s.link(s.newTask(), "blocks", s.id(other))}}
			}},
		},

		"add-watcher": {
			{name: "oneself", status: 201, emits: []event.Type{event.WatcherAdded}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.newTask()}}
			}},
			{name: "somebody else, by key", status: 201, emits: []event.Type{event.WatcherAdded}, least: rbac.Member, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, body: object{"user_id": s.colleague()}}
			}},
		},
		"list-watchers": {
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.newTask()}} },
				grow: func(s *stage, q request) string { return s.watch(q.vars["task"]) }},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
		},
		"remove-watcher": {
			{name: "oneself", status: 204, emits: []event.Type{event.WatcherRemoved}, unversioned: true, ready: func(s *stage) request {
				task := s.newTask()
				s.by.In(s.org).Do(s, "POST", "/v1/tasks/"+task+"/watchers", nil).Want(s, 201)
				return request{vars: ids{"task": task, "user_id": s.by.User}}
			}},
			{name: "somebody else, by key", status: 204, emits: []event.Type{event.WatcherRemoved}, least: rbac.Member, unversioned: true, ready: func(s *stage) request {
				task := s.task(s.column())
				return request{vars: ids{"task": task.Text(s, "key"), "user_id": s.watch(s.id(task))}}
			}},
		},

		"list-activity": {
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.newTask()}} },
				grow: func(s *stage, q request) string {
					path := "/v1/tasks/" + q.vars["task"]
					s.admin.Do(s, "PATCH", path, object{"title": s.name("task")}).Want(s, 200)
					return s.admin.Do(s, "GET", path+"/activity?limit=1", nil).Want(s, 200).Text(s, "items.0.id")
				}},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
		},
	}
}

// newTask is the id of a task on a board of its own.
func (s *stage) newTask() string { return s.id(s.task(s.column())) }

func (s *stage) checklistItem(task string) string {
	return s.id(s.made("/v1/tasks/"+task+"/checklist", object{"text": s.name("item")}))
}

func (s *stage) link(task, kind, other string) string {
	return s.id(s.made("/v1/tasks/"+task+"/links", object{"kind": kind, "task_id": other}))
}

// watch has a new colleague watch a task.
func (s *stage) watch(task string) string {
	return s.made("/v1/tasks/"+task+"/watchers", object{"user_id": s.colleague()}).Text(s, "user_id")
}
