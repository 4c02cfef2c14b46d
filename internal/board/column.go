package board

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/board/boarddb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Column is a place for tasks on a board; its tasks have its status.
type Column struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	ProjectID uuid.UUID `json:"project_id" format:"uuid"`
	BoardID   uuid.UUID `json:"board_id" format:"uuid"`
	Name      string    `json:"name" example:"In progress"`
	Status    string    `json:"status" enum:"backlog,todo,in_progress,done,canceled" example:"in_progress"`
	WipLimit  *int32    `json:"wip_limit" doc:"How many tasks should be here at most, the archived and deleted ones not counted; null is no limit."`
	WipMode   string    `json:"wip_mode" enum:"soft,hard" doc:"Whether the limit is a mark, or refuses what would go over it."`
	Rank      string    `json:"rank" doc:"Orders the columns, bytewise."`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (c Column) Revision() int32 { return c.Version }

// CountedColumn is a column with how full it is.
type CountedColumn struct {
	Column
	TaskCount int  `json:"task_count" doc:"Its tasks, without the archived and deleted ones."`
	OverLimit bool `json:"over_limit" doc:"Whether they are more than wip_limit."`
}

func columnRoutes(r *api.Router) {
	const tag = "Columns"
	api.Post(r, "/v1/boards/{board_id}/columns", CreateColumn, api.Op{ID: "create-column", Tag: tag, Summary: "Add a column at the end",
		Can: rbac.BoardWrite, Emits: []event.Type{event.ColumnCreated}})
	api.Get(r, "/v1/boards/{board_id}/columns", ListColumns, api.Op{ID: "list-columns", Tag: tag, Summary: "List a board's columns", Can: rbac.BoardRead})
	api.Patch(r, "/v1/columns/{column_id}", UpdateColumn, api.Op{ID: "update-column", Tag: tag, Summary: "Change or move a column",
		Doc: "A new status becomes that of the column's tasks, each with an event of its own.",
		Can: rbac.BoardWrite, Emits: []event.Type{event.ColumnUpdated, event.TaskUpdated}})
	api.Delete(r, "/v1/columns/{column_id}", DeleteColumn, api.Op{ID: "delete-column", Tag: tag, Summary: "Delete a column",
		Doc: "Refused while it holds tasks.", Can: rbac.BoardWrite,
		Emits: []event.Type{event.ColumnDeleted}, Faults: []fault.Kind{fault.ColumnNotEmpty}})
}

// CreateColumnInput is the request of CreateColumn.
type CreateColumnInput struct {
	BoardID uuid.UUID `path:"board_id" format:"uuid"`
	Body    CreateColumnBody
}

// CreateColumnBody is its body.
type CreateColumnBody struct {
	Name     string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"In progress"`
	Status   api.Optional[string] `json:"status,omitzero" enum:"backlog,todo,in_progress,done,canceled" doc:"The status of its tasks; todo when absent." example:"in_progress"`
	WipLimit api.Nullable[int32]  `json:"wip_limit,omitzero" minimum:"1" maximum:"100000"`
	WipMode  api.Optional[string] `json:"wip_mode,omitzero" enum:"soft,hard" doc:"soft when absent. A hard limit refuses every task that would come in over it." example:"hard"`
}

// CreateColumn adds a column at the end of a board.
func CreateColumn(ctx context.Context, s *db.Scope, in *CreateColumnInput) (*Column, error) {
	row, err := boarddb.New(s).CreateColumn(ctx, boarddb.CreateColumnParams{
		OrgID: s.Org(), ID: s.NewID(), BoardID: in.BoardID, Name: in.Body.Name, Status: in.Body.Status.Or("todo"),
		WipLimit: in.Body.WipLimit.Ptr(), WipMode: in.Body.WipMode.Or("soft"),
	})
	if err != nil {
		return nil, fault.About("board", err)
	}
	c := Column(row)
	return &c, nil
}

// ListColumnsInput is the request of ListColumns.
type ListColumnsInput struct {
	api.PageQuery
	BoardID uuid.UUID `path:"board_id" format:"uuid"`
}

// ListColumns gives a board's columns, left to right.
func ListColumns(ctx context.Context, s *db.Scope, in *ListColumnsInput) (*api.Page[Column], error) {
	p := boarddb.ListColumnsParams{OrgID: s.Org(), BoardID: in.BoardID, More: in.More()}
	rank, ok, err := api.After[string](in.PageQuery)
	if err != nil {
		return nil, err
	}
	if ok {
		p.After = &rank
	}
	if err := boarddb.New(s.Ahead()).RequireBoard(ctx, boarddb.RequireBoardParams{OrgID: s.Org(), ID: in.BoardID}); err != nil {
		return nil, err
	}
	rows, err := boarddb.New(s).ListColumns(ctx, p)
	if err != nil {
		return nil, fault.AbsentAs("board", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r boarddb.ListColumnsRow) Column { return Column(r) }, func(r boarddb.ListColumnsRow) string { return r.Rank })
}

// UpdateColumnInput is the request of UpdateColumn.
type UpdateColumnInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"column_id" format:"uuid"`
	Body UpdateColumnBody
}

// UpdateColumnBody is its body.
type UpdateColumnBody struct {
	Name     api.Optional[string]    `json:"name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text"`
	Status   api.Optional[string]    `json:"status,omitzero" enum:"backlog,todo,in_progress,done,canceled"`
	WipLimit api.Nullable[int32]     `json:"wip_limit,omitzero" minimum:"1" maximum:"100000" doc:"May be less than the column holds; null is no limit."`
	WipMode  api.Optional[string]    `json:"wip_mode,omitzero" enum:"soft,hard" doc:"A hard limit refuses every task that would come in over it."`
	BeforeID api.Optional[uuid.UUID] `json:"before_id,omitzero" format:"uuid" doc:"Place it left of this column of the board."`
	AfterID  api.Optional[uuid.UUID] `json:"after_id,omitzero" format:"uuid" doc:"Place it right of this column of the board."`
}

// UpdateColumn changes a column or moves it beside another one.
func UpdateColumn(ctx context.Context, s *db.Scope, in *UpdateColumnInput) (*Column, error) {
	b := in.Body
	if err := boarddb.New(s.Ahead()).RequireWritableColumn(ctx, boarddb.RequireWritableColumnParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := boarddb.New(s).UpdateColumn(ctx, boarddb.UpdateColumnParams{
		OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), BeforeID: b.BeforeID.Ptr(), AfterID: b.AfterID.Ptr(),
		Name: b.Name.Ptr(), Status: b.Status.Ptr(), SetWipLimit: b.WipLimit.Set, WipLimit: b.WipLimit.Ptr(), WipMode: b.WipMode.Ptr(),
	})
	if err != nil {
		return nil, fault.About("column", err)
	}
	c := Column(row)
	return &c, nil
}

// DeleteColumnInput is the request of DeleteColumn.
type DeleteColumnInput struct {
	api.IfMatch
	ID uuid.UUID `path:"column_id" format:"uuid"`
}

// DeleteColumn removes a column that holds no tasks.
func DeleteColumn(ctx context.Context, s *db.Scope, in *DeleteColumnInput) (*api.Nothing, error) {
	if err := boarddb.New(s.Ahead()).RequireWritableColumn(ctx, boarddb.RequireWritableColumnParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	_, err := boarddb.New(s).DeleteColumn(ctx, boarddb.DeleteColumnParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("column", fault.ByConstraint(err, notEmpty))
}
