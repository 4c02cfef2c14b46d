package task

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/task/taskdb"
)

// Filter is the part of an input that narrows and orders a list of tasks; the filters combine by and.
type Filter struct {
	Status       string    `query:"status" enum:"backlog,todo,in_progress,done,canceled"`
	Priority     string    `query:"priority" enum:"none,low,medium,high,urgent"`
	AssigneeID   uuid.UUID `query:"assignee_id" format:"uuid"`
	LabelID      uuid.UUID `query:"label_id" format:"uuid"`
	CreatedBy    uuid.UUID `query:"created_by" format:"uuid"`
	DueBefore    time.Time `query:"due_before" doc:"Due before this time; tasks without a due date are left out."`
	DueAfter     time.Time `query:"due_after" doc:"Due at this time or later."`
	UpdatedSince time.Time `query:"updated_since" doc:"Changed at this time or later."`
	Q            string    `query:"q" maxLength:"200" doc:"Words of the title or description; each is a prefix and all must match."`
	Sort         string    `query:"sort" enum:"rank,-rank,created_at,-created_at,updated_at,-updated_at,due_at,-due_at,priority,-priority" doc:"With - in front, descending. Tasks without a due date come last."`
	OrgID        string    `query:"org_id" format:"uuid" doc:"May repeat the organization of X-Org-Id."`
}

// ListColumnInput is the request of ListColumn.
type ListColumnInput struct {
	api.PageQuery
	Filter
	ColumnID uuid.UUID `path:"column_id" format:"uuid"`
}

// ListColumn gives a column's tasks, by rank where nothing else is asked.
func ListColumn(ctx context.Context, s *db.Scope, in *ListColumnInput) (*api.Page[Task], error) {
	l := listing{filter: in.Filter, page: in.PageQuery, column: in.ColumnID, defaultSort: "rank"}
	page, err := l.run(ctx, s, "")
	return page, fault.AbsentAs("column", err)
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	Filter
	ProjectID uuid.UUID `query:"project_id" format:"uuid"`
	BoardID   uuid.UUID `query:"board_id" format:"uuid"`
	ColumnID  uuid.UUID `query:"column_id" format:"uuid"`
}

// List gives the organization's tasks, newest first where nothing else is asked.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Task], error) {
	l := listing{filter: in.Filter, page: in.PageQuery, project: in.ProjectID, board: in.BoardID, column: in.ColumnID, defaultSort: "-created_at"}
	return l.run(ctx, s, "query.column_id")
}

// listing builds the one query of a list: only the conditions that are asked for are in it, so that each finds its index.
type listing struct {
	filter                 Filter
	page                   api.PageQuery
	project, board, column uuid.UUID
	defaultSort            string

	where []string
	args  []any
}

// order is a way to sort: by the expression, then by id. The type makes the cursor's text comparable.
type order struct{ expr, kind string }

// orders are the sorts. Tasks without a due date sort as the end of time, in both directions last.
var orders = map[string]order{
	"rank":       {"t.rank", `text collate "C"`},
	"created_at": {"t.created_at", "timestamptz"},
	"updated_at": {"t.updated_at", "timestamptz"},
	"due_at":     {"t.due_at", "timestamptz"},
	"priority":   {"t.priority", "smallint"},
}

// key is the place of a task in a sorted list. Value is null for a task without a due date.
type key struct {
	Value *string   `json:"v"`
	ID    uuid.UUID `json:"i"`
}

// listed is a row with the text of what it is sorted by.
type listed struct {
	taskdb.GetTaskRow
	SortValue *string
}

func scanListed(row pgx.CollectableRow) (listed, error) {
	var l listed
	err := row.Scan(&l.ID, &l.Key, &l.Number, &l.ProjectID, &l.BoardID, &l.ColumnID, &l.Title, &l.Description, &l.Status,
		&l.Priority, &l.AssigneeIDs, &l.LabelIDs, &l.DueAt, &l.ParentID, &l.CreatedBy, &l.Rank, &l.Version, &l.CreatedAt,
		&l.UpdatedAt, &l.CompletedAt, &l.SortValue)
	return l, err
}

const selectTasks = `select t.id, t.key, t.number, t.project_id, t.board_id, t.column_id, t.title, t.description, t.status,
  app.priority_name(t.priority) as priority,
  array(select a.user_id from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id order by 1) as assignee_ids,
  array(select l.label_id from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id order by 1) as label_ids,
  t.due_at, t.parent_id, t.created_by, t.rank, t.version, t.created_at, t.updated_at, t.completed_at, `

func (l *listing) run(ctx context.Context, s *db.Scope, columnPlace string) (*api.Page[Task], error) {
	l.and("t.org_id = ?", s.Org())
	l.where = append(l.where, "t.deleted_at is null")
	l.narrow()
	orderBy, by, err := l.order()
	if err != nil {
		return nil, err
	}
	if err := l.requireReferences(ctx, s, columnPlace); err != nil {
		return nil, err
	}
	l.args = append(l.args, l.page.More())
	sql := selectTasks + by.expr + "::text as sort_value from app.tasks t where " + strings.Join(l.where, " and ") +
		" order by " + orderBy + fmt.Sprintf(" limit $%d", len(l.args))
	rows, err := s.Query(ctx, sql, l.args...)
	if err != nil {
		return nil, err
	}
	items, err := pgx.CollectRows(rows, scanListed)
	if err != nil {
		return nil, err
	}
	return api.NewPage(l.page, items, func(r listed) Task { return Task(r.GetTaskRow) },
		func(r listed) key { return key{r.SortValue, r.ID} })
}

// and adds a condition; its ? is the value's place.
func (l *listing) and(condition string, value any) {
	l.args = append(l.args, value)
	l.where = append(l.where, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(l.args))))
}

func (l *listing) narrow() {
	f := l.filter
	ids := []struct {
		condition string
		id        uuid.UUID
	}{
		{"t.project_id = ?", l.project},
		{"t.board_id = ?", l.board},
		{"t.column_id = ?", l.column},
		{"t.created_by = ?", f.CreatedBy},
		{"exists (select from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id and a.user_id = ?)", f.AssigneeID},
		{"exists (select from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id and l.label_id = ?)", f.LabelID},
	}
	for _, c := range ids {
		if c.id != uuid.Nil {
			l.and(c.condition, c.id)
		}
	}
	if f.Status != "" {
		l.and("t.status = ?", f.Status)
	}
	if f.Priority != "" {
		l.and("t.priority = ?", priorityRank(f.Priority))
	}
	times := []struct {
		condition string
		at        time.Time
	}{{"t.due_at < ?", f.DueBefore}, {"t.due_at >= ?", f.DueAfter}, {"t.updated_at >= ?", f.UpdatedSince}}
	for _, c := range times {
		if !c.at.IsZero() {
			l.and(c.condition, c.at)
		}
	}
	if f.Q != "" {
		l.and("t.id in (select app.search_tasks(?))", f.Q)
	}
}

// order gives the ORDER BY and adds the condition that begins after the cursor.
func (l *listing) order() (string, order, error) {
	name := l.filter.Sort
	if name == "" {
		name = l.defaultSort
	}
	name, descending := strings.CutPrefix(name, "-")
	by := orders[name]
	direction, beyond := " asc", ">"
	if descending {
		direction, beyond = " desc", "<"
	}
	orderBy := by.expr + direction + " nulls last, t.id" + direction
	if name != "due_at" { // the only one that can be null; plain order matches the index both ways
		orderBy = by.expr + direction + ", t.id" + direction
	}
	after, ok, err := api.After[key](l.page)
	if err != nil || !ok {
		return orderBy, by, err
	}
	if after.Value == nil {
		l.and("t.due_at is null and t.id "+beyond+" ?", after.ID)
		return orderBy, by, nil
	}
	l.args = append(l.args, *after.Value, after.ID)
	condition := fmt.Sprintf("(%s, t.id) %s ($%d::text::%s, $%d::uuid)", by.expr, beyond, len(l.args)-1, by.kind, len(l.args))
	if name == "due_at" {
		condition = "(" + condition + " or t.due_at is null)"
	}
	l.where = append(l.where, condition)
	return orderBy, by, nil
}

// requireReferences refuses, in the same round trip, a filter that names what is not there.
func (l *listing) requireReferences(ctx context.Context, s *db.Scope, columnPlace string) error {
	p := taskdb.RequireReferencesParams{
		OrgID: s.Org(), ProjectID: orNil(l.project), BoardID: orNil(l.board), ColumnID: orNil(l.column), ColumnPlace: columnPlace,
		LabelID: orNil(l.filter.LabelID), AssigneeID: orNil(l.filter.AssigneeID), CreatedBy: orNil(l.filter.CreatedBy),
	}
	if p == (taskdb.RequireReferencesParams{OrgID: p.OrgID, ColumnPlace: columnPlace}) {
		return nil
	}
	return taskdb.New(s.Ahead()).RequireReferences(ctx, p)
}

func orNil(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
