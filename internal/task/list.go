package task

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
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
	Q            string    `query:"q" maxLength:"200" doc:"Words of the title, the description or a comment; each is a prefix and all must match. Where nothing does, words spelt alike will do."`
	Filter       string    `query:"filter" maxLength:"2000" doc:"An expression as of AIP-160 over key, title, description, status, priority, assignee, created_by, watcher, mentions, labels, project, board, column, parent, start_at, due_at, created_at, updated_at, completed_at, estimate, blocked and custom fields as fields.<key>; a bare word is searched for. OR binds tighter than AND." example:"status = \"in_progress\" AND labels:\"bug\" AND due_at < \"2026-12-01\""`
	State        string    `query:"state" enum:"active,archived,trashed" default:"active" doc:"Which tasks: those on the boards, the archived ones, or the trash."`
	Sort         string    `query:"sort" maxLength:"80" pattern:"^-?(rank|created_at|updated_at|due_at|start_at|priority|estimate|relevance|fields\\.[a-z][a-z0-9_]{0,62})$" patternDescription:"rank, created_at, updated_at, due_at, start_at, priority, estimate, relevance or fields.<key>, with - in front for descending" doc:"With - in front, descending. Tasks without the value come last. relevance needs q, has the best first, and is the default there." example:"-updated_at"`
	OrgID        string    `query:"org_id" format:"uuid" doc:"May repeat the organization of X-Org-Id."`
}

// Resolve implements huma.Resolver.
func (f *Filter) Resolve(huma.Context) []error {
	if strings.HasSuffix(f.Sort, "relevance") && f.Q == "" {
		return []error{&huma.ErrorDetail{Location: "query.sort", Message: "relevance needs q"}}
	}
	return nil
}

// ListColumnInput is the request of ListColumn.
type ListColumnInput struct {
	api.PageQuery
	Filter
	Shape
	ColumnID uuid.UUID `path:"column_id" format:"uuid"`
}

// ListColumn gives a column's tasks, by rank where nothing else is asked.
func (v *Service) ListColumn(ctx context.Context, s *db.Scope, in *ListColumnInput) (*api.Page[*Item], error) {
	l := listing{filter: in.Filter, shape: in.Shape, column: in.ColumnID, defaultSort: "rank"}
	page, err := v.list(ctx, s, in.PageQuery, &l, "")
	return page, fault.AbsentAs("column", err)
}

// ListBoardInput is the request of ListBoard.
type ListBoardInput struct {
	api.PageQuery
	Filter
	Shape
	BoardID uuid.UUID `path:"board_id" format:"uuid"`
}

// ListBoard gives a board's tasks, newest first where nothing else is asked.
func (v *Service) ListBoard(ctx context.Context, s *db.Scope, in *ListBoardInput) (*api.Page[*Item], error) {
	l := listing{filter: in.Filter, shape: in.Shape, board: in.BoardID, defaultSort: "-created_at"}
	page, err := v.list(ctx, s, in.PageQuery, &l, "")
	return page, fault.AbsentAs("board", err)
}

// ListProjectInput is the request of ListProject.
type ListProjectInput struct {
	api.PageQuery
	Filter
	Shape
	ProjectID uuid.UUID `path:"project_id" format:"uuid"`
}

// ListProject gives a project's tasks, newest first where nothing else is asked.
func (v *Service) ListProject(ctx context.Context, s *db.Scope, in *ListProjectInput) (*api.Page[*Item], error) {
	l := listing{filter: in.Filter, shape: in.Shape, project: in.ProjectID, defaultSort: "-created_at"}
	page, err := v.list(ctx, s, in.PageQuery, &l, "")
	return page, fault.AbsentAs("project", err)
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	Filter
	Shape
	ProjectID uuid.UUID `query:"project_id" format:"uuid"`
	BoardID   uuid.UUID `query:"board_id" format:"uuid"`
	ColumnID  uuid.UUID `query:"column_id" format:"uuid"`
}

// List gives the organization's tasks, newest first where nothing else is asked.
func (v *Service) List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[*Item], error) {
	l := listing{filter: in.Filter, shape: in.Shape, project: in.ProjectID, board: in.BoardID, column: in.ColumnID, defaultSort: "-created_at"}
	return v.list(ctx, s, in.PageQuery, &l, "query.")
}

// listing builds the one query of a list: only what is asked for is in it, so that each finds its index.
type listing struct {
	filter                 Filter
	shape                  Shape
	project, board, column uuid.UUID
	defaultSort            string
	view                   int32  // the version of the view that asks; 0 where it is the request itself
	part                   string // of the request that asks, where it is not the query

	me       uuid.UUID
	from     string
	where    []string
	args     []any
	compared []comparison
	resolved []resolution
}

// order is a way to sort: by the expression, then by the id. The type makes the cursor's text comparable.
type order struct {
	expr, kind string
	id         string // of the task, from the table of the expression: then one index has both
	join       string // what the expression needs besides the task
	absent     string // true where there is no value, which comes last in both directions; empty where there always is one
	descending bool
}

// orders are the sorts by a task's own columns.
var orders = map[string]order{
	"rank":       {expr: "t.rank", kind: `text collate "C"`},
	"created_at": {expr: "t.created_at", kind: "timestamptz"},
	"updated_at": {expr: "t.updated_at", kind: "timestamptz"},
	"due_at":     {expr: "t.due_at", kind: "timestamptz", absent: "t.due_at is null"},
	"start_at":   {expr: "t.start_at", kind: "timestamptz", absent: "t.start_at is null"},
	"priority":   {expr: "t.priority", kind: "smallint"},
	"estimate":   {expr: "t.estimate", kind: "double precision", absent: "t.estimate is null"},
	"relevance":  {expr: "found.score", kind: "real"},
}

// place is where a task stands in a sorted list. Value is null for one without a value.
type place struct {
	Value *string   `json:"v"`
	ID    uuid.UUID `json:"i"`
	View  int32     `json:"w,omitempty"` // the version of the view, where it is a view's list
}

// list reads a page of the listing. Place is what the references of the listing are called in the request: "" where the
// path names them.
func (v *Service) list(ctx context.Context, s *db.Scope, page api.PageQuery, l *listing, location string) (*api.Page[*Item], error) {
	l.me, l.from, l.args = s.User(), "app.tasks t", []any{s.Org()}
	if err := l.narrow(); err != nil {
		return nil, err
	}
	by := l.order()
	after, continued, err := api.After[place](page)
	if err != nil {
		return nil, err
	}
	if continued && after.View != l.view {
		return nil, fault.Invalid("query.cursor", "is of another version of the view")
	}
	chosen := l.shape.selection()
	sql := l.statement(chosen, by, after, continued, page.More())
	if err := l.require(ctx, s, location); err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, sql, l.args...)
	if err != nil {
		return nil, err
	}
	items, err := pgx.CollectRows(rows, v.scan(chosen))
	if err != nil {
		return nil, err
	}
	return api.NewPage(page, items, func(i *Item) *Item { return i }, func(i *Item) place { return place{i.sortValue, i.ID, l.view} })
}

// statement is the query. What may lack the value that it sorts by is read in two parts, each in the order of an index:
// first what has it, and only where that does not fill the page, what has not.
func (l *listing) statement(chosen selection, by order, after place, continued bool, limit int32) string {
	direction, beyond := " asc", ">"
	if by.descending {
		direction, beyond = " desc", "<"
	}
	most := " limit " + l.bind(limit)
	part := func(from, value, orderBy string, conditions ...string) string {
		return "(select " + chosen.sql() + ", " + value + " as sort_value from " + from + " where " +
			strings.Join(append(conditions, l.where...), " and ") + " order by " + orderBy + most + ")"
	}
	with := []string{"t.org_id = $1"}
	without := []string{"t.org_id = $1", by.absent}
	if by.absent != "" { // said also where a comparison implies it: the planner finds the index by it
		with = append(with, by.expr+" is not null")
	}
	switch {
	case continued && after.Value == nil:
		without = append(without, "t.id "+beyond+" "+l.bind(after.ID))
		return part(l.from, "null", "t.id"+direction, without...)
	case continued:
		with = append(with, fmt.Sprintf("(%s, %s) %s (%s::text::%s, %s::uuid)", by.expr, by.id, beyond, l.bind(*after.Value), by.kind, l.bind(after.ID)))
	}
	sql := part(l.from+by.join, by.expr+"::text", by.expr+direction+", "+by.id+direction, with...)
	if by.absent != "" {
		sql += " union all " + part(l.from, "null", "t.id"+direction, without...) + most
	}
	return sql
}

// at is where a part of what is asked for stands: in the query, in the view, or in the body.
func (l *listing) at(name string) string {
	switch {
	case l.view != 0:
		return "view." + name
	case l.part != "":
		return l.part + "." + name
	}
	return "query." + name
}

// bind adds an argument and gives its place.
func (l *listing) bind(value any) string {
	l.args = append(l.args, value)
	return fmt.Sprintf("$%d", len(l.args))
}

// and adds a condition; its ? is the value's place.
func (l *listing) and(condition string, value any) {
	l.where = append(l.where, strings.ReplaceAll(condition, "?", l.bind(value)))
}

func (l *listing) narrow() error {
	f := l.filter
	l.where = append(l.where, map[string]string{
		"archived": "t.archived_at is not null and t.deleted_at is null",
		"trashed":  "t.deleted_at is not null",
	}[f.State])
	if l.where[0] == "" {
		l.where[0] = "t.deleted_at is null and t.archived_at is null"
	}
	ids := []struct {
		condition string
		id        uuid.UUID
	}{{"t.project_id = ?", l.project}, {"t.board_id = ?", l.board}, {"t.column_id = ?", l.column}, {"t.created_by = ?", f.CreatedBy}}
	for _, c := range ids {
		if c.id != uuid.Nil {
			l.and(c.condition, c.id)
		}
	}
	if f.AssigneeID != uuid.Nil {
		l.from += " join app.task_assignees assigned on assigned.org_id = t.org_id and assigned.task_id = t.id"
		l.and("assigned.org_id = $1 and assigned.user_id = ?", f.AssigneeID)
	}
	if f.LabelID != uuid.Nil {
		l.from += " join app.task_labels labelled on labelled.org_id = t.org_id and labelled.task_id = t.id"
		l.and("labelled.org_id = $1 and labelled.label_id = ?", f.LabelID)
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
		l.from = "app.search_tasks(" + l.bind(f.Q) + ") found join " + strings.Replace(l.from, "app.tasks t", "app.tasks t on t.id = found.task_id", 1)
	}
	condition, err := l.schema().Compile(f.Filter, l.bind)
	if condition != "" {
		l.where = append(l.where, "("+condition+")")
	}
	return filterFault(err, l.at("filter"))
}

// order is how the list is sorted. The tasks of a person or a label are read in the order of their creation from those
// tables' own copies of it.
func (l *listing) order() order {
	name := l.filter.Sort
	switch {
	case name == "" && l.filter.Q != "":
		name = "relevance"
	case name == "":
		name = l.defaultSort
	}
	name, descending := strings.CutPrefix(name, "-")
	by, known := orders[name]
	by.id = "t.id"
	if !known {
		field := strings.TrimPrefix(name, "fields.")
		l.compared = append(l.compared, comparison{field, "=", nil, l.at("sort"), ""})
		values := "sorted.org_id = t.org_id and sorted.task_id = t.id and sorted.slot = 0 and sorted.key = " + l.bind(field)
		by = order{expr: "sorted.sort_key", id: "sorted.task_id", kind: `text collate "C"`, join: " join app.field_values sorted on " + values,
			absent: "not exists (select from app.field_values sorted where " + values + " offset 0)"}
	}
	by.descending = descending != (name == "relevance")
	for copied, used := range map[string]bool{"assigned": l.filter.AssigneeID != uuid.Nil, "labelled": l.filter.LabelID != uuid.Nil} {
		if name == "created_at" && used && by.id == "t.id" {
			by.expr, by.id = copied+".task_created_at", copied+".task_id"
		}
	}
	return by
}

// require refuses, in the same round trip, a list that names what is not there, and readies the plan of the others: each
// is planned for its own values, of which some have ten tasks and some ten thousand.
func (l *listing) require(ctx context.Context, s *db.Scope, location string) error {
	at := func(name string) string {
		if location == "" {
			return ""
		}
		return location + name
	}
	p := taskdb.RequireReferencesParams{
		OrgID: s.Org(), ProjectID: orNil(l.project), BoardID: orNil(l.board), ColumnID: orNil(l.column),
		ProjectPlace: at("project_id"), BoardPlace: at("board_id"), ColumnPlace: at("column_id"),
		LabelID: orNil(l.filter.LabelID), AssigneeID: orNil(l.filter.AssigneeID), CreatedBy: orNil(l.filter.CreatedBy),
	}
	ahead := taskdb.New(s.Ahead())
	if p.ProjectID != nil || p.BoardID != nil || p.ColumnID != nil || p.LabelID != nil || p.AssigneeID != nil || p.CreatedBy != nil {
		if err := ahead.RequireReferences(ctx, p); err != nil {
			return err
		}
	}
	for _, c := range l.compared {
		if err := ahead.RequireField(ctx, taskdb.RequireFieldParams{OrgID: s.Org(), ProjectID: orNil(l.project), Key: c.key, Op: c.op, Operand: c.operand, Place: c.place, Setting: cmp.Or(c.setting, "app.operand")}); err != nil {
			return err
		}
	}
	for _, r := range l.resolved {
		if _, err := s.Ahead().Exec(ctx, "select set_config($3, "+r.query+", true)", s.Org(), r.name, r.setting); err != nil {
			return err
		}
	}
	_, err := s.Ahead().Exec(ctx, "select set_config('plan_cache_mode', 'force_custom_plan', true)")
	return err
}

func orNil(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
