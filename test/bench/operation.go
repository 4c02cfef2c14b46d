package main

import (
	"net/http"
	"strconv"
	"strings"
)

// variable is a part of a request or of a statement that differs from one to the next.
type variable byte

const (
	constant variable = iota
	varOrg
	varTask
	varColumn
	varTitle
	varFresh // an id that the server makes
)

// operation is a request of the hot path.
type operation struct {
	name   string
	method string
	path   string
	body   string
	status int
}

// operations are measured in this order: what only reads comes before what changes the data.
var operations = []operation{
	{"get task", http.MethodGet, "/v1/tasks/{task}", "", http.StatusOK},
	{"list 50 tasks", http.MethodGet, "/v1/columns/{column}/tasks?limit=50", "", http.StatusOK},
	{"create task", http.MethodPost, "/v1/columns/{column}/tasks", `{"title":"{title}"}`, http.StatusCreated},
	{"update task", http.MethodPatch, "/v1/tasks/{task}", `{"title":"{title}"}`, http.StatusOK},
}

// template is text with variables in it.
type template []segment

type segment struct {
	text     string
	variable variable
}

var placeholders = map[string]variable{"{org}": varOrg, "{task}": varTask, "{column}": varColumn, "{title}": varTitle}

func parseTemplate(text string) template {
	var t template
	for text != "" {
		at, name := len(text), ""
		for placeholder := range placeholders {
			if i := strings.Index(text, placeholder); i >= 0 && i < at {
				at, name = i, placeholder
			}
		}
		t = append(t, segment{text: text[:at]})
		if name != "" {
			t = append(t, segment{variable: placeholders[name]})
		}
		text = text[at+len(name):]
	}
	return t
}

// appendTo writes the text about one draw.
func (t template) appendTo(dst []byte, d draw) []byte {
	for _, s := range t {
		switch s.variable {
		case varOrg:
			dst = orgID.appendID(dst, d.org)
		case varTask:
			dst = taskID.appendID(dst, d.task)
		case varColumn:
			dst = columnID.appendID(dst, d.column)
		case varTitle:
			dst = d.appendTitle(dst)
		default:
			dst = append(dst, s.text...)
		}
	}
	return dst
}

// request is the whole HTTP/1.1 request of the operation but for the token, which stands between head and body.
func (o operation) request() (head, body template) {
	text := o.method + " " + o.path + " HTTP/1.1\r\nHost: localhost\r\nX-Org-Id: {org}\r\n"
	body = parseTemplate(o.body)
	if o.body != "" {
		length := len(body.appendTo(nil, draw{title: 100_000})) // every title is as long
		text += "Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(length) + "\r\n"
	}
	return parseTemplate(text + "Authorization: Bearer "), body
}
