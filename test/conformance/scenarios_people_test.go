package conformance_test

import (
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/test/apitest"
)

func accountScenarios() map[string][]scenario {
	return map[string][]scenario{
		"signup": {
			{name: "alone", status: 201, ready: func(s *stage) request {
				return request{body: object{"email": s.address(), "password": apitest.Password, "name": s.name("person")}}
			}},
			{name: "with an organization", status: 201, emits: []event.Type{event.MemberAdded}, ready: func(s *stage) request {
				return request{body: object{"email": s.address(), "password": apitest.Password, "name": s.name("person"), "org_name": s.name("org")}}
			}},
		},
		"login": {{name: "with the password", status: 200, ready: func(s *stage) request {
			return request{body: object{"email": s.by.Email, "password": apitest.Password}}
		}}},
		"refresh": {{name: "with a fresh token", status: 200, ready: func(s *stage) request {
			return request{body: object{"refresh_token": s.refreshToken()}}
		}}},
		"logout": {{name: "of a session", status: 204, ready: func(s *stage) request {
			return request{body: object{"refresh_token": s.refreshToken()}}
		}}},
		"get-me": {{name: "signed in", status: 200, ready: func(*stage) request { return request{} }}},
	}
}

// refreshToken is that of a new session.
func (s *stage) refreshToken() string {
	login := s.world.server.Anonymous().Do(s, "POST", "/v1/auth/login", object{"email": s.by.Email, "password": apitest.Password})
	return login.Want(s, 200).Text(s, "refresh_token")
}

func organizationScenarios() map[string][]scenario {
	return map[string][]scenario{
		"create-org": {
			{name: "by name", status: 201, emits: []event.Type{event.MemberAdded}, ready: func(s *stage) request {
				return request{body: object{"name": s.name("org")}}
			}},
			{name: "with a slug", status: 201, emits: []event.Type{event.MemberAdded}, ready: func(s *stage) request {
				return request{body: object{"name": s.name("org"), "slug": "the-same-for-all"}}
			}},
		},
		"list-orgs": {{name: "own", status: 200, ready: func(*stage) request { return request{} },
			grow: func(s *stage, _ request) string {
				return s.id(s.by.In("").Do(s, "POST", "/v1/orgs", object{"name": s.name("org")}).Want(s, 201))
			}}},
		"get-org": {{name: "own", status: 200, ready: func(*stage) request { return request{} }}},
		"update-org": {{name: "name and slug", status: 200, emits: []event.Type{event.OrgUpdated}, ready: func(s *stage) request {
			now := s.admin.Do(s, "GET", "/v1/orgs/"+s.org, nil).Want(s, 200)
			return request{body: object{"name": s.name("org"), "slug": "renamed"}, version: int(now.Number(s, "version"))}
		}}},
		"list-members": {{name: "all", status: 200, ready: func(*stage) request { return request{} },
			grow: func(s *stage, _ request) string { return s.colleague() }}},
		"update-member": {{name: "another's role", status: 200, emits: []event.Type{event.MemberUpdated}, ready: func(s *stage) request {
			return request{vars: ids{"user_id": s.colleague()}, body: object{"role": "guest"}, version: 1}
		}}},
		"delete-member": {
			{name: "another", status: 204, emits: []event.Type{event.MemberRemoved}, least: rbac.Admin, ready: func(s *stage) request {
				return request{vars: ids{"user_id": s.colleague()}, version: 1}
			}},
			{name: "oneself", status: 204, emits: []event.Type{event.MemberRemoved}, ready: func(s *stage) request {
				leaver := s.admin.Join(s, s.canary, s.role.String())
				return request{vars: ids{"user_id": leaver.User}, as: leaver, version: 1}
			}},
		},
		"create-invitation": {{name: "of an address", status: 201, ready: func(s *stage) request {
			return request{body: object{"email": s.address(), "role": "guest"}}
		}}},
		"accept-invitation": {{name: "of one's own address", status: 200, emits: []event.Type{event.MemberAdded}, ready: func(s *stage) request {
			invited := s.world.server.SignUpAlone(s, s.canary)
			s.made("/v1/orgs/"+s.org+"/invite", object{"email": invited.Email, "role": "member"})
			return request{body: object{"token": s.world.server.InvitationToken(s, invited.Email)}, as: invited}
		}}},
	}
}

func liveScenarios() map[string][]scenario {
	return map[string][]scenario{
		"list-events": {{name: "of the organization", status: 200, ready: func(*stage) request { return request{} },
			grow: func(s *stage, _ request) string {
				s.label()
				return s.lastEvent()
			}}},
		"create-socket-ticket": {{name: "for oneself", status: 201, ready: func(*stage) request { return request{} }}},
	}
}
