package realtime

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/hub"
	"github.com/plinth/plinth/internal/realtime/realtimedb"
)

// changesAccess reports whether an event may change who sees a project.
func changesAccess(kind event.Type) bool {
	switch kind {
	case event.ProjectCreated, event.ProjectUpdated, event.MemberUpdated,
		event.ProjectMemberAdded, event.ProjectMemberUpdated, event.ProjectMemberRemoved:
		return true
	}
	return false
}

const accessTimeout = 2 * time.Second

// refreshAccess reads anew which projects the connections to an organization hear of. Where that fails they are sent to
// connect again: none goes on with what may have been taken from it.
func (v *Service) refreshAccess(ctx context.Context, org uuid.UUID) {
	clients := v.Hub.Clients(org)
	if len(clients) == 0 {
		return
	}
	access, err := v.readAccess(ctx, org, clients)
	if err != nil {
		v.Logger.Warn("access not read, connections closed", "org", org, "cause", err.Error())
	}
	for _, c := range clients {
		switch a := access[c.User]; {
		case a != nil:
			v.narrow(c, a)
		case err != nil:
			c.End(hub.Restarting)
		default:
			c.End(hub.NotAMember)
		}
	}
	v.presence.recheck(org)
}

// narrow gives a client its new access, and tells it which of its subscriptions have ended with the old one.
func (v *Service) narrow(c *hub.Client, a *hub.Access) {
	for _, t := range c.SetAccess(a) {
		note, err := newNote(acknowledgement{Type: "unsubscribed", place: placeOf(t), Reason: "access"})
		if err != nil {
			v.Logger.Error("note not sent", "cause", err.Error())
			continue
		}
		c.Send(note)
	}
}

func (v *Service) readAccess(ctx context.Context, org uuid.UUID, clients []*hub.Client) (map[uuid.UUID]*hub.Access, error) {
	ctx, cancel := context.WithTimeout(ctx, accessTimeout)
	defer cancel()
	users := make([]uuid.UUID, len(clients))
	for i, c := range clients {
		users[i] = c.User
	}
	rows, err := realtimedb.New(v.Pool.Unscoped()).ReadAccess(ctx, realtimedb.ReadAccessParams{OrgID: org, UserIds: users})
	if err != nil {
		return nil, fmt.Errorf("read access: %w", err)
	}
	access := make(map[uuid.UUID]*hub.Access, len(rows))
	for _, row := range rows {
		if access[row.UserID], err = parseAccess(row.Role, row.ProjectRanks); err != nil {
			return nil, err
		}
	}
	return access, nil
}

// parseAccess reads the exceptions as app.project_ranks writes them.
func parseAccess(role, ranks string) (*hub.Access, error) {
	a := &hub.Access{All: role != "guest"}
	for entry := range strings.FieldsSeq(ranks) {
		id, rank, _ := strings.Cut(entry, "=")
		project, err := uuid.Parse(id)
		if err != nil {
			return nil, fmt.Errorf("read access %q: %w", entry, err)
		}
		if sees := rank != "0"; sees != a.All {
			if a.Except == nil {
				a.Except = map[uuid.UUID]bool{}
			}
			a.Except[project] = true
		}
	}
	return a, nil
}
