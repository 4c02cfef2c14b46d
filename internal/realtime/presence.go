package realtime

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/bus"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/hub"
)

// Viewer is a member who looks at something, however often.
type Viewer struct {
	UserID uuid.UUID `json:"user_id"`
	Name   string    `json:"name"`
}

// presence knows who looks at which board or task. Each node tells the others of its own viewers, in whole, on every
// change and every few seconds; nothing of it is stored. What a node has said is forgotten when the node falls silent.
type presence struct {
	bus  bus.Bus
	now  func() time.Time
	node uuid.UUID

	mu        sync.Mutex
	ticks     int
	audiences map[audienceKey]*audience
	views     map[*connection]map[hub.Topic]struct{}
}

type audienceKey struct {
	org   uuid.UUID
	topic hub.Topic
}

// audience are the viewers of a topic, as far as somebody on this node is one of them.
type audience struct {
	project uuid.UUID
	here    map[*connection]struct{}
	there   map[uuid.UUID]elsewhere // by node
	told    []Viewer
}

type elsewhere struct {
	viewers []Viewer
	until   time.Time
}

const (
	repeatTicks   = 5
	silenceAllows = 15 * time.Second
)

func newPresence(b bus.Bus, now func() time.Time) *presence {
	return &presence{bus: b, now: now, node: uuid.New(), audiences: map[audienceKey]*audience{}, views: map[*connection]map[hub.Topic]struct{}{}}
}

// view adds a viewer, whose access to the project has just been checked.
func (p *presence) view(c *connection, topic hub.Topic, project uuid.UUID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, already := p.views[c][topic]; already {
		return nil
	}
	if len(p.views[c]) >= maxViews || !c.CanSee(project) {
		return fault.Invalid("", fmt.Sprintf("a connection views %d things at most, of those that it sees", maxViews))
	}
	key := audienceKey{c.Org, topic}
	a := p.audiences[key]
	if a == nil {
		a = &audience{project: project, here: map[*connection]struct{}{}, there: map[uuid.UUID]elsewhere{}}
		p.audiences[key] = a
	}
	if p.views[c] == nil {
		p.views[c] = map[hub.Topic]struct{}{}
	}
	p.views[c][topic] = struct{}{}
	first := len(a.here) == 0
	a.here[c] = struct{}{}
	p.publish(key, a, first)
	p.tell(key, a, c)
	return nil
}

// unview takes a viewer out, where it is one.
func (p *presence) unview(c *connection, topic hub.Topic) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(c, topic)
}

// leave takes a connection out of everything it views.
func (p *presence) leave(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for topic := range p.views[c] {
		p.remove(c, topic)
	}
}

func (p *presence) remove(c *connection, topic hub.Topic) {
	if _, views := p.views[c][topic]; !views {
		return
	}
	if delete(p.views[c], topic); len(p.views[c]) == 0 {
		delete(p.views, c)
	}
	key := audienceKey{c.Org, topic}
	a := p.audiences[key]
	delete(a.here, c)
	p.publish(key, a, false)
	if len(a.here) == 0 {
		delete(p.audiences, key)
		return
	}
	p.tell(key, a, nil)
}

// moved notes that a task is in another project now.
func (p *presence) moved(org, task, project uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.audiences[audienceKey{org, hub.Topic{Kind: hub.Task, ID: task}}]
	if a == nil || a.project == project {
		return
	}
	a.project = project
	p.dropUnseeing(org)
}

// recheck takes out the viewers of an organization that do not see any more what they look at.
func (p *presence) recheck(org uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropUnseeing(org)
}

func (p *presence) dropUnseeing(org uuid.UUID) {
	for key, a := range p.audiences {
		if key.org != org {
			continue
		}
		for c := range a.here {
			if !c.CanSee(a.project) {
				p.remove(c, key.topic)
				c.tell(acknowledgement{Type: "left", place: placeOf(key.topic), Reason: "access"})
			}
		}
	}
}

// signal shows the other viewers of a topic something, on this node and the others.
func (p *presence) signal(from *connection, topic hub.Topic, s signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, views := p.views[from][topic]; !views {
		return fault.Invalid("", "view it first")
	}
	s.OrgID, s.place, s.Viewer = from.Org, placeOf(topic), Viewer{from.User, from.name}
	note, err := newNote(s)
	if err != nil {
		return err
	}
	key := audienceKey{from.Org, topic}
	p.show(key, note, from)
	p.send(key, nodeMessage{Kind: signalled, Frame: note.text})
	return nil
}

func (p *presence) show(key audienceKey, note frame, but *connection) {
	a := p.audiences[key]
	if a == nil {
		return
	}
	for c := range a.here {
		if c != but {
			c.Signal(note)
		}
	}
}

// tell sends this node's viewers the whole audience where it is another one than they were told, and a newcomer in any case.
func (p *presence) tell(key audienceKey, a *audience, newcomer *connection) {
	viewers := a.viewers()
	changed := !slices.Equal(viewers, a.told)
	if !changed && newcomer == nil {
		return
	}
	note, err := newNote(struct {
		Type  string    `json:"type"`
		OrgID uuid.UUID `json:"org_id"`
		place
		Viewers []Viewer `json:"viewers"`
	}{"presence", key.org, placeOf(key.topic), viewers})
	if err != nil {
		return // of ids and text
	}
	a.told = viewers
	for c := range a.here {
		if changed || c == newcomer {
			c.Send(note)
		}
	}
}

// viewers are those of all nodes, each once.
func (a *audience) viewers() []Viewer {
	all := a.own()
	for _, e := range a.there {
		all = append(all, e.viewers...)
	}
	return sorted(all)
}

func (a *audience) own() []Viewer {
	own := make([]Viewer, 0, len(a.here))
	for c := range a.here {
		own = append(own, Viewer{c.User, c.name})
	}
	return sorted(own)
}

func sorted(viewers []Viewer) []Viewer {
	slices.SortFunc(viewers, func(x, y Viewer) int { return cmp.Compare(x.UserID.String(), y.UserID.String()) })
	return slices.CompactFunc(viewers, func(x, y Viewer) bool { return x.UserID == y.UserID })
}

// tick repeats what this node has, and forgets nodes that fell silent.
func (p *presence) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ticks++
	now := p.now()
	for key, a := range p.audiences {
		maps.DeleteFunc(a.there, func(_ uuid.UUID, e elsewhere) bool { return now.After(e.until) })
		p.tell(key, a, nil)
		if int(key.topic.ID[15])%repeatTicks == p.ticks%repeatTicks {
			p.publish(key, a, false)
		}
	}
}

// publish tells the other nodes who looks here, and asks them who looks there.
func (p *presence) publish(key audienceKey, a *audience, ask bool) {
	p.send(key, nodeMessage{Kind: viewed, Viewers: a.own(), Ask: ask})
}

func (p *presence) send(key audienceKey, m nodeMessage) {
	m.Node, m.Topic = p.node, key.topic
	text, err := json.Marshal(m)
	if err != nil {
		return // of ids and text
	}
	p.bus.Publish(key.org, text)
}

// heard takes in what another node says of its viewers.
func (p *presence) heard(org uuid.UUID, m nodeMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := audienceKey{org, m.Topic}
	a := p.audiences[key]
	if a == nil {
		return
	}
	if len(m.Viewers) == 0 {
		delete(a.there, m.Node)
	} else {
		a.there[m.Node] = elsewhere{m.Viewers, p.now().Add(silenceAllows)}
	}
	p.tell(key, a, nil)
	if m.Ask {
		p.publish(key, a, false)
	}
}

// nodeMessage is what nodes say to each other, in an organization's channel.
type nodeMessage struct {
	Kind    string         `json:"kind"`
	Node    uuid.UUID      `json:"node,omitzero"`
	Topic   hub.Topic      `json:"topic,omitzero"`
	Viewers []Viewer       `json:"viewers,omitempty"`
	Ask     bool           `json:"ask,omitzero"`
	Frame   jsontext.Value `json:"frame,omitzero"`
}

const (
	wrote     = "wrote"
	viewed    = "viewed"
	signalled = "signalled"
)

var wakeMessage = []byte(`{"kind":"` + wrote + `"}`)

// hear takes in what another node said.
func (v *Service) hear(org uuid.UUID, text []byte) {
	var m nodeMessage
	if err := json.Unmarshal(text, &m); err != nil {
		return // of another version
	}
	switch m.Kind {
	case wrote:
		v.Wake()
	case viewed:
		v.presence.heard(org, m)
	case signalled:
		if note, err := newFrame(m.Frame, ""); err == nil {
			v.presence.mu.Lock()
			defer v.presence.mu.Unlock()
			v.presence.show(audienceKey{org, m.Topic}, note, nil)
		}
	}
}
