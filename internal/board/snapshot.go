package board

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/board/boarddb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
)

// Snapshot is a board with all that is on it, as of one moment.
type Snapshot struct {
	Board   Board        `json:"board"`
	Columns []FullColumn `json:"columns" nullable:"false" doc:"Left to right."`
	Swimlanes
	Labels  Labels   `json:"labels" doc:"Those of the tasks."`
	Members []Person `json:"members" nullable:"false" doc:"Who is assigned, mentioned, a custom field's value, or the maker of a task."`
	Cursor  string   `json:"cursor" doc:"The place of the moment in the event stream: whatever is not in the snapshot comes behind it."`
}

// FullColumn is a column with its first tasks.
type FullColumn struct {
	CountedColumn
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor to the list of the column's tasks for those that follow; null where these are all."`
	Tasks      Tasks   `json:"tasks" doc:"By rank, as the task resource has them: the data of an event takes the place of one."`
}

// Person is somebody whom the tasks name.
type Person struct {
	UserID uuid.UUID `json:"user_id" format:"uuid"`
	Name   string    `json:"name"`
}

// Tasks are task resources as the database wrote them. Read into a struct and written again, they would be the most of
// what a snapshot costs.
type Tasks jsontext.Value

// MarshalJSONTo implements json.MarshalerTo.
func (t Tasks) MarshalJSONTo(e *jsontext.Encoder) error { return e.WriteValue(jsontext.Value(t)) }

// Schema implements huma.SchemaProvider.
func (Tasks) Schema(huma.Registry) *huma.Schema { return resources("Task") }

// Labels are label resources as the database wrote them.
type Labels jsontext.Value

// MarshalJSONTo implements json.MarshalerTo.
func (l Labels) MarshalJSONTo(e *jsontext.Encoder) error { return e.WriteValue(jsontext.Value(l)) }

// Schema implements huma.SchemaProvider.
func (Labels) Schema(huma.Registry) *huma.Schema { return resources("Label") }

// resources is a list of what another feature registers under the name.
func resources(name string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Ref: "#/components/schemas/" + name}}
}

// GetSnapshotInput is the request of GetSnapshot.
type GetSnapshotInput struct {
	Grouping
	ID    uuid.UUID `path:"board_id" format:"uuid"`
	Limit int       `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many tasks of each column."`
}

// GetSnapshot gives a board with all that is on it, and where in the event stream that is.
func (v *Service) GetSnapshot(ctx context.Context, s *db.Scope, in *GetSnapshotInput) (*Snapshot, error) {
	row, err := boarddb.New(s).GetSnapshot(ctx, boarddb.GetSnapshotParams{
		OrgID: s.Org(), ID: in.ID, GroupBy: in.by(), MostLanes: maxLanes + 1, MostTasks: int32(in.Limit),
	})
	if err != nil {
		return nil, fault.About("board", err)
	}
	shot := Snapshot{Board: Board{row.ID, row.ProjectID, row.Name, row.Version, row.CreatedAt, row.UpdatedAt}}
	if shot.Columns, err = fullColumns(ctx, row.Columns); err != nil {
		return nil, err
	}
	if shot.Swimlanes, err = readLanes(row.Lanes); err != nil {
		return nil, err
	}
	labels, err := event.RestTimes(row.Labels)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	shot.Labels = Labels(labels)
	if err := json.Unmarshal(row.Members, &shot.Members); err != nil {
		return nil, fmt.Errorf("decode members: %w", err)
	}
	shot.Cursor, err = v.Cursor(s.Org(), row.Seen)
	return &shot, err
}

// taskPlace is where a list of a column's tasks goes on: behind the rank and id of a task, as that list keeps it.
type taskPlace struct {
	Rank string    `json:"v"`
	ID   uuid.UUID `json:"i"`
}

func fullColumns(ctx context.Context, text []byte) ([]FullColumn, error) {
	var read []struct {
		CountedColumn
		Last  *taskPlace     `json:"last"` // of the tasks, where there are more
		Tasks jsontext.Value `json:"tasks"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, fmt.Errorf("decode columns: %w", err)
	}
	columns := make([]FullColumn, len(read))
	for i, c := range read {
		tasks, err := event.RestTimes(c.Tasks)
		if err != nil {
			return nil, fmt.Errorf("read tasks: %w", err)
		}
		columns[i] = FullColumn{CountedColumn: c.CountedColumn, Tasks: Tasks(tasks)}
		if c.Last == nil {
			continue
		}
		cursor, err := api.ListCursor(ctx, "GET /v1/columns/{column_id}/tasks", "/v1/columns/"+c.ID.String()+"/tasks", c.Last)
		if err != nil {
			return nil, err
		}
		columns[i].NextCursor = &cursor
	}
	return columns, nil
}
