package hostile_test

import (
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func accept(c *apitest.Client, token string) func(t *testing.T) *apitest.Response {
	return func(t *testing.T) *apitest.Response {
		t.Helper()
		return c.Do(t, "POST", "/v1/invitations/accept", map[string]any{"token": token})
	}
}

func invite(t *testing.T, c *apitest.Client, email, role string) (token string) {
	t.Helper()
	r := c.Do(t, "POST", "/v1/orgs/"+c.Org+"/invite", map[string]any{"email": email, "role": role}).Want(t, 201)
	if token = c.Server.InvitationToken(t, strings.ToLower(email)); strings.Contains(string(r.Body), token) || token == "" {
		t.Fatalf("the token is not in the mail alone: %s", r.Body)
	}
	return token
}

// Row 18: an invitation works once, for its address, in its time, until a newer one.
func TestInvitations(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	bob, eve := s.SignUpAlone(t, "bob"), s.SignUpAlone(t, "eve")
	members := func() int {
		return number(t, s, "select count(*) from app.memberships where org_id = $1", ada.Org)
	}

	unknown := accept(bob, "pli_unknown")(t)
	unknown.WantProblem(t, 410, "invitation-gone")
	token := invite(t, ada, bob.Email, "member")
	accept(eve, token)(t).WantProblem(t, 403, "forbidden")
	s.Anonymous().Do(t, "POST", "/v1/invitations/accept", map[string]any{"token": token}).WantProblem(t, 401, "unauthenticated")
	accept(bob, token+"x")(t).WantProblem(t, 410, "invitation-gone")
	accept(bob, strings.ToUpper(token))(t).WantProblem(t, 410, "invitation-gone")

	exec(t, s, "update app.invitations set expires_at = now() - interval '1 second'")
	expired := accept(bob, token)(t)
	sameButID(t, "an expired and an unknown invitation", expired, unknown)
	sameButID(t, "an expired and another's invitation, to another", accept(eve, token)(t), unknown)

	older := invite(t, ada, bob.Email, "admin")
	newer := invite(t, ada, strings.ToUpper(bob.Email), "guest")
	sameButID(t, "a replaced and an unknown invitation", accept(bob, older)(t), unknown)
	if members() != 1 {
		t.Fatal("a refused invitation made a member")
	}
	if role := accept(bob, newer)(t).Want(t, 200).Text(t, "role"); role != "guest" {
		t.Errorf("role %s, want that of the newer invitation", role)
	}
	sameButID(t, "a used and an unknown invitation", accept(bob, newer)(t), unknown)
	accept(eve, newer)(t).WantProblem(t, 410, "invitation-gone")

	// Nor does it bring back one who was removed.
	ada.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+bob.User, nil).Want(t, 204)
	accept(bob, newer)(t).WantProblem(t, 410, "invitation-gone")
	if members() != 1 {
		t.Error("a spent invitation made a member")
	}
	if n := number(t, s, "select count(*) from app.invitations where position(convert_to($1, 'UTF8') in token_hash) > 0 or length(token_hash) <> 32", newer); n != 0 {
		t.Error("the token is stored as it is")
	}
}

// Row 18: accepts of one invitation all at once make one member, once.
func TestParallelAccepts(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUpAlone(t, "bob")
	token := invite(t, ada, bob.Email, "member")
	got := together(t, 10, func(int) (*apitest.Response, error) {
		return bob.Try("POST", "/v1/invitations/accept", map[string]any{"token": token})
	})
	if got[200] != 1 || got[410] != 9 {
		t.Errorf("answers by status: %v, want one 200 and nine 410", got)
	}
	if n := number(t, s, "select count(*) from app.events where org_id = $1 and kind = 'member.added' and entity_id = $2", ada.Org, bob.User); n != 1 {
		t.Errorf("%d events of the one member", n)
	}
}

// Row 16: nobody promotes himself, and an organization keeps an admin, whoever steps down when.
func TestPromotionAndLastAdmin(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	bob, gil := ada.Join(t, "bob", "member"), ada.Join(t, "gil", "guest")
	role := func(c *apitest.Client, whose, role string) *apitest.Response {
		return c.Do(t, "PATCH", "/v1/orgs/"+ada.Org+"/members/"+whose, map[string]any{"role": role})
	}
	for _, c := range []*apitest.Client{bob, gil} {
		role(c, c.User, "admin").WantProblem(t, 403, "forbidden")
		role(c, c.User, "guest").WantProblem(t, 403, "forbidden")
		role(c, ada.User, "guest").WantProblem(t, 403, "forbidden")
		c.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+ada.User, nil).WantProblem(t, 403, "forbidden")
		c.Do(t, "POST", "/v1/orgs/"+ada.Org+"/invite", map[string]any{"email": "friend@plinth.test", "role": "admin"}).WantProblem(t, 403, "forbidden")
	}
	role(ada, ada.User, "member").WantProblem(t, 409, "last-admin")
	ada.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+ada.User, nil).WantProblem(t, 409, "last-admin")
	role(ada, bob.User, "owner").WantProblem(t, 422, "validation")

	role(ada, bob.User, "admin").Want(t, 200)
	got := together(t, 2, func(i int) (*apitest.Response, error) {
		c := []*apitest.Client{ada, bob}[i]
		return c.Try("DELETE", "/v1/orgs/"+ada.Org+"/members/"+c.User, nil)
	})
	if got[204] != 1 || got[409] != 1 {
		t.Errorf("two admins leave at once: %v, want one 204 and one 409", got)
	}
	if n := number(t, s, "select count(*) from app.memberships where org_id = $1 and role = 'admin'", ada.Org); n != 1 {
		t.Errorf("%d admins left", n)
	}
}
