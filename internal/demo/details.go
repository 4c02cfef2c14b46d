package demo

import (
	"context"
	"time"
)

// severity is an option of the custom field that every project has for its bugs.
type severity struct{ value, name, color string }

func severities() []severity {
	return []severity{{"outage", "Outage", "#b60205"}, {"annoying", "Annoying", "#d29922"}, {"cosmetic", "Cosmetic", "#6e7781"}}
}

func steps() []string {
	return []string{"Agree on the wording", "Build it", "Try it on an old phone", "Tell the support team"}
}

// equip gives a project its custom field, and lets the guest in.
func (f *filler) equip(ctx context.Context, project string) error {
	lead, guest := f.people[0], f.people[len(f.people)-1]
	var options []map[string]any
	for _, s := range severities() {
		options = append(options, map[string]any{"value": s.value, "name": s.name, "color": s.color})
	}
	if err := lead.post(ctx, "/v1/projects/"+project+"/fields", map[string]any{"name": "Severity", "type": "select", "options": options}, nil); err != nil {
		return err
	}
	return lead.post(ctx, "/v1/projects/"+project+"/members", map[string]any{"user_id": guest.id, "role": "guest"}, nil)
}

// detail adds to the nth task what hangs on it: a checklist, what blocks it, a reply with a mention, a reaction.
func (f *filler) detail(ctx context.Context, n int) error {
	t, path := f.plan.tasks[n], "/v1/tasks/"+f.ids[n]
	author := f.people[t.author]
	for i, text := range t.steps {
		if err := author.post(ctx, path+"/checklist", map[string]any{"text": text, "checked": t.ends() == done || i == 0}, nil); err != nil {
			return err
		}
	}
	if t.blockedBy >= 0 {
		if err := author.post(ctx, path+"/links", map[string]any{"kind": "blocked_by", "task_id": f.ids[t.blockedBy]}, nil); err != nil {
			return err
		}
		f.summary.Links++
	}
	if len(t.comments) < 2 {
		return nil
	}
	var first struct{ ID string }
	if err := author.post(ctx, path+"/comments", map[string]any{"body": "@" + f.people[t.comments[0].author].email + " can we close this?"}, &first); err != nil {
		return err
	}
	answerer := f.people[t.comments[0].author]
	if err := answerer.post(ctx, path+"/comments", map[string]any{"body": "Yes, **next week**.", "parent_id": first.ID}, nil); err != nil {
		return err
	}
	f.summary.Comments += 2
	return answerer.post(ctx, "/v1/comments/"+first.ID+"/reactions", map[string]any{"emoji": "👍"}, nil)
}

// tidy archives some of what is done, and limits the work in progress.
func (f *filler) tidy(ctx context.Context) error {
	for n, t := range f.plan.tasks {
		if t.ends() != done || n%5 != 0 {
			continue
		}
		if err := f.people[t.mover()].post(ctx, "/v1/tasks/"+f.ids[n]+"/archive", nil, nil); err != nil {
			return err
		}
	}
	for _, b := range f.boards {
		limit := map[string]any{"wip_limit": 8, "wip_mode": "soft"}
		if err := f.people[0].patch(ctx, "/v1/columns/"+b.column(inProgress), limit, nil); err != nil {
			return err
		}
	}
	return nil
}

// hire makes a private project, of two people only.
func (f *filler) hire(ctx context.Context) error {
	lead := f.people[1]
	var project struct{ ID string }
	if err := lead.post(ctx, "/v1/projects", map[string]any{"name": "Hiring", "key": "HIRE", "description": "Who joins us next.", "private": true}, &project); err != nil {
		return err
	}
	if err := lead.post(ctx, "/v1/projects/"+project.ID+"/members", map[string]any{"user_id": f.people[2].id}, nil); err != nil {
		return err
	}
	b := &board{}
	if err := lead.post(ctx, "/v1/projects/"+project.ID+"/boards", map[string]any{"name": "Candidates", "template": "kanban"}, b); err != nil {
		return err
	}
	f.summary.Projects++
	f.summary.Boards++
	start := f.Now.Truncate(24 * time.Hour).UTC()
	for i, title := range []string{"Write the job ad for a designer", "Answer the first applications", "Prepare the trial day"} {
		body := map[string]any{"title": title, "start_at": start.AddDate(0, 0, 7*i).Format(time.RFC3339), "due_at": start.AddDate(0, 0, 7*i+5).Format(time.RFC3339)}
		if err := f.people[2].post(ctx, "/v1/columns/"+b.column(todo)+"/tasks", body, nil); err != nil {
			return err
		}
		f.summary.Tasks++
	}
	return nil
}

// saveViews saves lists of tasks for all, for a project and for one, and the first project as a template.
func (f *filler) saveViews(ctx context.Context) error {
	today := f.Now.UTC().Format(time.DateOnly)
	for _, v := range []map[string]any{
		{"name": "Overdue", "visibility": "organization", "filter": `due_at < "` + today + `" AND NOT status = "done"`, "sort": "due_at"},
		{"name": "Blocked", "visibility": "organization", "filter": "blocked = true", "group_by": "assignee"},
		{"name": "Bugs by severity", "visibility": "project", "project_id": f.project[0], "filter": "labels:bug", "sort": "fields.severity", "group_by": "fields.severity"},
		{"name": "My work", "filter": `assignee = me AND status = "in_progress"`, "sort": "-priority", "fields": []string{"key", "title", "priority", "due_at"}},
	} {
		if err := f.people[0].post(ctx, "/v1/views", v, nil); err != nil {
			return err
		}
		f.summary.Views++
	}
	template := map[string]any{"project_id": f.project[0], "name": "App team", "description": "Boards and fields of our mobile app."}
	return f.people[0].post(ctx, "/v1/project-templates", template, nil)
}
