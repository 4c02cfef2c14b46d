package live_test

import (
	"testing"

	"github.com/plinth/plinth/test/redis"
)

func TestEndedSessionIsCutOffAtOtherNodes(t *testing.T) {
	t.Parallel()
	r := redis.Start(t)
	nodes, _ := startNodes(t, 2, "REDIS_URL="+r.URL)
	ada := nodes[0].SignUp(t, "ada")
	lin := join(t, nodes[0], ada, "lin")
	here, there, stays := ada.Listen(t), at(nodes[1], ada).Listen(t), at(nodes[1], lin).Listen(t)
	ada.Do(t, "POST", "/v1/auth/logout", body{"refresh_token": ada.Refresh}).Want(t, 204)
	here.WantClose(t, 4401)
	there.WantClose(t, 4401)
	newBoard(t, lin, "Engine")
	stays.Until(t, "board.created")
}
