package filter

import (
	"fmt"
	"strings"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
)

// compiler writes a syntax tree as SQL.
type compiler struct {
	*parsed
	schema     Schema
	bind       Bind
	conditions int
}

// leaf writes what is neither a conjunction nor a disjunction nor a negation. Negated means below one.
type leaf func(e *expr.Expr, negated bool) (string, error)

// condition writes AND, OR and NOT, and leaves the rest to the leaf: it serves both for whole expressions and for the
// values of labels:("bug" OR "urgent").
func (c *compiler) condition(e *expr.Expr, negated bool, write leaf) (string, error) {
	switch e.GetCallExpr().GetFunction() {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		return c.join(conjuncts(e), " and ", negated, write)
	case filtering.FunctionOr:
		either, err := c.join(disjuncts(e), " or ", negated, write)
		return "(" + either + ")", err
	case filtering.FunctionNot:
		condition, err := c.condition(e.GetCallExpr().GetArgs()[0], true, write)
		return "not (" + condition + ")", err
	default:
		return write(e, negated)
	}
}

func (c *compiler) join(terms []*expr.Expr, by string, negated bool, write leaf) (string, error) {
	conditions := make([]string, len(terms))
	for i, term := range terms {
		var err error
		if conditions[i], err = c.condition(term, negated, write); err != nil {
			return "", err
		}
	}
	return strings.Join(conditions, by), nil
}

func conjuncts(e *expr.Expr) []*expr.Expr {
	return flatten(e, filtering.FunctionAnd, filtering.FunctionFuzzyAnd)
}

func disjuncts(e *expr.Expr) []*expr.Expr {
	return flatten(e, filtering.FunctionOr, filtering.FunctionOr)
}

// flatten lists the operands of a nest of calls of two functions that mean the same.
func flatten(e *expr.Expr, one, other string) []*expr.Expr {
	call := e.GetCallExpr()
	if function := call.GetFunction(); function != one && function != other {
		return []*expr.Expr{e}
	}
	var terms []*expr.Expr
	for _, arg := range call.GetArgs() {
		terms = append(terms, flatten(arg, one, other)...)
	}
	return terms
}

// restriction is the leaf of an expression: a comparison, or a value without a field.
func (c *compiler) restriction(e *expr.Expr, negated bool) (string, error) {
	if e.GetCallExpr() == nil {
		return c.words(e)
	}
	op, left, right := Op(e.GetCallExpr().GetFunction()), e.GetCallExpr().GetArgs()[0], e.GetCallExpr().GetArgs()[1]
	path, ok := name(left)
	if !ok {
		return "", c.errorf(left, "expected the name of a field, without quotes")
	}
	field, err := c.schema.field(path)
	if err != nil {
		return "", c.errorf(left, "%s", err)
	}
	if right.GetCallExpr() != nil && op != Equal && op != Has {
		return "", c.errorf(right, "values in parentheses go with = and : only")
	}
	return c.condition(right, negated, func(value *expr.Expr, negated bool) (string, error) {
		return c.comparison(path, field, op, value, negated)
	})
}

func (c *compiler) comparison(path string, field Field, op Op, right *expr.Expr, negated bool) (string, error) {
	if err := c.count(right); err != nil {
		return "", err
	}
	text, quoted, ok := c.literal(right)
	if !ok {
		return "", c.errorf(right, "expected a value for %s", path)
	}
	op, value, err := field.read(op, text, quoted)
	if err != nil {
		return "", c.errorf(right, "%s: %s", path, err)
	}
	sql, err := field.SQL(op, value, c.bind)
	if err != nil {
		return "", c.errorf(right, "%s: %s", path, err)
	}
	if negated && !field.TwoValued {
		sql = "coalesce(" + sql + ", false)"
	}
	return sql, nil
}

// capitals are words that look meant as keywords.
var capitals = map[string]string{"and": "AND", "or": "OR", "not": "NOT", "&&": "AND", "||": "OR"}

func (c *compiler) words(e *expr.Expr) (string, error) {
	if err := c.count(e); err != nil {
		return "", err
	}
	text, quoted, _ := c.literal(e)
	if keyword := capitals[strings.ToLower(text)]; keyword != "" && !quoted {
		return "", c.errorf(e, "write %s in place of %s, or the word in quotes", keyword, text)
	}
	if c.schema.Words == nil {
		return "", c.errorf(e, `expected a comparison such as field = "value"`)
	}
	negative := e.GetConstExpr() != nil && !quoted && text[0] == '-' // the parser's NOT is for all but numbers
	if negative {
		text = text[1:]
	}
	sql, err := c.schema.Words(text, c.bind)
	if err != nil {
		return "", c.errorf(e, "%s", err)
	}
	if negative {
		sql = "not (" + sql + ")"
	}
	return sql, nil
}

func (c *compiler) count(e *expr.Expr) error {
	if c.conditions++; c.conditions > MaxConditions {
		return c.errorf(e, "an expression has at most %d conditions", MaxConditions)
	}
	return nil
}

// literal is a value's text; not ok for what is no value. Numbers keep the digits they are written with.
func (c *compiler) literal(e *expr.Expr) (text string, quoted, ok bool) {
	if text, ok := name(e); ok {
		return text, false, true
	}
	constant := e.GetConstExpr()
	if constant == nil {
		return "", false, false
	}
	offset := int(c.offsets[e.GetId()])
	if first := c.text[offset]; first != '-' && first != '.' && (first < '0' || first > '9') {
		return constant.GetStringValue(), first == '"' || first == '\'', true
	}
	begin := offset
	if offset > 0 && c.text[offset-1] == '-' { // a sign outside of a comparison
		begin--
	}
	length := strings.IndexFunc(c.text[offset+1:], func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if length < 0 {
		return c.text[begin:], false, true
	}
	return c.text[begin : offset+1+length], false, true
}

func (c *compiler) errorf(e *expr.Expr, format string, args ...any) error {
	return c.at(c.offsets[e.GetId()], fmt.Sprintf(format, args...))
}
