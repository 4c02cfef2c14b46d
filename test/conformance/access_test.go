package conformance_test

import (
	"slices"
	"strings"

	"github.com/plinth/plinth/internal/platform/rbac"
)

// may says who may do something to a row: anybody of a role, and the one whom the row names of a perhaps lower one.
type may struct{ any, own rbac.Role }

func (m may) allows(role rbac.Role, own bool) bool {
	return m.any != 0 && role >= m.any || own && m.own != 0 && role >= m.own
}

func (m may) nobody() bool { return m.any == 0 && m.own == 0 }

// right is a table's rule of access: what the database lets each role do, whatever the code above it asks for.
type right struct {
	names                       string // the column that names the row's own person
	see, insert, update, remove may
}

// rights are the rules of every table.
func rights() map[string]right {
	guest, member, admin, nobody := may{any: rbac.Guest}, may{any: rbac.Member}, may{any: rbac.Admin}, may{}
	oneself := may{own: rbac.Guest}
	work := right{see: guest, insert: member, update: member, remove: member}
	return map[string]right{
		"resellers":      {see: guest},
		"users":          {names: "id", see: oneself, insert: oneself, update: oneself, remove: nobody},
		"sessions":       {names: "user_id", see: oneself, insert: oneself, update: oneself, remove: nobody},
		"refresh_tokens": {names: "user_id", see: oneself, insert: oneself, update: oneself, remove: nobody},

		"organizations": {see: guest, insert: admin, update: admin, remove: nobody},
		"memberships":   {names: "user_id", see: guest, insert: admin, update: admin, remove: may{rbac.Admin, rbac.Guest}},
		"invitations":   {see: admin, insert: admin, update: admin, remove: nobody},
		"events":        {see: guest, insert: member, update: nobody, remove: nobody}, // history stands; a guest's leave is tried apart

		"event_floors": {see: guest, insert: nobody, update: nobody, remove: nobody},

		"projects":          {see: guest, insert: member, update: member, remove: admin},
		"project_members":   {names: "user_id", see: guest, insert: admin, update: admin, remove: may{rbac.Admin, rbac.Guest}},
		"fields":            work,
		"field_values":      work,
		"views":             {names: "owner_id", see: guest, insert: may{own: rbac.Member}, update: may{rbac.Admin, rbac.Member}, remove: may{rbac.Admin, rbac.Member}},
		"project_templates": {names: "created_by", see: guest, insert: may{own: rbac.Member}, update: may{rbac.Admin, rbac.Member}, remove: may{rbac.Admin, rbac.Member}},
		"jobs":              {names: "created_by", see: may{rbac.Admin, rbac.Guest}, insert: may{rbac.Admin, rbac.Member}, update: may{rbac.Admin, rbac.Member}, remove: nobody},
		"job_failures":      {names: "created_by", see: may{rbac.Admin, rbac.Guest}, insert: may{rbac.Admin, rbac.Member}, update: may{rbac.Admin, rbac.Member}, remove: nobody},
		"boards":            work,
		"columns":           work,
		"labels":            work,
		"tasks":             {see: guest, insert: member, update: member, remove: admin},
		"task_assignees":    work,
		"task_labels":       work,
		"task_search":       work,
		"task_keys":         work,
		"task_watchers":     {names: "user_id", see: guest, insert: may{rbac.Member, rbac.Guest}, update: member, remove: may{rbac.Member, rbac.Guest}},
		"task_links":        work,
		"checklist_items":   work,
		"reactions":         {names: "user_id", see: guest, insert: may{own: rbac.Member}, update: may{own: rbac.Member}, remove: may{rbac.Admin, rbac.Member}},
		"comments":          {names: "author_id", see: guest, insert: may{own: rbac.Member}, update: may{own: rbac.Member}, remove: may{rbac.Admin, rbac.Member}},

		"storage": work,
		"objects": work,
		"files":   work, // one that hangs on nothing is tried apart
		"uploads": {names: "created_by", see: oneself, insert: may{own: rbac.Member}, update: may{own: rbac.Member}, remove: may{own: rbac.Member}},

		"idempotency_keys": {names: "actor_id", see: oneself, insert: oneself, update: oneself, remove: nobody},
		"socket_tickets":   {names: "user_id", see: oneself, insert: oneself, update: nobody, remove: nobody},
	}
}

// privileges are what plinth_app needs for the rule.
func (r right) privileges() string {
	var list []string
	for name, m := range map[string]may{"SELECT": r.see, "INSERT": r.insert, "UPDATE": r.update, "DELETE": r.remove} {
		if !m.nobody() {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
