package live_test

import "testing"

func TestNodesWithoutABusShareEvents(t *testing.T) {
	t.Parallel()
	nodes, _ := startNodes(t, 2)
	ada := nodes[0].SignUp(t, "ada")
	b := newBoard(t, ada, "Engine")
	socket := at(nodes[1], ada).Listen(t)
	task := b.add(t, ada, "Mill")
	if e := socket.Next(t); e.Type != "task.created" || e.TaskID != task {
		t.Errorf("the other node's socket hears %s", e.Raw)
	}
}

func TestRemovedMemberIsCutOffAtOtherNodes(t *testing.T) {
	t.Parallel()
	nodes, _ := startNodes(t, 2)
	ada := nodes[0].SignUp(t, "ada")
	grace, lin := join(t, nodes[0], ada, "grace"), join(t, nodes[0], ada, "lin")
	removed, stays := at(nodes[1], grace).Listen(t), at(nodes[1], lin).Listen(t)
	ada.Do(t, "DELETE", "/v1/orgs/"+ada.Org+"/members/"+grace.User, nil).Want(t, 204)
	removed.WantClose(t, 4403)
	newBoard(t, ada, "Engine")
	stays.Until(t, "board.created")
}

// TestRoleNarrowsSocketsAtOtherNodes makes a member a guest, who hears no more of projects, but of what is everybody's.
func TestRoleNarrowsSocketsAtOtherNodes(t *testing.T) {
	t.Parallel()
	nodes, _ := startNodes(t, 2)
	ada := nodes[0].SignUp(t, "ada")
	grace := join(t, nodes[0], ada, "grace")
	b := newBoard(t, ada, "Engine")
	socket := at(nodes[1], grace).Listen(t)
	b.add(t, ada, "Mill")
	socket.Until(t, "task.created")
	ada.Do(t, "PATCH", "/v1/orgs/"+ada.Org+"/members/"+grace.User, body{"role": "guest"}).Want(t, 200)
	b.add(t, ada, "Barrel")
	ada.Do(t, "PATCH", "/v1/orgs/"+ada.Org, body{"name": "Engines"}).Want(t, 200)
	for _, e := range socket.Until(t, "org.updated") {
		if e.ProjectID != "" {
			t.Errorf("the guest hears %s", e.Raw)
		}
	}
}
