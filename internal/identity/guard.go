package identity

import (
	"time"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/limit"
)

// Failed logins are counted by address and account together, by address, and by account. Only failures count, and the
// account's own count does not bind an address that it has signed in from: an attacker can lock out himself, not the
// owner.
var (
	failuresHere      = limit.Policy{Name: "login", Quota: 10, Window: 15 * time.Minute}
	failuresOfAddress = limit.Policy{Name: "login-address", Quota: 60, Window: 15 * time.Minute}
	failuresOfAccount = limit.Policy{Name: "login-account", Quota: 200, Window: time.Hour}
)

type loginGuard struct {
	limiter   *limit.Limiter
	ip, email string
}

func (g loginGuard) admit() error {
	for _, state := range []limit.State{g.limiter.Peek(failuresHere, g.ip+" "+g.email), g.limiter.Peek(failuresOfAddress, g.ip)} {
		if !state.Allowed {
			return api.TooMany(state)
		}
	}
	return nil
}

func (g loginGuard) admitAccount(knownAddress bool) error {
	if state := g.limiter.Peek(failuresOfAccount, g.email); !state.Allowed && !knownAddress {
		return api.TooMany(state)
	}
	return nil
}

func (g loginGuard) failed() {
	g.limiter.Take(failuresHere, g.ip+" "+g.email)
	g.limiter.Take(failuresOfAddress, g.ip)
	g.limiter.Take(failuresOfAccount, g.email)
}
