// Package filter turns filter expressions as of AIP-160 (https://google.aip.dev/160) into SQL conditions.
//
//	status = "in_progress" AND labels:"bug" AND due_at < "2026-12-01"
//
// OR binds tighter than AND, as the AIP has it; terms side by side are a conjunction; NOT and - negate. The caller says
// which fields there are, what they take and how they read in SQL; what the user wrote reaches SQL through bound
// arguments alone. Beyond the AIP's grammar, blanks may stand before ")" and a keyword may touch a parenthesis.
// Functions are not supported.
package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What an expression may hold at most. MaxDepth counts open parentheses.
const (
	MaxLength     = 2000 // characters
	MaxDepth      = 32
	MaxConditions = 100
)

// Error says what is wrong with an expression, in words meant for who wrote it.
type Error struct {
	Position int // the offset in characters from the expression's start, from 0
	Message  string
}

// Error names the place as people count, from 1.
func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.Position+1, e.Message) }

// Bind adds an argument to the statement and gives its placeholder, such as $3.
type Bind func(value any) string

// Schema is what expressions may speak of.
type Schema struct {
	Fields map[string]Field

	// Families are fields that only data can tell, by the part of their name before the first dot: fields.severity asks
	// the family "fields" for "severity". The name is what the user wrote, so SQL must bind it like a value.
	Families map[string]func(name string) (Field, bool)

	// Words writes the condition for a value without a field, as in a search. It must never be NULL. Without Words
	// such a value is an error.
	Words func(text string, bind Bind) (string, error)
}

// Compile gives the expression's condition, fit to be joined with others by "and"; empty for an empty expression. Every
// error is an *Error. After an error the arguments bound so far are of no use.
//
// The condition is true for exactly the matching rows. At its top it may be NULL for others, which keeps plain
// conjunctions plain enough for indexes; what is negated is made two-valued first, so NOT x matches what x does not.
func (s Schema) Compile(expression string, bind Bind) (string, error) {
	p, err := parse(expression)
	if err != nil || p == nil {
		return "", err
	}
	c := &compiler{parsed: p, schema: s, bind: bind}
	return c.condition(p.root, false, c.restriction)
}

// Paths lists the fields that the expression compares, in the order of their first mention. It checks the grammar only:
// a caller whose families need loading learns here what to load. Every error is an *Error.
func Paths(expression string) ([]string, error) {
	p, err := parse(expression)
	if err != nil || p == nil {
		return nil, err
	}
	return p.paths(), nil
}

// field finds the field of a path.
func (s Schema) field(path string) (Field, error) {
	if f, ok := s.Fields[path]; ok {
		return f, nil
	}
	prefix, name, dotted := strings.Cut(path, ".")
	if family := s.Families[prefix]; dotted && family != nil {
		if f, ok := family(name); ok {
			return f, nil
		}
	}
	return Field{}, fmt.Errorf("unknown field %s; known are: %s", quote(path), strings.Join(s.names(), ", "))
}

func (s Schema) names() []string {
	names := slices.Collect(maps.Keys(s.Fields))
	for prefix := range s.Families {
		names = append(names, prefix+".*")
	}
	slices.Sort(names)
	return names
}

// quote shows a piece of an expression, cut short where it is long.
func quote(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
