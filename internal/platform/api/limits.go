package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/limit"
)

// limitStates are the quotas that a request was counted against.
type limitStates []limit.State

func (l *limitStates) take(limiter *limit.Limiter, p limit.Policy, key string) error {
	s := limiter.Take(p, key)
	*l = append(*l, s)
	if s.Allowed {
		return nil
	}
	return TooMany(s)
}

// report sets RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), an entry for each quota.
func (l *limitStates) report(h http.Header) {
	if len(*l) == 0 {
		return
	}
	policy, state := make([]byte, 0, 96), make([]byte, 0, 96)
	for i, s := range *l {
		if i > 0 {
			policy, state = append(policy, ", "...), append(state, ", "...)
		}
		policy = strconv.AppendQuote(policy, s.Policy.Name)
		policy = strconv.AppendInt(append(policy, ";q="...), int64(s.Policy.Quota), 10)
		policy = strconv.AppendInt(append(policy, ";w="...), int64(s.Policy.Window.Seconds()), 10)
		state = strconv.AppendQuote(state, s.Policy.Name)
		state = strconv.AppendInt(append(state, ";r="...), int64(s.Remaining), 10)
		state = strconv.AppendInt(append(state, ";t="...), int64(s.Reset.Seconds()), 10)
	}
	h.Set("RateLimit-Policy", string(policy))
	h.Set("RateLimit", string(state))
}

// TooMany is the refusal of a request over its quota.
func TooMany(s limit.State) error {
	return &fault.Fault{Kind: fault.RateLimited, RetryAfter: max(s.Reset, time.Second)}
}
