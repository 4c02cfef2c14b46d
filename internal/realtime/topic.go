package realtime

import (
	"context"
	"fmt"
	"net/url"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/platform/rbac"
	"github.com/plinth/plinth/internal/realtime/realtimedb"
)

// What a connection may follow and look at, at most.
const (
	maxFollows = 100
	maxViews   = 20
)

// place names a topic in frames, by the one member that is set.
type place struct {
	ProjectID *uuid.UUID `json:"project_id,omitzero"`
	BoardID   *uuid.UUID `json:"board_id,omitzero"`
	TaskID    *uuid.UUID `json:"task_id,omitzero"`
}

func placeOf(t hub.Topic) place {
	switch t.Kind {
	case hub.Project:
		return place{ProjectID: &t.ID}
	case hub.Board:
		return place{BoardID: &t.ID}
	}
	return place{TaskID: &t.ID}
}

// topic is what the place names; exactly one member must be set, of the kinds.
func (p place) topic(kinds ...hub.Kind) (hub.Topic, error) {
	ids := map[hub.Kind]*uuid.UUID{hub.Project: p.ProjectID, hub.Board: p.BoardID, hub.Task: p.TaskID}
	var found []hub.Topic
	for _, kind := range kinds {
		if ids[kind] != nil {
			found = append(found, hub.Topic{Kind: kind, ID: *ids[kind]})
		}
		delete(ids, kind)
	}
	for kind, id := range ids {
		if id != nil {
			return hub.Topic{}, fault.Invalid(string(kind)+"_id", "has no meaning here")
		}
	}
	if len(found) != 1 {
		return hub.Topic{}, fault.Invalid("", fmt.Sprintf("name one of %v by its id, as in {\"%s_id\": \"...\"}", kinds, kinds[0]))
	}
	return found[0], nil
}

// topics are asked for, by kind.
type topics map[hub.Kind][]uuid.UUID

// readTopics finds what a connection is to follow from its start: project_id, board_id and task_id, each any number of times.
func readTopics(query url.Values) (topics, error) {
	wanted, n := topics{}, 0
	for _, kind := range []hub.Kind{hub.Project, hub.Board, hub.Task} {
		name := string(kind) + "_id"
		for _, value := range query[name] {
			id, err := uuid.Parse(value)
			if err != nil || len(value) != 36 {
				return nil, fault.Invalid("query."+name, "expected a UUID")
			}
			if n++; n > maxFollows {
				return nil, fault.Invalid("query."+name, fmt.Sprintf("a connection follows %d things at most", maxFollows))
			}
			wanted[kind] = append(wanted[kind], id)
		}
	}
	return wanted, nil
}

// find gives the projects of the topics, all of which the member must see. Nil where none is asked for.
func (v *Service) find(ctx context.Context, c *connection, wanted topics) (map[hub.Topic]uuid.UUID, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	least, _ := rbac.Least(rbac.EventRead)
	rows, err := realtimedb.New(v.Pool.Org(c.who.Subject(), c.Org, int16(least))).ListTopics(ctx, realtimedb.ListTopicsParams{
		OrgID: c.Org, ProjectIds: wanted[hub.Project], BoardIds: wanted[hub.Board], TaskIds: wanted[hub.Task],
	})
	if err != nil {
		return nil, fmt.Errorf("find what to follow: %w", err)
	}
	found := make(map[hub.Topic]uuid.UUID, len(rows))
	for _, row := range rows {
		found[hub.Topic{Kind: hub.Kind(row.Kind), ID: row.ID}] = row.ProjectID
	}
	for kind, ids := range wanted {
		for _, id := range ids {
			if _, ok := found[hub.Topic{Kind: kind, ID: id}]; !ok {
				return nil, fault.Absent(string(kind), "query."+string(kind)+"_id")
			}
		}
	}
	return found, nil
}
