package comment

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/comment/commentdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/markdown"
)

// Item is a comment as it is read, with what was asked to be expanded.
type Item struct {
	Comment
	BodyHTML *string `json:"body_html,omitzero" doc:"With expand=body_html: safe to put into a page."`
}

// Shape is the part of an input that says what of a comment is answered.
type Shape struct {
	Expand []string `query:"expand" maxItems:"1" uniqueItems:"true" enum:"body_html" doc:"What to answer besides." example:"body_html"`
}

func (s Shape) rendered() bool { return len(s.Expand) > 0 }

// reading is the select list of a comment c.
const reading = `select c.id, c.task_id, c.parent_id, c.author_id, c.body, c.mention_ids,
  case when c.parent_id is null then (select count(*) from app.comments r where r.org_id = c.org_id and r.parent_id = c.id) else 0 end,
  (select coalesce(jsonb_agg(jsonb_build_object('emoji', e.emoji, 'count', cardinality(e.user_ids), 'user_ids', e.user_ids) order by e.since, e.emoji), '[]')
    from (select x.emoji, array_agg(x.user_id order by x.created_at, x.user_id) as user_ids, min(x.created_at) as since
      from app.reactions x where x.org_id = c.org_id and x.comment_id = c.id group by x.emoji) e),
  c.version, c.created_at, c.updated_at, c.deleted_at, `

// mentioned are the people whom the rendered body calls by name.
const mentioned = `(select coalesce(jsonb_agg(jsonb_build_object('user_id', m.user_id, 'name', m.name, 'email', m.email)), '[]')
  from app.memberships m where m.org_id = c.org_id and m.user_id = any(c.mention_ids))`

func (s Shape) selection() string {
	if s.rendered() {
		return reading + mentioned
	}
	return reading + "'[]'::jsonb"
}

type person struct {
	UserID uuid.UUID `json:"user_id"`
	Name   string    `json:"name"`
	Email  string    `json:"email"`
}

func (v *Service) scan(shape Shape) pgx.RowToFunc[*Item] {
	return func(row pgx.CollectableRow) (*Item, error) {
		i := &Item{}
		var people []person
		err := row.Scan(&i.ID, &i.TaskID, &i.ParentID, &i.AuthorID, &i.Body, &i.MentionIDs, &i.ReplyCount, &i.Reactions,
			&i.Version, &i.CreatedAt, &i.UpdatedAt, &i.DeletedAt, &people)
		if err == nil && shape.rendered() {
			html := v.Markdown.HTML(i.Body, byMention(people))
			i.BodyHTML = &html
		}
		return i, err
	}
}

// byMention finds people by what mentions them: the e-mail address or the id.
func byMention(people []person) map[string]markdown.Person {
	found := make(map[string]markdown.Person, 2*len(people))
	for _, p := range people {
		named := markdown.Person{ID: p.UserID, Name: p.Name}
		found[p.Email], found[p.UserID.String()] = named, named
	}
	return found
}

// GetInput is the request of Get.
type GetInput struct {
	Shape
	ID uuid.UUID `path:"comment_id" format:"uuid"`
}

// Get gives one comment, a deleted one too while its place is kept.
func (v *Service) Get(ctx context.Context, s *db.Scope, in *GetInput) (*Item, error) {
	rows, err := s.Query(ctx, in.selection()+` from app.comments c join app.tasks t on t.org_id = $1 and t.id = c.task_id and t.deleted_at is null
		where c.org_id = $1 and c.id = $2`, s.Org(), in.ID)
	if err != nil {
		return nil, err
	}
	item, err := pgx.CollectExactlyOneRow(rows, v.scan(in.Shape))
	return item, fault.About("comment", err)
}

// Part is the part of an input that says which of a task's comments are listed.
type Part struct {
	Threads  bool      `query:"threads" doc:"Only the comments that begin a thread, not the replies."`
	ParentID uuid.UUID `query:"parent_id" format:"uuid" doc:"Only the replies in the thread that this comment begins."`
}

// Resolve implements huma.Resolver.
func (p *Part) Resolve(huma.Context) []error {
	if p.Threads && p.ParentID != uuid.Nil {
		return []error{&huma.ErrorDetail{Location: "query.threads", Message: "cannot be combined with parent_id"}}
	}
	return nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	api.TaskRef
	Shape
	Part
}

// List gives a task's comments, oldest first.
func (v *Service) List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[*Item], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	id, key := in.Split()
	required := commentdb.RequireTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}
	where, args := "c.task_id = app.task_id($1, $2, $3)", []any{s.Org(), id, key}
	switch {
	case in.ParentID != uuid.Nil:
		required.ParentID = &in.ParentID
		where, args = "c.parent_id = $2", []any{s.Org(), in.ParentID}
	case in.Threads:
		where += " and c.parent_id is null"
	}
	if after != nil {
		args = append(args, *after)
		where += fmt.Sprintf(" and c.id > $%d", len(args))
	}
	args = append(args, in.More())
	if err := commentdb.New(s.Ahead()).RequireTask(ctx, required); err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, in.selection()+fmt.Sprintf(" from app.comments c where c.org_id = $1 and %s order by c.id limit $%d", where, len(args)), args...)
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	items, err := pgx.CollectRows(rows, v.scan(in.Shape))
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	return api.NewPage(in.PageQuery, items, func(i *Item) *Item { return i }, func(i *Item) uuid.UUID { return i.ID })
}
