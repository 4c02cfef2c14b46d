// Package comment is what people say under a task: comments, the replies to them, and reactions.
package comment

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/comment/commentdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/markdown"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// Comment is a text under a task, its author's alone to change.
type Comment struct {
	ID         uuid.UUID   `json:"id" format:"uuid"`
	TaskID     uuid.UUID   `json:"task_id" format:"uuid"`
	ParentID   *uuid.UUID  `json:"parent_id" format:"uuid" nullable:"true" doc:"The first comment of the thread that this one is a reply in; null on a first comment."`
	AuthorID   uuid.UUID   `json:"author_id" format:"uuid"`
	Body       string      `json:"body" doc:"Markdown, kept as given; empty once deleted."`
	MentionIDs []uuid.UUID `json:"mention_ids" nullable:"false" doc:"The members whom the body mentions, by @e-mail or @id, of those who see the project."`
	ReplyCount int32       `json:"reply_count" doc:"How many replies are in the thread that begins here; 0 on a reply. It changes without the version."`
	Reactions  []Tally     `json:"reactions" nullable:"false" doc:"By emoji, the longest there first. They change without the version."`
	Version    int32       `json:"version"`
	CreatedAt  time.Time   `json:"created_at"`
	UpdatedAt  time.Time   `json:"updated_at"`
	DeletedAt  *time.Time  `json:"deleted_at" doc:"When it was deleted; its place is kept while it has replies."`
}

// Tally is who reacted to a comment with one and the same emoji.
type Tally struct {
	Emoji   string      `json:"emoji" example:"👍"`
	Count   int         `json:"count" example:"1"`
	UserIDs []uuid.UUID `json:"user_ids" nullable:"false" doc:"In the order in which they reacted."`
}

// Revision implements api.Revised.
func (c Comment) Revision() int32 { return c.Version }

// Service is what the operations need besides their scope.
type Service struct {
	Markdown *markdown.Renderer
}

// Routes registers the comment operations.
func Routes(r *api.Router, v *Service) {
	const tag = "Comments"
	api.Post(r, "/v1/tasks/{task}/comments", v.Create, api.Op{ID: "create-comment", Tag: tag, Summary: "Comment on a task, or reply to a comment",
		Can: rbac.CommentWrite, Emits: []event.Type{event.CommentCreated}})
	api.Get(r, "/v1/tasks/{task}/comments", v.List, api.Op{ID: "list-comments", Tag: tag, Summary: "List a task's comments",
		Doc: "First comments and replies together, oldest first; or the one kind alone, by threads or parent_id.", Can: rbac.CommentRead})
	api.Get(r, "/v1/comments/{comment_id}", v.Get, api.Op{ID: "get-comment", Tag: tag, Summary: "Get a comment", Can: rbac.CommentRead})
	api.Patch(r, "/v1/comments/{comment_id}", v.Update, api.Op{ID: "update-comment", Tag: tag, Summary: "Change an own comment", Can: rbac.CommentWrite,
		Emits: []event.Type{event.CommentUpdated}})
	api.Delete(r, "/v1/comments/{comment_id}", Delete, api.Op{ID: "delete-comment", Tag: tag, Summary: "Delete an own comment",
		Doc: "An admin of the project may delete anybody's. A comment with replies keeps its place without its text, with deleted_at, and goes with the last of them.",
		Can: rbac.CommentWrite, Emits: []event.Type{event.CommentDeleted}})
	api.Post(r, "/v1/comments/{comment_id}/reactions", React, api.Op{ID: "create-reaction", Tag: tag, Summary: "React to a comment with an emoji",
		Doc: "To react again in the same way changes nothing and is answered the same.", Can: rbac.CommentWrite, Emits: []event.Type{event.ReactionAdded}})
	api.Delete(r, "/v1/comments/{comment_id}/reactions/{emoji}", Unreact, api.Op{ID: "delete-reaction", Tag: tag, Summary: "Take an own reaction back",
		Doc: "If-Match is about the comment, whose version no reaction changes.", Can: rbac.CommentWrite, Emits: []event.Type{event.ReactionRemoved}})
}

// CreateInput is the request of Create.
type CreateInput struct {
	api.TaskRef
	Body CreateBody
}

// CreateBody is its body.
type CreateBody struct {
	Body     string                  `json:"body" minLength:"1" maxLength:"50000" pattern:"\\S" patternDescription:"some visible text" example:"Looks good to me."`
	ParentID api.Nullable[uuid.UUID] `json:"parent_id,omitzero" format:"uuid" doc:"The comment of the same task that this one replies to. A reply to a reply joins its thread."`
}

// Create adds a comment to a task.
func (v *Service) Create(ctx context.Context, s *db.Scope, in *CreateInput) (*Comment, error) {
	parent := in.Body.ParentID.Ptr()
	if parent != nil {
		if err := lockThread(ctx, s, *parent); err != nil {
			return nil, err
		}
	}
	id, key := in.Split()
	emails, people := v.Markdown.Mentions(in.Body.Body)
	row, err := commentdb.New(s).CreateComment(ctx, commentdb.CreateCommentParams{
		OrgID: s.Org(), ID: s.NewID(), TaskID: id, TaskKey: key, ParentID: parent, Body: in.Body.Body, Emails: emails, People: people})
	if err != nil {
		return nil, fault.About("task", err)
	}
	return record(row).comment()
}

// lockThread queues the lock of all that stands and falls with a comment.
func lockThread(ctx context.Context, s *db.Scope, id uuid.UUID) error {
	return commentdb.New(s.Ahead()).LockThread(ctx, commentdb.LockThreadParams{OrgID: s.Org(), ID: id})
}

// record is a comment as a change to it gives it back.
type record commentdb.CreateCommentRow

func (r record) comment() (*Comment, error) {
	c := &Comment{ID: r.ID, TaskID: r.TaskID, ParentID: r.ParentID, AuthorID: r.AuthorID, Body: r.Body, MentionIDs: r.MentionIDs,
		ReplyCount: r.ReplyCount, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt}
	if err := json.Unmarshal(r.Reactions, &c.Reactions); err != nil {
		return nil, fmt.Errorf("read reactions: %w", err)
	}
	return c, nil
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
func (v *Service) Update(ctx context.Context, s *db.Scope, in *UpdateInput) (*Comment, error) {
	if err := lockThread(ctx, s, in.ID); err != nil {
		return nil, err
	}
	if err := commentdb.New(s.Ahead()).RequireAuthor(ctx, commentdb.RequireAuthorParams{OrgID: s.Org(), ID: in.ID}); err != nil {
		return nil, err
	}
	emails, people := v.Markdown.Mentions(in.Body.Body.Value)
	row, err := commentdb.New(s).UpdateComment(ctx, commentdb.UpdateCommentParams{
		OrgID: s.Org(), ID: in.ID, Versions: in.Versions(), Body: in.Body.Body.Ptr(), Emails: emails, People: people})
	if err != nil {
		return nil, fault.About("comment", err)
	}
	return record(row).comment()
}

// DeleteInput is the request of Delete.
type DeleteInput struct {
	api.IfMatch
	ID uuid.UUID `path:"comment_id" format:"uuid"`
}

// Delete removes a comment of one's own, or anybody's for an admin. What has replies stays as a tombstone until the last
// of them goes.
func Delete(ctx context.Context, s *db.Scope, in *DeleteInput) (*api.Nothing, error) {
	if err := lockThread(ctx, s, in.ID); err != nil {
		return nil, err
	}
	if err := commentdb.New(s.Ahead()).RequireAuthor(ctx, commentdb.RequireAuthorParams{OrgID: s.Org(), ID: in.ID, AdminsMay: true}); err != nil {
		return nil, err
	}
	_, err := commentdb.New(s).DeleteComment(ctx, commentdb.DeleteCommentParams{OrgID: s.Org(), ID: in.ID, Versions: in.Versions()})
	return nil, fault.About("comment", err)
}
