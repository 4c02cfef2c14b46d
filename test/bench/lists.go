package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/test/volume"
)

// list is a page of a list that is measured.
type list struct {
	name, path string
}

const longest = 6 // times a lookup that a page may take, but for those that are named in docs/performance.md

// lists are each documented filter, sort and search, over GET /v1/tasks where no other path is said.
func lists() []list {
	id := func(k volume.Kind, n int) string { return k.ID(n).String() }
	tasks := func(query ...string) string {
		v := url.Values{}
		for i := 0; i < len(query); i += 2 {
			v.Set(query[i], query[i+1])
		}
		return "/v1/tasks?" + v.Encode()
	}
	at := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.RFC3339) }
	filter := func(expression string) list { return list{"filter " + expression, tasks("filter", expression)} }
	hub := "/v1/tasks/" + volume.Key(2, volume.Hub)
	all := []list{
		{"all, newest first", "/v1/tasks"},
		{"fields=key,title,status", tasks("fields", "key,title,status")},
		{"expand= everything", tasks("expand", "assignees,labels,column,project,parent,counts,description_html")},
		{"a column, by rank", "/v1/columns/" + id(volume.Column, 3) + "/tasks"},
		{"a board", "/v1/boards/" + id(volume.Board, 0) + "/tasks"},
		{"a project", "/v1/projects/" + id(volume.Project, 0) + "/tasks"},
		{"a view", "/v1/views/" + id(volume.View, volume.MyView) + "/tasks"},
	}
	for _, sort := range []string{"rank", "created_at", "-updated_at", "due_at", "-priority", "start_at", "-estimate", "fields.points"} {
		all = append(all, list{"sort=" + sort, tasks("sort", sort)})
	}
	all = append(all,
		list{"project_id, sort=-updated_at", tasks("project_id", id(volume.Project, 0), "sort", "-updated_at")},
		list{"project_id of a small one, sort=rank", tasks("project_id", id(volume.Project, volume.Small), "sort", "rank")},
		list{"status=done", tasks("status", "done")},
		list{"status=canceled (2 %)", tasks("status", "canceled")},
		list{"status=canceled, sort=-updated_at", tasks("status", "canceled", "sort", "-updated_at")},
		list{"priority=urgent (1 %)", tasks("priority", "urgent")},
		list{"assignee_id, 41,000 tasks", tasks("assignee_id", id(volume.User, 0))},
		list{"assignee_id, 41,000 tasks, sort=-updated_at", tasks("assignee_id", id(volume.User, 0), "sort", "-updated_at")},
		list{"assignee_id, 60 tasks", tasks("assignee_id", id(volume.User, volume.RareUser))},
		list{"assignee_id, 60 tasks, sort=-updated_at", tasks("assignee_id", id(volume.User, volume.RareUser), "sort", "-updated_at")},
		list{"label_id, 49,000 tasks", tasks("label_id", id(volume.Label, 0))},
		list{"label_id, 60 tasks", tasks("label_id", id(volume.Label, volume.RareLabel))},
		list{"created_by", tasks("created_by", id(volume.User, 0))},
		list{"assignee_id and project_id", tasks("assignee_id", id(volume.User, 0), "project_id", id(volume.Project, 1))},
		list{"due_before, sort=due_at", tasks("due_before", at(-100), "sort", "due_at")},
		list{"due_after, sort=due_at", tasks("due_after", at(-10), "sort", "due_at")},
		list{"updated_since, sort=updated_at", tasks("updated_since", at(-60), "sort", "updated_at")},
		list{"state=archived", tasks("state", "archived")},
		list{"state=trashed", tasks("state", "trashed")},
		list{"q, a word in 10 tasks", tasks("q", volume.RareWord)},
		list{"q, its beginning", tasks("q", volume.RareWord[:6])},
		list{"q, a rare and a common word", tasks("q", volume.CommonWord+" "+volume.RareWord)},
		list{"q, a word in 60,000 tasks", tasks("q", volume.CommonWord)},
		list{"q, misspelt", tasks("q", "zepelin")},
	)
	for _, expression := range []string{`assignee = me`, `labels:"label 49"`, `labels:"label 0"`, `assignee = null`, `watcher = me`, `mentions = me`, `project = "P39"`,
		`column = "canceled"`, `blocked = true`, `blocked = false`, `priority >= "high"`, `estimate > 18`, `fields.points = 7`, `fields.severity = "worst"`, `zeppelin`, `title:"zeppelin"`,
		`status = "todo" AND labels:"label 0" AND assignee = me`} {
		all = append(all, filter(expression))
	}
	return append(all,
		list{"comments of a task", hub + "/comments"}, list{"checklist", hub + "/checklist"}, list{"links", hub + "/links"},
		list{"watchers", hub + "/watchers"}, list{"activity", hub + "/activity"},
		list{"members", "/v1/orgs/" + id(volume.Org, 0) + "/members"}, list{"projects", "/v1/projects"}, list{"labels", "/v1/labels"}, list{"views", "/v1/views"},
	)
}

// runLists measures the lists over one connection to a server that does nothing else: latency, not throughput.
func (o options) runLists(ctx context.Context) (err error) {
	if o.rounds < 1 {
		return errors.New("nothing to measure: -rounds is 1 or more")
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	busy := loadAverage() // before this program adds to it
	h, err := newHouse(population{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close(ctx)) }()
	program, err := build(ctx, h.dir, plinthCommand)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "preparing an organization of %d tasks\n", volume.Tasks)
	if err := h.start(ctx); err != nil {
		return err
	}
	if err := volume.Fill(ctx, h.url(pgembed.Database)); err != nil {
		return err
	}
	keys, err := someKeys(ctx, h.url(pgembed.Database))
	if err != nil {
		return err
	}
	s, err := startPlinth(ctx, program, h)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	c, err := dial(ctx, s.addr, population{}, nil, 0)
	if err != nil {
		return err
	}
	defer func() { _ = c.conn.Close() }()
	token, err := volume.Token(h.secret, volume.Admin)
	if err != nil {
		return err
	}
	r := &reader{client: c, tail: " HTTP/1.1\r\nHost: localhost\r\nX-Org-Id: " + volume.Org.ID(0).String() + "\r\nAuthorization: Bearer " + token + "\r\n\r\n", keys: keys}
	fmt.Printf("PostgreSQL %s, %s, %d CPUs with load %s before, 1 connection, %d tasks, %d rounds\n\n",
		h.cluster.Version(), runtime.Version(), runtime.NumCPU(), busy, volume.Tasks, o.rounds)
	return r.measure(lists(), o.rounds)
}

// someKeys are what the lookups look for: keys from all over the organization.
func someKeys(ctx context.Context, url string) (keys []string, err error) {
	err = onConnection(ctx, url, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, "select key from app.tasks where org_id = $1 and deleted_at is null and number % 200 = 7 order by md5(key)", volume.Org.ID(0))
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return keys, err
}

// reader reads lists and looks up tasks, one after the other.
type reader struct {
	*client
	tail string // of a request, behind the path
	keys []string
	next int
}

func (r *reader) get(path string) (time.Duration, error) {
	r.out = append(append(append(r.out[:0], "GET "...), path...), r.tail...)
	begun := time.Now()
	if err := r.exchange(200); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return time.Since(begun), nil
}

// series are the times of a list, and of the lookups between its pages.
type series struct {
	pages, lookups []time.Duration
	ratios         []float64 // of each round
}

const (
	pagesARound = 20
	roundBudget = 2 * time.Second // of a list that takes long, fewer pages are read
	warmPages   = 6               // by then PostgreSQL has made up its mind about plans
)

// measure goes through all lists in every round, and looks up a task before each page.
func (r *reader) measure(all []list, rounds int) error {
	seen := make([]series, len(all))
	for range rounds {
		for i, l := range all {
			if err := r.round(l, &seen[i]); err != nil {
				return err
			}
		}
	}
	fmt.Printf("| %-55s | p50 ms | p99 ms | times a lookup     |\n|%s|-------:|-------:|-------------------:|\n", "50 tasks", dashes(57))
	var lookups []time.Duration
	for i, l := range all {
		slices.Sort(seen[i].pages)
		slices.Sort(seen[i].ratios)
		lookups = append(lookups, seen[i].lookups...)
		ratios := fmt.Sprintf("%.1f (%.1f-%.1f)", median(seen[i].ratios), seen[i].ratios[0], seen[i].ratios[rounds-1])
		if median(seen[i].ratios) > longest {
			ratios += " *"
		}
		fmt.Printf("| %-55s | %6.2f | %6.2f | %18s |\n", l.name, milliseconds(quantile(seen[i].pages, 0.5)), milliseconds(quantile(seen[i].pages, 0.99)), ratios)
	}
	slices.Sort(lookups)
	fmt.Printf("| %-55s | %6.2f | %6.2f | %18s |\n\n* more than %d\n", "the lookup, GET /v1/tasks/{key}",
		milliseconds(quantile(lookups, 0.5)), milliseconds(quantile(lookups, 0.99)), "1", longest)
	return nil
}

func (r *reader) round(l list, s *series) error {
	var pages, lookups []time.Duration
	begun := time.Now()
	for i := 0; i < warmPages+pagesARound && (i <= warmPages || time.Since(begun) < roundBudget); i++ {
		r.next = (r.next + 1) % len(r.keys)
		lookup, err := r.get("/v1/tasks/" + r.keys[r.next])
		if err != nil {
			return err
		}
		page, err := r.get(l.path)
		if err != nil {
			return err
		}
		if i >= warmPages {
			pages, lookups = append(pages, page), append(lookups, lookup)
		}
	}
	slices.Sort(pages)
	slices.Sort(lookups)
	s.ratios = append(s.ratios, float64(quantile(pages, 0.5))/float64(quantile(lookups, 0.5)))
	s.pages, s.lookups = append(s.pages, pages...), append(s.lookups, lookups...)
	return nil
}

func dashes(n int) string {
	return string(slices.Repeat([]byte("-"), n))
}
