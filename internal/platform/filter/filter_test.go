package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/filter"
)

// tasks is a schema with a field of every sort.
var tasks = filter.Schema{
	Fields: map[string]filter.Field{
		"title":     filter.Text("t.title"),
		"note":      filter.Text("t.note").OrNull(),
		"status":    filter.Enum("t.status", "todo", "in_progress", "done"),
		"priority":  filter.Ranked("t.priority", "none", "low", "high"),
		"estimate":  filter.Number("t.estimate").OrNull(),
		"due_at":    filter.Time("t.due_at").OrNull(),
		"completed": filter.Bool("t.completed_at is not null"),
		"author":    filter.UUID("t.created_by"),
		"labels": {Kind: filter.KindText, Ops: []filter.Op{filter.Has}, Nullable: true, TwoValued: true,
			SQL: func(op filter.Op, v filter.Value, bind filter.Bind) (string, error) {
				switch {
				case v.Null() && op == filter.Equal:
					return "not exists (labels)", nil
				case v.Null():
					return "exists (labels)", nil
				case v.Text == "gone":
					return "", errors.New("there is no such label")
				default:
					return "exists (labels = " + bind(v.Arg) + ")", nil
				}
			}},
	},
	Families: map[string]func(string) (filter.Field, bool){
		"fields": func(name string) (filter.Field, bool) {
			return filter.Field{Kind: filter.KindNumber, SQL: func(op filter.Op, v filter.Value, bind filter.Bind) (string, error) {
				return "value(" + bind(name) + ") " + string(op) + " " + bind(v.Arg), nil
			}}, name != "severty"
		},
	},
}

// searchable takes values without a field too.
var searchable = filter.Schema{Fields: tasks.Fields, Words: func(text string, bind filter.Bind) (string, error) {
	if text == "the" {
		return "", errors.New("too common a word")
	}
	return "found(" + bind(text) + ")", nil
}}

// compile compiles for a statement that has one argument already.
func compile(s filter.Schema, expression string) (string, []any, error) {
	args := []any{"org"}
	sql, err := s.Compile(expression, func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	})
	return sql, args[1:], err
}

type compiled struct {
	expression, sql string
	args            []any
}

func checkCompiled(t *testing.T, s filter.Schema, cases []compiled) {
	t.Helper()
	for _, c := range cases {
		sql, args, err := compile(s, c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if diff := cmp.Diff(c, compiled{c.expression, sql, args}, cmp.AllowUnexported(compiled{})); diff != "" {
			t.Errorf("%s:\n%s", c.expression, diff)
		}
	}
}

func day(year int, month time.Month, day, hour int) time.Time {
	return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
}

func TestComparisons(t *testing.T) {
	id := uuid.MustParse("0192c1de-7a3b-7c1f-9d2e-5b8f6a4c3d21")
	checkCompiled(t, tasks, []compiled{
		{`status = "in_progress" AND labels:"bug" AND due_at < "2026-12-01"`,
			"t.status = $2 and exists (labels = $3) and t.due_at < $4", []any{"in_progress", "bug", day(2026, 12, 1, 0)}},

		{`title = "Log in"`, "lower(t.title) = lower($2::text)", []any{"Log in"}},
		{`title != Log`, "lower(t.title) is distinct from lower($2::text)", []any{"Log"}},
		{`title = "log*"`, "starts_with(lower(t.title), lower($2::text))", []any{"log"}},
		{`title != log*`, "starts_with(lower(t.title), lower($2::text)) is not true", []any{"log"}},
		{`title:'100%_*'`, "strpos(lower(t.title), lower($2::text)) > 0", []any{"100%_*"}},
		{`title = "a\"b\\'; drop"`, "lower(t.title) = lower($2::text)", []any{`a"b\'; drop`}},
		{`title = "null"`, "lower(t.title) = lower($2::text)", []any{"null"}},
		{`title = -007.50`, "lower(t.title) = lower($2::text)", []any{"-007.50"}},
		{`title = v1.2.x`, "lower(t.title) = lower($2::text)", []any{"v1.2.x"}},
		{`title:it's`, "strpos(lower(t.title), lower($2::text)) > 0", []any{"it's"}},
		{`title:*`, "strpos(lower(t.title), lower($2::text)) > 0", []any{"*"}},

		{`status != done`, "t.status is distinct from $2", []any{"done"}},
		{`priority >= low`, "t.priority >= $2", []any{1}},
		{`estimate = -1.5`, "t.estimate = $2::double precision", []any{-1.5}},
		{`estimate > "1e3"`, "t.estimate > $2::double precision", []any{1000.0}},
		{`estimate <= .5`, "t.estimate <= $2::double precision", []any{0.5}},
		{`estimate>=0`, "t.estimate >= $2::double precision", []any{0.0}},
		{`due_at = "2026-12-01T12:00:00+02:00"`, "t.due_at = $2", []any{day(2026, 12, 1, 10)}},
		{`due_at >= "0001-01-01"`, "t.due_at >= $2", []any{day(1, 1, 1, 0)}},
		{`completed = true`, "(t.completed_at is not null) = $2", []any{true}},
		{`completed = "false"`, "(t.completed_at is not null) = $2", []any{false}},
		{`author = "0192c1de-7a3b-7c1f-9d2e-5b8f6a4c3d21"`, "t.created_by = $2", []any{id}},
		{`fields.severity > 3`, "value($2) > $3", []any{"severity", 3.0}},
		{`fields."story points".x > 3`, "value($2) > $3", []any{"story points.x", 3.0}},
	})
}

func TestNull(t *testing.T) {
	checkCompiled(t, tasks, []compiled{
		{`due_at = null`, "t.due_at is null", []any{}},
		{`due_at != null`, "t.due_at is not null", []any{}},
		{`due_at:*`, "t.due_at is not null", []any{}},
		{`note != x`, "lower(t.note) is distinct from lower($2::text)", []any{"x"}},
		{`note = "null"`, "lower(t.note) = lower($2::text)", []any{"null"}},
		{`note = 'null'`, "lower(t.note) = lower($2::text)", []any{"null"}},
		{`note:"*"`, "strpos(lower(t.note), lower($2::text)) > 0", []any{"*"}},
		{`labels = null`, "not exists (labels)", []any{}},
		{`-labels:*`, "not (exists (labels))", []any{}},
	})
}

func TestGrammar(t *testing.T) {
	const a, b, c = "lower(t.title) = lower($2::text)", "lower(t.title) = lower($3::text)", "lower(t.title) = lower($4::text)"
	ab, abc := []any{"a", "b"}, []any{"a", "b", "c"}
	checkCompiled(t, tasks, []compiled{
		{``, "", []any{}},
		{" \n\t ", "", []any{}},
		{`title=a title=b`, a + " and " + b, ab},
		{`title=a AND title=b OR title=c`, a + " and (" + b + " or " + c + ")", abc},
		{`title=a OR title=b AND title=c`, "(" + a + " or " + b + ") and " + c, abc},
		{`title=a OR title=b title=c`, "(" + a + " or " + b + ") and " + c, abc},
		{`(title=a AND title=b) OR title=c`, "(" + a + " and " + b + " or " + c + ")", abc},
		{`title=a OR (title=b OR title=c)`, "(" + a + " or " + b + " or " + c + ")", abc},
		{`NOT title=a OR title=b`, "(not (" + a + ") or " + b + ")", ab},
		{`-(title=a title=b)`, "not (" + a + " and " + b + ")", ab},
		{`NOT (NOT title=a)`, "not (not (" + a + "))", []any{"a"}},
		{`( title = a )AND( title = b )`, a + " and " + b, ab},
		{`NOT(title=a)`, "not (" + a + ")", []any{"a"}},
		{`((title=a))`, a, []any{"a"}},
		{`title:(a b)`, "strpos(lower(t.title), lower($2::text)) > 0 and strpos(lower(t.title), lower($3::text)) > 0", ab},
		{`labels:("a" OR -b)`, "(exists (labels = $2) or not (exists (labels = $3)))", ab},
		{`estimate = (-5)`, "t.estimate = $2::double precision", []any{-5.0}},
	})
}

// What a NOT covers may not be NULL, and only there is it guarded, where it needs to be.
func TestNegationIsTheComplement(t *testing.T) {
	checkCompiled(t, tasks, []compiled{
		{`estimate > 1 AND NOT estimate > 2`,
			"t.estimate > $2::double precision and not (coalesce(t.estimate > $3::double precision, false))", []any{1.0, 2.0}},
		{`-(estimate = 1 OR (status = todo fields.x = 2))`,
			"not ((coalesce(t.estimate = $2::double precision, false) or t.status = $3 and coalesce(value($4) = $5, false)))",
			[]any{1.0, "todo", "x", 2.0}},
		{`NOT due_at = ("2026-01-01" OR "2026-01-02")`,
			"not ((coalesce(t.due_at = $2, false) or coalesce(t.due_at = $3, false)))", []any{day(2026, 1, 1, 0), day(2026, 1, 2, 0)}},
		{`due_at = (-"2026-01-01")`, "not (coalesce(t.due_at = $2, false))", []any{day(2026, 1, 1, 0)}},
	})
}

func TestWords(t *testing.T) {
	checkCompiled(t, searchable, []compiled{
		{`bug`, "found($2)", []any{"bug"}},
		{`login bug status=todo`, "found($2) and found($3) and t.status = $4", []any{"login", "bug", "todo"}},
		{`-"and" OR APP.12`, "(not (found($2)) or found($3))", []any{"and", "APP.12"}},
		{`-5 -12.50`, "not (found($2)) and not (found($3))", []any{"5", "12.50"}},
		{`"-5" "-a".b`, "found($2) and found($3)", []any{"-5", "-a.b"}},
		{`0.5`, "found($2)", []any{"0.5"}},
		{`"" null`, "found($2) and found($3)", []any{"", "null"}},
	})
}

func TestErrors(t *testing.T) {
	deep := strings.Repeat("(", filter.MaxDepth+1)
	many := strings.TrimSuffix(strings.Repeat("title:a ", filter.MaxConditions+1), " ")
	for _, c := range []struct {
		schema     filter.Schema
		expression string
		position   int
		message    string
	}{
		{tasks, `statsu = todo`, 0, `unknown field "statsu"; known are: author, completed, due_at, estimate, fields.*, labels, note, priority, status, title`},
		{tasks, `fields.severty = 1`, 0, `unknown field "fields.severty"; known are: `},
		{tasks, `fields = 1`, 0, `unknown field "fields"`},
		{tasks, `"status" = todo`, 0, `expected the name of a field, without quotes`},
		{tasks, `5 = status`, 0, `expected the name of a field, without quotes`},
		{tasks, `status = doing`, 9, `status: expected one of todo, in_progress, done`},
		{tasks, `status < todo`, 9, `status: it takes =, !=; not <`},
		{tasks, `title > a`, 8, `title: it takes =, !=, :; not >`},
		{tasks, `labels = bug`, 9, `labels: it takes :; not =`},
		{tasks, `labels:bug OR labels:gone`, 21, `labels: there is no such label`},
		{tasks, `status = null`, 9, `status: it always has a value; for the text null, write it in quotes`},
		{tasks, `due_at < null`, 9, `due_at: null goes with = and != only`},
		{tasks, `priority:*`, 9, `priority: it takes =, !=, <, <=, >, >=; not :`},
		{tasks, `estimate = many`, 11, `estimate: expected a number such as 3 or -0.5`},
		{tasks, `estimate = "1e999"`, 11, `estimate: expected a number`},
		{tasks, `estimate = NaN`, 11, `estimate: expected a number`},
		{tasks, `completed = yes`, 12, `completed: expected true or false`},
		{tasks, `author = "{0192c1de-7a3b-7c1f-9d2e-5b8f6a4c3d21}"`, 9, `author: expected an id such as `},
		{tasks, `due_at < tomorrow`, 9, `due_at: expected a time such as "2026-12-01" or "2026-12-01T12:00:00Z"`},
		{tasks, `due_at < "2026-02-30"`, 9, `due_at: expected a time`},
		{tasks, `due_at < "9999-12-31T23:30:00-01:00"`, 9, `due_at: expected a time`},
		{tasks, `due_at < "0000-12-31"`, 9, `due_at: expected a time`},
		{tasks, `status != (todo OR done)`, 11, `values in parentheses go with = and : only`},
		{tasks, `status = (title = a)`, 10, `expected a value for status`},

		{tasks, `status = todo bug`, 14, `expected a comparison such as field = "value"`},
		{tasks, `status = todo and title = a`, 14, `write AND in place of and, or the word in quotes`},
		{searchable, `a || b`, 2, `write OR in place of ||`},
		{searchable, `on the table`, 3, `too common a word`},

		{tasks, `due_at < 2026-12-01`, 13, `unexpected "-"; a value other than a plain word or number goes in quotes`},
		{tasks, `labels:a:b`, 8, `unexpected ":"; a value`},
		{tasks, `estimate = 0xff`, 11, `unexpected "0xff"; a value`},
		{tasks, `estimate = 99999999999999999999`, 11, `unexpected "99999999999999999999"; a value`},
		{tasks, `status == todo`, 8, `unexpected "="`},
		{tasks, `status =`, 8, `the expression ends too early`},
		{tasks, `status = todo AND `, 14, `AND stands between two conditions`},
		{tasks, `OR status = todo`, 0, `OR stands between two conditions`},
		{tasks, `status = todo NOT NOT status = done`, 18, `NOT stands before a condition`},
		{tasks, `()`, 1, `unexpected ")"`},
		{tasks, `(status = todo OR (status = done)`, 0, `this "(" is not closed`},
		{tasks, `status = todo)`, 13, `this ")" closes nothing`},
		{tasks, `status = now()`, 12, `functions are not supported`},
		{tasks, `title = "ab`, 8, `the quote that opens here is not closed`},
		{tasks, `title = "a\qb"`, 8, `the text in quotes has a \ that means nothing`},
		{tasks, `title = "a\000b"`, 8, `text cannot hold the character NUL`},
		{tasks, "title = a\x00b", 8, `text cannot hold the character NUL`},
		{tasks, "title = a\xff", 9, `what begins here is not UTF-8`},

		{tasks, " \u3000title = \"Größe 🎉\"\n AND  statsu = 1", 26, `unknown field "statsu"`},
		{tasks, `title = "🎉" AND status = 'é`, 25, `the quote that opens here is not closed`},
		{tasks, `title = "🎉🎉" ) `, 13, `this ")" closes nothing`},
		{tasks, `( title = "🎉" ) status = = a`, 25, `unexpected "="`},
		{tasks, strings.Repeat("é", 50) + " = 1", 0, `unknown field "` + strings.Repeat("é", 40) + `…"`},

		{tasks, deep, filter.MaxDepth, `too many parentheses inside each other`},
		{tasks, many, len(many) - 1, `an expression has at most 100 conditions`},
		{searchable, strings.Repeat("ü", filter.MaxLength+1), filter.MaxLength, `an expression has at most 2000 characters`},
	} {
		_, _, err := compile(c.schema, c.expression)
		var at *filter.Error
		if !errors.As(err, &at) {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if at.Position != c.position || !strings.HasPrefix(at.Message, c.message) {
			t.Errorf("%s:\n got %d %s\nwant %d %s", c.expression, at.Position, at.Message, c.position, c.message)
		}
	}
}

func TestErrorCountsFromOne(t *testing.T) {
	_, _, err := compile(tasks, `status = `)
	if want := "at character 10: the expression ends too early"; err == nil || err.Error() != want {
		t.Errorf("%v, not %s", err, want)
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	for _, expression := range []string{
		strings.Repeat("(", filter.MaxDepth) + "bug" + strings.Repeat(")", filter.MaxDepth),
		strings.Repeat("bug ", filter.MaxConditions),
		strings.Repeat("bug OR ", filter.MaxConditions-1) + "bug",
		strings.Repeat("ü", filter.MaxLength),
	} {
		if _, _, err := compile(searchable, expression); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

func TestPaths(t *testing.T) {
	for expression, want := range map[string][]string{
		"": nil,
		`bug -(fields.b > 1 OR title:(x y)) AND 5 = 3 fields."a b" != c.d fields.b = 2`: {"fields.b", "title", "fields.a b"},
	} {
		got, err := filter.Paths(expression)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", expression, err, diff)
		}
	}
	var at *filter.Error
	if _, err := filter.Paths(`fields.b = `); !errors.As(err, &at) {
		t.Errorf("half an expression: %v", err)
	}
}
