package field

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/fault"
)

// Option is one of what a select or multi_select takes.
type Option struct {
	Value string  `json:"value" doc:"What tasks and filters hold." example:"high"`
	Name  string  `json:"name" example:"High"`
	Color *string `json:"color" example:"#d73a4a"`
}

// OptionBody is an option in a request.
type OptionBody struct {
	Value api.Optional[string] `json:"value,omitzero" pattern:"^[a-z0-9][a-z0-9_-]{0,62}$" patternDescription:"up to 63 of a-z, 0-9, _ and -, a letter or digit first" doc:"Derived from the name when absent." example:"high"`
	Name  string               `json:"name" minLength:"1" maxLength:"80" pattern:"\\S" patternDescription:"some visible text" example:"High"`
	Color api.Nullable[string] `json:"color,omitzero" pattern:"^#[0-9a-fA-F]{6}$" patternDescription:"a colour such as #d73a4a" example:"#d73a4a"`
}

// readOptions gives the options as they are stored. Values that are written out come first; a derived one that is taken
// gets a number.
func readOptions(given []OptionBody) (api.Document, error) {
	taken := make(map[string]bool, len(given))
	for i, o := range given {
		if o.Value.Set && taken[o.Value.Value] {
			return nil, fault.Invalid(fmt.Sprintf("body.options[%d].value", i), "another option has this value")
		}
		taken[o.Value.Value] = true
	}
	options := make([]Option, len(given))
	for i, o := range given {
		options[i] = Option{Value: o.Value.Value, Name: o.Name, Color: o.Color.Ptr()}
		if !o.Value.Set {
			options[i].Value = derivedValue(o.Name, taken)
		}
	}
	text, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("encode options: %w", err)
	}
	return text, nil
}

func derivedValue(name string, taken map[string]bool) string {
	base := slug(name)
	if base == "" {
		base = "option"
	}
	value := base
	for n := 2; taken[value]; n++ {
		value = numbered(base, n)
	}
	taken[value] = true
	return value
}

// keyCandidates derives keys from a field's name, best first: of as many as a project can have fields and one more, one
// is free.
func keyCandidates(name string) []string {
	base := slug(name)
	if base == "" || base[0] < 'a' || base[0] > 'z' {
		base = strings.TrimSuffix("field_"+base, "_")
	}
	keys := []string{numbered(base, 1)}
	for n := 2; n <= mostFields+1; n++ {
		keys = append(keys, numbered(base, n))
	}
	return keys
}

// longest is how many characters a key or a value has at most.
const longest = 63

// slug writes a name with a-z, 0-9 and underscores: "Story points" is story_points.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	text := strings.Join(words, "_")
	return strings.TrimRight(text[:min(len(text), longest)], "_")
}

// numbered is the text with a number behind, from the second on.
func numbered(base string, n int) string {
	suffix := ""
	if n > 1 {
		suffix = "_" + strconv.Itoa(n)
	}
	return base[:min(len(base), longest-len(suffix))] + suffix
}
