package conformance_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/test/apitest"
)

// linkKey signs what a content delivery network may ask for.
const linkKey = "a key for links of the conformance suite"

func fileScenarios() map[string][]scenario {
	created, updated := []event.Type{event.FileCreated}, []event.Type{event.FileUpdated}
	return map[string][]scenario{
		"upload-file": {
			{name: "on a task", status: 201, emits: created, ready: func(s *stage) request {
				return request{form: true, body: object{"file": s.name("content"), "task_id": s.id(s.task(s.column()))}}
			}},
			{name: "on a comment", status: 201, emits: created, ready: func(s *stage) request {
				return request{form: true, body: object{"file": s.name("content"), "comment_id": s.comment(s.admin, s.id(s.task(s.column())))}}
			}},
			{name: "on nothing", status: 201, emits: created, ready: func(s *stage) request {
				return request{form: true, body: object{"file": s.name("content")}}
			}},
		},
		"upload-file-version": {{name: "second", status: 201, emits: updated, ready: func(s *stage) request {
			return request{vars: ids{"file_id": s.file()}, form: true, body: object{"file": s.name("content")}}
		}}},
		"create-upload": {
			{name: "for a task", status: 201, ready: func(s *stage) request {
				return request{body: object{"name": s.name("file"), "size": 3, "content_type": "text/plain", "task_id": s.id(s.task(s.column()))}}
			}},
			{name: "for a comment, with its sum", status: 201, ready: func(s *stage) request {
				return request{body: object{"name": s.name("file"), "size": 3, "content_type": "text/plain", "sha256": strings.Repeat("0", 64),
					"comment_id": s.comment(s.admin, s.id(s.task(s.column())))}}
			}},
			{name: "for a file", status: 201, ready: func(s *stage) request {
				return request{body: object{"name": s.name("file"), "size": 3, "content_type": "text/plain", "file_id": s.file()}}
			}},
		},
		"put-upload": {{name: "announced", status: 204, ready: func(s *stage) request {
			id, query := s.announced(s.author(), nil)
			return request{vars: ids{"upload_id": id}, query: query, raw: []byte("abc"), headers: ids{"Content-Type": "text/plain"}}
		}}},
		"complete-upload": {
			{name: "of a new file", status: 200, emits: created, ready: func(s *stage) request {
				return request{vars: ids{"file_id": s.arrived(object{"task_id": s.id(s.task(s.column()))})}}
			}},
			{name: "of a version", status: 200, emits: updated, ready: func(s *stage) request {
				return request{vars: ids{"file_id": s.arrived(object{"file_id": s.file()})}}
			}},
		},
		"list-files": {
			{name: "of a task", status: 200, ready: func(s *stage) request { return request{query: ids{"task_id": s.id(s.task(s.column()))}} },
				grow: func(s *stage, q request) string { return s.fileOn(object{"task_id": q.query["task_id"]}) }},
			{name: "of a comment", status: 200, ready: func(s *stage) request {
				return request{query: ids{"comment_id": s.comment(s.admin, s.id(s.task(s.column())))}}
			}},
			{name: "of the organization", status: 200, ready: func(*stage) request { return request{} }},
			{name: "in the trash", status: 200, ready: func(s *stage) request {
				s.trashedFile()
				return request{query: ids{"trashed": "true", "scan_status": "pending"}}
			}},
		},
		"get-file": {{name: "on a task", status: 200, ready: func(s *stage) request { return request{vars: ids{"file_id": s.file()}} }}},
		"update-file": {
			{name: "name", status: 200, emits: updated, ready: func(s *stage) request {
				return request{vars: ids{"file_id": s.file()}, body: object{"name": s.name("file")}, version: 1}
			}},
			{name: "to a task", loose: "path.file_id", status: 200, emits: []event.Type{event.FileDeleted, event.FileCreated}, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				return request{vars: ids{"file_id": s.fileOn(object{})}, body: object{"task_id": task}, version: 1}
			}},
			{name: "to a comment", status: 200, emits: updated, ready: func(s *stage) request {
				task := s.id(s.task(s.column()))
				return request{vars: ids{"file_id": s.fileOn(object{"task_id": task})}, body: object{"comment_id": s.comment(s.admin, task)}, version: 1}
			}},
		},
		"delete-file": {
			{name: "into the trash", status: 204, emits: []event.Type{event.FileDeleted}, ready: func(s *stage) request {
				return request{vars: ids{"file_id": s.file()}, version: 1}
			}},
			{name: "for good", status: 204, emits: []event.Type{event.FileDeleted}, ready: func(s *stage) request {
				file := s.id(s.author().Upload(s, s.name("content"), object{"task_id": s.id(s.task(s.column()))}))
				return request{vars: ids{"file_id": file}, query: ids{"permanently": "true"}, version: 1}
			}},
		},
		"restore-file": {{name: "from the trash", status: 200, emits: []event.Type{event.FileRestored}, ready: func(s *stage) request {
			return request{vars: ids{"file_id": s.trashedFile()}}
		}}},
		"list-file-versions": {{name: "of a file", status: 200, ready: func(s *stage) request { return request{vars: ids{"file_id": s.file()}} },
			grow: func(s *stage, q request) string {
				r := s.admin.Send(s, "POST", "/v1/files/"+q.vars["file_id"]+"/versions", s.name("content"), nil).Want(s, 201)
				return fmt.Sprint(r.Number(s, "number"))
			}}},
		"rescan-file": {{name: "a file", status: 200, ready: func(s *stage) request { return request{vars: ids{"file_id": s.file()}} }}},
		"download-file": {
			{name: "latest version", status: 200, ready: func(s *stage) request { return request{vars: ids{"file_id": s.cleanFile()}} }},
			{name: "a version", status: 200, ready: func(s *stage) request {
				return request{vars: ids{"file_id": s.cleanFile()}, query: ids{"version": "1"}}
			}},
		},
		"get-thumbnail": {{name: "of a file", status: 200, ready: func(s *stage) request {
			var picture bytes.Buffer
			if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
				s.Fatal(err)
			}
			file := s.id(s.admin.Upload(s, picture.String(), object{"task_id": s.id(s.task(s.column()))}))
			s.exec("update app.files set scan_status = 'clean', due_at = null, thumbnail_id = id where file_id = $1", file)
			return request{vars: ids{"file_id": file}}
		}}},
		"get-linked-content": {{name: "clean", status: 200, ready: func(s *stage) request {
			file, expires := s.cleanFile(), fmt.Sprint(time.Now().Add(time.Minute).Unix())
			mac := hmac.New(sha256.New, []byte(linkKey))
			mac.Write([]byte(strings.Join([]string{http.MethodGet, s.org, file, expires}, "\n")))
			return request{vars: ids{"org": s.org, "content": file, "expires": expires, "signature": base64.RawURLEncoding.EncodeToString(mac.Sum(nil))}}
		}}},
		"get-resumable-options": {{name: "by anybody", status: 200, ready: func(*stage) request { return request{} }}},
		"create-resumable-upload": {
			{name: "for a task", status: 201, ready: func(s *stage) request { return s.resumable(ids{"task_id": s.id(s.task(s.column()))}) }},
			{name: "with all its bytes", status: 201, trips: 5, emits: created, ready: func(s *stage) request {
				q := s.resumable(ids{"comment_id": s.comment(s.admin, s.id(s.task(s.column())))})
				q.headers["Content-Type"], q.raw = "application/offset+octet-stream", []byte("abc")
				return q
			}},
			{name: "with all bytes of a version", status: 201, trips: 5, emits: updated, ready: func(s *stage) request {
				q := s.resumable(ids{"file_id": s.file()})
				q.headers["Content-Type"], q.raw = "application/offset+octet-stream", []byte("abc")
				return q
			}},
		},
		"get-resumable-upload": {{name: "begun", status: 200, ready: func(s *stage) request { return s.begun(nil) }}},
		"append-resumable-upload": {
			{name: "some", unversioned: true, status: 204, ready: func(s *stage) request { return s.appended(nil, "a") }},
			{name: "all of a file", trips: 6, unversioned: true, status: 204, emits: created, ready: func(s *stage) request { return s.appended(nil, "abc") }},
			{name: "all of a version", trips: 6, unversioned: true, status: 204, emits: updated, ready: func(s *stage) request {
				return s.appended(ids{"file_id": s.file()}, "abc")
			}},
		},
		"delete-resumable-upload": {{name: "begun", unversioned: true, status: 204, ready: func(s *stage) request { return s.begun(nil) }}},
		"get-usage": {{name: "with a file", status: 200, ready: func(s *stage) request {
			s.file()
			return request{}
		}}},
	}
}

// fileOn is a file that the admin uploads, to hang where the fields say.
func (s *stage) fileOn(fields object) string {
	s.Helper()
	return s.id(s.admin.Upload(s, s.name("content"), fields))
}

// file is one on a new task.
func (s *stage) file() string { return s.fileOn(object{"task_id": s.id(s.task(s.column()))}) }

func (s *stage) trashedFile() string {
	file := s.file()
	s.admin.Do(s, "DELETE", "/v1/files/"+file, nil).Want(s, http.StatusNoContent)
	return file
}

// cleanFile is one of which the scanner is to have found nothing.
func (s *stage) cleanFile() string {
	file := s.file()
	s.exec("update app.files set scan_status = 'clean', due_at = null where file_id = $1", file)
	return file
}

func (s *stage) exec(sql string, args ...any) {
	s.Helper()
	if _, err := s.world.server.Owner.Exec(s.Context(), sql, args...); err != nil {
		s.Fatal(err)
	}
}

// announced is an upload of three bytes with the parameters of the address that they go to.
func (s *stage) announced(by *apitest.Client, more object) (id string, query ids) {
	s.Helper()
	body := object{"name": s.name("file"), "size": 3, "content_type": "text/plain"}
	for name, value := range more {
		body[name] = value
	}
	r := by.Do(s, "POST", "/v1/files/uploads", body).Want(s, http.StatusCreated)
	to, err := url.Parse(r.Text(s, "url"))
	if err != nil {
		s.Fatal(err)
	}
	query = ids{}
	for name := range to.Query() {
		query[name] = to.Query().Get(name)
	}
	return s.id(r), query
}

// arrived is an announced upload whose bytes are there.
func (s *stage) arrived(more object) string {
	s.Helper()
	id, query := s.announced(s.author(), more)
	values := url.Values{}
	for name, value := range query {
		values.Set(name, value)
	}
	s.world.server.Anonymous().Do(s, "PUT", "/v1/files/uploads/"+id+"?"+values.Encode(), []byte("abc"), header("Content-Type", "text/plain")).Want(s, http.StatusNoContent)
	return id
}

// resumable is a request to begin a resumable upload of three bytes, with the ids as metadata.
func (s *stage) resumable(metadata ids) request {
	encoded := []string{"filename " + base64.StdEncoding.EncodeToString([]byte(s.name("file")))}
	for name, id := range metadata {
		encoded = append(encoded, name+" "+base64.StdEncoding.EncodeToString([]byte(id)))
	}
	return request{headers: ids{"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": strings.Join(encoded, ",")}}
}

// begun is a request about a resumable upload that the sender has begun, for a task unless the metadata say otherwise.
func (s *stage) begun(metadata ids) request {
	s.Helper()
	if metadata == nil {
		metadata = ids{"task_id": s.id(s.task(s.column()))}
	}
	var headers []apitest.Header
	for name, value := range s.resumable(metadata).headers {
		headers = append(headers, header(name, value))
	}
	r := s.author().Do(s, "POST", "/v1/files/tus/", nil, headers...).Want(s, http.StatusCreated)
	return request{vars: ids{"upload_id": path.Base(r.Header.Get("Location"))}, headers: ids{"Tus-Resumable": "1.0.0"}}
}

// appended is a request with bytes of such an upload.
func (s *stage) appended(metadata ids, content string) request {
	s.Helper()
	q := s.begun(metadata)
	q.headers["Upload-Offset"], q.headers["Content-Type"], q.raw = "0", "application/offset+octet-stream", []byte(content)
	return q
}
