// Package event names what can happen and reads it back from the event log, in commit order.
package event

// Type is the kind of an event, as clients see it in "type".
type Type string

// The events of this version.
const (
	OrgUpdated     Type = "org.updated"
	MemberAdded    Type = "member.added"
	MemberUpdated  Type = "member.updated"
	MemberRemoved  Type = "member.removed"
	ProjectCreated Type = "project.created"
	ProjectUpdated Type = "project.updated"
	ProjectDeleted Type = "project.deleted"
	BoardCreated   Type = "board.created"
	BoardUpdated   Type = "board.updated"
	BoardDeleted   Type = "board.deleted"
	ColumnCreated  Type = "column.created"
	ColumnUpdated  Type = "column.updated"
	ColumnDeleted  Type = "column.deleted"
	LabelCreated   Type = "label.created"
	LabelUpdated   Type = "label.updated"
	LabelDeleted   Type = "label.deleted"
	TaskCreated    Type = "task.created"
	TaskUpdated    Type = "task.updated"
	TaskMoved      Type = "task.moved"
	TaskDeleted    Type = "task.deleted"
	TaskRestored   Type = "task.restored"
	CommentCreated Type = "comment.created"
	CommentUpdated Type = "comment.updated"
	CommentDeleted Type = "comment.deleted"
)
