package model_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// expression draws a filter expression of the depth, and what it says of a task.
func (sh *shelf) expression(t *rapid.T, depth int) (string, func(task) bool) {
	if depth == 0 {
		return sh.comparison(t)
	}
	a, holdsA := sh.expression(t, depth-1)
	b, holdsB := sh.expression(t, depth-1)
	switch rapid.SampledFrom([]string{"alone", "and", "beside", "or", "not", "minus"}).Draw(t, "joined") {
	case "and":
		return "(" + a + ") AND (" + b + ")", func(k task) bool { return holdsA(k) && holdsB(k) }
	case "beside":
		return "(" + a + ") (" + b + ")", func(k task) bool { return holdsA(k) && holdsB(k) }
	case "or":
		return "(" + a + ") OR (" + b + ")", func(k task) bool { return holdsA(k) || holdsB(k) }
	case "not":
		return "NOT (" + a + ")", func(k task) bool { return !holdsA(k) }
	case "minus":
		return "-(" + a + ")", func(k task) bool { return !holdsA(k) }
	}
	return a, holdsA
}

// comparison draws one condition over one of the fields.
func (sh *shelf) comparison(t *rapid.T) (string, func(task) bool) {
	some := sh.tasks[rapid.IntRange(0, len(sh.tasks)-1).Draw(t, "of a task")]
	negated, op := "=", false
	if rapid.Bool().Draw(t, "unequal") {
		negated, op = "!=", true
	}
	is := func(field, value string, holds func(task) bool) (string, func(task) bool) {
		return field + " " + negated + " " + value, func(k task) bool { return holds(k) != op }
	}
	quoted := strconv.Quote
	switch rapid.SampledFrom([]string{"status", "priority", "rank", "title", "prefix", "contains", "assignee", "me", "mail", "nobody", "label", "no label",
		"due", "no due", "estimate", "created", "project", "column", "key", "parent", "orphan", "blocked", "created_by"}).Draw(t, "field") {
	case "status":
		v := rapid.SampledFrom(statuses()).Draw(t, "status")
		return is("status", v, func(k task) bool { return k.Status == v })
	case "priority":
		v := rapid.SampledFrom(priorities()).Draw(t, "priority")
		return is("priority", quoted(v), func(k task) bool { return k.Priority == v })
	case "rank":
		op, v := ordering(t), rapid.SampledFrom(priorities()).Draw(t, "priority")
		return "priority " + op + " " + v, func(k task) bool {
			return ordered(op, slices.Index(priorities(), k.Priority)-slices.Index(priorities(), v))
		}
	case "title":
		return is("title", quoted(strings.ToUpper(some.Title)), func(k task) bool { return strings.EqualFold(k.Title, some.Title) })
	case "prefix":
		word := strings.ToLower(string([]rune(some.Title)[:2]))
		return is("title", quoted(word+"*"), func(k task) bool { return strings.HasPrefix(strings.ToLower(k.Title), word) })
	case "contains":
		return `description:"et"`, func(k task) bool { return strings.Contains(strings.ToLower(k.Description), "et") }
	case "assignee":
		v := rapid.SampledFrom(sh.users).Draw(t, "user")
		return is("assignee", quoted(v), func(k task) bool { return slices.Contains(k.AssigneeIDs, v) })
	case "me":
		return is("assignee", "me", func(k task) bool { return slices.Contains(k.AssigneeIDs, sh.client.User) })
	case "mail":
		return is("assignee", quoted(strings.ToUpper(sh.client.Email)), func(k task) bool { return slices.Contains(k.AssigneeIDs, sh.client.User) })
	case "nobody":
		return is("assignee", "null", func(k task) bool { return len(k.AssigneeIDs) == 0 })
	case "label":
		i := rapid.IntRange(0, 2).Draw(t, "label")
		return "labels:" + quoted([]string{"red", "Green", "BLUE"}[i]), func(k task) bool { return slices.Contains(k.LabelIDs, sh.labels[i]) }
	case "no label":
		return is("labels", "null", func(k task) bool { return len(k.LabelIDs) == 0 })
	case "due":
		op, at := ordering(t), due(some)
		return "due_at " + op + " " + quoted(at.Format(time.RFC3339Nano)), func(k task) bool { return k.DueAt != nil && ordered(op, k.DueAt.Compare(at)) }
	case "no due":
		return is("due_at", "null", func(k task) bool { return k.DueAt == nil })
	case "estimate":
		op, n := ordering(t), number(some.Estimate)
		return fmt.Sprintf("estimate %s %v", op, n), func(k task) bool {
			return k.Estimate != nil && ordered(op, map[bool]int{true: 1, false: 0}[*k.Estimate > n]-map[bool]int{true: 1, false: 0}[*k.Estimate < n])
		}
	case "created":
		op := ordering(t)
		return "created_at " + op + " " + quoted(some.CreatedAt.Format(time.RFC3339Nano)), func(k task) bool { return ordered(op, k.CreatedAt.Compare(some.CreatedAt)) }
	case "project":
		key, _, _ := strings.Cut(some.Key, "-")
		return is("project", rapid.SampledFrom([]string{key, quoted(some.ProjectID)}).Draw(t, "project"), func(k task) bool { return k.ProjectID == some.ProjectID })
	case "column":
		return is("column", quoted(some.ColumnID), func(k task) bool { return k.ColumnID == some.ColumnID })
	case "key":
		return is("key", quoted(some.Key), func(k task) bool { return k.Key == some.Key })
	case "parent":
		return is("parent", quoted(some.Key), func(k task) bool { return k.ParentID != nil && *k.ParentID == some.ID })
	case "orphan":
		return is("parent", "null", func(k task) bool { return k.ParentID == nil })
	case "blocked":
		return is("blocked", "true", func(k task) bool { return k.Blocked })
	default:
		v := rapid.SampledFrom(sh.users).Draw(t, "user")
		return is("created_by", quoted(v), func(k task) bool { return k.CreatedBy == v })
	}
}

func ordering(t *rapid.T) string {
	return rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "operator")
}

// ordered tells whether an operator holds for the sign of a difference.
func ordered(op string, difference int) bool {
	switch op {
	case "<":
		return difference < 0
	case "<=":
		return difference <= 0
	case ">":
		return difference > 0
	}
	return difference >= 0
}
