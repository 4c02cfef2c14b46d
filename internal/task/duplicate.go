package task

import (
	"context"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/task/taskdb"
)

// DuplicateInput is the request of Duplicate.
type DuplicateInput struct {
	api.TaskRef
	Body DuplicateBody
}

// DuplicateBody is its body.
type DuplicateBody struct {
	Title    api.Optional[string]    `json:"title,omitzero" minLength:"1" maxLength:"500" pattern:"\\S" patternDescription:"some visible text" doc:"Of the copy; the same where it is absent."`
	ColumnID api.Optional[uuid.UUID] `json:"column_id,omitzero" format:"uuid" doc:"Where the copy goes, perhaps in another project; the task's own column where it is absent."`
}

// Duplicate copies a task to the end of a column.
func Duplicate(ctx context.Context, s *db.Scope, in *DuplicateInput) (*Task, error) {
	id, key := in.Split()
	row, err := taskdb.New(s).DuplicateTask(ctx, taskdb.DuplicateTaskParams{OrgID: s.Org(), ID: id, Key: key, NewID: s.NewID(),
		Title: in.Body.Title.Ptr(), ColumnID: in.Body.ColumnID.Ptr()})
	if err != nil {
		return nil, fault.About("task", err)
	}
	t := Task(row)
	return &t, nil
}
