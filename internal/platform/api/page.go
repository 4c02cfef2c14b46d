package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/fault"
)

// Page is one page of a list.
type Page[T any] struct {
	Items      []T     `json:"items" nullable:"false" doc:"The items of this page."`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor for the next page; null on the last one."`
}

// PageQuery is the part of a list's input that pages through it. Pages are keyset pages: rows that come or go meanwhile
// neither repeat nor hide others.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items a page holds."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"next_cursor of the page before."`

	state cursorState
	list  string
	seals sealer
}

// cursorState is what a cursor holds: the list it belongs to and the key of the last row given.
type cursorState struct {
	List string         `json:"l"`
	Key  jsontext.Value `json:"k"`
}

// Resolve implements huma.Resolver: it opens the cursor, which must be one of this very list's own.
func (q *PageQuery) Resolve(ctx huma.Context) []error {
	req := requestFrom(ctx.Context())
	u := ctx.URL()
	list := listName(req.route, req.Org.String(), u.Path, u.Query())
	q.list, q.seals = list, req.cursors
	if q.Cursor == "" {
		return nil
	}
	state, err := req.cursors.open(q.Cursor)
	if err != nil || state.List != list {
		return []error{&huma.ErrorDetail{Location: "query.cursor", Message: "is not a cursor of this list"}}
	}
	q.state = state
	return nil
}

// listName tells lists apart: a cursor is good for one path and one set of filters.
func listName(route, org, path string, query url.Values) string {
	for _, name := range []string{"cursor", "limit", "org_id"} {
		query.Del(name)
	}
	sum := sha256.Sum256([]byte(route + "\n" + org + "\n" + path + "\n" + query.Encode()))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// After gives the key of the last row of the page before; false on the first page.
func After[K any](q PageQuery) (K, bool, error) {
	var key K
	if q.state.Key == nil {
		return key, false, nil
	}
	if err := json.Unmarshal(q.state.Key, &key); err != nil {
		return key, false, fault.Invalid("query.cursor", "is not a cursor of this list")
	}
	return key, true, nil
}

// More is how many rows a list reads: one past the page, to see whether there is another.
func (q PageQuery) More() int32 { return int32(q.Limit) + 1 }

// NewPage cuts the page out of the rows read, and seals the key of its last item into next_cursor where more follow.
func NewPage[R, T, K any](q PageQuery, rows []R, item func(R) T, key func(R) K) (*Page[T], error) {
	page := &Page[T]{Items: make([]T, 0, min(len(rows), q.Limit))}
	for i, row := range rows {
		if i == q.Limit {
			last, err := json.Marshal(key(rows[i-1]))
			if err != nil {
				return nil, err
			}
			cursor, err := q.seals.seal(cursorState{q.list, last})
			if err != nil {
				return nil, err
			}
			page.NextCursor = &cursor
			break
		}
		page.Items = append(page.Items, item(row))
	}
	return page, nil
}

// ListCursor makes a cursor of another list than the one being answered: for the page behind the key. The list is named
// by the method and path of its operation and by its own path, and has no filters.
func ListCursor(ctx context.Context, operation, path string, key any) (string, error) {
	req := requestFrom(ctx)
	last, err := json.Marshal(key)
	if err != nil {
		return "", fmt.Errorf("encode key: %w", err)
	}
	return req.cursors.seal(cursorState{listName(operation, req.Org.String(), path, url.Values{}), last})
}

const sealLength = 12

// sealer makes and opens cursors: JSON behind a truncated HMAC-SHA-256, so that a made-up cursor is known as such.
type sealer struct{ secret []byte }

func (c sealer) seal(s cursorState) (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(c.mac(text), text...)), nil
}

func (c sealer) open(cursor string) (cursorState, error) {
	var s cursorState
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= sealLength || !hmac.Equal(raw[:sealLength], c.mac(raw[sealLength:])) {
		return s, errors.New("not a cursor of ours")
	}
	return s, json.Unmarshal(raw[sealLength:], &s)
}

func (c sealer) mac(text []byte) []byte {
	h := hmac.New(sha256.New, c.secret)
	h.Write(text)
	return h.Sum(nil)[:sealLength]
}

func etag(version int32) string { return `"` + strconv.Itoa(int(version)) + `"` }

// IfMatch is the part of an input that holds a change to the version the client has seen (RFC 9110, 13.1.1).
type IfMatch struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag that was read; the change is refused with 412 where the resource has another by now." example:"\"1\""`
}

// Versions are the acceptable versions; nil means any. A tag that is none of ours matches nothing.
func (m IfMatch) Versions() []int32 {
	if m.IfMatch == "" || strings.TrimSpace(m.IfMatch) == "*" {
		return nil
	}
	versions := []int32{}
	for tag := range strings.SplitSeq(m.IfMatch, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(tag), `"`)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSuffix(text, `"`), 10, 32); err == nil {
			versions = append(versions, int32(n))
		}
	}
	return versions
}

// AfterID is After for lists ordered by id; nil on the first page.
func AfterID(q PageQuery) (*uuid.UUID, error) {
	id, ok, err := After[uuid.UUID](q)
	if err != nil || !ok {
		return nil, err
	}
	return &id, nil
}
