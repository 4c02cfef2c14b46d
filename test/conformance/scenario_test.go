package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/rbac"
)

// scenario is one way to call an operation so that it succeeds. Everything else that is expected of it (who may call it,
// its round trips, the events it may write) the operation itself declares.
type scenario struct {
	name   string
	status int
	trips  int          // round trips, where they are not those of the operation
	emits  []event.Type // all that one call writes, in any order
	least  rbac.Role    // where it is more than the operation's permission asks for: what the role is checked for in SQL

	loose       string // the place of an id that is of no project here
	unversioned bool   // what it takes away has no version
	holds       bool   // its queries share a transaction, so that an Idempotency-Key, which opens one, costs nothing more

	ready func(*stage) request         // makes what the request needs, anew at each call
	grow  func(*stage, request) string // adds an item to the list that the request reads, and gives its id
}

// scenarios are those of every operation, by its id.
func scenarios() map[string][]scenario {
	all := map[string][]scenario{}
	for _, some := range []map[string][]scenario{accountScenarios(), organizationScenarios(), projectScenarios(), boardScenarios(),
		labelScenarios(), taskScenarios(), satelliteScenarios(), commentScenarios(), fieldScenarios(), templateScenarios(), viewScenarios(), bulkScenarios(), liveScenarios(),
		fileScenarios()} {
		maps.Copy(all, some)
	}
	return all
}

// unaccounted says which operations have no scenario, and which scenarios no operation or a request that it is not.
func unaccounted(ops []*api.Op, all map[string][]scenario) []string {
	var problems []string
	known := map[string]bool{}
	for _, op := range ops {
		if known[op.ID] {
			problems = append(problems, "two operations are called "+op.ID)
		}
		known[op.ID] = true
		if len(all[op.ID]) == 0 {
			problems = append(problems, fmt.Sprintf("operation %s (%s %s) has no scenario", op.ID, op.Method, op.Path))
		}
		problems = append(problems, undeclared(op, all[op.ID])...)
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if !known[id] {
			problems = append(problems, "scenario "+id+" has no operation")
		}
	}
	return problems
}

// undeclared compares what an operation declares with what its scenarios expect.
func undeclared(op *api.Op, of []scenario) []string {
	var problems []string
	emitted := map[event.Type]bool{}
	for _, sc := range of {
		if sc.status != op.Status {
			problems = append(problems, fmt.Sprintf("%s, %s: expects status %d, the operation declares %d", op.ID, sc.name, sc.status, op.Status))
		}
		for _, e := range sc.emits {
			emitted[e] = true
			if !slices.Contains(op.Emits, e) {
				problems = append(problems, fmt.Sprintf("%s, %s: expects the event %s, which the operation does not declare", op.ID, sc.name, e))
			}
		}
	}
	for _, e := range op.Emits {
		if !emitted[e] {
			problems = append(problems, fmt.Sprintf("%s declares the event %s, which no scenario brings about", op.ID, e))
		}
	}
	if op.In <= api.InPathOrg {
		if _, granted := rbac.Least(op.Can); !granted {
			problems = append(problems, fmt.Sprintf("%s asks for the permission %q, which no role has", op.ID, op.Can))
		}
	}
	return problems
}

// eachScenario runs a test for every scenario of the operations that are chosen.
func (w *world) eachScenario(t *testing.T, chosen func(*api.Op) bool, test func(*testing.T, *api.Op, scenario)) {
	t.Helper()
	all, count := scenarios(), 0
	for _, op := range w.server.App.Router.Operations() {
		if !chosen(op) {
			continue
		}
		count++
		for _, sc := range all[op.ID] {
			t.Run(op.ID+"/"+sc.name, func(t *testing.T) { test(t, op, sc) })
		}
	}
	if count == 0 {
		t.Fatal("no operation was chosen")
	}
}

// eachOperation runs a test for every operation that is chosen, with its first scenario.
func (w *world) eachOperation(t *testing.T, chosen func(*api.Op) bool, test func(*testing.T, *api.Op, scenario)) {
	t.Helper()
	all, count := scenarios(), 0
	for _, op := range w.server.App.Router.Operations() {
		if !chosen(op) {
			continue
		}
		count++
		if len(all[op.ID]) > 0 { // else reported as unaccounted
			t.Run(op.ID, func(t *testing.T) { test(t, op, all[op.ID][0]) })
		}
	}
	if count == 0 {
		t.Fatal("no operation was chosen")
	}
}

func every(*api.Op) bool       { return true }
func signedIn(op *api.Op) bool { return op.In != api.Anonymous }
func ofAnOrg(op *api.Op) bool  { return op.In <= api.InPathOrg }
func keyed(op *api.Op) bool    { return op.Method == "POST" && op.In != api.Anonymous && !op.NoKey }
func changing(op *api.Op) bool { return op.Method == "PATCH" || op.Method == "DELETE" }

// leastRole is the lowest role that the scenario succeeds for.
func (sc scenario) leastRole(op *api.Op) rbac.Role {
	if sc.least != 0 {
		return sc.least
	}
	role, _ := rbac.Least(op.Can)
	return role
}
