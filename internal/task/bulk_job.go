package task

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/background"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/job"
)

const bulkJob job.Kind = "tasks.bulk"

// mostMatched is how many tasks a job by filter changes.
const mostMatched = 100_000

// HandleJobs has a process do the jobs that change tasks. Wrote is called when events may have been written.
func (v *Service) HandleJobs(workers *job.Workers, wrote func(org uuid.UUID)) {
	background.Handle(workers, bulkJob, v.open, wrote)
}

// StartBulkInput is the request of StartBulk.
type StartBulkInput struct{ Body StartBulkBody }

// StartBulkBody is its body: operations, or a filter with what is to be done to all that it matches.
type StartBulkBody struct {
	Operations api.Optional[[]Operation] `json:"operations,omitzero" nullable:"false" minItems:"1" maxItems:"10000" doc:"As of bulk-tasks; then there is no filter."`
	Filter     api.Optional[string]      `json:"filter,omitzero" minLength:"1" maxLength:"2000" doc:"As in the lists of tasks. restore looks in the trash, unarchive in the archive, all else at the tasks on the boards." example:"status = \"done\" AND updated_at < \"2026-06-01\""`
	ProjectID  api.Optional[uuid.UUID]   `json:"project_id,omitzero" format:"uuid" doc:"With a filter: this project's tasks alone."`
	Op         api.Optional[string]      `json:"op,omitzero" enum:"update,delete,restore,archive,unarchive" doc:"With a filter: what is done to each task; update when absent." example:"archive"`
	Set        api.Optional[updateSet]   `json:"set,omitzero" doc:"With a filter: what an update changes."`
}

// check refuses what does not go together.
func (b *StartBulkBody) check() error {
	switch byFilter := b.Filter.Set; {
	case byFilter == b.Operations.Set:
		return fault.Invalid("body.filter", "give either operations or a filter")
	case !byFilter && b.ProjectID.Set:
		return fault.Invalid("body.project_id", "goes with a filter")
	case !byFilter && b.Op.Set:
		return fault.Invalid("body.op", "goes with a filter")
	case b.Set.Set != (byFilter && b.Op.Or(opUpdate) == opUpdate):
		return fault.Invalid("body.set", "goes with the update of what a filter matches")
	}
	return nil
}

// input is what a bulk job has to do: operations, or one of them on many tasks.
type input struct {
	Operations []Operation             `json:"operations,omitzero"`
	Op         string                  `json:"op,omitzero"`
	Set        api.Optional[updateSet] `json:"set,omitzero"`
	Tasks      []uuid.UUID             `json:"tasks,omitzero"`
}

// StartBulk leaves the change of many tasks to the background.
func (v *Service) StartBulk(ctx context.Context, s *db.Scope, in *StartBulkInput) (*background.Job, error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	if in.Body.Filter.Set {
		return startByFilter(ctx, s, in.Body)
	}
	stored, err := json.Marshal(input{Operations: in.Body.Operations.Value})
	if err != nil {
		return nil, fmt.Errorf("encode operations: %w", err)
	}
	return background.Start(ctx, s, bulkJob, "select $1::int, $2::jsonb", len(in.Body.Operations.Value), stored)
}

// startByFilter finds the tasks in the statement that makes the job.
func startByFilter(ctx context.Context, s *db.Scope, b StartBulkBody) (*background.Job, error) {
	op := b.Op.Or(opUpdate)
	l := listing{filter: Filter{Filter: b.Filter.Value, State: map[string]string{opRestore: "trashed", opUnarchive: "archived"}[op]},
		project: b.ProjectID.Value, part: "body", me: s.User(), from: "app.tasks t", args: []any{s.Org()}}
	if err := l.narrow(); err != nil {
		return nil, err
	}
	if err := l.require(ctx, s, "body."); err != nil {
		return nil, err
	}
	rest, err := json.Marshal(input{Op: op, Set: b.Set})
	if err != nil {
		return nil, fmt.Errorf("encode change: %w", err)
	}
	query := "select m.total, jsonb_build_object('tasks', m.ids) || " + l.bind(rest) + `::jsonb
		from (select count(*)::int as total, coalesce(jsonb_agg(f.id order by f.id), '[]') as ids
		  from (select t.id from ` + l.from + " where t.org_id = $1 and " + strings.Join(l.where, " and ") + " limit " + l.bind(mostMatched+1) + `) f) m
		where app.require(m.total <= ` + l.bind(mostMatched) + ", 'validation', 'body.filter', 'matches more than 100000 tasks')"
	return background.Start(ctx, s, bulkJob, query, l.args...)
}

// plan is the input of a job with what it takes to do it.
type plan struct {
	input
	tasks *Service
}

func (v *Service) open(stored []byte) (background.Plan, error) {
	p := plan{tasks: v}
	err := json.Unmarshal(stored, &p.input)
	return p, err
}

func (p plan) operation(index int) (o Operation, at string) {
	if p.Operations != nil {
		return p.Operations[index], nth(index)
	}
	return change(p.Op, p.Tasks[index].String(), api.IfMatch{}, UpdateBody(p.Set.Value)), "body"
}

// Lock implements background.Plan.
func (p plan) Lock(ctx context.Context, s *db.Scope, from, to int) error {
	var operations []Operation
	for i := from; i < to; i++ {
		o, _ := p.operation(i)
		operations = append(operations, o)
	}
	return lock(ctx, s, operations)
}

// Do implements background.Plan.
func (p plan) Do(ctx context.Context, s *db.Scope, index int) error {
	o, at := p.operation(index)
	_, err := o.do(ctx, p.tasks, s)
	var f *fault.Fault
	if errors.As(err, &f) {
		return o.relocated(f, at)
	}
	return err
}

// Task implements background.Plan.
func (p plan) Task(index int) string {
	o, _ := p.operation(index)
	return o.task
}
