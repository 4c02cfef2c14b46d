// Package demo fills an organization with the work of a company that never was, for people who want to look around.
//
// It is a client: everything goes through the API, as the member who would have done it, so that permissions are asked
// and events are written as for anybody else.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/plinth/plinth/internal/platform/fault"
)

// Options say what to fill and with how much.
type Options struct {
	API   http.Handler // the service
	Mail  *Mailbox     // what the service sends its mail to
	Now   time.Time    // due dates lie around it
	Tasks int          // at most MaxTasks
	Seed  uint64       // the same seed gives the same work, but for ids, times and the password
}

// Summary tells what has been made.
type Summary struct {
	Org      Organization
	Admin    string // e-mail address
	Password string // of every member

	Members, Projects, Boards, Tasks, Subtasks, Comments, Done, Links, Views int
}

// Organization is the one that has been filled.
type Organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// Fill signs up the members, of whom the first founds the organization and invites the others, and has them plan, do and
// discuss their work. An earlier demo stays as it is: the next one's members have other addresses.
func Fill(ctx context.Context, o Options) (Summary, error) {
	if o.Tasks < 1 || o.Tasks > MaxTasks {
		return Summary{}, fmt.Errorf("a demo has 1 to %d tasks, not %d", MaxTasks, o.Tasks)
	}
	f := &filler{Options: o, plan: newPlan(o.Seed, o.Tasks)}
	f.summary.Password = rand.Text()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"found the organization", f.found},
		{"invite the members", f.invite},
		{"make labels", f.makeLabels},
		{"make projects", f.makeProjects},
		{"do the work", f.work},
		{"tidy up", f.tidy},
		{"hire somebody", f.hire},
		{"save views", f.saveViews},
	} {
		if err := step.do(ctx); err != nil {
			return Summary{}, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return f.summary, nil
}

type filler struct {
	Options
	plan    *plan
	summary Summary
	people  []*member // in the order of staff
	labels  map[string]string
	project []string // in the order of the plan
	boards  []*board // likewise
	ids     []string // of the tasks, likewise
}

// member is a person, signed in.
type member struct {
	client
	person
	id, email string
}

// address gives a person's e-mail address in the nth demo of an installation.
func (p person) address(n int) string {
	first, _, _ := strings.Cut(strings.ToLower(p.name), " ")
	if n > 1 {
		first = fmt.Sprintf("%s.%d", first, n)
	}
	return first + "@demo.example"
}

// maxDemos bounds the search for addresses that are free.
const maxDemos = 1000

func (f *filler) found(ctx context.Context) error {
	for n := 1; n <= maxDemos; n++ {
		err := f.signUp(ctx, staff()[0], n, company)
		var refused *problem
		if errors.As(err, &refused) && refused.Type == "/problems/"+string(fault.EmailTaken) {
			continue
		}
		if err != nil {
			return err
		}
		f.summary.Admin = f.people[0].email
		for _, p := range staff()[1:] {
			if err := f.signUp(ctx, p, n, ""); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("there are %d demos already", maxDemos)
}

// signUp makes the account, and an organization with it where one is named.
func (f *filler) signUp(ctx context.Context, p person, n int, orgName string) error {
	m := &member{client: client{api: f.API}, person: p, email: p.address(n)}
	body := map[string]any{"email": m.email, "password": f.summary.Password, "name": p.name}
	if orgName != "" {
		body["org_name"] = orgName
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		User        struct{ ID string }
		Org         Organization
	}
	if err := m.post(ctx, "/v1/auth/signup", body, &answer); err != nil {
		return err
	}
	if orgName != "" {
		f.summary.Org = answer.Org
	}
	m.token, m.org, m.id = answer.AccessToken, f.summary.Org.ID, answer.User.ID
	f.people = append(f.people, m)
	f.summary.Members++
	return nil
}

func (f *filler) invite(ctx context.Context) error {
	admin := f.people[0]
	for _, m := range f.people[1:] {
		if err := admin.post(ctx, "/v1/orgs/"+f.summary.Org.ID+"/invite", map[string]any{"email": m.email, "role": m.role}, nil); err != nil {
			return err
		}
		token, err := f.Mail.invitation(m.email)
		if err != nil {
			return err
		}
		if err := m.post(ctx, "/v1/invitations/accept", map[string]any{"token": token}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) makeLabels(ctx context.Context) error {
	f.labels = map[string]string{}
	for _, l := range labels() {
		var made struct{ ID string }
		if err := f.people[0].post(ctx, "/v1/labels", map[string]any{"name": l.name, "color": l.color}, &made); err != nil {
			return err
		}
		f.labels[l.name] = made.ID
	}
	return nil
}

// board is a board with its columns, left to right.
type board struct {
	ID      string
	Columns []struct{ ID, Status string }
}

// column is the board's first of the status that a place has; inReview is the last that work in progress has.
func (b *board) column(place string) string {
	id := ""
	for _, c := range b.Columns {
		if c.Status == place {
			return c.ID
		}
		if place == inReview && c.Status == inProgress {
			id = c.ID
		}
	}
	return id
}

func (f *filler) makeProjects(ctx context.Context) error {
	lead := f.people[0]
	for _, p := range projects() {
		var made struct{ ID string }
		if err := lead.post(ctx, "/v1/projects", map[string]any{"name": p.name, "key": p.key, "description": p.description}, &made); err != nil {
			return err
		}
		f.summary.Projects++
		f.project = append(f.project, made.ID)
		if err := f.equip(ctx, made.ID); err != nil {
			return err
		}
		for _, b := range p.boards {
			board := &board{}
			if err := lead.post(ctx, "/v1/projects/"+made.ID+"/boards", map[string]any{"name": b.name, "template": b.template}, board); err != nil {
				return err
			}
			f.boards = append(f.boards, board)
			f.summary.Boards++
		}
	}
	return nil
}

func (f *filler) work(ctx context.Context) error {
	f.ids = make([]string, len(f.plan.tasks))
	for i, t := range f.plan.tasks {
		id, err := f.do(ctx, t)
		if err == nil {
			f.ids[i] = id
			err = f.detail(ctx, i)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", t.title, err)
		}
	}
	return nil
}

// do has one task written, discussed and moved to where it stands by now.
func (f *filler) do(ctx context.Context, t task) (string, error) {
	b := f.boards[t.board]
	body := map[string]any{"title": t.title, "description": t.description, "priority": t.priority, "assignee_ids": f.userIDs(t.assignees), "label_ids": f.labelIDs(t.labels)}
	if t.estimate > 0 {
		body["estimate"] = t.estimate
	}
	if t.severity != "" {
		body["fields"] = map[string]any{"severity": t.severity}
	}
	if t.dueInDays != nil {
		body["due_at"] = f.Now.Truncate(24*time.Hour).AddDate(0, 0, *t.dueInDays).Add(17 * time.Hour).UTC().Format(time.RFC3339)
	}
	if t.parent >= 0 {
		body["parent_id"] = f.ids[t.parent]
		f.summary.Subtasks++
	}
	var made struct{ ID string }
	if err := f.people[t.author].post(ctx, "/v1/columns/"+b.column(t.begins)+"/tasks", body, &made); err != nil {
		return "", err
	}
	f.summary.Tasks++
	for _, c := range t.comments {
		if err := f.people[c.author].post(ctx, "/v1/tasks/"+made.ID+"/comments", map[string]any{"body": c.body}, nil); err != nil {
			return "", err
		}
		f.summary.Comments++
	}
	for _, place := range t.moves {
		if err := f.people[t.mover()].patch(ctx, "/v1/tasks/"+made.ID, map[string]any{"column_id": b.column(place)}, nil); err != nil {
			return "", err
		}
	}
	if t.ends() == done {
		f.summary.Done++
	}
	return made.ID, nil
}

func (f *filler) userIDs(people []int) []string {
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = f.people[p].id
	}
	return ids
}

func (f *filler) labelIDs(names []string) []string {
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = f.labels[name]
	}
	return ids
}
