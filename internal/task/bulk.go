package task

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/background"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/task/taskdb"
)

func bulkRoutes(r *api.Router, v *Service) {
	const tag = "Tasks"
	api.Post(r, "/v1/tasks/bulk", v.Bulk, api.Op{ID: "bulk-tasks", Tag: tag, Summary: "Change many tasks", Status: 200,
		Doc: "Up to 500 operations, in their order and in one transaction, each by the rules that it has alone. atomic: all of them are done, " +
			"or none; the first that is refused is the problem answered, with its place in the list. each: what is refused does not keep the " +
			"others from being done; each has a result of its own. A body that is not valid as such is refused as a whole.",
		Can: rbac.TaskWrite, Trips: 3, // with one operation; each further one costs one more, and one that is refused another
		Emits:  []event.Type{event.TaskCreated, event.TaskUpdated, event.TaskMoved, event.TaskLeft, event.TaskDeleted, event.TaskRestored, event.TaskArchived, event.TaskUnarchived},
		Faults: []fault.Kind{fault.WipLimit, fault.StaleVersion}})
	api.Post(r, "/v1/tasks/bulk/jobs", v.StartBulk, api.Op{ID: "start-bulk-job", Tag: tag, Summary: "Change many tasks in the background", Status: 202,
		Doc: "Up to 10,000 operations as of bulk-tasks, or one change of every task that a filter matches at this moment, 100,000 at most. " +
			"The job works in the name of the caller; each operation is done or fails by itself.",
		Can: rbac.TaskWrite})
}

// The operations that change a task which is there.
const (
	opUpdate    = "update"
	opDelete    = "delete"
	opRestore   = "restore"
	opArchive   = "archive"
	opUnarchive = "unarchive"
)

// Operation is one of several changes in a request.
type Operation struct {
	task   string // its id or key; empty where it makes one
	status int    // of success
	do     func(context.Context, *Service, *db.Scope) (*Task, error)
	text   []byte // as it was sent
}

// The forms that an operation has. What it sets is checked by the rules of the request that does it alone, but a type of
// its own keeps the schemas apart: a request's body may repeat the organization, a part of one may not.
type (
	createOperation struct {
		Op       string    `json:"op" enum:"create"`
		ColumnID uuid.UUID `json:"column_id" format:"uuid" doc:"Where it is made, at the end."`
		Set      createSet `json:"set"`
	}
	updateOperation struct {
		Op      string              `json:"op" enum:"update"`
		Task    taskName            `json:"task"`
		Version api.Optional[int32] `json:"version,omitzero" minimum:"1" doc:"Refuse to change another version, as If-Match does."`
		Set     updateSet           `json:"set"`
	}
	deleteOperation struct {
		Op      string              `json:"op" enum:"delete"`
		Task    taskName            `json:"task"`
		Version api.Optional[int32] `json:"version,omitzero" minimum:"1" doc:"Refuse to delete another version, as If-Match does."`
	}
	stateOperation struct {
		Op   string   `json:"op" enum:"restore,archive,unarchive"`
		Task taskName `json:"task"`
	}
	createSet CreateBody
	updateSet UpdateBody
)

// taskName is a task's id or key in a body.
type taskName string

// Schema implements huma.SchemaProvider.
func (taskName) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "The task's id, or its key.", Examples: []any{"APP-12"},
		Pattern:            `^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Z0-9]{2,10}-[1-9][0-9]{0,9})$`,
		PatternDescription: "a UUID or a key such as APP-12"}
}

// Schema implements huma.SchemaProvider: one of the forms, told apart by op.
func (Operation) Schema(r huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Required: []string{"op"}, Discriminator: &huma.Discriminator{PropertyName: "op", Mapping: map[string]string{}}}
	op := &huma.Schema{Type: huma.TypeString}
	for _, form := range []reflect.Type{reflect.TypeFor[createOperation](), reflect.TypeFor[updateOperation](), reflect.TypeFor[deleteOperation](), reflect.TypeFor[stateOperation]()} {
		ref := r.Schema(form, true, "")
		s.OneOf = append(s.OneOf, ref)
		for _, name := range r.SchemaFromRef(ref.Ref).Properties["op"].Enum {
			op.Enum = append(op.Enum, name)
			s.Discriminator.Mapping[name.(string)] = ref.Ref
		}
	}
	s.Properties = map[string]*huma.Schema{"op": op}
	s.PrecomputeMessages()
	return s
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Operation) UnmarshalJSON(text []byte) error {
	var named struct {
		Op string `json:"op"`
	}
	err := json.Unmarshal(text, &named)
	if err == nil {
		*o, err = read(named.Op, text)
	}
	o.text = slices.Clone(text)
	return err
}

// MarshalJSON implements json.Marshaler.
func (o Operation) MarshalJSON() ([]byte, error) { return o.text, nil }

func read(op string, text []byte) (Operation, error) {
	switch op {
	case "create":
		var c createOperation
		err := json.Unmarshal(text, &c)
		return Operation{status: http.StatusCreated, do: func(ctx context.Context, v *Service, s *db.Scope) (*Task, error) {
			return v.Create(ctx, s, &CreateInput{ColumnID: c.ColumnID, Body: CreateBody(c.Set)})
		}}, err
	default:
		var u updateOperation // the others are like it, with less in it
		err := json.Unmarshal(text, &u)
		var match api.IfMatch
		if u.Version.Set {
			match.IfMatch = fmt.Sprintf("%q", fmt.Sprint(u.Version.Value))
		}
		return change(op, string(u.Task), match, UpdateBody(u.Set)), err
	}
}

// change is an operation on a task that is there.
func change(op, task string, match api.IfMatch, set UpdateBody) Operation {
	o := Operation{task: task, status: http.StatusOK}
	if op == opDelete {
		o.status = http.StatusNoContent
	}
	o.do = func(ctx context.Context, v *Service, s *db.Scope) (*Task, error) {
		ref := api.TaskRef{Task: task}
		if ref.Resolve(nil) != nil {
			return nil, fault.Invalid("path.task", "expected a UUID or a key such as APP-12")
		}
		switch op {
		case opUpdate:
			return v.Update(ctx, s, &UpdateInput{IfMatch: match, TaskRef: ref, Body: set})
		case opDelete:
			_, err := Delete(ctx, s, &DeleteInput{IfMatch: match, TaskRef: ref})
			return nil, err
		case opRestore:
			return Restore(ctx, s, &RestoreInput{ref})
		case opArchive:
			return Archive(ctx, s, &ArchiveInput{ref})
		case opUnarchive:
			return Unarchive(ctx, s, &ArchiveInput{ref})
		}
		return nil, fmt.Errorf("no operation is called %q", op)
	}
	return o
}

// lock takes the tasks of the operations in the order of their ids.
func lock(ctx context.Context, s *db.Scope, operations []Operation) error {
	p := taskdb.LockTasksParams{OrgID: s.Org()}
	for _, o := range operations {
		if id, err := uuid.Parse(o.task); err == nil {
			p.Ids = append(p.Ids, id)
		} else if o.task != "" {
			p.Keys = append(p.Keys, o.task)
		}
	}
	return taskdb.New(s).LockTasks(ctx, p)
}

// relocated names the place of a refusal in a request that has the operation at a place of its own.
func (o Operation) relocated(f *fault.Fault, at string) *fault.Fault {
	moved := *f
	moved.Fields = nil
	for _, field := range f.Fields {
		place, inBody := strings.CutPrefix(field.Location, "body.")
		if inBody {
			place = "set." + place
		} else {
			_, place, _ = strings.Cut(field.Location, ".")
		}
		moved.Fields = append(moved.Fields, fault.Field{Location: at + "." + place, Message: field.Message})
	}
	if moved.Fields == nil {
		moved.Fields = []fault.Field{{Location: at + o.blamed(f.Kind), Message: "the operation was refused"}}
	}
	return &moved
}

// blamed is the member of an operation that a refusal is about which names no place.
func (o Operation) blamed(kind fault.Kind) string {
	switch {
	case kind == fault.StaleVersion:
		return ".version"
	case kind == fault.NotFound && o.task == "":
		return ".column_id"
	case kind == fault.NotFound:
		return ".task"
	}
	return ""
}

// nth is where the operation of an index stands in the request.
func nth(index int) string { return fmt.Sprintf("body.operations[%d]", index) }

// BulkInput is the request of Bulk.
type BulkInput struct{ Body BulkBody }

// BulkBody is its body.
type BulkBody struct {
	Mode       api.Optional[string] `json:"mode,omitzero" enum:"atomic,each" doc:"atomic when absent: all operations or none." example:"each"`
	Operations []Operation          `json:"operations" nullable:"false" minItems:"1" maxItems:"500" example:"[{\"op\": \"update\", \"task\": \"APP-12\", \"version\": 3, \"set\": {\"priority\": \"high\"}}, {\"op\": \"archive\", \"task\": \"APP-7\"}]"`
}

// BulkAnswer is how the operations went.
type BulkAnswer struct {
	Results   []BulkResult `json:"results" nullable:"false" doc:"One for each operation, in their order."`
	Succeeded int          `json:"succeeded" doc:"How many operations were done."`
	Failed    int          `json:"failed" doc:"How many were refused; none where the mode is atomic."`
}

// BulkResult is how one operation went.
type BulkResult struct {
	Index   int          `json:"index" doc:"The operation's place in the request, from 0."`
	Status  int          `json:"status" doc:"The HTTP status that it would have been answered alone." example:"200"`
	Task    *Task        `json:"task,omitzero" doc:"The task after it; not where it was refused or deleted the task."`
	Problem *api.Refusal `json:"problem,omitzero" doc:"Why it was refused; only there where it was."`
}

// Bulk does several operations in one transaction.
func (v *Service) Bulk(ctx context.Context, s *db.Scope, in *BulkInput) (*BulkAnswer, error) {
	operations, each := in.Body.Operations, in.Body.Mode.Value == "each"
	answer := &BulkAnswer{Results: make([]BulkResult, 0, len(operations))}
	err := s.Together(ctx, func() error {
		if err := lock(ctx, s, operations); err != nil {
			return err
		}
		for i, o := range operations {
			result, err := o.result(ctx, v, s, i, each)
			if err != nil {
				return err
			}
			answer.Results = append(answer.Results, result)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, r := range answer.Results {
		if r.Problem == nil {
			answer.Succeeded++
		}
	}
	answer.Failed = len(answer.Results) - answer.Succeeded
	return answer, nil
}

// result does the operation. Its refusal is a result where each stands alone, and an error where not.
func (o Operation) result(ctx context.Context, v *Service, s *db.Scope, index int, alone bool) (BulkResult, error) {
	r := BulkResult{Index: index, Status: o.status}
	var err error
	if !alone {
		r.Task, err = o.do(ctx, v, s)
		var f *fault.Fault
		if errors.As(err, &f) {
			err = o.relocated(f, nth(index))
		}
		return r, err
	}
	refused, err := background.Attempt(ctx, s, func() error {
		r.Task, err = o.do(ctx, v, s)
		return err
	})
	if refused != nil {
		why, _ := api.RefusalOf(o.relocated(refused, nth(index)))
		r.Task, r.Problem, r.Status = nil, &why, why.Status
	}
	return r, err
}
