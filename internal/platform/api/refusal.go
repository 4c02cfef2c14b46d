package api

import (
	"errors"
	"net/http"

	"github.com/plinth/plinth/internal/platform/fault"
)

// Refusal is the problem of one operation among several, less what only a whole request has.
type Refusal struct {
	Type   string         `json:"type" format:"uri-reference" doc:"What kind of problem this is; the path leads to a page that explains it." example:"/problems/not-found"`
	Title  string         `json:"title" doc:"The kind in words." example:"There is no such thing"`
	Status int            `json:"status" doc:"The HTTP status that the operation would have had alone." example:"404"`
	Detail string         `json:"detail,omitempty" doc:"This occurrence in words."`
	Errors []ProblemError `json:"errors,omitempty" nullable:"false" doc:"The places in the request that are wrong."`
}

// RefusalOf is the refusal that an error stands for; false for what is nobody's mistake but the server's, and so fails
// the request as a whole.
func RefusalOf(err error) (Refusal, bool) {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return Refusal{}, false
	}
	r := RefusalOfKind(f.Kind)
	r.Detail = f.Detail
	for _, field := range f.Fields {
		r.Errors = append(r.Errors, ProblemError(field))
	}
	return r, r.Status < http.StatusInternalServerError
}

// RefusalOfKind is the refusal that says no more than its kind.
func RefusalOfKind(kind fault.Kind) Refusal {
	info, ok := kinds[kind]
	if !ok {
		info = kinds[fault.Internal]
	}
	return Refusal{Type: "/problems/" + string(info.Kind), Title: info.Title, Status: info.Status}
}
