package files_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func sum(content string) string {
	s := sha256.Sum256([]byte(content))
	return hex.EncodeToString(s[:])
}

// list is the ids of a list of files, page by page.
func (d *depot) list(who *apitest.Client, query string) []string {
	d.Helper()
	var ids []string
	cursor := ""
	for {
		r := who.Do(d, "GET", "/v1/files?limit=2"+query+cursor, nil).Want(d, 200)
		for i := range r.Len(d, "items") {
			ids = append(ids, r.Text(d, fmt.Sprintf("items.%d.id", i)))
		}
		next, more := r.Get(d, "next_cursor").(string)
		if !more {
			return ids
		}
		cursor = "&cursor=" + next
	}
}

func (d *depot) wantList(query string, want ...string) {
	d.Helper()
	if got := d.list(d.admin, query); !slices.Equal(got, want) {
		d.Fatalf("files%s: %v, want %v", query, got, want)
	}
}

func TestLife(t *testing.T) {
	on(t, all(), func(d *depot) {
		task := d.newTask(d.columns[0])
		comment := d.newComment(task)
		made := d.upload("loose.txt", "loose", nil)
		loose := made.Text(d, "id")
		for name, want := range map[string]any{"name": "loose.txt", "content_type": "text/plain; charset=utf-8", "size": 5.0, "sha256": sum("loose"),
			"task_id": nil, "project_id": nil,
			"comment_id": nil, "number": 1.0, "version": 1.0, "created_by": d.admin.User, "uploaded_by": d.admin.User, "deleted_at": nil, "thumbnail_id": nil} {
			if got := made.Get(d, name); got != want {
				d.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		d.settled(loose)
		d.wantUsage(5)
		onTask := d.uploaded("task.txt", "on task", body{"task_id": task})
		onComment := d.uploaded("comment.txt", "on remark", body{"comment_id": comment})
		if f := d.file(onComment); f.Get(d, "task_id") != task || f.Get(d, "comment_id") != comment || f.Get(d, "project_id") != d.project {
			d.Errorf("a comment's file is %s", f.Body)
		}
		d.wantUsage(5 + 7 + 9)

		d.wantList("", onComment, onTask, loose)
		d.wantList("&task_id="+task, onComment, onTask)
		d.wantList("&comment_id="+comment, onComment)
		d.wantList("&scan_status="+d.passed(), onComment, onTask, loose)
		d.wantList("&scan_status=infected")
		d.admin.Do(d, "GET", "/v1/files?task_id="+loose, nil).WantProblem(d, 404, "not-found")
		d.admin.Do(d, "GET", "/v1/files?cursor=forged", nil).WantProblem(d, 422, "validation")
		d.wantContent(d.admin, loose, "", "loose")
		d.wantContent(d.admin, onTask, "", "on task")

		before := d.file(loose)
		renamed := d.admin.Do(d, "PATCH", "/v1/files/"+loose, body{"name": "a/b/new.txt"}, header("If-Match", before.Header.Get("ETag"))).Want(d, 200)
		if renamed.Text(d, "name") != "new.txt" || renamed.Number(d, "version") != before.Number(d, "version")+1 {
			d.Errorf("renamed to %s", renamed.Body)
		}
		d.admin.Do(d, "PATCH", "/v1/files/"+loose, body{"name": "late.txt"}, header("If-Match", before.Header.Get("ETag"))).WantProblem(d, 412, "stale-version")
		d.admin.Do(d, "DELETE", "/v1/files/"+loose, nil, header("If-Match", before.Header.Get("ETag"))).WantProblem(d, 412, "stale-version")

		d.admin.Do(d, "DELETE", "/v1/files/"+loose, nil).Want(d, 204)
		d.wantList("", onComment, onTask)
		d.wantList("&trashed=true", loose)
		d.wantUsage(21)
		if d.file(loose).Get(d, "deleted_at") == nil {
			d.Error("a file in the trash does not say so")
		}
		d.get(d.admin, loose, "").WantProblem(d, 404, "not-found")
		d.admin.Do(d, "PATCH", "/v1/files/"+loose, body{"name": "x"}).WantProblem(d, 404, "not-found")
		d.admin.Do(d, "DELETE", "/v1/files/"+loose, nil).WantProblem(d, 404, "not-found")
		d.admin.SendFile(d, "/v1/files/"+loose+"/versions", "x", []byte("x"), nil).WantProblem(d, 404, "not-found")
		d.admin.Do(d, "POST", "/v1/files/"+loose+"/restore", nil).Want(d, 200)
		d.admin.Do(d, "POST", "/v1/files/"+loose+"/restore", nil).WantProblem(d, 404, "not-found")
		d.wantContent(d.admin, loose, "", "loose")

		d.admin.Do(d, "DELETE", "/v1/files/"+onTask, nil).Want(d, 204)
		d.admin.Do(d, "DELETE", "/v1/files/"+onTask+"?permanently=true", nil).Want(d, 204)
		d.admin.Do(d, "DELETE", "/v1/files/"+loose+"?permanently=true", nil).Want(d, 204)
		d.wantUsage(9)
		d.admin.Do(d, "GET", "/v1/files/"+loose, nil).WantProblem(d, 404, "not-found")
		d.until("the bytes are gone", func() bool { return !d.has(d.key(loose)) && !d.has(d.key(onTask)) })
		d.sweep()
		d.wantContent(d.admin, onComment, "", "on remark")
	})
}

func TestOnlyMakerOrAdminPurges(t *testing.T) {
	on(t, []kind{inDir}, func(d *depot) {
		grace, mia := d.join("grace", "member"), d.join("mia", "member")
		theirs := grace.SendFile(d, "/v1/files/upload", "a", []byte("a"), nil).Want(d, 201).Text(d, "id")
		mia.Do(d, "DELETE", "/v1/files/"+theirs+"?permanently=true", nil).WantProblem(d, 403, "forbidden")
		mia.Do(d, "DELETE", "/v1/files/"+theirs, nil).Want(d, 204)
		mia.Do(d, "DELETE", "/v1/files/"+theirs+"?permanently=true", nil).WantProblem(d, 403, "forbidden")
		grace.Do(d, "DELETE", "/v1/files/"+theirs+"?permanently=true", nil).Want(d, 204)
		other := grace.SendFile(d, "/v1/files/upload", "b", []byte("b"), nil).Want(d, 201).Text(d, "id")
		d.admin.Do(d, "DELETE", "/v1/files/"+other+"?permanently=true", nil).Want(d, 204)
		d.wantUsage(0)
	})
}

func TestVersions(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id := d.uploaded("plan.txt", "first", nil)
		made := d.admin.SendFile(d, "/v1/files/"+id+"/versions", "plan.html", []byte("<html>second</html>"), nil).Want(d, 201)
		if made.Text(d, "id") != id || made.Number(d, "number") != 2 || made.Text(d, "name") != "plan.html" ||
			made.Text(d, "content_type") != "text/html; charset=utf-8" {
			d.Errorf("the second version is %s", made.Body)
		}
		d.settled(id)
		d.wantUsage(5 + 19)
		d.wantContent(d.admin, id, "", "<html>second</html>")
		d.wantContent(d.admin, id, "?version=2", "<html>second</html>")
		d.wantContent(d.admin, id, "?version=1", "first")
		d.get(d.admin, id, "?version=3").WantProblem(d, 404, "not-found")
		for _, wrong := range []string{"0", "-1", "x", "4294967297", "1.0"} {
			d.get(d.admin, id, "?version="+wrong).WantProblem(d, 422, "validation")
		}
		d.get(d.admin, id, "?versions=1").WantProblem(d, 422, "validation")
		first := d.admin.Do(d, "GET", "/v1/files/"+id+"/versions?limit=1", nil).Want(d, 200)
		second := d.admin.Do(d, "GET", "/v1/files/"+id+"/versions?limit=1&cursor="+first.Text(d, "next_cursor"), nil).Want(d, 200)
		if first.Number(d, "items.0.number") != 2 || second.Number(d, "items.0.number") != 1 ||
			second.Text(d, "items.0.sha256") != sum("first") || second.Get(d, "next_cursor") != nil {
			d.Errorf("versions %s, %s", first.Body, second.Body)
		}
		d.admin.SendFile(d, "/v1/files/"+d.admin.User+"/versions", "x", []byte("x"), nil).WantProblem(d, 404, "not-found")
		d.wantUsage(24)
		d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).Want(d, 204)
		d.wantUsage(0)
		d.until("the bytes are gone", func() bool { return len(d.keys()) == 0 })
		d.sweep()
	})
}

// TestAttach: whoever saw a loose file and does not see where it hangs now is told that it is gone.
func TestAttach(t *testing.T) {
	on(t, usual(), func(d *depot) {
		secret, columns := d.newProject("Secret", true)
		grace, gus := d.join("grace", "member"), d.join("gus", "guest", secret)
		task, other := d.newTask(columns[0]), d.newTask(d.columns[0])
		id := d.uploaded("a.txt", "a", nil)
		outside, guest, inside := grace.Listen(d), gus.Listen(d), d.admin.Listen(d)
		d.admin.Do(d, "PATCH", "/v1/files/"+id, body{"task_id": task}).Want(d, 200)
		if e := inside.Next(d); e.Type != "file.deleted" || e.ProjectID != "" || e.TaskID != "" {
			d.Errorf("the organization hears first %s", e.Raw)
		}
		if e := inside.Next(d); e.Type != "file.created" || e.ProjectID != secret || e.TaskID != task || e.Data["id"] != id {
			d.Errorf("the organization hears then %s", e.Raw)
		}
		if e := guest.Next(d); e.Type != "file.created" || e.ProjectID != secret {
			d.Errorf("a guest of the project hears %s", e.Raw)
		}
		d.admin.Do(d, "PATCH", "/v1/tasks/"+other, body{"title": "End"}).Want(d, 200)
		heard := outside.Until(d, "task.updated")
		if len(heard) != 2 || heard[0].Type != "file.deleted" || heard[0].ProjectID != "" {
			d.Errorf("who is outside of the project hears %v", heard)
		}
		grace.Do(d, "GET", "/v1/files/"+id, nil).WantProblem(d, 404, "not-found")
		d.wantContent(gus, id, "", "a")

		d.admin.Do(d, "PATCH", "/v1/files/"+id, body{"task_id": other}).WantProblem(d, 422, "validation")
		sibling := d.newTask(columns[1])
		comment := d.newComment(sibling)
		f := d.admin.Do(d, "PATCH", "/v1/files/"+id, body{"comment_id": comment}).Want(d, 200)
		if f.Text(d, "task_id") != sibling || f.Text(d, "comment_id") != comment {
			d.Errorf("hung on a comment it is %s", f.Body)
		}
		d.admin.Do(d, "PATCH", "/v1/files/"+id, body{"comment_id": comment, "task_id": task}).WantProblem(d, 422, "validation")
		gus.Do(d, "PATCH", "/v1/files/"+id, body{"name": "b.txt"}).WantProblem(d, 403, "forbidden")
	})
}

func TestTaskTakesItsFilesAlong(t *testing.T) {
	on(t, usual(), func(d *depot) {
		task := d.newTask(d.columns[0])
		id := d.uploaded("a.txt", "four", body{"task_id": task})
		loose := d.uploaded("b.txt", "stays", nil)
		far, columns := d.newProject("Far", true)
		near, gus := d.join("near", "guest", d.project), d.join("gus", "guest", far)
		d.wantContent(near, id, "", "four")
		d.admin.Do(d, "PATCH", "/v1/tasks/"+task, body{"column_id": columns[0]}).Want(d, 200)
		if f := d.file(id); f.Text(d, "project_id") != far || f.Text(d, "task_id") != task {
			d.Errorf("the task moved and its file is %s", f.Body)
		}
		d.wantContent(gus, id, "", "four")
		near.Do(d, "GET", "/v1/files/"+id, nil).WantProblem(d, 404, "not-found")

		d.admin.Do(d, "DELETE", "/v1/tasks/"+task, nil).Want(d, 204)
		for _, path := range []string{"", "/download", "/versions", "/thumbnail"} {
			d.admin.Do(d, "GET", "/v1/files/"+id+path, nil).WantProblem(d, 404, "not-found")
		}
		d.admin.Do(d, "DELETE", "/v1/files/"+id+"?permanently=true", nil).WantProblem(d, 404, "not-found")
		d.wantList("", loose)
		d.wantList("&trashed=true")
		d.wantUsage(9)
		d.admin.Do(d, "POST", "/v1/tasks/"+task+"/restore", nil).Want(d, 200)
		d.wantList("&task_id="+task, id)
		d.wantContent(d.admin, id, "", "four")

		d.admin.Do(d, "DELETE", "/v1/tasks/"+task, nil).Want(d, 204)
		d.exec("update app.tasks set deleted_at = now() - interval '31 days' where id = $1", task)
		must(d, d.server.App.Sweep(d.Context()))
		d.sweep()
		d.wantUsage(5)

		doomed, columns := d.newProject("Doomed", false)
		d.uploaded("c.txt", "goes with it", body{"task_id": d.newTask(columns[0])})
		d.wantUsage(5 + 12)
		d.admin.Do(d, "DELETE", "/v1/projects/"+doomed, nil).Want(d, 204)
		d.sweep()
		d.wantUsage(5)
		d.wantContent(d.admin, loose, "", "stays")
	})
}

func TestTrashIsEmptied(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id, recent := d.uploaded("a.txt", "four", nil), d.uploaded("b.txt", "later", nil)
		d.admin.Do(d, "DELETE", "/v1/files/"+id, nil).Want(d, 204)
		d.admin.Do(d, "DELETE", "/v1/files/"+recent, nil).Want(d, 204)
		d.exec("update app.files set deleted_at = now() - interval '31 days' where id = $1", id)
		d.exec("update app.files set deleted_at = now() - interval '29 days' where id = $1", recent)
		d.sweep()
		d.wantUsage(5)
		d.wantList("&trashed=true", recent)
	})
}
