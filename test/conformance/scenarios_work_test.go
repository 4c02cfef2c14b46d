package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
)

func projectScenarios() map[string][]scenario {
	made := []event.Type{event.ProjectCreated, event.ProjectMemberAdded}
	joined := func(s *stage) request {
		project, colleague := s.project(), s.colleague()
		s.made("/v1/projects/"+project+"/members", object{"user_id": colleague})
		return request{vars: ids{"project_id": project, "user_id": colleague}, version: 1}
	}
	return map[string][]scenario{
		"create-project": {
			{name: "with a key", status: 201, emits: made, ready: func(s *stage) request {
				return request{body: object{"name": s.name("project"), "key": s.key(), "description": s.canary}}
			}},
			{name: "with a derived key", status: 201, emits: made, ready: func(s *stage) request {
				return request{body: object{"name": s.name("project")}}
			}},
			{name: "private", status: 201, emits: made, ready: func(s *stage) request {
				return request{body: object{"name": s.name("project"), "key": s.key(), "private": true}}
			}},
		},
		"list-projects": {
			{name: "all", status: 200, ready: func(*stage) request { return request{} },
				grow: func(s *stage, _ request) string { return s.project() }},
			{name: "naming the organization", status: 200, ready: func(s *stage) request { return request{query: ids{"org_id": s.org}} }},
		},
		"get-project": {{name: "by id", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"project_id": s.project()}}
		}}},
		"update-project": {
			{name: "name", status: 200, emits: []event.Type{event.ProjectUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"name": s.name("project")}, version: 1}
			}},
			{name: "private", status: 200, emits: []event.Type{event.ProjectUpdated}, least: rbac.Admin, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"private": true}, version: 1}
			}},
			{name: "archive", status: 200, emits: []event.Type{event.ProjectUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"archived": true}, version: 1}
			}},
		},
		"create-project-member": {
			{name: "a colleague", status: 201, emits: []event.Type{event.ProjectMemberAdded}, least: rbac.Admin, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"user_id": s.colleague(), "role": "guest"}}
			}},
		},
		"list-project-members": {{name: "of a project", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"project_id": s.project()}}
		}, grow: func(s *stage, q request) string {
			return s.made("/v1/projects/"+q.vars["project_id"]+"/members", object{"user_id": s.colleague()}).Text(s, "user_id")
		}}},
		"update-project-member": {{name: "role", status: 200, emits: []event.Type{event.ProjectMemberUpdated}, least: rbac.Admin, ready: func(s *stage) request {
			q := joined(s)
			q.body = object{"role": "guest"}
			return q
		}}},
		"delete-project-member": {
			{name: "a colleague", status: 204, emits: []event.Type{event.ProjectMemberRemoved}, least: rbac.Admin, ready: joined},
			{name: "oneself", status: 204, emits: []event.Type{event.ProjectMemberRemoved}, ready: func(s *stage) request {
				project := s.project()
				if s.role == rbac.Member { // the admin made it, and the guest is in by now
					s.made("/v1/projects/"+project+"/members", object{"user_id": s.by.User})
				}
				return request{vars: ids{"project_id": project, "user_id": s.by.User}, version: 1}
			}},
		},
		"delete-project": {
			{name: "empty", status: 204, emits: []event.Type{event.ProjectDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, version: 1}
			}},
			{name: "with all that can be in it", status: 204, emits: []event.Type{event.ProjectDeleted}, ready: func(s *stage) request {
				project := s.project()
				_, columns := s.boardOf(project)
				task := s.made("/v1/columns/"+columns[1]+"/tasks", object{"title": s.name("task"),
					"label_ids": []string{s.label()}, "assignee_ids": []string{s.admin.User}})
				s.made("/v1/columns/"+columns[3]+"/tasks", object{"title": s.name("task"), "parent_id": s.id(task)})
				s.comment(s.admin, s.id(task))
				return request{vars: ids{"project_id": project}, version: 1}
			}},
		},
	}
}

func labelScenarios() map[string][]scenario {
	return map[string][]scenario{
		"create-label": {{name: "new", status: 201, emits: []event.Type{event.LabelCreated}, ready: func(s *stage) request {
			return request{body: object{"name": s.name("label"), "color": "#00ff00"}}
		}}},
		"list-labels": {{name: "all", status: 200, ready: func(*stage) request { return request{} },
			grow: func(s *stage, _ request) string { return s.label() }}},
		"update-label": {{name: "name and colour", status: 200, emits: []event.Type{event.LabelUpdated}, ready: func(s *stage) request {
			return request{vars: ids{"label_id": s.label()}, body: object{"name": s.name("label"), "color": "#0000ff"}, version: 1}
		}}},
		"delete-label": {{name: "in use", status: 204, emits: []event.Type{event.LabelDeleted}, ready: func(s *stage) request {
			label := s.label()
			s.made("/v1/columns/"+s.column()+"/tasks", object{"title": s.name("task"), "label_ids": []string{label}})
			return request{vars: ids{"label_id": label}, version: 1}
		}}},
	}
}

func taskScenarios() map[string][]scenario {
	moved, updated := []event.Type{event.TaskMoved}, []event.Type{event.TaskUpdated}
	away := []event.Type{event.TaskMoved, event.TaskLeft}
	growColumn := func(s *stage, column string) string { return s.id(s.task(column)) }
	return map[string][]scenario{
		"create-task": {
			{name: "with all it can have", status: 201, emits: []event.Type{event.TaskCreated}, ready: func(s *stage) request {
				column := s.column()
				return request{vars: ids{"column_id": column}, body: object{"title": s.name("task"), "description": s.canary, "priority": "high",
					"assignee_ids": []string{s.admin.User, s.member.User}, "label_ids": []string{s.label(), s.label()},
					"due_at": "2027-01-02T03:04:05Z", "parent_id": s.id(s.task(column))}}
			}},
			{name: "with dates and an estimate", status: 201, emits: []event.Type{event.TaskCreated}, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.column()}, body: object{"title": s.name("task"), "start_at": "2027-01-01T00:00:00Z",
					"due_at": "2027-01-02T00:00:00Z", "estimate": 2.5, "fields": object{}, "description": "for @" + s.member.Email}}
			}},
			{name: "with a title alone", status: 201, emits: []event.Type{event.TaskCreated}, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.column()}, body: object{"title": s.name("task")}}
			}},
		},
		"list-column-tasks": {
			{name: "all", status: 200, ready: func(s *stage) request { return request{vars: ids{"column_id": s.column()}} },
				grow: func(s *stage, q request) string { return growColumn(s, q.vars["column_id"]) }},
			{name: "filtered", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.column()}, query: ids{"assignee_id": s.member.User, "label_id": s.label(),
					"created_by": s.admin.User, "q": s.canary, "status": "todo", "priority": "none"}}
			}},
		},
		"list-tasks": {
			{name: "all", status: 200, ready: func(s *stage) request {
				s.task(s.column())
				return request{}
			}, grow: func(s *stage, _ request) string { return growColumn(s, s.column()) }},
			{name: "by an expression", status: 200, ready: func(s *stage) request {
				s.task(s.column())
				return request{query: ids{"filter": "status = todo AND NOT labels:none " + s.canary, "sort": "relevance", "q": s.canary}}
			}},
			{name: "the trash", status: 200, ready: func(s *stage) request {
				s.trashed()
				return request{query: ids{"state": "trashed", "sort": "-updated_at"}}
			}},
			{name: "filtered", status: 200, ready: func(s *stage) request {
				project := s.project()
				board, columns := s.boardOf(project)
				return request{query: ids{"project_id": project, "board_id": board, "column_id": columns[1], "assignee_id": s.member.User,
					"label_id": s.label(), "created_by": s.admin.User, "q": s.canary, "org_id": s.org}}
			}},
		},
		"list-board-tasks": {
			{name: "all", status: 200, ready: func(s *stage) request {
				board, _ := s.board()
				return request{vars: ids{"board_id": board}}
			}, grow: func(s *stage, q request) string {
				return growColumn(s, s.admin.Do(s, "GET", "/v1/boards/"+q.vars["board_id"], nil).Want(s, 200).Text(s, "columns.0.id"))
			}},
			{name: "in brief", status: 200, ready: func(s *stage) request {
				board, columns := s.board()
				s.task(columns[0])
				return request{vars: ids{"board_id": board}, query: ids{"fields": "key,title", "expand": "counts", "sort": "-due_at",
					"assignee_id": s.member.User, "label_id": s.label(), "created_by": s.admin.User}}
			}},
		},
		"list-project-tasks": {
			{name: "all", status: 200, ready: func(s *stage) request { return request{vars: ids{"project_id": s.project()}} },
				grow: func(s *stage, q request) string {
					_, columns := s.boardOf(q.vars["project_id"])
					return growColumn(s, columns[0])
				}},
			{name: "filtered", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, query: ids{"sort": "-priority", "assignee_id": s.member.User, "label_id": s.label(), "created_by": s.admin.User}}
			}},
		},
		"get-task": {
			{name: "with all there is", status: 200, ready: func(s *stage) request {
				column := s.column()
				task := s.made("/v1/columns/"+column+"/tasks", object{"title": s.name("task"), "description": "*" + s.canary + "* @" + s.admin.User,
					"label_ids": []string{s.label()}, "assignee_ids": []string{s.member.User}, "parent_id": s.id(s.task(column))})
				return request{vars: ids{"task": s.id(task)}, query: ids{"expand": "assignees,labels,column,project,parent,counts,description_html"}}
			}},
			{name: "in brief", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, query: ids{"fields": "title", "expand": "parent,description_html"}}
			}},
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.id(s.task(s.column()))}} }},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
		},
		"update-task": {
			{name: "all its own", status: 200, emits: updated, ready: func(s *stage) request {
				column := s.column()
				return request{vars: ids{"task": s.id(s.task(column))}, version: 1, body: object{"title": s.name("task"), "description": nil,
					"priority": "urgent", "assignee_ids": []string{s.admin.User, s.member.User}, "label_ids": []string{s.label()},
					"due_at": nil, "parent_id": s.id(s.task(column))}}
			}},
			{name: "by key", status: 200, emits: updated, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, body: object{"priority": "low"}, version: 1}
			}},
			{name: "to a column", status: 200, emits: moved, ready: func(s *stage) request {
				_, columns := s.board()
				return request{vars: ids{"task": s.id(s.task(columns[0]))}, body: object{"column_id": columns[3]}, version: 1}
			}},
			{name: "to another project", status: 200, emits: away, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, body: object{"column_id": s.column(), "label_ids": []string{s.label()}}, version: 1}
			}},
			{name: "to a status", status: 200, emits: moved, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, body: object{"status": "done"}, version: 1}
			}},
			{name: "between others", status: 200, emits: moved, ready: func(s *stage) request {
				column := s.column()
				first, second := s.id(s.task(column)), s.id(s.task(column))
				return request{vars: ids{"task": s.id(s.task(column))}, body: object{"after_id": first, "before_id": second}, version: 1}
			}},
		},
		"archive-task": {{name: "by id", status: 200, emits: []event.Type{event.TaskArchived}, ready: func(s *stage) request {
			return request{vars: ids{"task": s.id(s.task(s.column()))}}
		}}},
		"unarchive-task": {{name: "by key", status: 200, emits: []event.Type{event.TaskUnarchived}, ready: func(s *stage) request {
			task := s.task(s.column())
			s.admin.Do(s, "POST", "/v1/tasks/"+s.id(task)+"/archive", nil).Want(s, 200)
			return request{vars: ids{"task": task.Text(s, "key")}}
		}}},
		"duplicate-task": {
			{name: "beside it", status: 201, emits: []event.Type{event.TaskCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, body: object{}}
			}},
			{name: "elsewhere", status: 201, emits: []event.Type{event.TaskCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, body: object{"column_id": s.column(), "title": s.name("copy")}}
			}},
		},
		"delete-task": {
			{name: "by id", status: 204, emits: []event.Type{event.TaskDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, version: 1}
			}},
			{name: "by key", status: 204, emits: []event.Type{event.TaskDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, version: 1}
			}},
		},
		"restore-task": {
			{name: "by id", status: 200, emits: []event.Type{event.TaskRestored}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.trashed())}}
			}},
			{name: "by key, its column gone", status: 200, emits: []event.Type{event.TaskRestored}, ready: func(s *stage) request {
				task := s.trashed()
				s.admin.Do(s, "DELETE", "/v1/columns/"+task.Text(s, "column_id"), nil).Want(s, 204)
				return request{vars: ids{"task": task.Text(s, "key")}}
			}},
		},
	}
}
