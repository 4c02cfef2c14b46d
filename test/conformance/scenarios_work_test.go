package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
)

func projectScenarios() map[string][]scenario {
	return map[string][]scenario{
		"create-project": {
			{name: "with a key", status: 201, emits: []event.Type{event.ProjectCreated}, ready: func(s *stage) request {
				return request{body: object{"name": s.name("project"), "key": s.key(), "description": s.canary}}
			}},
			{name: "with a derived key", status: 201, emits: []event.Type{event.ProjectCreated}, ready: func(s *stage) request {
				return request{body: object{"name": s.name("project")}}
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
			{name: "archive", status: 200, emits: []event.Type{event.ProjectUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"archived": true}, version: 1}
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

func boardScenarios() map[string][]scenario {
	return map[string][]scenario{
		"create-board": {
			{name: "empty", status: 201, emits: []event.Type{event.BoardCreated}, ready: func(s *stage) request {
				return request{vars: ids{"project_id": s.project()}, body: object{"name": s.name("board")}}
			}},
			{name: "kanban", status: 201,
				emits: []event.Type{event.BoardCreated, event.ColumnCreated, event.ColumnCreated, event.ColumnCreated, event.ColumnCreated},
				ready: func(s *stage) request {
					return request{vars: ids{"project_id": s.project()}, body: object{"name": s.name("board"), "template": "kanban"}}
				}},
		},
		"list-boards": {{name: "of a project", status: 200, ready: func(s *stage) request {
			return request{vars: ids{"project_id": s.project()}}
		}, grow: func(s *stage, q request) string {
			id, _ := s.boardOf(q.vars["project_id"])
			return id
		}}},
		"get-board": {{name: "with its columns", status: 200, ready: func(s *stage) request {
			board, _ := s.board()
			return request{vars: ids{"board_id": board}}
		}}},
		"update-board": {{name: "name", status: 200, emits: []event.Type{event.BoardUpdated}, ready: func(s *stage) request {
			board, _ := s.board()
			return request{vars: ids{"board_id": board}, body: object{"name": s.name("board")}, version: 1}
		}}},
		"delete-board": {{name: "without tasks", status: 204, emits: []event.Type{event.BoardDeleted}, ready: func(s *stage) request {
			board, _ := s.board()
			return request{vars: ids{"board_id": board}, version: 1}
		}}},

		"create-column": {{name: "at the end", status: 201, emits: []event.Type{event.ColumnCreated}, ready: func(s *stage) request {
			board, _ := s.board()
			return request{vars: ids{"board_id": board}, body: object{"name": s.name("column"), "status": "done", "wip_limit": 3}}
		}}},
		"list-columns": {{name: "of a board", status: 200, ready: func(s *stage) request {
			board, _ := s.board()
			return request{vars: ids{"board_id": board}}
		}, grow: func(s *stage, q request) string {
			return s.id(s.made("/v1/boards/"+q.vars["board_id"]+"/columns", object{"name": s.name("column")}))
		}}},
		"update-column": {
			{name: "name", status: 200, emits: []event.Type{event.ColumnUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.column()}, body: object{"name": s.name("column"), "wip_limit": nil}, version: 1}
			}},
			{name: "status, with its tasks", status: 200, emits: []event.Type{event.ColumnUpdated, event.TaskUpdated, event.TaskUpdated},
				ready: func(s *stage) request {
					column := s.column()
					s.task(column)
					s.task(column)
					return request{vars: ids{"column_id": column}, body: object{"status": "done"}, version: 1}
				}},
			{name: "place", status: 200, emits: []event.Type{event.ColumnUpdated}, ready: func(s *stage) request {
				_, columns := s.board()
				return request{vars: ids{"column_id": columns[3]}, body: object{"after_id": columns[0], "before_id": columns[1]}, version: 1}
			}},
		},
		"delete-column": {
			{name: "empty", status: 204, emits: []event.Type{event.ColumnDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.column()}, version: 1}
			}},
			{name: "with a task in the trash", status: 204, emits: []event.Type{event.ColumnDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.trashed().Text(s, "column_id")}, version: 1}
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
	growColumn := func(s *stage, column string) string { return s.id(s.task(column)) }
	return map[string][]scenario{
		"create-task": {
			{name: "with all it can have", status: 201, emits: []event.Type{event.TaskCreated}, ready: func(s *stage) request {
				column := s.column()
				return request{vars: ids{"column_id": column}, body: object{"title": s.name("task"), "description": s.canary, "priority": "high",
					"assignee_ids": []string{s.admin.User, s.member.User}, "label_ids": []string{s.label(), s.label()},
					"due_at": "2027-01-02T03:04:05Z", "parent_id": s.id(s.task(column))}}
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
			{name: "filtered", status: 200, ready: func(s *stage) request {
				project := s.project()
				board, columns := s.boardOf(project)
				return request{query: ids{"project_id": project, "board_id": board, "column_id": columns[1], "assignee_id": s.member.User,
					"label_id": s.label(), "created_by": s.admin.User, "q": s.canary, "org_id": s.org}}
			}},
		},
		"get-task": {
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
			{name: "to a status", status: 200, emits: moved, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, body: object{"status": "done"}, version: 1}
			}},
			{name: "between others", status: 200, emits: moved, ready: func(s *stage) request {
				column := s.column()
				first, second := s.id(s.task(column)), s.id(s.task(column))
				return request{vars: ids{"task": s.id(s.task(column))}, body: object{"after_id": first, "before_id": second}, version: 1}
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

func commentScenarios() map[string][]scenario {
	return map[string][]scenario{
		"create-comment": {
			{name: "by id", status: 201, emits: []event.Type{event.CommentCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, body: object{"body": s.name("comment")}}
			}},
			{name: "by key", status: 201, emits: []event.Type{event.CommentCreated}, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}, body: object{"body": s.name("comment")}}
			}},
		},
		"list-comments": {
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.id(s.task(s.column()))}} },
				grow: func(s *stage, q request) string { return s.comment(s.admin, q.vars["task"]) }},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
		},
		"update-comment": {{name: "one's own", status: 200, emits: []event.Type{event.CommentUpdated}, ready: func(s *stage) request {
			return request{vars: ids{"comment_id": s.comment(s.author(), s.id(s.task(s.column())))}, body: object{"body": s.name("comment")}, version: 1}
		}}},
		"delete-comment": {
			{name: "one's own", status: 204, emits: []event.Type{event.CommentDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"comment_id": s.comment(s.author(), s.id(s.task(s.column())))}, version: 1}
			}},
			{name: "another's", status: 204, emits: []event.Type{event.CommentDeleted}, least: rbac.Admin, ready: func(s *stage) request {
				other := s.member
				if s.role == rbac.Member {
					other = s.admin
				}
				return request{vars: ids{"comment_id": s.comment(other, s.id(s.task(s.column())))}, version: 1}
			}},
		},
	}
}
