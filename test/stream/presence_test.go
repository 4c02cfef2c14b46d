package stream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// TestPresence: viewers see each other come and go, each once however many connections they have.
func TestPresence(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	mel := ada.Join(t, "mel", "member")
	p := newPlace(t, ada, "Engine", false)
	a, m, tab := ada.Listen(t), mel.Listen(t), mel.Listen(t)
	look := object{"type": "view", "board_id": p.board}
	if e := a.Ask(t, object{"type": "view", "board_id": p.board, "ref": "r1"}, "viewing"); !strings.Contains(e.Raw, `"ref":"r1"`) || !strings.Contains(e.Raw, p.board) {
		t.Errorf("the answer is %s", e.Raw)
	}
	e := presenceOf(t, a, "ada")
	if !strings.Contains(e.Raw, `"board_id":"`+p.board+`"`) || !strings.Contains(e.Raw, `"user_id":"`+ada.User+`"`) || e.OrgID != ada.Org {
		t.Errorf("presence is %s", e.Raw)
	}
	m.Send(t, look)
	presenceOf(t, m, "ada mel")
	presenceOf(t, a, "ada mel")
	tab.Send(t, look)
	presenceOf(t, tab, "ada mel")
	_ = m.Conn.Close() // the other tab looks on
	until(t, "the tab is closed", func() bool { return s.App.Hub.Len() == 2 })
	tab.Ask(t, object{"type": "leave", "board_id": p.board}, "left")
	presenceOf(t, a, "ada")
	mark(t, ada, "end")
	if heard := upTo(t, a, "end"); len(heard) != 0 {
		t.Errorf("besides: %q", heard)
	}
	a.Ask(t, object{"type": "view", "task_id": p.task}, "viewing") // another audience
	presenceOf(t, a, "ada")
}

// TestSignals go to the other viewers and to nobody else, and are in no log.
func TestSignals(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	mel := ada.Join(t, "mel", "member")
	p := newPlace(t, ada, "Engine", false)
	a, m, bystander := ada.Listen(t), mel.Listen(t), mel.Listen(t)
	for _, socket := range []*apitest.Socket{a, m} {
		socket.Ask(t, object{"type": "view", "task_id": p.task}, "viewing")
		socket.Ask(t, object{"type": "view", "board_id": p.board}, "viewing")
	}
	a.Send(t, object{"type": "typing", "task_id": p.task, "typing": true})
	a.Send(t, object{"type": "cursor", "board_id": p.board, "data": object{"x": 1}})
	a.Send(t, object{"type": "typing", "task_id": p.task, "typing": false})
	want := []string{
		fmt.Sprintf(`{"type":"typing","org_id":%q,"task_id":%q,"user_id":%q,"name":"ada","typing":true}`, ada.Org, p.task, ada.User),
		fmt.Sprintf(`{"type":"cursor","org_id":%q,"board_id":%q,"user_id":%q,"name":"ada","data":{"x":1}}`, ada.Org, p.board, ada.User),
		fmt.Sprintf(`{"type":"typing","org_id":%q,"task_id":%q,"user_id":%q,"name":"ada","typing":false}`, ada.Org, p.task, ada.User),
	}
	for len(want) > 0 {
		e := m.Next(t)
		if e.Type == "presence" {
			continue
		}
		if e.Raw != want[0] {
			t.Errorf("signal %s, want %s", e.Raw, want[0])
		}
		want = want[1:]
	}
	mark(t, ada, "end")
	for name, socket := range map[string]*apitest.Socket{"the sender": a, "who does not look": bystander} {
		for _, e := range upTo(t, socket, "end") {
			if e != "presence" {
				t.Errorf("%s got %s", name, e)
			}
		}
	}
	if body := string(ada.Do(t, "GET", "/v1/events?limit=200", nil).Want(t, 200).Body); strings.Contains(body, `"typing"`) || strings.Contains(body, `"presence"`) {
		t.Error("signals are in the log")
	}
}

// TestCommandRefusals: what makes no sense is answered with its problem, changes nothing, and the socket goes on.
func TestCommandRefusals(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada, eve := s.SignUp(t, "ada"), s.SignUp(t, "eve")
	gus := ada.Join(t, "gus", "guest")
	p, foreign := newPlace(t, ada, "Engine", false), newPlace(t, eve, "Foreign", false)
	a := ada.Listen(t)
	refused := func(socket *apitest.Socket, frame any, kind, location string) string {
		t.Helper()
		e := socket.Ask(t, frame, "error")
		if !strings.Contains(e.Raw, `"type":"/problems/`+kind+`"`) || !strings.Contains(e.Raw, location) {
			t.Errorf("%v: %s, want %s at %s", frame, e.Raw, kind, location)
		}
		return e.Raw
	}
	for _, text := range []string{"", "hello", "[]", "null x", `{"type":"subscribe"`, `{"type":1}`, `{"type":"ping","type":"ping"}`, `{"type":"ping"} {}`,
		`{"Type":"ping"}`, `{"type":"ping","extra":1}`, `{"type":"view","task_id":"x"}`, "{\"type\":\"\xff\"}", strings.Repeat("[", 30_000), `{"type":"cursor","data":{"a":1e400}`} {
		refused(a, text, "malformed-body", "")
	}
	for _, c := range []struct {
		frame    object
		location string
	}{
		{object{}, `"location":"type"`},
		{object{"type": "shout"}, `"location":"type"`},
		{object{"type": "subscribe"}, "name one of"},
		{object{"type": "subscribe", "board_id": p.board, "task_id": p.task}, "name one of"},
		{object{"type": "view", "project_id": p.project}, `"location":"project_id"`},
		{object{"type": "typing", "board_id": p.board, "typing": true}, `"location":"board_id"`},
		{object{"type": "typing", "task_id": p.task}, `"location":"typing"`},
		{object{"type": "typing", "task_id": p.task, "typing": true}, "view it first"},
		{object{"type": "cursor", "board_id": p.board, "data": []int{1}}, `"location":"data"`},
		{object{"type": "cursor", "board_id": p.board, "data": object{"x": strings.Repeat("x", 1024)}}, `"location":"data"`},
		{object{"type": "ping", "typing": true}, "does not take"},
		{object{"type": "ping", "ref": strings.Repeat("x", 101)}, `"location":"ref"`},
	} {
		refused(a, c.frame, "validation", c.location)
	}
	g := gus.Listen(t)
	for _, kind := range []string{"subscribe", "view"} {
		random := refused(a, object{"type": kind, "task_id": nobody}, "not-found", "task")
		for name, other := range map[string]string{
			"another organization's": refused(a, object{"type": kind, "task_id": foreign.task}, "not-found", "task"),
			"a hidden project's":     refused(g, object{"type": kind, "task_id": p.task}, "not-found", "task"),
		} {
			if other != random && stripID(other) != stripID(random) {
				t.Errorf("%s task can be told from none: %s, %s", name, other, random)
			}
		}
	}
	if e := a.Ask(t, object{"type": "ping", "ref": "still here"}, "pong"); !strings.Contains(e.Raw, "still here") {
		t.Errorf("pong %s", e.Raw)
	}
	for _, query := range []string{"&board_id=x", "&task_id=" + strings.Repeat("&task_id="+nobody, 101)} {
		s.Anonymous().Do(t, "GET", "/ws?token="+ada.Token+"&org_id="+ada.Org+query, nil).WantProblem(t, 422, "validation")
	}
	s.Anonymous().Do(t, "GET", "/ws?token="+ada.Token+"&org_id="+ada.Org+"&board_id="+foreign.board, nil).WantProblem(t, 404, "not-found")
}

// stripID drops the request's id from a problem.
func stripID(text string) string {
	i := strings.Index(text, `"request_id":"`)
	if i < 0 {
		return text
	}
	end := strings.Index(text[i+14:], `"`)
	return text[:i] + text[i+14+end:]
}

// TestSubscriptions narrow a connection to what it names and what belongs to no project.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	one, two := newPlace(t, ada, "One", false), newPlace(t, ada, "Two", false)
	rename := func(p place, title string) {
		ada.Do(t, "PATCH", "/v1/tasks/"+p.task, object{"title": title}).Want(t, 200)
	}
	sockets := map[string]*apitest.Socket{
		"project": ada.ListenTo(t, "&project_id="+one.project), "board": ada.ListenTo(t, "&board_id="+one.board),
		"task": ada.ListenTo(t, "&task_id="+one.task), "two of them": ada.ListenTo(t, "&task_id="+one.task+"&project_id="+two.project), "frames": ada.Listen(t),
	}
	frames := sockets["frames"]
	if e := frames.Ask(t, object{"type": "subscribe", "task_id": two.task, "ref": "x"}, "subscribed"); !strings.Contains(e.Raw, two.task) || !strings.Contains(e.Raw, `"ref":"x"`) {
		t.Errorf("answered %s", e.Raw)
	}
	rename(one, "one")
	rename(two, "two")
	newTask(t, ada, one.doing, "another")
	ada.Do(t, "POST", "/v1/tasks/"+one.task+"/comments", object{"body": "said"}).Want(t, 201)
	ada.Do(t, "PATCH", "/v1/projects/"+one.project, object{"name": "Uno"}).Want(t, 200)
	mark(t, ada, "end")
	for name, want := range map[string]string{
		"project":     "task.updated one, task.created another, comment.created said, project.updated Uno",
		"board":       "task.updated one, task.created another, comment.created said",
		"task":        "task.updated one, comment.created said",
		"two of them": "task.updated one, task.updated two, comment.created said",
		"frames":      "task.updated two",
	} {
		if heard := strings.Join(upTo(t, sockets[name], "end"), ", "); heard != want {
			t.Errorf("%s heard %s, want %s", name, heard, want)
		}
	}
	frames.Ask(t, object{"type": "unsubscribe", "task_id": two.task}, "unsubscribed")
	rename(two, "unheard")
	mark(t, ada, "end 2")
	if heard := upTo(t, frames, "end 2"); len(heard) != 0 {
		t.Errorf("without any subscription left: %q", heard)
	}
}

// TestBoardSubscribersSeeTasksLeave: a task that goes to another board is told to both.
func TestBoardSubscribersSeeTasksLeave(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	p := newPlace(t, ada, "One", false)
	other := ada.Do(t, "POST", "/v1/projects/"+p.project+"/boards", object{"name": "Other", "template": "kanban"}).Want(t, 201)
	from, to := ada.ListenTo(t, "&board_id="+p.board), ada.ListenTo(t, "&board_id="+other.Text(t, "id"))
	cursor := seen(t, ada)
	ada.Do(t, "PATCH", "/v1/tasks/"+p.task, object{"column_id": other.Text(t, "columns.1.id")}).Want(t, 200)
	mark(t, ada, "end")
	again := ada.At(s.Node(t)).ListenTo(t, "&cursor="+cursor+"&board_id="+p.board)
	for name, c := range map[string]struct {
		socket *apitest.Socket
		want   string
	}{
		"the board it left": {from, "label.created seen, task.left"}, "the board it came to": {to, "label.created seen, task.moved One"}, "who comes back": {again, "task.left"},
	} {
		if heard := strings.Join(upTo(t, c.socket, "end"), ", "); heard != c.want {
			t.Errorf("%s heard %s, want %s", name, heard, c.want)
		}
	}
}

// TestTaskVanishesIntoAHiddenProject: those who do not see where a task went hear that it left, and no more.
func TestTaskVanishesIntoAHiddenProject(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	mel := ada.Join(t, "mel", "member")
	open, private := newPlace(t, ada, "Open", false), newPlace(t, ada, "Private", true)
	a, m := ada.Listen(t), mel.Listen(t)
	ada.Do(t, "PATCH", "/v1/tasks/"+open.task, object{"column_id": private.todo, "title": "secret"}).Want(t, 200)
	left := m.Next(t)
	if left.Type != "task.left" || left.TaskID != open.task || left.ProjectID != open.project || left.Data["board_id"] != open.board || strings.Contains(left.Raw, "secret") || strings.Contains(left.Raw, private.board) {
		t.Errorf("who does not see the new project heard %s", left.Raw)
	}
	moved := a.Next(t)
	if also := a.Next(t); moved.Type != "task.moved" || also.Raw != left.Raw || also.Version != moved.Version || left.Version != 2 {
		t.Errorf("who sees both heard %s, then %s", moved.Raw, also.Raw)
	}
}

// TestAccessNarrows: who loses a project loses what he follows and views there, on the spot.
func TestAccessNarrows(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	mel := ada.Join(t, "mel", "member")
	open, private := newPlace(t, ada, "Open", false), newPlace(t, ada, "Private", true)
	ada.Do(t, "POST", "/v1/projects/"+private.project+"/members", object{"user_id": mel.User, "role": "member"}).Want(t, 201)
	a, m := ada.Listen(t), mel.ListenTo(t, "&project_id="+private.project+"&project_id="+open.project)
	a.Ask(t, object{"type": "view", "task_id": private.task}, "viewing")
	m.Ask(t, object{"type": "view", "task_id": private.task}, "viewing")
	presenceOf(t, a, "ada mel")
	ada.Do(t, "DELETE", "/v1/projects/"+private.project+"/members/"+mel.User, nil).Want(t, 204)
	unsubscribed, left := "", ""
	for unsubscribed == "" || left == "" {
		switch e := m.Next(t); e.Type {
		case "unsubscribed":
			unsubscribed = e.Raw
		case "left":
			left = e.Raw
		}
	}
	if !strings.Contains(unsubscribed, private.project) || !strings.Contains(left, private.task) || !strings.Contains(left, `"reason":"access"`) {
		t.Errorf("told %s, %s", unsubscribed, left)
	}
	presenceOf(t, a, "ada")
	a.Send(t, object{"type": "typing", "task_id": private.task, "typing": true})
	ada.Do(t, "PATCH", "/v1/tasks/"+private.task, object{"title": "secret"}).Want(t, 200)
	ada.Do(t, "PATCH", "/v1/tasks/"+open.task, object{"title": "open"}).Want(t, 200)
	mark(t, ada, "end")
	for _, told := range upTo(t, m, "end") {
		if told != "task.updated open" && !strings.HasPrefix(told, "project_member.removed") {
			t.Errorf("heard %s of what it does not see", told)
		}
	}
	// A task that goes where one does not see it takes the view along.
	m.Ask(t, object{"type": "view", "task_id": open.task}, "viewing")
	a.Ask(t, object{"type": "view", "task_id": open.task}, "viewing")
	presenceOf(t, a, "ada mel")
	ada.Do(t, "PATCH", "/v1/tasks/"+open.task, object{"column_id": private.todo}).Want(t, 200)
	presenceOf(t, a, "ada")
	m.Until(t, "left")
}
