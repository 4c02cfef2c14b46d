package api

import (
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// TaskRef is the part of an input that names a task in the path, by id or by key.
type TaskRef struct {
	Task string `path:"task" maxLength:"40" doc:"The task's id, or its key." example:"APP-12"`

	id *uuid.UUID
}

var taskKey = regexp.MustCompile(`^[A-Z0-9]{2,10}-[1-9][0-9]{0,9}$`)

// Resolve implements huma.Resolver.
func (t *TaskRef) Resolve(huma.Context) []error {
	if id, err := parseUUID(t.Task); err == nil {
		t.id = &id
		return nil
	}
	if !taskKey.MatchString(t.Task) {
		return []error{&huma.ErrorDetail{Location: "path.task", Message: "expected a UUID or a key such as APP-12"}}
	}
	return nil
}

// Split gives the id or the key, whichever the path holds.
func (t TaskRef) Split() (id *uuid.UUID, key *string) {
	if t.id != nil {
		return t.id, nil
	}
	return nil, &t.Task
}
