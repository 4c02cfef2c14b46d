package task

import (
	"context"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/task/taskdb"
)

// ArchiveInput is the request of Archive and Unarchive.
type ArchiveInput struct{ api.TaskRef }

// Archive takes a task off its board and out of the lists.
func Archive(ctx context.Context, s *db.Scope, in *ArchiveInput) (*Task, error) {
	return archive(ctx, s, in, true)
}

// Unarchive brings a task back to its column.
func Unarchive(ctx context.Context, s *db.Scope, in *ArchiveInput) (*Task, error) {
	return archive(ctx, s, in, false)
}

func archive(ctx context.Context, s *db.Scope, in *ArchiveInput, archived bool) (*Task, error) {
	if err := requireWritable(ctx, s, in.TaskRef); err != nil {
		return nil, err
	}
	id, key := in.Split()
	row, err := taskdb.New(s).ArchiveTask(ctx, taskdb.ArchiveTaskParams{OrgID: s.Org(), ID: id, Key: key, Archived: archived})
	if err != nil {
		return nil, fault.About("task", err)
	}
	t := Task(row)
	return &t, nil
}
