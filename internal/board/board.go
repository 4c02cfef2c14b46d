// Package board is a project's boards and their columns.
package board

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/board/boarddb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Board shows a project's tasks in columns.
type Board struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	ProjectID uuid.UUID `json:"project_id" format:"uuid"`
	Name      string    `json:"name" example:"Sprint"`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (b Board) Revision() int32 { return b.Version }

// Detail is a board with its columns, left to right.
type Detail struct {
	ID        uuid.UUID       `json:"id" format:"uuid"`
	ProjectID uuid.UUID       `json:"project_id" format:"uuid"`
	Name      string          `json:"name" example:"Sprint"`
	Version   int32           `json:"version"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Columns   []CountedColumn `json:"columns" nullable:"false"`
	Swimlanes
}

// Revision implements api.Revised.
func (b Detail) Revision() int32 { return b.Version }

// Service is what the operations need besides their scope.
type Service struct {
	// Cursor gives the place in an organization's event stream where everything lies that a snapshot of the database, as
	// pg_current_snapshot writes it, did not see.
	Cursor func(org uuid.UUID, snapshot string) (string, error)
}

// Routes registers the operations of boards and columns.
func Routes(r *api.Router, v *Service) {
	const tag = "Boards"
	api.Post(r, "/v1/projects/{project_id}/boards", Create, api.Op{ID: "create-board", Tag: tag, Summary: "Create a board",
		Can: rbac.BoardWrite, Emits: []event.Type{event.BoardCreated, event.ColumnCreated}})
	api.Get(r, "/v1/projects/{project_id}/boards", List, api.Op{ID: "list-boards", Tag: tag, Summary: "List a project's boards", Can: rbac.BoardRead})
	api.Get(r, "/v1/boards/{board_id}", Get, api.Op{ID: "get-board", Tag: tag, Summary: "Get a board with its columns", Can: rbac.BoardRead})
	api.Get(r, "/v1/boards/{board_id}/snapshot", v.GetSnapshot, api.Op{ID: "get-board-snapshot", Tag: tag, Summary: "Get a board with all that is on it",
		Doc: "The columns with their tasks by rank, and the labels and people of those: all as of one moment, whose place in the event stream is " +
			"the cursor. Events from there on may repeat what the snapshot shows; their versions tell.",
		Can: rbac.BoardRead})
	api.Patch(r, "/v1/boards/{board_id}", Update, api.Op{ID: "update-board", Tag: tag, Summary: "Rename a board", Can: rbac.BoardWrite,
		Emits: []event.Type{event.BoardUpdated}})
	api.Delete(r, "/v1/boards/{board_id}", Delete, api.Op{ID: "delete-board", Tag: tag, Summary: "Delete a board",
		Doc: "Refused while one of its columns holds tasks.", Can: rbac.BoardWrite,
		Emits: []event.Type{event.BoardDeleted}, Faults: []fault.Kind{fault.ColumnNotEmpty}})
	columnRoutes(r)
}

// CreateInput is the request of Create.
type CreateInput struct {
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
	Body      CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Name     string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"Sprint"`
	Template api.Optional[string] `json:"template,omitzero" enum:"empty,kanban,scrum" doc:"The columns to begin with; empty has none." example:"kanban"`
}

// Create adds a board to a project, with the columns of its template.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Detail, error) {
	p := boarddb.CreateBoardParams{OrgID: s.Org(), ID: s.NewID(), ProjectID: in.ProjectID, Name: in.Body.Name,
		ColumnIDs: []uuid.UUID{}, ColumnNames: []string{}, ColumnStatuses: []string{}}
	for _, c := range template(in.Body.Template.Value) {
		p.ColumnIDs = append(p.ColumnIDs, s.NewID())
		p.ColumnNames = append(p.ColumnNames, c.name)
		p.ColumnStatuses = append(p.ColumnStatuses, c.status)
	}
	row, err := boarddb.New(s).CreateBoard(ctx, p)
	if err != nil {
		return nil, fault.About("project", err)
	}
	b := Board{row.ID, row.ProjectID, row.Name, row.Version, row.CreatedAt, row.UpdatedAt}
	return detail(b, row.Columns, nil)
}

type templateColumn struct{ name, status string }

func template(name string) []templateColumn {
	switch name {
	case "kanban":
		return []templateColumn{{"Backlog", "backlog"}, {"To do", "todo"}, {"In progress", "in_progress"}, {"Done", "done"}}
	case "scrum":
		return []templateColumn{{"Product backlog", "backlog"}, {"Sprint backlog", "todo"}, {"In progress", "in_progress"}, {"In review", "in_progress"}, {"Done", "done"}}
	}
	return nil
}

func detail(b Board, columns, lanes []byte) (*Detail, error) {
	d := Detail{ID: b.ID, ProjectID: b.ProjectID, Name: b.Name, Version: b.Version, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt}
	if err := json.Unmarshal(columns, &d.Columns); err != nil {
		return nil, fmt.Errorf("decode columns: %w", err)
	}
	var err error
	d.Swimlanes, err = readLanes(lanes)
	return &d, err
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
}

// List gives a project's boards, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Board], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	if err := boarddb.New(s.Ahead()).RequireProject(ctx, boarddb.RequireProjectParams{OrgID: s.Org(), ID: in.ProjectID}); err != nil {
		return nil, err
	}
	rows, err := boarddb.New(s).ListBoards(ctx, boarddb.ListBoardsParams{OrgID: s.Org(), ProjectID: in.ProjectID, After: after, More: in.More()})
	if err != nil {
		return nil, fault.AbsentAs("project", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r boarddb.ListBoardsRow) Board { return Board(r) }, func(r boarddb.ListBoardsRow) uuid.UUID { return r.ID })
}

// GetInput is the request of Get.
type GetInput struct {
	Grouping
	ID uuid.UUID `path:"board_id" format:"uuid"`
}

// Get gives a board with its columns.
func Get(ctx context.Context, s *db.Scope, in *GetInput) (*Detail, error) {
	row, err := boarddb.New(s).GetBoard(ctx, boarddb.GetBoardParams{OrgID: s.Org(), ID: in.ID, GroupBy: in.by(), MostLanes: maxLanes + 1})
	if err != nil {
		return nil, fault.About("board", err)
	}
	b := Board{row.ID, row.ProjectID, row.Name, row.Version, row.CreatedAt, row.UpdatedAt}
	return detail(b, row.Columns, row.Lanes)
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"board_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Name api.Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text"`
}

// Update renames a board.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Board, error) {
	if err := boarddb.New(s.Ahead()).RequireWritableBoard(ctx, boarddb.RequireWritableBoardParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := boarddb.New(s).UpdateBoard(ctx, boarddb.UpdateBoardParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), Name: in.Body.Name.Ptr()})
	if err != nil {
		return nil, fault.About("board", err)
	}
	b := Board(row)
	return &b, nil
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"board_id" format:"uuid"`
}

// notEmpty is how the database keeps a live task's column.
var notEmpty = fault.Constraints{"tasks_live_column": {Kind: fault.ColumnNotEmpty}}

// Delete removes a board whose columns hold no tasks.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := boarddb.New(s.Ahead()).RequireWritableBoard(ctx, boarddb.RequireWritableBoardParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	_, err := boarddb.New(s).DeleteBoard(ctx, boarddb.DeleteBoardParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("board", fault.ByConstraint(err, notEmpty))
}
