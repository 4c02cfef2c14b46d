package task

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/markdown"
)

// Item is a task as it is read: all of it or the fields that were asked for, and what was asked to be expanded.
type Item struct {
	Task
	Assignees       *[]Person  `json:"assignees,omitzero" nullable:"false" doc:"With expand=assignees."`
	Labels          *[]Label   `json:"labels,omitzero" nullable:"false" doc:"With expand=labels."`
	Column          *Column    `json:"column,omitzero" doc:"With expand=column."`
	Project         *Project   `json:"project,omitzero" doc:"With expand=project."`
	Parent          *Reference `json:"parent,omitzero" doc:"With expand=parent, where the task has one that you see."`
	Counts          *Counts    `json:"counts,omitzero" doc:"With expand=counts."`
	DescriptionHTML *string    `json:"description_html,omitzero" doc:"With expand=description_html: safe to put into a page."`

	only      []*member
	mentioned *[]Person
	sortValue *string
}

// Person is a member as tasks name one.
type Person struct {
	UserID uuid.UUID `json:"user_id" format:"uuid"`
	Name   string    `json:"name"`
	Email  string    `json:"email"`
}

// Label is one on a task.
type Label struct {
	ID    uuid.UUID `json:"id" format:"uuid"`
	Name  string    `json:"name"`
	Color string    `json:"color"`
}

// Column is where a task is.
type Column struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Name   string    `json:"name"`
	Status string    `json:"status"`
}

// Project is what a task belongs to.
type Project struct {
	ID   uuid.UUID `json:"id" format:"uuid"`
	Key  string    `json:"key"`
	Name string    `json:"name"`
}

// Reference is another task in brief.
type Reference struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Key    string    `json:"key"`
	Title  string    `json:"title"`
	Status string    `json:"status"`
}

// Counts is how much hangs on a task, of what you see.
type Counts struct {
	Comments       int `json:"comments"`
	Subtasks       int `json:"subtasks"`
	SubtasksDone   int `json:"subtasks_done" doc:"Those done or canceled."`
	ChecklistItems int `json:"checklist_items"`
	ChecklistDone  int `json:"checklist_done"`
	Links          int `json:"links"`
	Watchers       int `json:"watchers"`
}

// TransformSchema implements huma.SchemaTransformer: with fields= anything but the id may be missing.
func (Item) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = []string{"id"}
	return s
}

// MarshalJSONTo implements json.MarshalerTo.
func (i *Item) MarshalJSONTo(e *jsontext.Encoder) error {
	if i.only == nil {
		type whole Item
		return json.MarshalEncode(e, (*whole)(i))
	}
	if err := e.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, m := range i.only {
		if m.name == "parent" && i.Parent == nil {
			continue
		}
		if err := e.WriteToken(jsontext.String(m.name)); err != nil {
			return err
		}
		value := m.at(i)
		if m.shown != nil {
			value = m.shown(i)
		}
		if err := json.MarshalEncode(e, value, json.FormatNilSliceAsNull(false)); err != nil {
			return fmt.Errorf("encode %s: %w", m.name, err)
		}
	}
	return e.WriteToken(jsontext.EndObject)
}

// member is one of an item: where it comes from, and where it goes.
type member struct {
	name string
	sql  string
	at   func(*Item) any // the place to scan it into, and to write it from

	shown func(*Item) any // what is written in place of that, where it is made from it
}

// members are those of a task.
var members = []*member{
	{"id", "t.id", func(i *Item) any { return &i.ID }, nil},
	{"key", "t.key", func(i *Item) any { return &i.Key }, nil},
	{"number", "t.number", func(i *Item) any { return &i.Number }, nil},
	{"project_id", "t.project_id", func(i *Item) any { return &i.ProjectID }, nil},
	{"board_id", "t.board_id", func(i *Item) any { return &i.BoardID }, nil},
	{"column_id", "t.column_id", func(i *Item) any { return &i.ColumnID }, nil},
	{"title", "t.title", func(i *Item) any { return &i.Title }, nil},
	{"description", "t.description", func(i *Item) any { return &i.Description }, nil},
	{"status", "t.status", func(i *Item) any { return &i.Status }, nil},
	{"priority", "app.priority_name(t.priority)", func(i *Item) any { return &i.Priority }, nil},
	{"assignee_ids", "array(select a.user_id from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id order by 1)",
		func(i *Item) any { return &i.AssigneeIDs }, nil},
	{"label_ids", "array(select l.label_id from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id order by 1)",
		func(i *Item) any { return &i.LabelIDs }, nil},
	{"start_at", "t.start_at", func(i *Item) any { return &i.StartAt }, nil},
	{"due_at", "t.due_at", func(i *Item) any { return &i.DueAt }, nil},
	{"estimate", "t.estimate", func(i *Item) any { return &i.Estimate }, nil},
	{"fields", "t.fields", func(i *Item) any { return &i.Fields }, nil},
	{"mention_ids", "t.mention_ids", func(i *Item) any { return &i.MentionIDs }, nil},
	{"parent_id", "t.parent_id", func(i *Item) any { return &i.ParentID }, nil},
	{"blocked", isBlocked, func(i *Item) any { return &i.Blocked }, nil},
	{"created_by", "t.created_by", func(i *Item) any { return &i.CreatedBy }, nil},
	{"rank", "t.rank", func(i *Item) any { return &i.Rank }, nil},
	{"version", "t.version", func(i *Item) any { return &i.Version }, nil},
	{"created_at", "t.created_at", func(i *Item) any { return &i.CreatedAt }, nil},
	{"updated_at", "t.updated_at", func(i *Item) any { return &i.UpdatedAt }, nil},
	{"completed_at", "t.completed_at", func(i *Item) any { return &i.CompletedAt }, nil},
	{"archived_at", "t.archived_at", func(i *Item) any { return &i.ArchivedAt }, nil},
}

// openBlocker finds what app.is_blocked looks for. It is written out because a function with a query in it is started
// anew for every row; the offset keeps the planner from reading the links of the whole organization for a page.
const (
	openBlocker = `select from app.task_links l join app.tasks b on b.org_id = l.org_id and b.id = l.task_id
	  where l.org_id = t.org_id and l.other_id = t.id and l.kind = 'blocks' and b.status not in ('done', 'canceled') and b.deleted_at is null`
	isBlocked = "exists (" + openBlocker + " offset 0)"
)

const personJSON = "jsonb_build_object('user_id', m.user_id, 'name', m.name, 'email', m.email)"

// expansions are what an item can hold besides, each read in the same statement.
var expansions = []*member{
	{"assignees", `(select coalesce(jsonb_agg(` + personJSON + ` order by m.user_id), '[]')
	  from app.task_assignees a join app.memberships m on m.org_id = a.org_id and m.user_id = a.user_id
	  where a.org_id = t.org_id and a.task_id = t.id)`, func(i *Item) any { return &i.Assignees }, nil},
	{"labels", `(select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'name', n.name, 'color', n.color) order by n.id), '[]')
	  from app.task_labels l join app.labels n on n.org_id = l.org_id and n.id = l.label_id
	  where l.org_id = t.org_id and l.task_id = t.id)`, func(i *Item) any { return &i.Labels }, nil},
	{"column", `(select jsonb_build_object('id', c.id, 'name', c.name, 'status', c.status)
	  from app.columns c where c.org_id = t.org_id and c.id = t.column_id)`, func(i *Item) any { return &i.Column }, nil},
	{"project", `(select jsonb_build_object('id', p.id, 'key', p.key, 'name', p.name)
	  from app.projects p where p.org_id = t.org_id and p.id = t.project_id)`, func(i *Item) any { return &i.Project }, nil},
	{"parent", `(select jsonb_build_object('id', p.id, 'key', p.key, 'title', p.title, 'status', p.status)
	  from app.tasks p where p.org_id = t.org_id and p.id = t.parent_id and p.deleted_at is null)`, func(i *Item) any { return &i.Parent }, nil},
	{"counts", `jsonb_build_object(
	  'comments', (select count(*) from app.comments c where c.org_id = t.org_id and c.task_id = t.id and c.deleted_at is null),
	  'subtasks', (select count(*) from app.tasks c where c.org_id = t.org_id and c.parent_id = t.id and c.deleted_at is null),
	  'subtasks_done', (select count(*) from app.tasks c where c.org_id = t.org_id and c.parent_id = t.id and c.deleted_at is null and c.status in ('done', 'canceled')),
	  'checklist_items', (select count(*) from app.checklist_items c where c.org_id = t.org_id and c.task_id = t.id),
	  'checklist_done', (select count(*) from app.checklist_items c where c.org_id = t.org_id and c.task_id = t.id and c.checked_at is not null),
	  'links', (select count(*) from app.task_links k
	    join app.tasks o on o.org_id = k.org_id and o.id = case when k.task_id = t.id then k.other_id else k.task_id end and o.deleted_at is null
	    where k.org_id = t.org_id and (k.task_id = t.id or k.other_id = t.id)),
	  'watchers', (select count(*) from app.task_watchers w where w.org_id = t.org_id and w.task_id = t.id))`, func(i *Item) any { return &i.Counts }, nil},
	{"description_html", `(select coalesce(jsonb_agg(` + personJSON + `), '[]')
	  from app.memberships m where m.org_id = t.org_id and m.user_id = any(t.mention_ids))`, func(i *Item) any { return &i.mentioned },
		func(i *Item) any { return i.DescriptionHTML }},
}

// Shape is the part of an input that says what of a task is answered.
type Shape struct {
	Fields []string `query:"fields" maxItems:"40" uniqueItems:"true" doc:"Only these members, beside the id; all where it is absent." example:"key,title,status"`
	Expand []string `query:"expand" maxItems:"10" uniqueItems:"true" enum:"assignees,labels,column,project,parent,counts,description_html" doc:"What to answer besides." example:"assignees,labels"`
}

// Resolve implements huma.Resolver.
func (s Shape) Resolve(huma.Context) []error { return unknownFields(s.Fields, "query.fields") }

func unknownFields(fields []string, location string) []error {
	for _, f := range fields {
		if !slices.ContainsFunc(members, func(m *member) bool { return m.name == f }) {
			return []error{&huma.ErrorDetail{Location: location, Message: "a task has no member of this name; see the schema of a task"}}
		}
	}
	return nil
}

// selection is what a query reads of each task.
type selection struct {
	all  []*member
	only []*member // nil where everything is answered
}

func (s Shape) selection() selection {
	if s.Fields == nil {
		return selection{all: append(slices.Clip(members), s.expanded()...)}
	}
	chosen := []*member{members[0]}
	for _, m := range members[1:] {
		if slices.Contains(s.Fields, m.name) {
			chosen = append(chosen, m)
		}
	}
	chosen = append(chosen, s.expanded()...)
	read := slices.Clip(chosen)
	for _, m := range members { // the ETag and the rendering need these
		if !slices.Contains(read, m) && (m.name == "version" || m.name == "description" && slices.Contains(s.Expand, "description_html")) {
			read = append(read, m)
		}
	}
	return selection{all: read, only: chosen}
}

func (s Shape) expanded() []*member {
	var chosen []*member
	for _, m := range expansions {
		if slices.Contains(s.Expand, m.name) {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

func (s selection) sql() string {
	texts := make([]string, len(s.all))
	for i, m := range s.all {
		texts[i] = m.sql
	}
	return strings.Join(texts, ", ")
}

// scan reads a row of the selection, with the text of what the list is sorted by behind it.
func (v *Service) scan(s selection) pgx.RowToFunc[*Item] {
	return func(row pgx.CollectableRow) (*Item, error) {
		i := &Item{only: s.only}
		places := make([]any, 0, len(s.all)+1)
		for _, m := range s.all {
			places = append(places, m.at(i))
		}
		if err := row.Scan(append(places, &i.sortValue)...); err != nil {
			return nil, err
		}
		if i.mentioned != nil {
			people := make(map[string]markdown.Person, 2*len(*i.mentioned))
			for _, p := range *i.mentioned {
				person := markdown.Person{ID: p.UserID, Name: p.Name}
				people[p.Email], people[p.UserID.String()] = person, person
			}
			html := v.Markdown.HTML(i.Description, people)
			i.DescriptionHTML = &html
		}
		return i, nil
	}
}

// GetInput is the request of Get.
type GetInput struct {
	api.TaskRef
	Shape
}

// Get gives one task.
func (v *Service) Get(ctx context.Context, s *db.Scope, in *GetInput) (*Item, error) {
	id, key := in.Split()
	chosen, is, args := in.selection(), "$2", []any{s.Org(), id}
	if id == nil {
		is, args[1] = "app.task_id($1, null, $2)", key
	}
	rows, err := s.Query(ctx, "select "+chosen.sql()+", null from app.tasks t where t.org_id = $1 and t.id = "+is+" and t.deleted_at is null", args...)
	if err != nil {
		return nil, err
	}
	item, err := pgx.CollectExactlyOneRow(rows, v.scan(chosen))
	return item, fault.About("task", err)
}
