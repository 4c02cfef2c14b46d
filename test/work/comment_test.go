package work_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plinth/plinth/internal/comment"
	"github.com/plinth/plinth/test/apitest"
)

// talk is a task of an organization's own, with those who talk about it.
type talk struct {
	t                   *testing.T
	server              *apitest.Server
	ada, grace          *apitest.Client // the admin, and a member
	project, task, path string          // path is that of the task's comments
}

func newTalk(t *testing.T) *talk {
	t.Helper()
	s := apitest.New(t)
	v := &talk{t: t, server: s, ada: s.SignUp(t, "ada")}
	v.grace = v.ada.Join(t, "grace", "member")
	v.project = v.made("/v1/projects", map[string]any{"name": "Engine"}).Text(t, "id")
	v.task = v.newTask()
	v.path = "/v1/tasks/" + v.task + "/comments"
	return v
}

func (v *talk) made(path string, body map[string]any) *apitest.Response {
	v.t.Helper()
	return v.ada.Do(v.t, "POST", path, body).Want(v.t, 201)
}

func (v *talk) newTask() string {
	v.t.Helper()
	board := v.made("/v1/projects/"+v.project+"/boards", map[string]any{"name": "Work", "template": "kanban"})
	return v.made("/v1/columns/"+board.Text(v.t, "columns.1.id")+"/tasks", map[string]any{"title": "Mill"}).Text(v.t, "id")
}

// says comments on the task, in the thread of another comment where one is given.
func (v *talk) says(who *apitest.Client, body string, to ...string) *apitest.Response {
	v.t.Helper()
	request := map[string]any{"body": body}
	if len(to) > 0 {
		request["parent_id"] = to[0]
	}
	return who.Do(v.t, "POST", v.path, request).Want(v.t, 201)
}

func (v *talk) id(r *apitest.Response) string { return r.Text(v.t, "id") }

// list is the bodies of the task's comments, in order.
func (v *talk) list(query string) []string {
	v.t.Helper()
	r := v.ada.Do(v.t, "GET", v.path+query, nil).Want(v.t, 200)
	bodies := []string{}
	for i := range r.Len(v.t, "items") {
		bodies = append(bodies, r.Text(v.t, fmt.Sprintf("items.%d.body", i)))
	}
	return bodies
}

func (v *talk) wantList(query string, want ...string) {
	v.t.Helper()
	if got := v.list(query); !slices.Equal(got, want) {
		v.t.Errorf("comments%s: %q, want %q", query, got, want)
	}
}

func (v *talk) get(id string) *apitest.Response {
	v.t.Helper()
	return v.ada.Do(v.t, "GET", "/v1/comments/"+id, nil).Want(v.t, 200)
}

func (v *talk) delete(who *apitest.Client, id string) {
	v.t.Helper()
	who.Do(v.t, "DELETE", "/v1/comments/"+id, nil).Want(v.t, 204)
}

func (v *talk) reacts(who *apitest.Client, id, emoji string) *apitest.Response {
	v.t.Helper()
	return who.Do(v.t, "POST", "/v1/comments/"+id+"/reactions", map[string]any{"emoji": emoji})
}

// role gives a member another role in the project.
func (v *talk) role(who *apitest.Client, role string) {
	v.t.Helper()
	v.made("/v1/projects/"+v.project+"/members", map[string]any{"user_id": who.User, "role": role})
}

// count is a number that the database alone knows.
func (v *talk) count(sql string, args ...any) int {
	v.t.Helper()
	var n int
	if err := v.server.Owner.QueryRow(v.t.Context(), sql, args...).Scan(&n); err != nil {
		v.t.Fatal(err)
	}
	return n
}

// wantErrorAt fails the test unless the problem names the place.
func wantErrorAt(t *testing.T, r *apitest.Response, place string) {
	t.Helper()
	if got := r.Text(t, "errors.0.location"); got != place {
		t.Errorf("the problem names %s, want %s: %s", got, place, r.Body)
	}
}

func texts(t *testing.T, r *apitest.Response, path string) []string {
	t.Helper()
	list := []string{}
	for i := range r.Len(t, path) {
		list = append(list, r.Text(t, fmt.Sprintf("%s.%d", path, i)))
	}
	return list
}

func TestThreads(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	first := v.says(v.ada, "first")
	if first.Get(t, "parent_id") != nil || first.Number(t, "reply_count") != 0 {
		t.Errorf("first comment %s", first.Body)
	}
	second := v.says(v.grace, "second")
	reply := v.says(v.grace, "reply", v.id(first))
	nested := v.says(v.ada, "reply to the reply", v.id(reply))
	for _, r := range []*apitest.Response{reply, nested} {
		if r.Text(t, "parent_id") != v.id(first) {
			t.Errorf("reply %s is not in the thread of %s", r.Body, v.id(first))
		}
	}
	v.wantList("", "first", "second", "reply", "reply to the reply")
	v.wantList("?threads=true", "first", "second")
	v.wantList("?parent_id="+v.id(first), "reply", "reply to the reply")
	v.wantList("?parent_id=" + v.id(second))
	v.wantList("?parent_id=" + v.id(reply))
	for id, want := range map[string]float64{v.id(first): 2, v.id(second): 0, v.id(reply): 0} {
		if got := v.get(id).Number(t, "reply_count"); got != want {
			t.Errorf("%v replies to %s, want %v", got, id, want)
		}
	}
	changed := v.ada.Do(t, "PATCH", "/v1/comments/"+v.id(first), map[string]any{"body": "changed"}).Want(t, 200)
	if changed.Number(t, "reply_count") != 2 {
		t.Errorf("changed %s", changed.Body)
	}

	page := v.ada.Do(t, "GET", v.path+"?limit=1&parent_id="+v.id(first), nil).Want(t, 200)
	v.wantList("?limit=1&parent_id="+v.id(first)+"&cursor="+page.Text(t, "next_cursor"), "reply to the reply")

	elsewhere := "/v1/tasks/" + v.newTask() + "/comments"
	r := v.ada.Do(t, "POST", elsewhere, map[string]any{"body": "x", "parent_id": v.id(first)}).WantProblem(t, 404, "not-found")
	wantErrorAt(t, r, "body.parent_id")
	r = v.ada.Do(t, "GET", elsewhere+"?parent_id="+v.id(first), nil).WantProblem(t, 404, "not-found")
	wantErrorAt(t, r, "query.parent_id")
	r = v.ada.Do(t, "GET", v.path+"?threads=true&parent_id="+v.id(first), nil).WantProblem(t, 422, "validation")
	wantErrorAt(t, r, "query.threads")
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	first := v.id(v.says(v.grace, "regret, @"+v.ada.Email))
	reply, another := v.id(v.says(v.ada, "reply", first)), v.id(v.says(v.ada, "another", first))
	v.reacts(v.ada, first, "👍").Want(t, 201)
	v.reacts(v.grace, first, "👍").Want(t, 201)
	socket := v.ada.Listen(t)
	v.delete(v.grace, first)

	kept := v.get(first)
	if kept.Text(t, "body") != "" || kept.Text(t, "deleted_at") == "" || kept.Len(t, "mention_ids") != 0 || kept.Len(t, "reactions") != 0 ||
		kept.Number(t, "reply_count") != 2 || kept.Number(t, "version") != 2 {
		t.Errorf("tombstone %s", kept.Body)
	}
	if e := socket.Next(t); e.Type != "comment.deleted" || e.CommentID != first || e.Version != 2 || e.Data["body"] != "" ||
		e.Data["reply_count"] != 2.0 || e.Data["deleted_at"] != kept.Text(t, "deleted_at") {
		t.Errorf("event %s of %s", e.Raw, kept.Body)
	}
	v.wantList("", "", "reply", "another")
	v.wantList("?threads=true", "")
	if n := v.count("select count(*) from app.reactions where comment_id = $1", first); n != 0 {
		t.Errorf("%d reactions to a tombstone", n)
	}

	body := map[string]any{"body": "x"}
	path := "/v1/comments/" + first
	v.grace.Do(t, "PATCH", path, body).WantProblem(t, 404, "not-found")
	v.grace.Do(t, "DELETE", path, nil).WantProblem(t, 404, "not-found")
	v.ada.Do(t, "DELETE", path, nil).WantProblem(t, 404, "not-found")
	v.reacts(v.ada, first, "👍").WantProblem(t, 404, "not-found")
	v.ada.Do(t, "DELETE", path+"/reactions/"+url.PathEscape("👍"), nil).WantProblem(t, 404, "not-found")
	r := v.ada.Do(t, "POST", v.path, map[string]any{"body": "x", "parent_id": first}).WantProblem(t, 404, "not-found")
	wantErrorAt(t, r, "body.parent_id")

	if late := v.says(v.grace, "late", reply); late.Text(t, "parent_id") != first {
		t.Errorf("a reply to a live one is not in its thread: %s", late.Body)
	} else {
		v.delete(v.grace, v.id(late))
	}
	v.delete(v.ada, reply)
	v.wantList("", "", "another")
	v.delete(v.ada, another)
	v.wantList("")
	v.ada.Do(t, "GET", path, nil).WantProblem(t, 404, "not-found")
	events := socket.Until(t, "comment.deleted") // of the late reply
	events = append(events, socket.Next(t), socket.Next(t), socket.Next(t))
	var deleted []string
	for _, e := range events {
		if e.Type == "comment.deleted" {
			deleted = append(deleted, e.CommentID)
		}
	}
	if last := events[len(events)-1]; !slices.Equal(deleted[1:], []string{reply, another, first}) || last.Version != 3 || last.Data["reply_count"] != 0.0 {
		t.Errorf("deleted %v, at last %s", deleted, last.Raw)
	}
}

// TestDeletionWithoutReplies: nothing of the comment is left.
func TestDeletionWithoutReplies(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	first := v.id(v.says(v.grace, "first"))
	reply := v.id(v.says(v.grace, "reply", first))
	v.reacts(v.ada, reply, "👍").Want(t, 201)
	v.delete(v.ada, reply) // another's, by an admin
	v.wantList("", "first")
	v.delete(v.grace, first)
	v.wantList("")
	v.ada.Do(t, "GET", "/v1/comments/"+first, nil).WantProblem(t, 404, "not-found")
	if n := v.count("select (select count(*) from app.comments) + (select count(*) from app.reactions) + (select count(*) from app.task_search where doc_id <> task_id)"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// TestThreadRaces lets those who change one thread meet: whatever comes first, no reply is lost, no tombstone stays
// without replies, and none has reactions.
func TestThreadRaces(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	const rounds = 25
	for range rounds {
		first := v.id(v.says(v.ada, "first"))
		replies := []string{v.id(v.says(v.ada, "one", first)), v.id(v.says(v.grace, "two", first))}
		more := v.id(v.says(v.grace, "alone"))
		v.together(
			v.will(v.ada, "DELETE", "/v1/comments/"+first, nil, 204),
			v.will(v.ada, "DELETE", "/v1/comments/"+replies[0], nil, 204),
			v.will(v.grace, "DELETE", "/v1/comments/"+replies[1], nil, 204),
			v.will(v.grace, "POST", "/v1/comments/"+first+"/reactions", map[string]any{"emoji": "👍"}, 201, 404),
			v.will(v.grace, "DELETE", "/v1/comments/"+more, nil, 204),
			v.will(v.ada, "POST", v.path, map[string]any{"body": "kept", "parent_id": more}, 201, 404),
		)
	}
	for what, sql := range map[string]string{
		"tombstones without replies": "select count(*) from app.comments c where deleted_at is not null and not exists (select from app.comments r where r.parent_id = c.id)",
		"reactions to tombstones":    "select count(*) from app.reactions join app.comments c on c.id = comment_id where c.deleted_at is not null",
		"deleted replies":            "select count(*) from app.comments where body in ('one', 'two', 'first')",
		"replies lost":               "select (select count(*) from app.events where kind = 'comment.created' and payload ->> 'body' = 'kept') - (select count(*) from app.comments where body = 'kept')",
	} {
		if n := v.count(sql); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// will sends a request from any goroutine, and complains of an answer with another status.
func (v *talk) will(who *apitest.Client, method, path string, body any, statuses ...int) func() {
	return func() {
		r, err := who.Try(method, path, body)
		if err != nil {
			v.t.Error(err)
		} else if !slices.Contains(statuses, r.Status) {
			v.t.Errorf("%s %s: %d %s", method, path, r.Status, r.Body)
		}
	}
}

func (v *talk) together(all ...func()) {
	var group sync.WaitGroup
	for _, one := range all {
		group.Go(one)
	}
	group.Wait()
}

func TestCommentMentions(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	guest, insider := v.ada.Join(t, "guest", "guest"), v.ada.Join(t, "insider", "guest")
	v.role(insider, "guest")
	stranger := v.server.SignUp(t, "stranger")
	body := fmt.Sprintf("@%s, @%s, @%s, @%s, `@%s`, @%s: see", strings.ToUpper(v.grace.Email), insider.User, guest.Email, stranger.Email, v.ada.Email, stranger.User)
	want := []string{v.grace.User, insider.User}
	slices.Sort(want)
	made := v.says(v.ada, body)
	if got := texts(t, made, "mention_ids"); !slices.Equal(got, want) {
		t.Errorf("%q mentions %v, want %v", body, got, want)
	}
	path := "/v1/comments/" + v.id(made)
	same := v.ada.Do(t, "PATCH", path, map[string]any{}).Want(t, 200)
	if got := texts(t, same, "mention_ids"); !slices.Equal(got, want) {
		t.Errorf("unchanged, it mentions %v, want %v", got, want)
	}
	changed := v.ada.Do(t, "PATCH", path, map[string]any{"body": "@" + v.ada.Email + " @" + guest.User}).Want(t, 200)
	if got := texts(t, changed, "mention_ids"); !slices.Equal(got, []string{v.ada.User}) {
		t.Errorf("changed, it mentions %v", got)
	}
	silent := v.ada.Do(t, "PATCH", path, map[string]any{"body": "nobody"}).Want(t, 200)
	if silent.Len(t, "mention_ids") != 0 {
		t.Errorf("%s", silent.Body)
	}

	v.ada.Do(t, "PATCH", "/v1/projects/"+v.project, map[string]any{"private": true}).Want(t, 200)
	if private := v.says(v.ada, body); !slices.Equal(texts(t, private, "mention_ids"), []string{insider.User}) {
		t.Errorf("in a private project: %s", private.Body)
	}
}

func TestRenderedComments(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	made := v.says(v.ada, "**so**, @"+v.grace.Email+" <script>alert(1)</script> @nobody@plinth.test")
	if made.Get(t, "body_html") != nil || v.get(v.id(made)).Get(t, "body_html") != nil {
		t.Error("rendered without having been asked for")
	}
	want := `<p><strong>so</strong>, <span class="mention" data-user-id="` + v.grace.User + `">@grace</span> &lt;script&gt;alert(1)&lt;/script&gt; @nobody@plinth.test</p>`
	one := v.ada.Do(t, "GET", "/v1/comments/"+v.id(made)+"?expand=body_html", nil).Want(t, 200)
	if got := strings.TrimSpace(one.Text(t, "body_html")); got != want {
		t.Errorf("rendered %s\nwant %s", got, want)
	}
	if one.Header.Get("ETag") != `"1"` {
		t.Errorf("ETag %s", one.Header.Get("ETag"))
	}
	list := v.ada.Do(t, "GET", v.path+"?expand=body_html", nil).Want(t, 200)
	if got := strings.TrimSpace(list.Text(t, "items.0.body_html")); got != want {
		t.Errorf("listed %s\nwant %s", got, want)
	}
	r := v.ada.Do(t, "GET", v.path+"?expand=author", nil).WantProblem(t, 422, "validation")
	wantErrorAt(t, r, "query.expand[0]")
}

func TestReactions(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	id := v.id(v.says(v.ada, "done"))
	socket := v.ada.Listen(t)
	first := v.reacts(v.ada, id, "🎉").Want(t, 201)
	if first.Text(t, "comment_id") != id || first.Text(t, "task_id") != v.task || first.Text(t, "user_id") != v.ada.User || first.Text(t, "emoji") != "🎉" {
		t.Errorf("reaction %s", first.Body)
	}
	again := v.reacts(v.ada, id, "🎉").Want(t, 201)
	if string(again.Body) != string(first.Body) {
		t.Errorf("again %s, first %s", again.Body, first.Body)
	}
	v.reacts(v.grace, id, ":+1:").Want(t, 201)
	v.reacts(v.grace, id, "🎉").Want(t, 201)
	read := v.get(id)
	if read.Number(t, "version") != 1 || read.Len(t, "reactions") != 2 || read.Text(t, "reactions.0.emoji") != "🎉" || read.Number(t, "reactions.0.count") != 2 ||
		!slices.Equal(texts(t, read, "reactions.0.user_ids"), []string{v.ada.User, v.grace.User}) ||
		read.Text(t, "reactions.1.emoji") != ":+1:" || !slices.Equal(texts(t, read, "reactions.1.user_ids"), []string{v.grace.User}) {
		t.Errorf("reactions %s", read.Body)
	}
	list := v.ada.Do(t, "GET", v.path, nil).Want(t, 200)
	changed := v.ada.Do(t, "PATCH", "/v1/comments/"+id, map[string]any{"body": "well done"}).Want(t, 200)
	for at, r := range map[string]*apitest.Response{"items.0.reactions": list, "reactions": changed} {
		if got, want := fmt.Sprint(r.Get(t, at)), fmt.Sprint(read.Get(t, "reactions")); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}

	path := "/v1/comments/" + id + "/reactions/"
	v.ada.Do(t, "DELETE", path+url.PathEscape("🎉"), nil).Want(t, 204)
	v.ada.Do(t, "DELETE", path+url.PathEscape("🎉"), nil).WantProblem(t, 404, "not-found")
	v.ada.Do(t, "DELETE", path+":+1:", nil).WantProblem(t, 404, "not-found") // another's
	if left := v.get(id); !slices.Equal(texts(t, left, "reactions.0.user_ids"), []string{v.grace.User}) {
		t.Errorf("after one is taken back: %s", left.Body)
	}
	want := []string{"reaction.added 🎉 " + v.ada.User, "reaction.added :+1: " + v.grace.User, "reaction.added 🎉 " + v.grace.User,
		"comment.updated <nil> <nil>", "reaction.removed 🎉 " + v.ada.User}
	var got []string
	for range want {
		e := socket.Next(t)
		got = append(got, fmt.Sprint(e.Type, " ", e.Data["emoji"], " ", e.Data["user_id"]))
		if e.TaskID != v.task || e.ProjectID != v.project || e.Data["task_id"] != v.task || e.Type != "comment.updated" && e.Data["comment_id"] != id {
			t.Errorf("event %s", e.Raw)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestReactionLimits(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	id := v.id(v.says(v.ada, "done"))
	for _, bad := range []string{"", " ", "x", "👍 👍", "👍👍", "up", "::", ":Up:", "👍x", ":" + strings.Repeat("x", 31) + ":"} {
		r := v.reacts(v.ada, id, bad).WantProblem(t, 422, "validation")
		wantErrorAt(t, r, "body.emoji")
	}
	r := v.ada.Do(t, "DELETE", "/v1/comments/"+id+"/reactions/x", nil).WantProblem(t, 422, "validation")
	wantErrorAt(t, r, "path.emoji")
	v.ada.Do(t, "DELETE", "/v1/comments/"+id+"/reactions/%FF", nil).WantProblem(t, 422, "validation")

	for i := range comment.MaxEmoji {
		v.reacts(v.ada, id, string(rune(0x1F600+i))).Want(t, 201)
	}
	r = v.reacts(v.ada, id, "👍").WantProblem(t, 409, "conflict")
	wantErrorAt(t, r, "body.emoji")
	v.reacts(v.grace, id, "😀").Want(t, 201) // none that is new
	v.reacts(v.ada, id, "😀").Want(t, 201)
	v.ada.Do(t, "DELETE", "/v1/comments/"+id+"/reactions/"+url.PathEscape("😁"), nil).Want(t, 204)
	v.reacts(v.ada, id, "👍").Want(t, 201)

	crowd := v.id(v.says(v.ada, "crowd"))
	var all []func()
	for i := range 2 * comment.MaxEmoji {
		all = append(all, v.will([]*apitest.Client{v.ada, v.grace}[i%2], "POST", "/v1/comments/"+crowd+"/reactions",
			map[string]any{"emoji": string(rune(0x1F600 + i))}, 201, 409))
	}
	v.together(all...)
	if n := v.get(crowd).Len(t, "reactions"); n != comment.MaxEmoji {
		t.Errorf("%d different emoji", n)
	}
}

// TestFoundByComments: the words of a comment find its task, as long as it says them.
func TestFoundByComments(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	found := func(word string, want int) {
		t.Helper()
		r := v.ada.Do(t, "GET", "/v1/tasks?q="+word, nil).Want(t, 200)
		if got := r.Len(t, "items"); got != want {
			t.Errorf("%d tasks are found by %s, want %d", got, word, want)
		}
	}
	first := v.id(v.says(v.ada, "quicksilver"))
	reply := v.id(v.says(v.ada, "hornblende", first))
	found("quicksilver", 1)
	found("quicksivler", 1) // misspelt
	found("hornblende", 1)
	v.ada.Do(t, "PATCH", "/v1/comments/"+reply, map[string]any{"body": "feldspar"}).Want(t, 200)
	found("hornblende", 0)
	found("feldspar", 1)
	found("feldspra", 1)
	v.delete(v.ada, first) // a tombstone
	found("quicksilver", 0)
	v.delete(v.ada, reply)
	found("feldspar", 0)
}

func TestCommentsOfReaders(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	mine, ours := v.id(v.says(v.grace, "mine")), v.id(v.says(v.ada, "ours"))
	v.reacts(v.grace, ours, "👍").Want(t, 201)
	v.role(v.grace, "guest")
	body := map[string]any{"body": "x"}
	for _, id := range []string{mine, ours} {
		v.grace.Do(t, "GET", "/v1/comments/"+id, nil).Want(t, 200)
		v.grace.Do(t, "PATCH", "/v1/comments/"+id, body).WantProblem(t, 403, "forbidden")
		v.grace.Do(t, "DELETE", "/v1/comments/"+id, nil).WantProblem(t, 403, "forbidden")
		v.reacts(v.grace, id, "👍").WantProblem(t, 403, "forbidden")
		v.grace.Do(t, "DELETE", "/v1/comments/"+id+"/reactions/"+url.PathEscape("👍"), nil).WantProblem(t, 403, "forbidden")
		v.grace.Do(t, "POST", v.path, map[string]any{"body": "x", "parent_id": id}).WantProblem(t, 403, "forbidden")
	}
	v.grace.Do(t, "POST", v.path, body).WantProblem(t, 403, "forbidden")

	alan := v.ada.Join(t, "alan", "member")
	v.ada.Do(t, "PATCH", "/v1/projects/"+v.project, map[string]any{"private": true}).Want(t, 200)
	for method, path := range map[string]string{"GET": "/v1/comments/" + mine, "PATCH": "/v1/comments/" + mine, "DELETE": "/v1/comments/" + mine,
		"POST": "/v1/comments/" + mine + "/reactions"} {
		request := map[string]any{"PATCH": body, "POST": map[string]any{"emoji": "👍"}}[method]
		alan.Do(t, method, path, request).WantProblem(t, 404, "not-found")
	}
	alan.Do(t, "GET", v.path, nil).WantProblem(t, 404, "not-found")
}

// TestModeration: an admin of the project deletes what others say, but does not change it.
func TestModeration(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	alan := v.ada.Join(t, "alan", "member")
	v.role(alan, "admin")
	first := v.id(v.says(v.grace, "first"))
	reply := v.id(v.says(v.ada, "reply", first))
	v.grace.Do(t, "DELETE", "/v1/comments/"+reply, nil).WantProblem(t, 403, "forbidden")
	v.grace.Do(t, "PATCH", "/v1/comments/"+reply, map[string]any{"body": "x"}).WantProblem(t, 403, "forbidden")
	alan.Do(t, "PATCH", "/v1/comments/"+first, map[string]any{"body": "x"}).WantProblem(t, 403, "forbidden")
	v.reacts(v.grace, first, "👍").Want(t, 201)
	v.delete(alan, first)
	v.wantList("", "", "reply")
	if n := v.count("select count(*) from app.reactions"); n != 0 {
		t.Errorf("%d reactions to a tombstone", n)
	}
	v.delete(v.ada, reply)
	v.wantList("")

	second := v.id(v.says(v.ada, "second"))
	last := v.id(v.says(v.grace, "last", second))
	v.delete(alan, second)
	v.delete(v.grace, last) // who could not delete what it answers
	v.wantList("")
}

func TestCommentsOfArchivedAndTrashedTasks(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	v.ada.Do(t, "POST", "/v1/tasks/"+v.task+"/archive", nil).Want(t, 200)
	id := v.id(v.says(v.ada, "archived"))
	v.says(v.grace, "reply", id)
	v.reacts(v.ada, id, "👍").Want(t, 201)
	v.ada.Do(t, "PATCH", "/v1/comments/"+id, map[string]any{"body": "still"}).Want(t, 200)
	v.wantList("", "still", "reply")

	v.ada.Do(t, "DELETE", "/v1/tasks/"+v.task, nil).Want(t, 204)
	for _, try := range []struct {
		method, path string
		body         map[string]any
	}{
		{"POST", v.path, map[string]any{"body": "x"}},
		{"GET", v.path, nil},
		{"GET", "/v1/comments/" + id, nil},
		{"PATCH", "/v1/comments/" + id, map[string]any{"body": "x"}},
		{"DELETE", "/v1/comments/" + id, nil},
		{"POST", "/v1/comments/" + id + "/reactions", map[string]any{"emoji": "👍"}},
		{"DELETE", "/v1/comments/" + id + "/reactions/" + url.PathEscape("👍"), nil},
	} {
		var body any
		if try.body != nil {
			body = try.body
		}
		for _, who := range []*apitest.Client{v.ada, v.grace} {
			who.Do(t, try.method, try.path, body).WantProblem(t, http.StatusNotFound, "not-found")
		}
	}
}

// TestCommentsMoveAlong: comments, reactions and their words go with the task to another project.
func TestCommentsMoveAlong(t *testing.T) {
	t.Parallel()
	v := newTalk(t)
	first := v.id(v.says(v.ada, "quicksilver"))
	reply := v.id(v.says(v.grace, "reply", first))
	v.reacts(v.grace, first, "👍").Want(t, 201)
	other := v.made("/v1/projects", map[string]any{"name": "Other", "private": true}).Text(t, "id")
	board := v.made("/v1/projects/"+other+"/boards", map[string]any{"name": "Work", "template": "kanban"})
	v.ada.Do(t, "PATCH", "/v1/tasks/"+v.task, map[string]any{"column_id": board.Text(t, "columns.1.id")}).Want(t, 200)
	v.wantList("", "quicksilver", "reply")
	if v.get(first).Len(t, "reactions") != 1 {
		t.Error("the reaction stayed behind")
	}
	v.grace.Do(t, "GET", "/v1/comments/"+reply, nil).WantProblem(t, 404, "not-found")
	if n := v.grace.Do(t, "GET", "/v1/tasks?q=quicksilver", nil).Want(t, 200).Len(t, "items"); n != 0 {
		t.Errorf("%d tasks are found by who does not see them", n)
	}
	v.ada.Do(t, "DELETE", "/v1/projects/"+other, nil).Want(t, 204)
	if n := v.count("select (select count(*) from app.comments) + (select count(*) from app.reactions)"); n != 0 {
		t.Errorf("%d rows are left of a deleted project", n)
	}
}
