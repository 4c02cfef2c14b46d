// Package comment is what people say under a task.
package comment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/comment/commentdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Comment is a text under a task, its author's alone to change.
type Comment struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	TaskID    uuid.UUID `json:"task_id" format:"uuid"`
	AuthorID  uuid.UUID `json:"author_id" format:"uuid"`
	Body      string    `json:"body" doc:"Markdown, kept as given."`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Revision implements api.Revised.
func (c Comment) Revision() int32 { return c.Version }

// Routes registers the comment operations.
func Routes(r *api.Router) {
	const tag = "Comments"
	api.Post(r, "/v1/tasks/{task}/comments", Create, api.Op{ID: "create-comment", Tag: tag, Summary: "Comment on a task", Can: rbac.CommentWrite,
		Emits: []event.Type{event.CommentCreated}})
	api.Get(r, "/v1/tasks/{task}/comments", List, api.Op{ID: "list-comments", Tag: tag, Summary: "List a task's comments", Can: rbac.CommentRead})
	api.Patch(r, "/v1/comments/{comment_id}", Update, api.Op{ID: "update-comment", Tag: tag, Summary: "Change an own comment", Can: rbac.CommentWrite,
		Emits: []event.Type{event.CommentUpdated}})
	api.Delete(r, "/v1/comments/{comment_id}", Delete, api.Op{ID: "delete-comment", Tag: tag, Summary: "Delete an own comment",
		Doc: "An admin may delete anybody's.", Can: rbac.CommentWrite, Emits: []event.Type{event.CommentDeleted}})
}

// CreateInput is the request of Create.
type CreateInput struct {
	api.TaskRef
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Body string `json:"body" minLength:"1" maxLength:"50000" pattern:"\\S" patternDescription:"some visible text" example:"Looks good to me."`
}

// Create adds a comment to a task.
func Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Comment, error) {
	id, key := in.Split()
	row, err := commentdb.New(s).CreateComment(ctx, commentdb.CreateCommentParams{OrgID: s.Org(), ID: s.NewID(), TaskID: id, TaskKey: key, Body: in.Body.Body})
	if err != nil {
		return nil, fault.About("task", err)
	}
	c := Comment(row)
	return &c, nil
}

// ListInput is the request of List.
type ListInput struct {
	api.PageQuery
	api.TaskRef
}

// List gives a task's comments, oldest first.
func List(ctx context.Context, s *db.Scope, in *ListInput) (*api.Page[Comment], error) {
	after, err := api.AfterID(in.PageQuery)
	if err != nil {
		return nil, err
	}
	id, key := in.Split()
	if err := commentdb.New(s.Ahead()).RequireTask(ctx, commentdb.RequireTaskParams{OrgID: s.Org(), TaskID: id, TaskKey: key}); err != nil {
		return nil, err
	}
	rows, err := commentdb.New(s).ListComments(ctx, commentdb.ListCommentsParams{OrgID: s.Org(), TaskID: id, TaskKey: key, After: after, More: in.More()})
	if err != nil {
		return nil, fault.AbsentAs("task", err)
	}
	return api.NewPage(in.PageQuery, rows, func(r commentdb.ListCommentsRow) Comment { return Comment(r) }, func(r commentdb.ListCommentsRow) uuid.UUID { return r.ID })
}

// UpdateInput is the request of Update.
type UpdateInput struct {
	api.IfMatch
	ID   uuid.UUID `path:"comment_id" format:"uuid"`
	Body UpdateBody
}

// UpdateBody is its body.
type UpdateBody struct {
	Body api.Optional[string] `json:"body,omitzero" minLength:"1" maxLength:"50000" pattern:"\\S" patternDescription:"some visible text"`
}

// Update changes a comment of one's own.
func Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Comment, error) {
	if err := commentdb.New(s.Ahead()).RequireAuthor(ctx, commentdb.RequireAuthorParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	row, err := commentdb.New(s).UpdateComment(ctx, commentdb.UpdateCommentParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), Body: in.Body.Body.Ptr()})
	if err != nil {
		return nil, fault.About("comment", err)
	}
	c := Comment(row)
	return &c, nil
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"comment_id" format:"uuid"`
}

// Delete removes a comment of one's own, or anybody's for an admin.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := commentdb.New(s.Ahead()).RequireAuthor(ctx, commentdb.RequireAuthorParams{OrgID: s.Org(), ID: in.ID, AdminsMay: true}); err != nil {
		return nil, err
	}
	_, err := commentdb.New(s).DeleteComment(ctx, commentdb.DeleteCommentParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("comment", err)
}
