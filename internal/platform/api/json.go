package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// strictJSON reads one JSON document and nothing more: exact member names, none twice, valid UTF-8, no U+0000 in text
// (PostgreSQL cannot hold it).
var strictJSON = huma.Format{
	Marshal: func(w io.Writer, v any) error { return json.MarshalWrite(w, v, json.FormatNilSliceAsNull(false)) },
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) {
			return errors.New("it is not valid UTF-8")
		}
		err := json.Unmarshal(data, v)
		var semantic *json.SemanticError
		if errors.As(err, &semantic) {
			return bodyError(semantic)
		}
		if err != nil {
			return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "jsontext: "))
		}
		if parsed, ok := v.(*any); ok && bytes.Contains(data, []byte(`\u0000`)) {
			return findNUL(*parsed, "body")
		}
		return nil
	},
}

// bodyError says where a value of the wrong kind stands, in the form "body.path: message" that fieldOf takes apart.
func bodyError(e *json.SemanticError) error {
	at := "body"
	for step := range e.JSONPointer.Tokens() {
		if strings.Trim(step, "0123456789") == "" {
			at += "[" + step + "]"
		} else {
			at += "." + step
		}
	}
	if e.Err != nil {
		return fmt.Errorf("%s: %w", at, e.Err)
	}
	return fmt.Errorf("%s: is not acceptable", at)
}

// nulError is refused as malformed: no text of ours can hold it.
func findNUL(v any, at string) error {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "\x00") {
			return fmt.Errorf("%s holds U+0000", at)
		}
	case map[string]any:
		for name, member := range v {
			if strings.Contains(name, "\x00") {
				return fmt.Errorf("a member name in %s holds U+0000", at)
			}
			if err := findNUL(member, at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range v {
			if err := findNUL(item, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// Optional is a member that may be absent but not null.
type Optional[T any] struct {
	Set   bool
	Value T
}

// Nullable is a member that may be absent, null (clear it) or a value.
type Nullable[T any] struct {
	Set, Null bool
	Value     T
}

var errNull = errors.New("may not be null; leave it out to keep it")

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (o *Optional[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == 'n' {
		return errNull
	}
	o.Set = true
	return json.UnmarshalDecode(d, &o.Value)
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Nullable[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	n.Set = true
	if d.PeekKind() == 'n' {
		n.Null = true
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &n.Value)
}

// Or is the value, or the default where it is absent.
func (o Optional[T]) Or(absent T) T {
	if o.Set {
		return o.Value
	}
	return absent
}

// Ptr is the value, or nil where it is absent.
func (o Optional[T]) Ptr() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}

// Ptr is the value, or nil where it is absent or null.
func (n Nullable[T]) Ptr() *T {
	if !n.Set || n.Null {
		return nil
	}
	return &n.Value
}

// Schema implements huma.SchemaProvider.
func (o Optional[T]) Schema(r huma.Registry) *huma.Schema {
	return copySchema(r.Schema(reflect.TypeFor[T](), true, ""))
}

// Schema implements huma.SchemaProvider.
func (n Nullable[T]) Schema(r huma.Registry) *huma.Schema {
	s := copySchema(r.Schema(reflect.TypeFor[T](), true, ""))
	s.Nullable = true
	return s
}

func copySchema(s *huma.Schema) *huma.Schema {
	c := *s
	return &c
}

// MarshalJSON lets schema examples and tests write the member.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Ptr()) }

// MarshalJSON lets schema examples and tests write the member.
func (n Nullable[T]) MarshalJSON() ([]byte, error) { return json.Marshal(n.Ptr()) }

func parseQuery(raw string) (url.Values, error) { return url.ParseQuery(raw) }

func validText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// Printable keeps the printable ASCII of s.
func Printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e {
			return -1
		}
		return c
	}, s)
}
