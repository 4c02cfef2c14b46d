package hostile_test

import (
	"context"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func refresh(token string) map[string]any { return map[string]any{"refresh_token": token} }

// Row 23: an old refresh token seen again ends its session, with the socket and the tokens that came after it.
func TestReplayedRefreshToken(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	elsewhere := s.Anonymous().Do(t, "POST", "/v1/auth/login", login(ada.Email, apitest.Password)).Want(t, 200)
	socket := ada.Listen(t)
	next := s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(ada.Refresh)).Want(t, 200)

	stolen := s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(ada.Refresh))
	stolen.WantProblem(t, 401, "refresh-reused")
	socket.WantClose(t, 4401)
	for _, token := range []string{ada.Token, next.Text(t, "access_token")} {
		c := *ada
		c.Token = token
		c.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "session-ended")
	}
	s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(next.Text(t, "refresh_token"))).WantProblem(t, 401, "refresh-reused")
	sameButID(t, "a replayed and an unknown refresh token", stolen, s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh("plr_unknown")))

	// Another session of the same account is another family.
	s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(elsewhere.Text(t, "refresh_token"))).Want(t, 200)
}

// Row 23: what is no refresh token at all, or is past its life.
func TestRefreshWithOtherTokens(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	ticket := ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	for _, token := range []string{"x", ada.Token, ticket, ada.Refresh + "x", ada.Refresh[4:], " " + ada.Refresh, "plr_"} {
		s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(token)).WantProblem(t, 401, "refresh-reused")
	}
	exec(t, s, "update app.sessions set expires_at = now() - interval '1 second' where user_id = $1", ada.User)
	s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(ada.Refresh)).WantProblem(t, 401, "refresh-reused")
	ada.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "session-ended")
}

// Row 24: two refreshes that are both on their way when the token is spent: one wins, the other is told, nobody is
// signed out.
func TestTwoRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	ctx := context.Background()
	hold, err := s.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Rollback(ctx) }()
	if _, err := hold.Exec(ctx, "select from app.refresh_tokens where user_id = $1 for update", ada.User); err != nil {
		t.Fatal(err)
	}
	answers := make(chan map[int]int, 1)
	go func() {
		answers <- together(t, 2, func(int) (*apitest.Response, error) {
			return s.Anonymous().Try("POST", "/v1/auth/refresh", refresh(ada.Refresh))
		})
	}()
	until(t, "both refreshes wait for the row", func() bool {
		return number(t, s, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 2
	})
	if err := hold.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-answers; got[200] != 1 || got[409] != 1 {
		t.Errorf("answers by status: %v, want one 200 and one 409", got)
	}
	ada.Do(t, "GET", "/v1/me", nil).Want(t, 200)
	if n := number(t, s, "select count(*) from app.refresh_tokens where user_id = $1 and used_at is null", ada.User); n != 1 {
		t.Errorf("%d good refresh tokens, want 1", n)
	}
}

// Row 24: however many come at once and in whatever order, never do two win.
func TestManyRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	got := together(t, 12, func(int) (*apitest.Response, error) {
		return s.Anonymous().Try("POST", "/v1/auth/refresh", refresh(ada.Refresh))
	})
	if got[200] != 1 || got[200]+got[401]+got[409] != 12 {
		t.Errorf("answers by status: %v, want exactly one 200", got)
	}
}

// Row 25: logout ends access at once, and the sockets; a second one and an unknown token are answered alike.
func TestLogout(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	other := *ada
	other.Token = s.Anonymous().Do(t, "POST", "/v1/auth/login", login(ada.Email, apitest.Password)).Want(t, 200).Text(t, "access_token")
	socket, stays := ada.Listen(t), other.Listen(t)
	ada.Do(t, "GET", "/v1/me", nil).Want(t, 200)
	for _, token := range []string{ada.Refresh, ada.Refresh, "plr_unknown"} {
		r := s.Anonymous().Do(t, "POST", "/v1/auth/logout", refresh(token)).Want(t, 204)
		if len(r.Body) != 0 {
			t.Errorf("logout says %s", r.Body)
		}
	}
	ada.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "session-ended")
	ada.Do(t, "GET", "/v1/projects", nil).WantProblem(t, 401, "session-ended")
	s.Anonymous().Do(t, "POST", "/v1/auth/refresh", refresh(ada.Refresh)).WantProblem(t, 401, "refresh-reused")
	socket.WantClose(t, 4401)
	other.Do(t, "POST", "/v1/projects", map[string]any{"name": "Still here"}).Want(t, 201)
	stays.Until(t, "project.created")
}

// Row 25: a member who is removed, or leaves, is out at once, over REST and at the socket, here and not elsewhere.
func TestRemovedMember(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	bob := ada.Join(t, "bob", "member")
	own := bob.Do(t, "POST", "/v1/orgs", map[string]any{"name": "Bob's own"}).Want(t, 201).Text(t, "id")
	socket, stays, hers := bob.Listen(t), bob.In(own).Listen(t), ada.Listen(t)
	ticket := bob.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	ada.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+bob.User, nil).Want(t, 204)

	denied := bob.Do(t, "GET", "/v1/projects", nil)
	denied.WantProblem(t, 403, "org-denied")
	sameButID(t, "an organization that was mine and one that is none", denied, bob.In(nobody).Do(t, "GET", "/v1/projects", nil))
	socket.WantClose(t, 4403)
	if conn, _, err := s.Dial("?org_id="+ada.Org+"&token="+bob.Token, nil); err == nil {
		_ = conn.Close()
		t.Error("the removed member opened a socket")
	}
	if conn, _, err := s.Dial("?org_id="+ada.Org+"&token="+ticket, nil); err == nil {
		_ = conn.Close()
		t.Error("the removed member's ticket opened a socket")
	}
	bob.In(own).Do(t, "POST", "/v1/projects", map[string]any{"name": "Mine"}).Want(t, 201)
	stays.Until(t, "project.created")
	hers.Until(t, "member.removed")
}
