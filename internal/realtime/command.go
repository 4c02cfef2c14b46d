package realtime

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
)

// command is a frame that a client sends.
type command struct {
	Type string `json:"type"`
	Ref  string `json:"ref"` // given back with the answer
	place
	Typing *bool          `json:"typing"`
	Data   jsontext.Value `json:"data"`
}

// acknowledgement answers a command that was obeyed, and tells of what ended by itself.
type acknowledgement struct {
	Type string `json:"type"`
	Ref  string `json:"ref,omitempty"`
	place
	Reason string `json:"reason,omitempty"`
}

// refusal answers one that was not.
type refusal struct {
	Type    string       `json:"type"`
	Ref     string       `json:"ref,omitempty"`
	Problem *api.Problem `json:"problem"`
}

const (
	maxRef         = 100
	maxData        = 1 << 10 // bytes
	commandTimeout = 5 * time.Second
)

// obey does what a frame asks for, or says why not.
func (c *connection) obey(text []byte) {
	ctx, cancel := context.WithTimeout(api.Detached(c.request), commandTimeout)
	defer cancel()
	var do command
	err := json.Unmarshal(text, &do, json.RejectUnknownMembers(true))
	switch {
	case err != nil:
		do = command{}
		err = &fault.Fault{Kind: fault.MalformedBody, Detail: "The frame is not a JSON object with a type and its members.", Err: err}
	case len(do.Ref) > maxRef:
		do.Ref, err = "", fault.Invalid("ref", fmt.Sprintf("expected %d bytes at most", maxRef))
	default:
		err = c.do(ctx, do)
	}
	if err != nil {
		c.tell(refusal{"error", do.Ref, api.ProblemOf(ctx, err)})
	}
}

func (c *connection) do(ctx context.Context, do command) error {
	if do.Type != "typing" && do.Typing != nil || do.Type != "cursor" && do.Data != nil {
		return fault.Invalid("", "has a member that its type does not take")
	}
	switch do.Type {
	case "ping":
		c.tell(acknowledgement{Type: "pong", Ref: do.Ref})
		return nil
	case "subscribe":
		return c.subscribe(ctx, do)
	case "unsubscribe":
		topic, err := do.topic(hub.Project, hub.Board, hub.Task)
		if err != nil {
			return err
		}
		c.Unfollow(topic)
		c.tell(acknowledgement{Type: "unsubscribed", Ref: do.Ref, place: placeOf(topic)})
		return nil
	case "view":
		return c.view(ctx, do)
	case "leave":
		topic, err := do.topic(hub.Board, hub.Task)
		if err != nil {
			return err
		}
		c.service.presence.unview(c, topic)
		c.tell(acknowledgement{Type: "left", Ref: do.Ref, place: placeOf(topic)})
		return nil
	case "typing":
		return c.typing(do)
	case "cursor":
		return c.point(do)
	}
	return fault.Invalid("type", "is none of ping, subscribe, unsubscribe, view, leave, typing, cursor")
}

// locate finds the project of a topic that the member sees.
func (c *connection) locate(ctx context.Context, topic hub.Topic) (uuid.UUID, error) {
	found, err := c.service.find(ctx, c, topics{topic.Kind: {topic.ID}})
	if fault.Is(err, fault.NotFound) {
		err = fault.Absent(string(topic.Kind), string(topic.Kind)+"_id")
	}
	return found[topic], err
}

func (c *connection) subscribe(ctx context.Context, do command) error {
	topic, err := do.topic(hub.Project, hub.Board, hub.Task)
	if err != nil {
		return err
	}
	project, err := c.locate(ctx, topic)
	if err != nil {
		return err
	}
	if !c.Follow(topic, project, maxFollows) {
		return fault.Invalid("", fmt.Sprintf("a connection follows %d things at most, of those that it sees", maxFollows))
	}
	c.tell(acknowledgement{Type: "subscribed", Ref: do.Ref, place: placeOf(topic)})
	return nil
}

// view has others see that the member looks at a board or task, and the member see who else does.
func (c *connection) view(ctx context.Context, do command) error {
	topic, err := do.topic(hub.Board, hub.Task)
	if err != nil {
		return err
	}
	project, err := c.locate(ctx, topic)
	if err != nil {
		return err
	}
	c.tell(acknowledgement{Type: "viewing", Ref: do.Ref, place: placeOf(topic)})
	return c.service.presence.view(c, topic, project)
}

// signal is what a viewer shows the others for the moment.
type signal struct {
	Type  string    `json:"type"`
	OrgID uuid.UUID `json:"org_id"`
	place
	Viewer
	Typing *bool          `json:"typing,omitzero"`
	Data   jsontext.Value `json:"data,omitzero"`
}

func (c *connection) typing(do command) error {
	topic, err := do.topic(hub.Task)
	if err != nil {
		return err
	}
	if do.Typing == nil {
		return fault.Invalid("typing", "is missing: true or false")
	}
	return c.service.presence.signal(c, topic, signal{Type: "typing", Typing: do.Typing})
}

// point passes on where on a board the member's cursor is, in whatever terms the clients use.
func (c *connection) point(do command) error {
	topic, err := do.topic(hub.Board)
	if err != nil {
		return err
	}
	if do.Data.Kind() != '{' || len(do.Data) > maxData {
		return fault.Invalid("data", fmt.Sprintf("expected an object of %d bytes at most", maxData))
	}
	return c.service.presence.signal(c, topic, signal{Type: "cursor", Data: do.Data})
}
