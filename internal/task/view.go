package task

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/task/taskdb"
)

func viewRoutes(r *api.Router, v *Service) {
	const tag = "Views"
	api.Get(r, "/v1/views/{view_id}/tasks", v.ListView, api.Op{ID: "list-view-tasks", Tag: tag, Summary: "List the tasks of a view",
		Doc: "By its filter, sort and fields, of its project where it has one. A cursor is good for one version of the view.",
		Can: rbac.TaskRead, Trips: 2})
	api.Get(r, "/v1/views/{view_id}/groups", GroupView, api.Op{ID: "list-view-groups", Tag: tag, Summary: "Count the tasks of a view by its group_by",
		Doc: "A task is in as many groups as it has values, such as labels, and in that of null where it has none.",
		Can: rbac.TaskRead, Trips: 2})
}

// CheckSort refuses a sort that lists do not know, and relevance: that needs words to search for.
func CheckSort(sort, location string) error {
	name := strings.TrimPrefix(sort, "-")
	if _, known := orders[name]; known && name != "relevance" {
		return nil
	}
	if field, custom := strings.CutPrefix(name, "fields."); custom && fieldKey.MatchString(field) {
		return nil
	}
	return fault.Invalid(location, "expected rank, created_at, updated_at, due_at, start_at, priority, estimate or fields.<key>, with - in front for descending")
}

// CheckFields refuses what is neither the name of a task's member nor fields.<key> of a custom field.
func CheckFields(fields []string, location string) error {
	for _, name := range fields {
		field, custom := strings.CutPrefix(name, "fields.")
		if custom && fieldKey.MatchString(field) || slices.ContainsFunc(members, func(m *member) bool { return m.name == name }) {
			continue
		}
		return fault.Invalid(location, "a task has no member of one of these names; see the schema of a task")
	}
	return nil
}

// CheckGroup refuses what tasks cannot be grouped by.
func CheckGroup(groupBy, location string) error {
	if _, known := groupings[groupBy]; known {
		return nil
	}
	if field, custom := strings.CutPrefix(groupBy, "fields."); custom && fieldKey.MatchString(field) {
		return nil
	}
	return fault.Invalid(location, "expected status, priority, assignee, label, column, project, parent, created_by or fields.<key>")
}

// savedView reads what a view asks for.
func savedView(ctx context.Context, s *db.Scope, id uuid.UUID) (taskdb.GetViewRow, listing, error) {
	row, err := taskdb.New(s).GetView(ctx, taskdb.GetViewParams{OrgID: s.Org(), ID: id})
	if err != nil {
		return row, listing{}, fault.About("view", err)
	}
	l := listing{filter: Filter{Filter: row.Filter, Sort: row.Sort}, defaultSort: "-created_at", view: row.Version}
	if row.ProjectID != nil {
		l.project = *row.ProjectID
	}
	for _, name := range row.Fields {
		member, _, _ := strings.Cut(name, ".")
		l.shape.Fields = append(l.shape.Fields, member)
	}
	return row, l, nil
}

// ListViewInput is the request of ListView.
type ListViewInput struct {
	api.PageQuery
	ViewID uuid.UUID `path:"view_id" format:"uuid"`
	Expand []string  `query:"expand" maxItems:"10" uniqueItems:"true" enum:"assignees,labels,column,project,parent,counts,description_html" doc:"What to answer besides." example:"assignees,labels"`
}

// ListView gives the tasks of a view.
func (v *Service) ListView(ctx context.Context, s *db.Scope, in *ListViewInput) (*api.Page[*Item], error) {
	_, l, err := savedView(ctx, s, in.ViewID)
	if err != nil {
		return nil, err
	}
	l.shape.Expand = in.Expand
	return v.list(ctx, s, in.PageQuery, &l, "view.")
}

// Groups are the tasks of a view, counted by what it groups them by.
type Groups struct {
	GroupBy string  `json:"group_by" example:"status"`
	Groups  []Group `json:"groups" nullable:"false" doc:"At most 200: what has an order of its own in that, all else the largest first; those without a value last."`
}

// Group is the tasks that have one value.
type Group struct {
	Value *string `json:"value" doc:"null for the tasks without one." example:"in_progress"`
	Name  *string `json:"name" doc:"The value in words; null where there is none." example:"in_progress"`
	Count int     `json:"count"`
}

// mostGroups is how many groups are answered.
const mostGroups = 200

// grouping says how tasks fall into groups: what joins their values, what they are, and the order of those that have one.
type grouping struct{ join, value, name, order string }

var groupings = map[string]grouping{
	"status":   {"", "t.status", "t.status", "array_position(array['backlog', 'todo', 'in_progress', 'done', 'canceled'], t.status)::text"},
	"priority": {"", "app.priority_name(t.priority)", "app.priority_name(t.priority)", "t.priority::text"},
	"assignee": {`left join app.task_assignees a on a.org_id = t.org_id and a.task_id = t.id
	  left join app.memberships m on m.org_id = a.org_id and m.user_id = a.user_id`, "a.user_id::text", "m.name", "null"},
	"label": {`left join app.task_labels l on l.org_id = t.org_id and l.task_id = t.id
	  left join app.labels n on n.org_id = l.org_id and n.id = l.label_id`, "l.label_id::text", "n.name", "null"},
	"column":     {"left join app.columns c on c.org_id = t.org_id and c.id = t.column_id", "c.id::text", "c.name", "c.board_id || ' ' || c.rank"},
	"project":    {"join app.projects p on p.org_id = t.org_id and p.id = t.project_id", "p.id::text", "p.name", "null"},
	"parent":     {"left join app.tasks p on p.org_id = t.org_id and p.id = t.parent_id and p.deleted_at is null", "p.id::text", "p.title", "null"},
	"created_by": {"left join app.memberships m on m.org_id = t.org_id and m.user_id = t.created_by", "t.created_by::text", "m.name", "null"},
}

// customGrouping groups by a custom field; key is the place of its bound key. Numbers, dates and options have an order,
// and an option that stands in several places in different projects the first of them.
func customGrouping(key string) grouping {
	return grouping{
		`left join app.fields f on f.org_id = t.org_id and f.project_id = t.project_id and f.key = ` + key + `
	  left join lateral (select t.fields -> f.key as held) h on true
	  left join lateral (select e.v from jsonb_array_elements_text(case jsonb_typeof(h.held) when 'array' then h.held else '[]' end) e(v)
	    union all select case jsonb_typeof(h.held) when 'number' then trim_scale((h.held #>> '{}')::numeric)::text else h.held #>> '{}' end
	    where jsonb_typeof(h.held) <> 'array') x(v) on true
	  left join lateral (select o.o ->> 'name' as name, lpad(o.n::text, 5, '0') as place from jsonb_array_elements(f.options) with ordinality o(o, n)
	    where o.o ->> 'value' = x.v) o on true
	  left join app.memberships m on m.org_id = t.org_id and f.type = 'person' and m.user_id::text = x.v`,
		"x.v", "case when f.type = 'person' then m.name else coalesce(o.name, x.v) end",
		"case when f.type = 'number' then app.number_order(x.v::double precision) when f.type = 'date' then x.v else o.place end",
	}
}

// GroupViewInput is the request of GroupView.
type GroupViewInput struct {
	ViewID uuid.UUID `path:"view_id" format:"uuid"`
}

// GroupView counts the tasks of a view by its group_by.
func GroupView(ctx context.Context, s *db.Scope, in *GroupViewInput) (*Groups, error) {
	row, l, err := savedView(ctx, s, in.ViewID)
	if err != nil {
		return nil, err
	}
	if row.GroupBy == "" {
		return nil, fault.Invalid("view.group_by", "the view has none")
	}
	l.me, l.from, l.args = s.User(), "app.tasks t", []any{s.Org()}
	if err := l.narrow(); err != nil {
		return nil, err
	}
	by, known := groupings[row.GroupBy]
	if !known {
		key := strings.TrimPrefix(row.GroupBy, "fields.")
		l.compared = append(l.compared, comparison{key, "=", nil, l.at("group_by"), ""})
		by = customGrouping(l.bind(key))
	}
	if err := l.require(ctx, s, "view."); err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, "select g.value, min(g.name), count(*) from (select "+by.value+" as value, "+by.name+" as name, "+by.order+
		" as place from "+l.from+" "+by.join+" where t.org_id = $1 and "+strings.Join(l.where, " and ")+") g group by g.value "+
		`order by g.value is null, min(g.place) collate "C" nulls last, count(*) desc, min(g.name), g.value limit `+l.bind(mostGroups), l.args...)
	if err != nil {
		return nil, err
	}
	groups, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Group])
	if err != nil {
		return nil, err
	}
	return &Groups{row.GroupBy, groups}, nil
}
