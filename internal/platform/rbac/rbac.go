// Package rbac is the table of who may do what: a permission is granted to a role and to every role above it.
//
// The database's policies draw the same lines again (guests do not write, members do not administer), so that a check
// forgotten here neither leaks nor writes.
package rbac

// Role is a member's role in an organization; higher roles include the lower ones.
type Role int16

// The roles, in the order that app.role_rank gives them.
const (
	Guest  Role = 1
	Member Role = 2
	Admin  Role = 3
)

func (r Role) String() string {
	switch r {
	case Guest:
		return "guest"
	case Member:
		return "member"
	case Admin:
		return "admin"
	}
	return "none"
}

// Permission is one line of the table. The zero Permission is granted to nobody.
type Permission string

// The permissions that routes ask for.
const (
	OrgRead       Permission = "org.read"
	OrgUpdate     Permission = "org.update"
	MemberRead    Permission = "member.read"
	MemberInvite  Permission = "member.invite"
	MemberUpdate  Permission = "member.update"
	MemberLeave   Permission = "member.leave" // removing another member needs an admin, as the policy says
	ProjectRead   Permission = "project.read"
	ProjectWrite  Permission = "project.write"
	ProjectDelete Permission = "project.delete"
	ProjectAccess Permission = "project.access" // changing who is in a project needs its admin, as the policy says
	FieldRead     Permission = "field.read"
	FieldWrite    Permission = "field.write"
	TemplateRead  Permission = "template.read"
	TemplateWrite Permission = "template.write"
	BoardRead     Permission = "board.read"
	BoardWrite    Permission = "board.write"
	LabelRead     Permission = "label.read"
	LabelWrite    Permission = "label.write"
	TaskRead      Permission = "task.read"
	TaskWrite     Permission = "task.write"
	TaskWatch     Permission = "task.watch"
	ViewRead      Permission = "view.read"
	ViewWrite     Permission = "view.write"
	JobRead       Permission = "job.read"
	JobWrite      Permission = "job.write"
	CommentRead   Permission = "comment.read"
	CommentWrite  Permission = "comment.write"
	EventRead     Permission = "event.read"
	FileRead      Permission = "file.read"
	FileWrite     Permission = "file.write"
	UsageRead     Permission = "usage.read"
)

// Least is the lowest role that has the permission; false means that no role has it.
func Least(p Permission) (Role, bool) {
	switch p {
	case OrgRead, MemberRead, MemberLeave, ProjectRead, ProjectAccess, FieldRead, TemplateRead, BoardRead, LabelRead, TaskRead,
		TaskWatch, ViewRead, CommentRead, EventRead, FileRead:
		return Guest, true
	case ProjectWrite, FieldWrite, TemplateWrite, BoardWrite, LabelWrite, TaskWrite, ViewWrite, JobRead, JobWrite, CommentWrite,
		FileWrite, UsageRead:
		return Member, true
	case OrgUpdate, MemberInvite, MemberUpdate, ProjectDelete:
		return Admin, true
	}
	return 0, false
}
