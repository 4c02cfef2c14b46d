package conformance_test

import (
	"net/http"

	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

func commentScenarios() map[string][]scenario {
	created, deleted := []event.Type{event.CommentCreated}, []event.Type{event.CommentDeleted}
	return map[string][]scenario{
		"create-comment": {
			{name: "by id", status: 201, emits: created, ready: func(s *stage) request {
				return request{vars: ids{"task": s.id(s.task(s.column()))}, body: object{"body": s.name("comment")}}
			}},
			{name: "by key, with mentions", status: 201, emits: created, ready: func(s *stage) request {
				return request{vars: ids{"task": s.task(s.column()).Text(s, "key")},
					body: object{"body": s.name("comment") + " @" + s.admin.Email + " @" + s.member.User}}
			}},
			{name: "reply", status: 201, emits: created, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				return request{vars: ids{"task": task}, body: object{"body": s.name("comment"), "parent_id": s.comment(s.admin, task)}}
			}},
		},
		"list-comments": {
			{name: "by id", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.id(s.task(s.column()))}} },
				grow: func(s *stage, q request) string { return s.comment(s.admin, q.vars["task"]) }},
			{name: "by key", status: 200, ready: func(s *stage) request { return request{vars: ids{"task": s.task(s.column()).Text(s, "key")}} }},
			{name: "first ones, rendered", status: 200, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				s.react(s.admin, s.comment(s.admin, task))
				return request{vars: ids{"task": task}, query: ids{"threads": "true", "expand": "body_html"}}
			}},
			{name: "a thread", status: 200, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				first := s.comment(s.admin, task)
				s.reply(s.admin, task, first)
				return request{vars: ids{"task": task}, query: ids{"parent_id": first}}
			}},
		},
		"get-comment": {
			{name: "rendered", status: 200, ready: func(s *stage) request {
				comment := s.comment(s.admin, s.id(s.task(s.column())))
				s.react(s.admin, comment)
				return request{vars: ids{"comment_id": comment}, query: ids{"expand": "body_html"}}
			}},
			{name: "deleted, with a reply", status: 200, ready: func(s *stage) request {
				first, _ := s.tombstone(s.admin)
				return request{vars: ids{"comment_id": first}}
			}},
		},
		"update-comment": {
			{name: "one's own", status: 200, emits: []event.Type{event.CommentUpdated}, ready: func(s *stage) request {
				return request{vars: ids{"comment_id": s.comment(s.author(), s.id(s.task(s.column())))},
					body: object{"body": s.name("comment") + " @" + s.admin.Email}, version: 1}
			}},
			{name: "with reactions and a reply", status: 200, emits: []event.Type{event.CommentUpdated}, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				comment := s.comment(s.author(), task)
				s.reply(s.admin, task, comment)
				s.react(s.admin, comment)
				return request{vars: ids{"comment_id": comment}, body: object{"body": s.name("comment")}, version: 1}
			}},
		},
		"delete-comment": {
			{name: "one's own", status: 204, emits: deleted, ready: func(s *stage) request {
				return request{vars: ids{"comment_id": s.comment(s.author(), s.id(s.task(s.column())))}, version: 1}
			}},
			{name: "another's", status: 204, emits: deleted, least: rbac.Admin, ready: func(s *stage) request {
				return request{vars: ids{"comment_id": s.comment(s.other(), s.id(s.task(s.column())))}, version: 1}
			}},
			{name: "another's, with a reply and reactions", status: 204, emits: deleted, least: rbac.Admin, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				comment := s.comment(s.other(), task)
				s.reply(s.admin, task, comment)
				s.react(s.admin, comment)
				s.react(s.member, comment)
				return request{vars: ids{"comment_id": comment}, version: 1}
			}},
			{name: "the last reply of a tombstone", status: 204, emits: []event.Type{event.CommentDeleted, event.CommentDeleted}, ready: func(s *stage) request {
				_, reply := s.tombstone(s.author())
				return request{vars: ids{"comment_id": reply}, version: 1}
			}},
		},
		"create-reaction": {{name: "first", status: 201, emits: []event.Type{event.ReactionAdded}, ready: func(s *stage) request {
			return request{vars: ids{"comment_id": s.comment(s.admin, s.id(s.task(s.column())))}, body: object{"emoji": "🎉"}}
		}}},
		"delete-reaction": {{name: "one's own", status: 204, emits: []event.Type{event.ReactionRemoved}, ready: func(s *stage) request {
			comment := s.comment(s.admin, s.id(s.task(s.column())))
			s.react(s.author(), comment)
			return request{vars: ids{"comment_id": comment, "emoji": "👍"}, version: 1}
		}}},
	}
}

// other is a writer who is not the one that sends the request.
func (s *stage) other() *apitest.Client {
	if s.role == rbac.Member {
		return s.admin
	}
	return s.member
}

func (s *stage) reply(by *apitest.Client, task, to string) string {
	return s.id(by.In(s.org).Do(s, "POST", "/v1/tasks/"+task+"/comments", object{"body": s.name("comment"), "parent_id": to}).Want(s, http.StatusCreated))
}

func (s *stage) react(by *apitest.Client, comment string) {
	by.In(s.org).Do(s, "POST", "/v1/comments/"+comment+"/reactions", object{"emoji": "👍"}).Want(s, http.StatusCreated)
}

// tombstone is a deleted comment of the admin's, kept for a reply.
func (s *stage) tombstone(replier *apitest.Client) (comment, reply string) {
	task := s.id(s.task(s.column()))
	comment = s.comment(s.admin, task)
	reply = s.reply(replier, task, comment)
	s.admin.Do(s, "DELETE", "/v1/comments/"+comment, nil).Want(s, http.StatusNoContent)
	return comment, reply
}
