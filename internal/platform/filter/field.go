package filter

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Op is a comparison operator.
type Op string

// The operators of AIP-160. Has is for lists that hold the value, and for text that contains it.
const (
	Equal        Op = "="
	NotEqual     Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	Has          Op = ":"
)

// Kind is the type of a field's values.
type Kind int

// The kinds, with what a Value of it holds in Arg. Values may be quoted; those with punctuation other than dots must be.
const (
	KindText   Kind = iota // string
	KindEnum               // string, one of Field.Values
	KindNumber             // float64, finite
	KindTime               // time.Time in UTC, of the years 1 to 9999; a mere date is its midnight
	KindBool               // bool
	KindUUID               // uuid.UUID
)

// Value is the right side of a comparison.
type Value struct {
	Text   string // as written, without quotes and without the star of a prefix
	Arg    any    // what to bind, by the field's kind; nil for null
	Prefix bool   // text that ended in a star under = or !=: whatever begins with Text
}

// Null reports whether the value is the bare word null.
func (v Value) Null() bool { return v.Arg == nil }

// Field says what may be asked of a field and how that is written in SQL.
type Field struct {
	Kind   Kind
	Values []string // what a field of KindEnum takes
	Ops    []Op     // the operators it takes; nil for those usual for the kind

	// Nullable lets the field be compared with null: "= null", "!= null", and ":*" as another way to say the latter.
	// SQL then gets Equal or NotEqual with a null value, whatever Ops says.
	Nullable bool

	// TwoValued promises that no condition of SQL is ever NULL. Conditions under a NOT then go without a coalesce,
	// which would keep an exists from becoming an anti-join.
	TwoValued bool

	// SQL writes the comparison. A condition that holds "and" or "or" must stand in parentheses. NotEqual must be true
	// where Equal is NULL. Its error is shown to the user, at the place of the value.
	SQL func(op Op, v Value, bind Bind) (string, error)
}

var (
	equality = []Op{Equal, NotEqual}
	ordering = []Op{Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual}
	matching = []Op{Equal, NotEqual, Has}
)

// Text is a text column, compared without regard to case: =, = with a star at the end for a prefix, and : for what
// contains the text.
func Text(column string) Field {
	return Field{Kind: KindText, TwoValued: true, SQL: func(op Op, v Value, bind Bind) (string, error) {
		if v.Null() {
			return isNull(column, op), nil
		}
		column, value := "lower("+column+")", "lower("+bind(v.Arg)+"::text)"
		switch {
		case op == Has:
			return "strpos(" + column + ", " + value + ") > 0", nil
		case v.Prefix && op == NotEqual:
			return "starts_with(" + column + ", " + value + ") is not true", nil
		case v.Prefix:
			return "starts_with(" + column + ", " + value + ")", nil
		default:
			return compare(column, op, value), nil
		}
	}}
}

// Enum is a text column that holds one of the values.
func Enum(column string, values ...string) Field {
	f := scalar(KindEnum, column, "")
	f.Values = values
	return f
}

// Ranked is a smallint column that holds the place of one of the values, from 0; it is compared in their order.
func Ranked(column string, values ...string) Field {
	f := scalar(KindEnum, column, "")
	f.Values, f.Ops = values, ordering
	byRank := f.SQL
	f.SQL = func(op Op, v Value, bind Bind) (string, error) {
		if !v.Null() {
			v.Arg = slices.Index(values, v.Text)
		}
		return byRank(op, v, bind)
	}
	return f
}

// Number is a column of type double precision; others are cast to it, which costs them their index.
func Number(column string) Field { return scalar(KindNumber, column, "::double precision") }

// Time is a timestamptz column.
func Time(column string) Field { return scalar(KindTime, column, "") }

// Bool is a boolean column, or an expression such as "t.completed_at is not null".
func Bool(expression string) Field { return scalar(KindBool, "("+expression+")", "") }

// UUID is a uuid column.
func UUID(column string) Field { return scalar(KindUUID, column, "") }

// OrNull is the field over a column that may be null.
func (f Field) OrNull() Field {
	f.Nullable, f.TwoValued = true, false
	return f
}

func scalar(kind Kind, column, cast string) Field {
	return Field{Kind: kind, TwoValued: true, SQL: func(op Op, v Value, bind Bind) (string, error) {
		if v.Null() {
			return isNull(column, op), nil
		}
		return compare(column, op, bind(v.Arg)+cast), nil
	}}
}

func compare(column string, op Op, value string) string {
	if op == NotEqual {
		return column + " is distinct from " + value
	}
	return column + " " + string(op) + " " + value
}

func isNull(column string, op Op) string {
	if op == NotEqual {
		return column + " is not null"
	}
	return column + " is null"
}

func (f Field) ops() []Op {
	switch {
	case f.Ops != nil:
		return f.Ops
	case f.Kind == KindText:
		return matching
	case f.Kind == KindNumber, f.Kind == KindTime:
		return ordering
	default:
		return equality
	}
}

// read makes sense of a comparison's right side. Words without quotes may mean null.
func (f Field) read(op Op, text string, quoted bool) (Op, Value, error) {
	switch {
	case f.Nullable && op == Has && text == "*" && !quoted:
		return NotEqual, Value{Text: text}, nil
	case text == "null" && !quoted && !f.Nullable:
		return op, Value{}, errors.New("it always has a value; for the text null, write it in quotes")
	case text == "null" && !quoted && !slices.Contains(equality, op):
		return op, Value{}, errors.New("null goes with = and != only")
	case text == "null" && !quoted:
		return op, Value{Text: text}, nil
	case !slices.Contains(f.ops(), op):
		return op, Value{}, fmt.Errorf("it takes %s; not %s", list(f.ops()), op)
	}
	v := Value{Text: text}
	if f.Kind == KindText && slices.Contains(equality, op) {
		v.Text, v.Prefix = strings.CutSuffix(text, "*")
	}
	var err error
	v.Arg, err = f.arg(v.Text)
	return op, v, err
}

// arg is the text as a value of the field's kind.
func (f Field) arg(text string) (any, error) {
	switch f.Kind {
	case KindEnum:
		if !slices.Contains(f.Values, text) {
			return nil, fmt.Errorf("expected one of %s", list(f.Values))
		}
		return text, nil
	case KindNumber:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(text, "_xX") { // 1_000 and 0x1p4 are Go's alone
			return nil, errors.New("expected a number such as 3 or -0.5")
		}
		return n, nil
	case KindTime:
		return instant(text)
	case KindBool:
		if text != "true" && text != "false" {
			return nil, errors.New("expected true or false")
		}
		return text == "true", nil
	case KindUUID:
		id, err := uuid.Parse(text)
		if err != nil || len(text) != len(uuid.Nil.String()) {
			return nil, errors.New("expected an id such as 0192c1de-7a3b-7c1f-9d2e-5b8f6a4c3d21")
		}
		return id, nil
	default:
		return text, nil
	}
}

// instant reads a time as of RFC 3339, or a date.
func instant(text string) (any, error) {
	layout := time.RFC3339
	if len(text) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	at, err := time.Parse(layout, text)
	if at = at.UTC(); err != nil || at.Year() < 1 || at.Year() > 9999 {
		return nil, errors.New(`expected a time such as "2026-12-01" or "2026-12-01T12:00:00Z"`)
	}
	return at, nil
}

func list[T ~string](items []T) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = string(item)
	}
	return strings.Join(texts, ", ")
}
