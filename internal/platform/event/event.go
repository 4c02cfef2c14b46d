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

	ProjectMemberAdded   Type = "project_member.added"
	ProjectMemberUpdated Type = "project_member.updated"
	ProjectMemberRemoved Type = "project_member.removed"
	FieldCreated         Type = "field.created"
	FieldUpdated         Type = "field.updated"
	FieldDeleted         Type = "field.deleted"
	TemplateCreated      Type = "project_template.created"
	TemplateUpdated      Type = "project_template.updated"
	TemplateDeleted      Type = "project_template.deleted"
	ViewCreated          Type = "view.created"
	ViewUpdated          Type = "view.updated"
	ViewDeleted          Type = "view.deleted"

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
	TaskLeft       Type = "task.left" // a board, for another one
	TaskDeleted    Type = "task.deleted"
	TaskRestored   Type = "task.restored"
	TaskArchived   Type = "task.archived"
	TaskUnarchived Type = "task.unarchived"

	ChecklistItemCreated Type = "checklist_item.created"
	ChecklistItemUpdated Type = "checklist_item.updated"
	ChecklistItemDeleted Type = "checklist_item.deleted"
	LinkCreated          Type = "link.created"
	LinkDeleted          Type = "link.deleted"
	WatcherAdded         Type = "watcher.added"
	WatcherRemoved       Type = "watcher.removed"

	CommentCreated  Type = "comment.created"
	CommentUpdated  Type = "comment.updated"
	CommentDeleted  Type = "comment.deleted"
	ReactionAdded   Type = "reaction.added"
	ReactionRemoved Type = "reaction.removed"

	FileCreated  Type = "file.created"
	FileUpdated  Type = "file.updated"
	FileScanned  Type = "file.scanned"
	FileDeleted  Type = "file.deleted"
	FileRestored Type = "file.restored"
)
