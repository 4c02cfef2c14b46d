package stream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// TestSameForPoliciesAndConnections: what the policies show to a poller, a connection that comes back is told, and no more: event
// by event, for members of every kind of access.
func TestSameForPoliciesAndConnections(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	people := map[string]*apitest.Client{"an admin": ada, "a member": ada.Join(t, "mel", "member"), "a guest": ada.Join(t, "gus", "guest"),
		"a member put out": ada.Join(t, "out", "member"), "a guest put in": ada.Join(t, "in", "guest"), "a member put in": ada.Join(t, "joe", "member")}
	cursor := seen(t, ada)
	open, private := newPlace(t, ada, "Open", false), newPlace(t, ada, "Private", true)
	put := func(p place, who, role string) {
		ada.Do(t, "POST", "/v1/projects/"+p.project+"/members", object{"user_id": people[who].User, "role": role}).Want(t, 201)
	}
	put(private, "a member put out", "member")
	put(private, "a member put in", "member")
	put(open, "a guest put in", "guest")
	for _, p := range []place{open, private} {
		ada.Do(t, "POST", "/v1/tasks/"+p.task+"/comments", object{"body": "said"}).Want(t, 201)
		ada.Do(t, "POST", "/v1/tasks/"+p.task+"/checklist", object{"text": "step"}).Want(t, 201)
	}
	ada.Do(t, "POST", "/v1/tasks/"+open.task+"/links", object{"kind": "blocks", "task_id": private.task}).Want(t, 201)
	ada.Do(t, "PATCH", "/v1/tasks/"+newTask(t, ada, open.todo, "goes"), object{"column_id": private.todo}).Want(t, 200)
	ada.Do(t, "PATCH", "/v1/tasks/"+newTask(t, ada, private.todo, "comes"), object{"column_id": open.todo}).Want(t, 200)
	ada.Do(t, "DELETE", "/v1/projects/"+private.project+"/members/"+people["a member put out"].User, nil).Want(t, 204)
	ada.Do(t, "PATCH", "/v1/orgs/"+ada.Org, object{"name": "Renamed"}).Want(t, 200)
	mark(t, ada, "end")
	fresh := s.Node(t)
	counts := map[int]bool{}
	for name, who := range people {
		var polled []string
		until(t, "the poller is there", func() bool {
			r := who.Do(t, "GET", "/v1/events?limit=200&cursor="+cursor, nil).Want(t, 200)
			polled = nil
			for i := range r.Len(t, "items") {
				polled = append(polled, r.Text(t, fmt.Sprintf("items.%d.type", i))+" "+r.Text(t, fmt.Sprintf("items.%d.id", i)))
			}
			return len(polled) > 0 && strings.HasPrefix(polled[len(polled)-1], "label.created")
		})
		var told []string
		for _, e := range who.At(fresh).ListenTo(t, "&cursor="+cursor).Until(t, "label.created") {
			told = append(told, e.Type+" "+e.ID)
		}
		if strings.Join(told, "\n") != strings.Join(polled, "\n") {
			t.Errorf("%s is told\n%s\nthe policies show\n%s", name, strings.Join(told, "\n"), strings.Join(polled, "\n"))
		}
		counts[len(told)] = true
	}
	if len(counts) < 4 {
		t.Errorf("too many have the same access: %v", counts)
	}
}
