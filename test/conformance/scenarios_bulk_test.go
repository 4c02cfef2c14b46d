package conformance_test

import (
	"fmt"

	"github.com/plinth/plinth/internal/platform/event"
)

// bulkScenarios are those of many changes at once, and of the jobs that do them.
func bulkScenarios() map[string][]scenario {
	bulk := func(name, mode string, emits event.Type, operation func(*stage) object) scenario {
		return scenario{name: name, status: 200, emits: []event.Type{emits}, holds: true, ready: func(s *stage) request {
			return request{body: object{"mode": mode, "operations": []object{operation(s)}}}
		}}
	}
	away := bulk("move away", "each", event.TaskMoved, func(s *stage) object {
		return object{"op": "update", "task": s.newTask(), "set": object{"column_id": s.column()}}
	})
	away.emits = append(away.emits, event.TaskLeft)
	return map[string][]scenario{
		"bulk-tasks": {
			bulk("create", "each", event.TaskCreated, func(s *stage) object {
				return object{"op": "create", "column_id": s.column(), "set": object{"title": s.name("task"), "label_ids": []string{s.label()}}}
			}),
			bulk("update", "each", event.TaskUpdated, func(s *stage) object {
				return object{"op": "update", "task": s.newTask(), "version": 1, "set": object{"title": s.name("task"), "description": nil, "priority": "high"}}
			}),
			bulk("move, by key", "atomic", event.TaskMoved, func(s *stage) object {
				return object{"op": "update", "task": s.task(s.column()).Text(s, "key"), "set": object{"status": "done"}}
			}),
			away,
			bulk("delete", "each", event.TaskDeleted, func(s *stage) object { return object{"op": "delete", "task": s.newTask(), "version": 1} }),
			bulk("restore", "atomic", event.TaskRestored, func(s *stage) object { return object{"op": "restore", "task": s.id(s.trashed())} }),
			bulk("archive", "each", event.TaskArchived, func(s *stage) object { return object{"op": "archive", "task": s.newTask()} }),
			bulk("unarchive", "atomic", event.TaskUnarchived, func(s *stage) object {
				task := s.newTask()
				s.admin.Do(s, "POST", "/v1/tasks/"+task+"/archive", nil).Want(s, 200)
				return object{"op": "unarchive", "task": task}
			}),
		},
		"start-bulk-job": {
			{name: "by filter", status: 202, ready: func(s *stage) request {
				return request{body: object{"filter": `status = "done"`, "project_id": s.project(), "set": object{"priority": "low", "due_at": nil}}}
			}},
			{name: "by filter, in the trash", status: 202, ready: func(*stage) request {
				return request{body: object{"filter": `priority = "low"`, "op": "restore"}}
			}},
			{name: "operations", status: 202, ready: func(s *stage) request {
				return request{body: object{"operations": []object{
					{"op": "create", "column_id": s.column(), "set": object{"title": s.name("task")}}, {"op": "archive", "task": s.newTask()}}}}
			}},
		},
		"list-jobs": {
			{name: "all", status: 200, ready: func(*stage) request { return request{} }, grow: func(s *stage, _ request) string { return s.job() }},
			{name: "in a state", status: 200, ready: func(s *stage) request {
				s.job()
				return request{query: ids{"state": "queued"}}
			}},
		},
		"get-job": {{name: "queued", status: 200, ready: func(s *stage) request { return request{vars: ids{"job_id": s.job()}} }}},
		"list-job-failures": {{name: "all", status: 200, ready: func(s *stage) request { return request{vars: ids{"job_id": s.job()}} },
			grow: func(s *stage, q request) string { return s.jobFailure(q.vars["job_id"]) }}},
		"cancel-job": {{name: "queued", status: 200, ready: func(s *stage) request { return request{vars: ids{"job_id": s.job()}} }}},
	}
}

// job is one of who sends the request, that no process takes on.
func (s *stage) job() string {
	s.Helper()
	return s.author().Do(s, "POST", "/v1/tasks/bulk/jobs", object{"operations": []object{{"op": "archive", "task": s.newTask()}}}).Want(s, 202).Text(s, "id")
}

// jobFailure adds one to a job, as the worker does, and tells its index.
func (s *stage) jobFailure(job string) string {
	s.Helper()
	var index int
	err := s.world.server.Owner.QueryRow(s.Context(), `insert into app.job_failures (org_id, job_id, index, created_by, task, kind, detail, errors)
		select j.org_id, j.id, (select count(*) from app.job_failures f where f.job_id = j.id), j.created_by, 'APP-1', 'not-found', 'There is no such task.',
		  '[{"location": "body.operations[0].task", "message": "the operation was refused"}]'
		from app.jobs j where j.id = $1 returning index`, job).Scan(&index)
	if err != nil {
		s.Fatal(err)
	}
	return fmt.Sprint(index)
}
