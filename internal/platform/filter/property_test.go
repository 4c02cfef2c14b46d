package filter_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/plinth/plinth/internal/platform/filter"
)

// truths are fields whose conditions are true, false and NULL. The two-valued ones say so.
func truths() filter.Schema {
	constant := func(sql string, twoValued bool) filter.Field {
		return filter.Field{Kind: filter.KindBool, TwoValued: twoValued,
			SQL: func(filter.Op, filter.Value, filter.Bind) (string, error) { return sql, nil }}
	}
	return filter.Schema{Fields: map[string]filter.Field{
		"yes": constant("true", true), "no": constant("false", true), "maybe": constant("true", false), "unknown": constant("null", false),
	}}
}

// sentence is an expression with the answer it must have.
type sentence struct {
	text  string
	holds bool
}

// sentences follow the grammar: each level is written in the one below, or in parentheses.
func sentences(t *rapid.T, depth int) sentence {
	and := rapid.SampledFrom([]string{" AND ", " "})
	whole := either(t, depth)
	for range rapid.IntRange(0, 2).Draw(t, "conjuncts") {
		next := either(t, depth)
		whole = sentence{whole.text + and.Draw(t, "and") + next.text, whole.holds && next.holds}
	}
	return whole
}

func either(t *rapid.T, depth int) sentence {
	whole := term(t, depth)
	for range rapid.IntRange(0, 2).Draw(t, "disjuncts") {
		next := term(t, depth)
		whole = sentence{whole.text + " OR " + next.text, whole.holds || next.holds}
	}
	return whole
}

func term(t *rapid.T, depth int) sentence {
	simple := rapid.SampledFrom([]sentence{
		{"yes = true", true}, {"no = true", false}, {"maybe = true", true}, {"unknown = true", false},
	}).Draw(t, "comparison")
	if depth > 0 && rapid.Bool().Draw(t, "nested") {
		inner := sentences(t, depth-1)
		simple = sentence{"(" + inner.text + ")", inner.holds}
	}
	if not := rapid.SampledFrom([]string{"", "NOT ", "-"}).Draw(t, "not"); not != "" {
		return sentence{not + simple.text, !simple.holds}
	}
	return simple
}

func TestConditionsHoldAsTheGrammarSays(t *testing.T) {
	schema := truths()
	rapid.Check(t, func(t *rapid.T) {
		s := sentences(t, 3)
		sql, _, err := compile(schema, s.text)
		if err != nil && strings.Contains(err.Error(), "at most") {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
		if got := evaluate(sql) == yes; got != s.holds {
			t.Fatalf("%s\n%s\nis %v", s.text, sql, got)
		}
	})
}

// truth is a value of SQL's logic; and is the least of two, or the greatest.
type truth int

const (
	no truth = iota - 1
	null
	yes
)

// evaluator reads the SQL of conditions over truths.
type evaluator struct{ rest string }

func evaluate(sql string) truth {
	e := &evaluator{sql}
	value := e.or()
	if e.rest != "" {
		panic("left over: " + e.rest)
	}
	return value
}

func (e *evaluator) eat(token string) (eaten bool) {
	e.rest, eaten = strings.CutPrefix(e.rest, token)
	return eaten
}

func (e *evaluator) or() truth {
	value := e.and()
	for e.eat(" or ") {
		value = max(value, e.and())
	}
	return value
}

func (e *evaluator) and() truth {
	value := e.primary()
	for e.eat(" and ") {
		value = min(value, e.primary())
	}
	return value
}

func (e *evaluator) primary() truth {
	switch {
	case e.eat("not "):
		return -e.primary()
	case e.eat("coalesce("):
		value := e.or()
		if !e.eat(", false)") {
			panic("odd coalesce: " + e.rest)
		}
		if value == null {
			return no
		}
		return value
	case e.eat("("):
		value := e.or()
		if !e.eat(")") {
			panic("not closed: " + e.rest)
		}
		return value
	case e.eat("true"):
		return yes
	case e.eat("false"):
		return no
	case e.eat("null"):
		return null
	default:
		panic("not understood: " + e.rest)
	}
}
