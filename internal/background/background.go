// Package background is work that goes on after the request that asked for it: an organization's jobs as their owners see
// them, and how they get on. What a job does its feature says; package job runs it.
package background

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/background/backgrounddb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/job"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Job is a number of operations that are done one after the other, in their order.
type Job struct {
	ID         uuid.UUID    `json:"id" format:"uuid"`
	Kind       string       `json:"kind" doc:"What it does." example:"tasks.bulk"`
	State      string       `json:"state" enum:"queued,running,succeeded,canceled,failed" doc:"succeeded: it came to its end, though operations of it may have failed. failed: it had to be given up. What was done stands in every state."`
	Total      int32        `json:"total" doc:"How many operations it has."`
	Done       int32        `json:"done" doc:"How many have been tried, the failed ones too."`
	Failed     int32        `json:"failed" doc:"How many were refused; the job's failures tell why."`
	Problem    *api.Refusal `json:"problem,omitzero" doc:"Why the job failed; only there where it did."`
	CreatedBy  uuid.UUID    `json:"created_by" format:"uuid" doc:"In whose name it works."`
	Version    int32        `json:"version"`
	CreatedAt  time.Time    `json:"created_at"`
	StartedAt  *time.Time   `json:"started_at"`
	FinishedAt *time.Time   `json:"finished_at" doc:"Thirty days later the job is deleted."`
}

// Revision implements api.Revised.
func (j Job) Revision() int32 { return j.Version }

// Routes registers the operations of jobs.
func Routes(r *api.Router) {
	const tag = "Jobs"
	api.Get(r, "/v1/jobs", List, api.Op{ID: "list-jobs", Tag: tag, Summary: "List your jobs, newest first",
		Doc: "An admin sees everybody's.", Can: rbac.JobRead})
	api.Get(r, "/v1/jobs/{job_id}", Get, api.Op{ID: "get-job", Tag: tag, Summary: "Get a job", Can: rbac.JobRead})
	api.Get(r, "/v1/jobs/{job_id}/failures", ListFailures, api.Op{ID: "list-job-failures", Tag: tag, Summary: "List the operations of a job that were refused",
		Doc: "In their order, each with the problem that it had.", Can: rbac.JobRead})
	api.Post(r, "/v1/jobs/{job_id}/cancel", Cancel, api.Op{ID: "cancel-job", Tag: tag, Summary: "Cancel a job", Status: 200,
		Doc: "When this is answered the job has stopped, and what it did stands. Cancelling it again changes nothing.",
		Can: rbac.JobWrite, Faults: []fault.Kind{fault.JobEnded}})
}

// Start makes a job of a kind and has it begin once it is there. How many operations it has, and its input for the kind's
// handler, are the one row of the query: an integer and a jsonb.
func Start(ctx context.Context, s *db.Scope, kind job.Kind, query string, args ...any) (*Job, error) {
	id := s.NewID()
	if err := job.Enqueue(ctx, s, kind, id); err != nil {
		return nil, err
	}
	n := len(args)
	rows, err := s.Query(ctx, fmt.Sprintf(`insert into app.jobs (org_id, id, kind, created_by, total, input)
		select $%d, $%d, $%d, app.current_user_id(), i.total, i.input from (%s) i (total, input)
		returning id, kind, state, total, done, failed, fault, created_by, version, created_at, started_at, finished_at`, n+1, n+2, n+3, query),
		append(args, s.Org(), id, string(kind))...)
	if err != nil {
		return nil, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[backgrounddb.GetJobRow])
	if err != nil {
		return nil, err
	}
	return told(row), nil
}

func told(r backgrounddb.GetJobRow) *Job {
	j := &Job{ID: r.ID, Kind: r.Kind, State: r.State, Total: r.Total, Done: r.Done, Failed: r.Failed, CreatedBy: r.CreatedBy,
		Version: r.Version, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt}
	if r.Fault != nil {
		why := api.RefusalOfKind(fault.Kind(*r.Fault))
		j.Problem = &why
	}
	return j
}

// GetInput is the request of Get.
type GetInput struct {
	ID uuid.UUID `path:"job_id" format:"uuid"`
}

// Get gives a job.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*Job, error) {
	row, err := backgrounddb.New(s).GetJob(ctx, backgrounddb.GetJobParams{OrgID: s.Org(), ID: in.ID})
	if err != nil {
		return nil, fault.About("job", err)
	}
	return told(row), nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	State string `query:"state" enum:"queued,running,succeeded,canceled,failed"`
}

// List gives the caller's jobs, an admin everybody's, newest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[*Job], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	p := backgrounddb.ListJobsParams{OrgID: s.Org(), After: after, More: in.More()}
	if in.State != "" {
		p.State = &in.State
	}
	rows, err := backgrounddb.New(s).ListJobs(ctx, p)
	if err != nil {
		return nil, err
	}
	return api.NewPage(in.PageQuery, rows, func(r backgrounddb.ListJobsRow) *Job { return told(backgrounddb.GetJobRow(r)) },
		func(r backgrounddb.ListJobsRow) uuid.UUID { return r.ID })
}

// Failure is an operation of a job that was refused.
type Failure struct {
	Index   int32       `json:"index" doc:"Which one, from 0."`
	Task    *string     `json:"task" doc:"The task's id or key, as the operation names it; null where it was to make one." example:"APP-12"`
	Problem api.Refusal `json:"problem" doc:"What it would have been answered alone."`
}

// ListFailuresInput is the request of ListFailures.
type ListFailuresInput struct {
	api.PageQuery
	ID uuid.UUID `path:"job_id" format:"uuid"`
}

// ListFailures gives what failed of a job, in the order of its operations.
func ListFailures(ctx context.Context, s *db.Scope, in *ListFailuresInput) (*api.Page[Failure], error) {
	p := backgrounddb.ListFailuresParams{OrgID: s.Org(), JobID: in.ID, More: in.More()}
	after, continued, err := api.After[int32](in.PageQuery)
	if err != nil {
		return nil, err
	}
	if continued {
		p.After = &after
	}
	if err := backgrounddb.New(s.Ahead()).RequireJob(ctx, backgrounddb.RequireJobParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	rows, err := backgrounddb.New(s).ListFailures(ctx, p)
	if err != nil {
		return nil, fault.AbsentAs("job", err)
	}
	failures := make([]Failure, len(rows))
	for i, r := range rows {
		failures[i] = Failure{Index: r.Index, Task: r.Task, Problem: api.RefusalOfKind(fault.Kind(r.Kind))}
		failures[i].Problem.Detail = r.Detail
		if err := json.Unmarshal(r.Errors, &failures[i].Problem.Errors); err != nil {
			return nil, fmt.Errorf("decode errors of a failure: %w", err)
		}
	}
	return api.NewPage(in.PageQuery, failures, func(f Failure) Failure { return f }, func(f Failure) int32 { return f.Index })
}

// CancelInput is the request of Cancel.
type CancelInput struct {
	ID uuid.UUID `path:"job_id" format:"uuid"`
}

// Cancel stops a job between two of its chunks.
func Cancel(ctx context.Context, s *db.Scope, in *CancelInput) (*Job, error) {
	if err := backgrounddb.New(s.Ahead()).LockJob(ctx, backgrounddb.LockJobParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := backgrounddb.New(s).CancelJob(ctx, backgrounddb.CancelJobParams{OrgID: s.Org(), ID: in.ID})
	if err != nil {
		return nil, fault.About("job", err)
	}
	return told(backgrounddb.GetJobRow(row)), nil
}
