package task

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/filter"
)

var statuses = []string{"backlog", "todo", "in_progress", "done", "canceled"}

// schema is what a filter expression may speak of. In its SQL $1 is the organization. Whether there is anything at all is
// asked with an offset: that keeps the planner from reading the whole other table to find out at once.
func (l *listing) schema() filter.Schema {
	return filter.Schema{
		Fields: map[string]filter.Field{
			"key":          related("t.id = %", "", key),
			"title":        filter.Text("t.title"),
			"description":  filter.Text("t.description"),
			"status":       filter.Enum("t.status", statuses...),
			"priority":     filter.Ranked("t.priority", priorities...),
			"start_at":     filter.Time("t.start_at").OrNull(),
			"due_at":       filter.Time("t.due_at").OrNull(),
			"created_at":   filter.Time("t.created_at"),
			"updated_at":   filter.Time("t.updated_at"),
			"completed_at": filter.Time("t.completed_at").OrNull(),
			"estimate":     filter.Number("t.estimate").OrNull(),
			"blocked":      {Kind: filter.KindBool, TwoValued: true, SQL: blocked},
			"created_by":   related("t.created_by = any(%)", "", l.person),
			"assignee":     related("exists (select from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id and a.user_id = any(%))", "exists (select from app.task_assignees a where a.org_id = t.org_id and a.task_id = t.id offset 0)", l.person),
			"watcher":      related("exists (select from app.task_watchers w where w.org_id = t.org_id and w.task_id = t.id and w.user_id = any(%))", "exists (select from app.task_watchers w where w.org_id = t.org_id and w.task_id = t.id offset 0)", l.person),
			"mentions":     related("t.mention_ids && %", "t.mention_ids <> '{}'", l.person),
			"labels":       related("exists (select from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id and l.label_id = any(%))", "exists (select from app.task_labels l where l.org_id = t.org_id and l.task_id = t.id offset 0)", l.named("app.labels", "lower(n.name) = lower($2)")),
			"project":      related("t.project_id = any(%)", "", l.named("app.projects", "n.key = $2")),
			"board":        related("t.board_id = any(%)", "", anyNamed("app.boards")),
			"column":       related("t.column_id = any(%)", "", anyNamed("app.columns")),
			"parent":       related("t.parent_id = %", "t.parent_id is not null", key),
		},
		Families: map[string]func(string) (filter.Field, bool){"fields": l.customField},
		Words: func(text string, bind filter.Bind) (string, error) {
			return "t.id in (select s.task_id from app.search_tasks(" + bind(text) + ") s)", nil
		},
	}
}

// operand writes the right side of a comparison.
type operand func(v filter.Value, bind filter.Bind) (string, error)

// related is a field over ids: is holds its operand as %, and any is true where there are some at all; empty where there
// always are.
func related(is, any string, right operand) filter.Field {
	return filter.Field{
		Kind: filter.KindText, Ops: []filter.Op{filter.Equal, filter.NotEqual, filter.Has}, Nullable: any != "",
		SQL: func(op filter.Op, v filter.Value, bind filter.Bind) (string, error) {
			if v.Null() {
				return not(op == filter.Equal, any), nil
			}
			if v.Prefix {
				return "", errors.New("a star is for texts only")
			}
			value, err := right(v, bind)
			return not(op == filter.NotEqual, strings.ReplaceAll(is, "%", value)), err
		},
	}
}

func not(negated bool, condition string) string {
	if negated {
		return "coalesce(not (" + condition + "), true)"
	}
	return condition
}

// person is an operand that means a member.
func (l *listing) person(v filter.Value, bind filter.Bind) (string, error) {
	if v.Text == "me" {
		return "array[" + bind(l.me) + "]::uuid[]", nil
	}
	if id, err := uuid.Parse(v.Text); err == nil {
		return "array[" + bind(id) + "]::uuid[]", nil
	}
	if strings.Contains(v.Text, "@") {
		return l.resolve("array(select m.user_id from app.memberships m where m.org_id = $1 and m.email = lower($2))::text", v.Text) + "::uuid[]", nil
	}
	return "", errors.New(`expected me, an e-mail address or a user's id`)
}

// anyNamed is an operand that means what has an id or a name, which many may have: it is looked up once, in the query.
func anyNamed(table string) operand {
	return func(v filter.Value, bind filter.Bind) (string, error) {
		if id, err := uuid.Parse(v.Text); err == nil {
			return "array[" + bind(id) + "]::uuid[]", nil
		}
		return "array(select n.id from " + table + " n where n.org_id = $1 and lower(n.name) = lower(" + bind(v.Text) + "))", nil
	}
}

// named is an operand that means what has an id or a name, which hardly more than one has.
func (l *listing) named(table, matches string) operand {
	return func(v filter.Value, bind filter.Bind) (string, error) {
		if id, err := uuid.Parse(v.Text); err == nil {
			return "array[" + bind(id) + "]::uuid[]", nil
		}
		return l.resolve("array(select n.id from "+table+" n where n.org_id = $1 and "+matches+")::text", v.Text) + "::uuid[]", nil
	}
}

// key is an operand that means a task, by its id or its key.
func key(v filter.Value, bind filter.Bind) (string, error) {
	if id, err := uuid.Parse(v.Text); err == nil {
		return bind(id) + "::uuid", nil
	}
	return "app.task_id($1, null, " + bind(v.Text) + ")", nil
}

var fieldKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// customField is a project's own field. What type it has the database knows: it reads the operand, and refuses it before
// the list is read.
func (l *listing) customField(name string) (filter.Field, bool) {
	if !fieldKey.MatchString(name) {
		return filter.Field{}, false
	}
	value := func(bind filter.Bind) string {
		return "exists (select from app.field_values v where v.org_id = t.org_id and v.task_id = t.id and v.key = " + bind(name)
	}
	return filter.Field{
		Kind: filter.KindText, Nullable: true, TwoValued: true,
		Ops: []filter.Op{filter.Equal, filter.NotEqual, filter.Less, filter.LessEqual, filter.Greater, filter.GreaterEqual, filter.Has},
		SQL: func(op filter.Op, v filter.Value, bind filter.Bind) (string, error) {
			negation := ""
			if op == filter.NotEqual != v.Null() {
				negation = "not "
			}
			if v.Null() {
				l.compared = append(l.compared, comparison{name, string(op), nil, l.at("filter"), ""})
				return negation + value(bind) + ")", nil
			}
			as := string(op)
			if v.Prefix {
				as = "*"
			}
			setting := l.setting()
			l.compared = append(l.compared, comparison{name, as, &v.Text, l.at("filter"), setting})
			left := map[string]string{"=": "v.value =", "!=": "v.value =", ":": "v.value like", "*": "v.value like"}[as]
			if left == "" {
				left = "v.slot = 0 and v.sort_key " + as
			}
			return fmt.Sprintf("%s%s and %s current_setting('%s'))", negation, value(bind), left, setting), nil
		},
	}, true
}

// comparison is what a list asks of a custom field; no operand where only its being there matters.
type comparison struct {
	key, op string
	operand *string
	place   string // in the request
	setting string // that takes the operand as the field's values are written
}

// resolution finds what a name in a filter means: the query has the organization as $1 and the name as $2.
type resolution struct{ query, name, setting string }

// setting is the name of a new one, for an operand that only the database knows. It is set ahead of the list, in the
// same round trip and for the transaction alone: there the planner finds it, and can tell the rare from the common.
func (l *listing) setting() string {
	return fmt.Sprintf("app.operand_%d", len(l.compared)+len(l.resolved))
}

// resolve gives the expression for what the query makes of the name.
func (l *listing) resolve(query, name string) string {
	setting := l.setting()
	l.resolved = append(l.resolved, resolution{query, name, setting})
	return "current_setting('" + setting + "')"
}

// blocked asks for the few that are from the side of the links, and for the many that are not task by task.
func blocked(op filter.Op, v filter.Value, _ filter.Bind) (string, error) {
	if v.Arg == (op == filter.Equal) {
		return "exists (" + openBlocker + ")", nil
	}
	return "not " + isBlocked, nil
}

// CheckFilter refuses a filter expression that lists would refuse, but for what only the data can tell.
func CheckFilter(expression, location string) error {
	l := listing{}
	_, err := l.schema().Compile(expression, l.bind)
	return filterFault(err, location)
}

func filterFault(err error, location string) error {
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		return fault.Invalid(location, wrong.Error())
	}
	return err
}
