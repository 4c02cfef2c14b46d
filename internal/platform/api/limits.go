package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/limit"
)

// limitHeaders reports quotas in RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), one entry each.
type limitHeaders struct {
	header        http.Header
	policy, state string
}

func (h *limitHeaders) take(l *limit.Limiter, p limit.Policy, key string) error {
	s := l.Take(p, key)
	h.add(s)
	if s.Allowed {
		return nil
	}
	return TooMany(s)
}

func (h *limitHeaders) add(s limit.State) {
	if h.policy != "" {
		h.policy += ", "
		h.state += ", "
	}
	h.policy += `"` + s.Policy.Name + `";q=` + strconv.Itoa(s.Policy.Quota) + ";w=" + strconv.Itoa(int(s.Policy.Window.Seconds()))
	h.state += `"` + s.Policy.Name + `";r=` + strconv.Itoa(s.Remaining) + ";t=" + strconv.Itoa(int(s.Reset.Seconds()))
	h.header.Set("RateLimit-Policy", h.policy)
	h.header.Set("RateLimit", h.state)
}

// TooMany is the refusal of a request over its quota.
func TooMany(s limit.State) error {
	return &fault.Fault{Kind: fault.RateLimited, RetryAfter: max(s.Reset, time.Second)}
}
