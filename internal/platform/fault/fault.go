// Package fault is the vocabulary of refusals: what went wrong, told apart by kind and free of transport.
//
// Features return faults, the HTTP edge alone turns them into problems (RFC 9457).
package fault

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Fault is a refusal of a known kind. Its texts reach the client, so they never hold SQL or another tenant's values.
type Fault struct {
	Kind       Kind
	Detail     string        // one sentence for this occurrence; empty means the kind's own
	Fields     []Field       // what in the request is wrong, where that can be told
	RetryAfter time.Duration // when trying again makes sense; zero says nothing
	Constraint string        // the database constraint that refused, for ByConstraint; never shown
	Retryable  bool          // the same statement may pass when it is run again at once
	Err        error         // the cause, for logs; never shown
}

// Field names a part of the request, as "body.title" or "query.limit", and what is wrong with it.
type Field struct {
	Location string
	Message  string
}

func (f *Fault) Error() string {
	text := string(f.Kind)
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	for _, field := range f.Fields {
		text += fmt.Sprintf(" [%s: %s]", field.Location, field.Message)
	}
	if f.Err != nil {
		text += ": " + f.Err.Error()
	}
	return text
}

func (f *Fault) Unwrap() error { return f.Err }

// New is a fault with a detail sentence of its own.
func New(kind Kind, detail string) *Fault { return &Fault{Kind: kind, Detail: detail} }

// Invalid is a validation fault at one place of the request.
func Invalid(location, message string) *Fault {
	return &Fault{Kind: Validation, Fields: []Field{{location, message}}}
}

// Absent is the answer for a thing that does not exist or is not the asker's to see; the two are never told apart.
// The location is empty where the path names the thing.
func Absent(thing, location string) *Fault {
	f := &Fault{Kind: NotFound, Detail: "There is no such " + thing + "."}
	if location != "" {
		f.Fields = []Field{{location, "no such " + thing}}
	}
	return f
}

// About turns a query that found no row into the absence of the thing; other errors pass unchanged.
func About(thing string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return Absent(thing, "")
	}
	return err
}

// Constraints says which fault the violation of a named database constraint stands for.
type Constraints map[string]*Fault

// ByConstraint turns the violation of a listed constraint into its fault; other errors pass unchanged.
func ByConstraint(err error, known Constraints) error {
	var f *Fault
	if !errors.As(err, &f) || f.Constraint == "" {
		return err
	}
	if named, ok := known[f.Constraint]; ok {
		return named
	}
	return err
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	var f *Fault
	return errors.As(err, &f) && f.Kind == kind
}

// AbsentAs names the thing of a bare not-found fault, which app.require raises for what a path names.
func AbsentAs(thing string, err error) error {
	var f *Fault
	if errors.As(err, &f) && f.Kind == NotFound && f.Detail == "" && len(f.Fields) == 0 {
		return Absent(thing, "")
	}
	return err
}
