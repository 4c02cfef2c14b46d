package api

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestStrictJSONRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                     "",
		"two documents":               `{}{}`,
		"trailing text":               `{} x`,
		"duplicate member":            `{"a":1,"a":2}`,
		"duplicate member, escaped":   `{"a":1,"\u0061":2}`,
		"deep duplicate member":       `{"a":{"b":1,"b":2}}`,
		"invalid UTF-8":               "{\"a\":\"\xff\"}",
		"invalid UTF-8 in a name":     "{\"\xff\":1}",
		"BOM":                         "\ufeff{}",
		"lone surrogate":              `{"a":"\ud800"}`,
		"NUL":                         `{"a":"x\u0000"}`,
		"deep NUL":                    `{"a":[{"b":"\u0000"}]}`,
		"NUL in a name":               `{"\u0000":1}`,
		"NaN":                         `{"a":NaN}`,
		"comment":                     `{"a":1} // x`,
		"trailing comma":              `{"a":1,}`,
		"too deep":                    strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
		"raw line break":              "{\"a\":\"x\ny\"}",
		"number with a leading zero":  `{"a":01}`,
		"document that is not closed": `{"a":`,
	} {
		var v any
		if err := strictJSON.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("%s is taken as %v", name, v)
		} else if strings.Contains(err.Error(), "jsontext") || strings.Contains(err.Error(), "json:") {
			t.Errorf("%s: the error shows our insides: %v", name, err)
		}
	}
}

func TestStrictJSONTakes(t *testing.T) {
	for _, text := range []string{"{}", " \n{\"a\": [1, -0, 1.5e3, null, \"\U0001F600\", \"\\ud83d\\ude00\", \"\\\\u0000\"]}\t", `"x"`, "7", `{"a":1,"A":2}`} {
		var v any
		if err := strictJSON.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

type changes struct {
	Name  Optional[string]    `json:"name,omitzero"`
	Limit Nullable[int32]     `json:"limit,omitzero"`
	Owner Nullable[uuid.UUID] `json:"owner,omitzero"`
	Due   Nullable[Time]      `json:"due,omitzero"`
}

// TestAbsentNullAndValue are the three things that JSON Merge Patch tells apart (RFC 7396).
func TestAbsentNullAndValue(t *testing.T) {
	var c changes
	if err := json.Unmarshal([]byte(`{}`), &c); err != nil || c.Name.Set || c.Limit.Set || c.Name.Ptr() != nil || c.Limit.Ptr() != nil || c.Name.Or("x") != "x" {
		t.Errorf("absent: %+v, %v", c, err)
	}
	if err := json.Unmarshal([]byte(`{"limit":null}`), &c); err != nil || !c.Limit.Set || !c.Limit.Null || c.Limit.Ptr() != nil {
		t.Errorf("null: %+v, %v", c, err)
	}
	c = changes{}
	if err := json.Unmarshal([]byte(`{"name":"","limit":0}`), &c); err != nil || !c.Name.Set || *c.Name.Ptr() != "" || c.Name.Or("x") != "" || !c.Limit.Set || c.Limit.Null || *c.Limit.Ptr() != 0 {
		t.Errorf("zero values: %+v, %v", c, err)
	}
	if err := json.Unmarshal([]byte(`{"name":null}`), &c); err == nil {
		t.Error("an Optional takes null")
	}
	for _, text := range []string{`{"name":1}`, `{"limit":"1"}`, `{"limit":1.5}`, `{"limit":2147483648}`, `{"owner":"x"}`, `{"owner":1}`, `{"due":"tomorrow"}`, `{"due":1}`} {
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestMergePatchMembersAreWrittenBack(t *testing.T) {
	n := int32(7)
	text, err := json.Marshal(changes{Name: Optional[string]{true, "x"}, Limit: Nullable[int32]{Set: true, Value: n}, Owner: Nullable[uuid.UUID]{Set: true, Null: true}})
	if err != nil || string(text) != `{"name":"x","limit":7,"owner":null}` {
		t.Errorf("%s, %v", text, err)
	}
}

// TestTimes holds what can be written to what PostgreSQL keeps and RFC 3339 can write again: the years 1 to 9999 in UTC.
func TestTimes(t *testing.T) {
	for text, ok := range map[string]bool{
		"2026-12-01T12:00:00Z": true, "2026-12-01T12:00:00+05:30": true, "0001-01-01T00:00:00Z": true, "9999-12-31T23:59:59Z": true,
		"0000-01-01T00:00:00Z": false, "0001-01-01T00:00:00+01:00": false, "9999-12-31T23:59:59-01:00": false, "2026-12-01": false, "": false, "2026-02-30T00:00:00Z": false,
	} {
		var at Time
		if err := json.Unmarshal([]byte(`"`+text+`"`), &at); (err == nil) != ok {
			t.Errorf("%q: %v, %v", text, at, err)
		} else if ok && at.Location().String() != "UTC" {
			t.Errorf("%q stays in %v", text, at.Location())
		}
	}
}

func TestIfMatchVersions(t *testing.T) {
	for header, want := range map[string][]int32{
		"":                       nil,
		"*":                      nil,
		" * ":                    nil,
		`"1"`:                    {1},
		`"1", "22"`:              {1, 22},
		` "1" ,"2" `:             {1, 2},
		`W/"1"`:                  {}, // weak tags match nothing (RFC 9110, 13.1.1)
		`1`:                      {},
		`"x"`:                    {},
		`""`:                     {},
		`"2147483648"`:           {},
		`"1" "2"`:                {},
		`"x", "3"`:               {3},
		`,`:                      {},
		`"99999999999999999999"`: {},
	} {
		if got := (IfMatch{header}).Versions(); !cmp.Equal(got, want) {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	if etag(7) != `"7"` {
		t.Errorf("etag %s", etag(7))
	}
}

func TestCanonicalUUIDsOnly(t *testing.T) {
	const id = "0190a5b0-0000-7000-8000-00000000beef"
	for _, text := range []string{id, strings.ToUpper(id)} {
		if got, err := parseUUID(text); err != nil || got.String() != id {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id[:35], id + "0", " " + id[1:], strings.Repeat("0", 36), strings.ReplaceAll(id, "-", "_"), id[:35] + "g"} {
		if got, err := parseUUID(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

func TestTaskReferences(t *testing.T) {
	id := "0190a5b0-0000-7000-8000-00000000beef"
	byID, byKey := TaskRef{Task: id}, TaskRef{Task: "APP-12"}
	for _, ref := range []*TaskRef{&byID, &byKey} {
		if errs := ref.Resolve(nil); len(errs) > 0 {
			t.Errorf("%s: %v", ref.Task, errs)
		}
	}
	if got, key := byID.Split(); got == nil || got.String() != id || key != nil {
		t.Errorf("%v, %v", got, key)
	}
	if got, key := byKey.Split(); got != nil || key == nil || *key != "APP-12" {
		t.Errorf("%v, %v", got, key)
	}
	for _, text := range []string{"", "app-1", "APP", "APP-", "APP-0", "APP-01", "A-1", "APP--1", "ABCDEFGHIJK-1", "APP-12 ", "APP-1\n", "APP-12345678901", "{" + id + "}"} {
		if errs := (&TaskRef{Task: text}).Resolve(nil); len(errs) == 0 {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestCursorsAreSealed(t *testing.T) {
	ours, stranger := sealer{[]byte("secret")}, sealer{[]byte("another")}
	cursor, err := ours.seal(cursorState{List: "list", Key: []byte(`"key"`)})
	if err != nil {
		t.Fatal(err)
	}
	state, err := ours.open(cursor)
	if err != nil || state.List != "list" || string(state.Key) != `"key"` {
		t.Fatalf("%+v, %v", state, err)
	}
	if _, err := stranger.open(cursor); err == nil {
		t.Error("another secret opens it")
	}
	for i := range cursor {
		changed := []byte(cursor)
		if changed[i] = 'A'; cursor[i] == 'A' {
			changed[i] = 'B'
		}
		if _, err := ours.open(string(changed)); err == nil {
			t.Errorf("character %d changed, and it opens", i)
		}
	}
	for _, forged := range []string{"", "A", "AAAAAAAAAAAAAAAA", cursor + "A", cursor + "=", cursor[:len(cursor)-1], "!" + cursor} {
		if _, err := ours.open(forged); err == nil {
			t.Errorf("%q opens", forged)
		}
	}
}

func TestListsHaveNamesOfTheirOwn(t *testing.T) {
	query := map[string][]string{"status": {"done"}}
	base := listName("GET /v1/tasks", "org", "/v1/tasks", query)
	if base != listName("GET /v1/tasks", "org", "/v1/tasks", map[string][]string{"status": {"done"}, "limit": {"5"}, "cursor": {"x"}}) {
		t.Error("limit and cursor change the list")
	}
	for name, other := range map[string]string{
		"route":        listName("GET /v1/labels", "org", "/v1/tasks", query),
		"organization": listName("GET /v1/tasks", "other", "/v1/tasks", query),
		"path":         listName("GET /v1/tasks", "org", "/v1/columns/1/tasks", query),
		"filter":       listName("GET /v1/tasks", "org", "/v1/tasks", map[string][]string{"status": {"todo"}}),
		"no filter":    listName("GET /v1/tasks", "org", "/v1/tasks", map[string][]string{}),
	} {
		if other == base {
			t.Errorf("another %s is the same list", name)
		}
	}
}

func TestPages(t *testing.T) {
	q := PageQuery{Limit: 2, list: "numbers", seals: sealer{[]byte("secret")}}
	same := func(n int) int { return n }
	for _, test := range []struct {
		rows []int
		want []int
		next string
	}{{nil, []int{}, ""}, {[]int{1}, []int{1}, ""}, {[]int{1, 2}, []int{1, 2}, ""}, {[]int{1, 2, 3}, []int{1, 2}, "2"}} {
		page, err := NewPage(q, test.rows, same, same)
		if err != nil || !cmp.Equal(page.Items, test.want) || (page.NextCursor != nil) != (test.next != "") {
			t.Errorf("%v: %+v, %v", test.rows, page, err)
			continue
		}
		if test.next == "" {
			continue
		}
		if state, err := q.seals.open(*page.NextCursor); err != nil || state.List != "numbers" || string(state.Key) != test.next {
			t.Errorf("%v: the cursor holds %+v, %v", test.rows, state, err)
		}
	}
	if q.More() != 3 {
		t.Errorf("reads %d rows", q.More())
	}
}

func TestFieldsOfLogsArePrintable(t *testing.T) {
	if got := Printable("a\r\nb\x00\x1b[31m\u2028é~"); got != "ab[31m~" {
		t.Errorf("%q", got)
	}
	if got := clip("12345", 3); got != "123" {
		t.Errorf("%q", got)
	}
}
