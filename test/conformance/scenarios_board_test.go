package conformance_test

import "github.com/plinth/plinth/internal/platform/event"

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
		"get-board": {
			{name: "with its columns", status: 200, ready: func(s *stage) request {
				board, _ := s.board()
				return request{vars: ids{"board_id": board}}
			}},
			{name: "in lanes", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"board_id": s.busyBoard()}, query: ids{"group_by": "assignee"}}
			}},
		},
		"get-board-snapshot": {
			{name: "empty", status: 200, ready: func(s *stage) request {
				board, _ := s.board()
				return request{vars: ids{"board_id": board}}
			}},
			{name: "with all that can be on it", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"board_id": s.busyBoard()}, query: ids{"group_by": "label", "limit": "1"}}
			}},
		},
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
			return request{vars: ids{"board_id": board}, body: object{"name": s.name("column"), "status": "done", "wip_limit": 3, "wip_mode": "hard"}}
		}}},
		"list-columns": {{name: "of a board", status: 200, ready: func(s *stage) request {
			board, _ := s.board()
			return request{vars: ids{"board_id": board}}
		}, grow: func(s *stage, q request) string {
			return s.id(s.made("/v1/boards/"+q.vars["board_id"]+"/columns", object{"name": s.name("column")}))
		}}},
		"update-column": {
			{name: "name", status: 200, emits: []event.Type{event.ColumnUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"column_id": s.column()}, body: object{"name": s.name("column"), "wip_limit": nil, "wip_mode": "hard"}, version: 1}
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

// busyBoard is a board with tasks that have labels, people and a parent.
func (s *stage) busyBoard() string {
	board, columns := s.board()
	parent := s.id(s.task(columns[1]))
	for range 2 {
		s.made("/v1/columns/"+columns[1]+"/tasks", object{"title": s.name("task"), "assignee_ids": []string{s.admin.User},
			"label_ids": []string{s.label()}, "parent_id": parent, "due_at": "2027-01-02T03:04:05Z"})
	}
	return board
}
