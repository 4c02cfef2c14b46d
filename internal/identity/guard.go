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

// admit turns away, before any work, who has no attempt left.
func (g loginGuard) admit() error {
	for _, state := range []limit.State{g.limiter.Peek(failuresHere, g.ip+" "+g.email), g.limiter.Peek(failuresOfAddress, g.ip)} {
		if !state.Allowed {
			return api.TooMany(state)
		}
	}
	return nil
}

// take counts an attempt as failed before it is made, so that many at once are no more than one after another.
func (g loginGuard) take(knownAddress bool) error {
	for _, c := range g.counts(knownAddress) {
		if state := g.limiter.Take(c.policy, c.key); !state.Allowed {
			return api.TooMany(state)
		}
	}
	return nil
}

// giveBack takes back what a successful attempt was counted.
func (g loginGuard) giveBack(knownAddress bool) {
	for _, c := range g.counts(knownAddress) {
		g.limiter.Refund(c.policy, c.key)
	}
}

type loginCount struct {
	policy limit.Policy
	key    string
}

func (g loginGuard) counts(knownAddress bool) []loginCount {
	counts := []loginCount{{failuresHere, g.ip + " " + g.email}, {failuresOfAddress, g.ip}}
	if !knownAddress {
		counts = append(counts, loginCount{failuresOfAccount, g.email})
	}
	return counts
}
