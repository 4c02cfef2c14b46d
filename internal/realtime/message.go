package realtime

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/hub"
)

// frame is what a connection sends: encoded, and masked for WebSockets, once for all its receivers.
type frame struct {
	text   []byte
	cursor string // "" for what is not of the log
	socket *websocket.PreparedMessage
}

func newFrame(text []byte, cursor string) (frame, error) {
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	return frame{text, cursor, m}, err
}

// Size implements hub.Message.
func (f frame) Size() int { return len(f.text) }

// IsFor implements hub.Message.
func (frame) IsFor(*hub.Client) bool { return true }

// newNote encodes what one client is told, or several that were chosen for it.
func newNote(content any) (frame, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return frame{}, fmt.Errorf("encode frame: %w", err)
	}
	return newFrame(text, "")
}

// ping has a connection see whether its other end is there.
type ping struct{}

// Size implements hub.Message.
func (ping) Size() int { return 0 }

// IsFor implements hub.Message.
func (ping) IsFor(*hub.Client) bool { return true }

// message is an event's frame.
type message struct {
	frame
	record event.Record // without its payload
	topics []hub.Topic
	other  *uuid.UUID // the other project of a link's event
}

func (v *Service) newMessage(r event.Record) (message, error) {
	cursor := v.Cursors.Seal(r.Org, r.Position)
	text, err := event.NewFrame(r, cursor)
	if err != nil {
		return message{}, err
	}
	m := message{record: r}
	m.record.Payload = nil
	if m.frame, err = newFrame(text, cursor); err != nil {
		return message{}, err
	}
	return m, m.readPayload(r)
}

// readPayload finds out what the event is about besides its project.
func (m *message) readPayload(r event.Record) error {
	var about struct {
		BoardID        *uuid.UUID `json:"board_id"`
		OtherProjectID *uuid.UUID `json:"other_project_id"`
	}
	if err := json.Unmarshal(r.Payload, &about); err != nil {
		return fmt.Errorf("read payload of event %s: %w", r.UID, err)
	}
	if strings.HasPrefix(string(r.Kind), "link.") {
		m.other = about.OtherProjectID
	}
	if r.ProjectID != nil {
		m.topics = append(m.topics, hub.Topic{Kind: hub.Project, ID: *r.ProjectID})
	}
	if r.TaskID != nil {
		m.topics = append(m.topics, hub.Topic{Kind: hub.Task, ID: *r.TaskID})
	}
	if board := boardOf(r, about.BoardID); board != nil {
		m.topics = append(m.topics, hub.Topic{Kind: hub.Board, ID: *board})
	}
	return nil
}

// boardOf is the board that an event is about: the one that it is, that its resource was on by then, or that its task is on.
func boardOf(r event.Record, ofResource *uuid.UUID) *uuid.UUID {
	switch {
	case strings.HasPrefix(string(r.Kind), "board."):
		return &r.EntityID
	case ofResource != nil:
		return ofResource
	}
	return r.BoardID
}

// IsFor implements hub.Message: an event is for who sees its project, or was put in or out of it; one of a link between two
// projects for who sees both. Who follows parts of the organization hears of these, and of what belongs to no project; of
// files there only who is no guest.
func (m message) IsFor(c *hub.Client) bool {
	r := m.record
	if m.other != nil && !c.Sees(*m.other) {
		return false
	}
	if r.ProjectID == nil {
		return !strings.HasPrefix(string(r.Kind), "file.") || c.SeesAll()
	}
	aboutOneself := r.EntityID == c.User && strings.HasPrefix(string(r.Kind), "project_member.")
	return aboutOneself || c.Sees(*r.ProjectID) && c.Follows(m.topics)
}
