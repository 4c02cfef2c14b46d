package filter_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/plinth/plinth/internal/platform/filter"
)

// alphabet is what conditions are written in.
const alphabet = "abcdefghijklmnopqrstuvwxyz_0123456789 .,:()$=<>"

// FuzzParse gives anything to the compiler. It must come back soon, with an error that points into the expression or
// with SQL that is no longer than the expression warrants and holds none of its text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, ` `, `status = "in_progress" AND labels:"bug" AND due_at < "2026-12-01"`, `-(title:a OR -b) NOT c`, `title = "log*"`,
		`due_at:* estimate = -1.5 .5 -0 08 0xff 1.2.3`, `fields.severity >= 3 fields."a b".c = 1`, `labels:(a OR (b c))`,
		`note = null AND note != "null"`, `AND OR NOT`, `NOT NOT a`, `--a`, `NOT(a)OR(b)AND(c)`, `a.NOT(b)`, `FUZZY(a)`, `f((f((f((`,
		`"a"."b"."c" = "\x00"`, `"\u00e9\101\U0001f389\'"`, `'`, `"\`, "\xff", "\ufffd\ufffd", `a=b=c`, `a : : b`, `( ( a ) )`, `)(`, `a,b`, `!a`,
		`title = "🎉" statsu`, strings.Repeat("(", 1000), strings.Repeat("-(", 1000), strings.Repeat("a.", 1000), strings.Repeat("a(", 1000),
		strings.Repeat("title=(", 200), strings.Repeat("NOT ", 500), strings.Repeat("a OR ", 400) + "a", strings.Repeat("a ", 1000),
		strings.Repeat("1", 1000) + "." + strings.Repeat("1", 900),
	} {
		f.Add(seed)
	}
	schema := tasks
	schema.Words = searchable.Words
	f.Fuzz(func(t *testing.T, expression string) {
		begin := time.Now()
		sql, args, err := compile(schema, expression)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it takes %s", took)
		}
		if err != nil {
			var at *filter.Error
			if !errors.As(err, &at) || at.Message == "" || at.Position < 0 || at.Position > utf8.RuneCountInString(expression) {
				t.Errorf("error %#v", err)
			}
			return
		}
		if len(sql) > 200*filter.MaxConditions {
			t.Errorf("%d bytes of SQL", len(sql))
		}
		if strings.Trim(sql, alphabet) != "" {
			t.Errorf("characters of the user: %s", sql)
		}
		if strings.Count(sql, "(") != strings.Count(sql, ")") || strings.Count(sql, "$") != len(args) {
			t.Errorf("odd SQL: %s with %d arguments", sql, len(args))
		}
		for _, arg := range args {
			if text, ok := arg.(string); ok && (!utf8.ValidString(text) || strings.Contains(text, "\x00")) {
				t.Errorf("argument %q", text)
			}
		}
		if _, err := filter.Paths(expression); err != nil {
			t.Errorf("it compiles, but its paths do not read: %v", err)
		}
	})
}
