package files_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

// TestGuests: they see what is in their projects, and hear of nothing else; and they write nothing.
func TestGuests(t *testing.T) {
	on(t, usual(), func(d *depot) {
		gus, grace := d.join("gus", "guest", d.project), d.join("grace", "member")
		_, columns := d.newProject("Elsewhere", false)
		from := gus.Do(d, "GET", "/v1/events?limit=200", nil).Want(d, 200)
		socket, stream, member := gus.Listen(d), gus.Stream(d, ""), grace.Listen(d)
		task, far := d.newTask(d.columns[0]), d.newTask(columns[0])
		loose := d.uploaded("loose.txt", "loose", nil)
		hidden := d.uploaded("hidden.txt", "hidden", body{"task_id": far})
		d.admin.Do(d, "PATCH", "/v1/files/"+loose, body{"name": "renamed.txt"}).Want(d, 200)
		d.admin.Do(d, "DELETE", "/v1/files/"+loose, nil).Want(d, 204)
		d.admin.Do(d, "POST", "/v1/files/"+loose+"/restore", nil).Want(d, 200)
		seen := d.uploaded("seen.txt", "seen", body{"task_id": task})
		d.admin.Do(d, "PATCH", "/v1/tasks/"+task, body{"title": "End"}).Want(d, 200)

		for _, id := range []string{loose, hidden} {
			for _, path := range []string{"", "/download", "/versions", "/thumbnail"} {
				gus.Do(d, "GET", "/v1/files/"+id+path, nil).WantProblem(d, 404, "not-found")
			}
			d.wantContent(grace, id, "", map[string]string{loose: "loose", hidden: "hidden"}[id])
		}
		if got := d.list(gus, ""); !slices.Equal(got, []string{seen}) {
			d.Errorf("a guest's list is %v", got)
		}
		d.wantContent(gus, seen, "", "seen")

		about := func(events []apitest.Event) (kinds []string) {
			for _, e := range events {
				if strings.HasPrefix(e.Type, "file.") {
					kinds = append(kinds, e.Type+" "+e.Data["id"].(string))
				}
			}
			return slices.Compact(kinds)
		}
		want := []string{"file.created " + seen}
		if d.kind.scanned() {
			want = append(want, "file.scanned "+seen)
		}
		if got := about(socket.Until(d, "task.updated")); !slices.Equal(got, want) {
			d.Errorf("a guest's socket has %v, want %v", got, want)
		}
		var streamed []apitest.Event
		for len(streamed) == 0 || streamed[len(streamed)-1].Type != "task.updated" {
			streamed = append(streamed, stream.Next(d).Event)
		}
		if got := about(streamed); !slices.Equal(got, want) {
			d.Errorf("a guest's stream has %v, want %v", got, want)
		}
		if got := about(gus.ListenTo(d, "&cursor="+socket.Hello.Cursor).Until(d, "task.updated")); !slices.Equal(got, want) {
			d.Errorf("a guest's replay has %v, want %v", got, want)
		}
		var page struct{ Items []apitest.Event }
		must(d, json.Unmarshal(gus.Do(d, "GET", "/v1/events?limit=200", nil).Want(d, 200).Body, &page))
		if got := about(page.Items); !slices.Equal(got, want) || from.Len(d, "items") > len(page.Items) {
			d.Errorf("a guest's page has %v, want %v", got, want)
		}
		if got := about(member.Until(d, "task.updated")); !slices.Contains(got, "file.created "+loose) || !slices.Contains(got, "file.restored "+loose) {
			d.Errorf("a member's socket has %v", got)
		}

		gus.SendFile(d, "/v1/files/upload", "a", []byte("a"), nil).WantProblem(d, 403, "forbidden")
		gus.SendFile(d, "/v1/files/upload", "a", []byte("a"), body{"task_id": task}).WantProblem(d, 403, "forbidden")
		gus.SendFile(d, "/v1/files/"+seen+"/versions", "a", []byte("a"), nil).WantProblem(d, 403, "forbidden")
		for _, c := range [][2]string{{"PATCH", ""}, {"DELETE", ""}, {"DELETE", "?permanently=true"}, {"POST", "/restore"}} {
			var content any
			if c[0] == "PATCH" {
				content = body{"name": "x"}
			}
			gus.Do(d, c[0], "/v1/files/"+seen+c[1], content).WantProblem(d, 403, "forbidden")
		}
		if d.kind.scanned() {
			gus.Do(d, "POST", "/v1/files/"+seen+"/rescan", nil).WantProblem(d, 403, "forbidden")
		}
		gus.Do(d, "GET", "/v1/files?task_id="+far, nil).WantProblem(d, 404, "not-found")
		d.admin.Do(d, "DELETE", "/v1/projects/"+d.project+"/members/"+gus.User, nil).Want(d, 204)
		gus.Do(d, "GET", "/v1/files/"+seen+"/download", nil).WantProblem(d, 404, "not-found")
		d.sweep()
	})
}

// TestProjectGuests: a member of the organization who is a guest in a project does not write there.
func TestProjectGuests(t *testing.T) {
	on(t, []kind{inDir}, func(d *depot) {
		mia := d.admin.Join(d, "mia", "member")
		d.admin.Do(d, "POST", "/v1/projects/"+d.project+"/members", body{"user_id": mia.User, "role": "guest"}).Want(d, 201)
		task := d.newTask(d.columns[0])
		id := d.uploaded("a.txt", "a", body{"task_id": task})
		d.wantContent(mia, id, "", "a")
		mia.SendFile(d, "/v1/files/upload", "b", []byte("b"), body{"task_id": task}).WantProblem(d, 403, "forbidden")
		mia.SendFile(d, "/v1/files/"+id+"/versions", "b", []byte("b"), nil).WantProblem(d, 403, "forbidden")
		mia.Do(d, "POST", "/v1/files/uploads", body{"name": "b", "size": 1, "content_type": "a/b", "task_id": task}).WantProblem(d, 403, "forbidden")
		mia.Do(d, "POST", "/v1/files/uploads", body{"name": "b", "size": 1, "content_type": "a/b", "file_id": id}).WantProblem(d, 403, "forbidden")
		loose := mia.SendFile(d, "/v1/files/upload", "b", []byte("b"), nil).Want(d, 201).Text(d, "id")
		mia.Do(d, "PATCH", "/v1/files/"+loose, body{"task_id": task}).WantProblem(d, 403, "forbidden")
		for _, c := range [][2]string{{"DELETE", ""}, {"DELETE", "?permanently=true"}, {"POST", "/restore"}} {
			mia.Do(d, c[0], "/v1/files/"+id+c[1], nil).WantProblem(d, 403, "forbidden")
		}
		mia.Do(d, "PATCH", "/v1/files/"+id, body{"name": "x"}).WantProblem(d, 403, "forbidden")
		d.wantUsage(2)
		d.wantNothingLost()
	})
}

// TestForeign: another organization's file is as absent as one that never was.
func TestForeign(t *testing.T) {
	on(t, usual(), func(d *depot) {
		id := d.uploaded("a.txt", "theirs", body{"task_id": d.newTask(d.columns[0])})
		u := d.announce(d.admin, "more", nil)
		bob := d.server.SignUp(d, "bob")
		random := "01900000-0000-7000-8000-000000000000"
		same := func(method, path string, content any) {
			d.Helper()
			foreign := bob.Do(d, method, strings.ReplaceAll(path, "ID", id), content)
			absent := bob.Do(d, method, strings.ReplaceAll(path, "ID", random), content)
			for _, r := range []*apitest.Response{foreign, absent} {
				before, _, _ := bytes.Cut(r.Body, []byte(`"request_id"`))
				r.Body = before
			}
			if foreign.Status != 404 || absent.Status != 404 || !bytes.Equal(foreign.Body, absent.Body) {
				d.Errorf("%s %s is answered %d %s, and of nothing %d %s", method, path, foreign.Status, foreign.Body, absent.Status, absent.Body)
			}
		}
		for _, path := range []string{"", "/download", "/download?version=1", "/versions", "/thumbnail"} {
			same("GET", "/v1/files/ID"+path, nil)
		}
		same("PATCH", "/v1/files/ID", body{"name": "mine"})
		same("DELETE", "/v1/files/ID", nil)
		same("DELETE", "/v1/files/ID?permanently=true", nil)
		same("POST", "/v1/files/ID/restore", nil)
		same("POST", "/v1/files/ID/complete", nil)
		if d.kind.scanned() {
			same("POST", "/v1/files/ID/rescan", nil)
		}
		bob.SendFile(d, "/v1/files/"+id+"/versions", "a", []byte("mine"), nil).WantProblem(d, 404, "not-found")
		d.complete(bob, u).WantProblem(d, 404, "not-found")
		own := bob.SendFile(d, "/v1/files/upload", "a", []byte("own"), nil).Want(d, 201).Text(d, "id")
		task := d.file(id).Text(d, "task_id")
		bob.Do(d, "PATCH", "/v1/files/"+own, body{"task_id": task}).WantProblem(d, 404, "not-found")
		bob.SendFile(d, "/v1/files/upload", "a", []byte("a"), body{"task_id": task}).WantProblem(d, 404, "not-found")
		bob.Do(d, "GET", "/v1/files?task_id="+task, nil).WantProblem(d, 404, "not-found")
		bob.In("").Do(d, "GET", "/v1/orgs/"+d.admin.Org+"/usage", nil).WantProblem(d, 404, "not-found")
		if got := d.list(bob, ""); !slices.Equal(got, []string{own}) {
			d.Errorf("another organization's list is %v", got)
		}
		d.wantContent(d.admin, id, "", "theirs")
	})
}
