package config

import (
	"fmt"
	"io"
)

// Sensitive is a setting that is or holds a secret. It prints as [redacted], so
// that a Config can be logged; string(s) is its value.
type Sensitive string

const redacted = "[redacted]"

// Format implements [fmt.Formatter] for every verb, also those that Stringer
// would not cover.
func (s Sensitive) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.shown()) }

// MarshalText implements [encoding.TextMarshaler], which JSON and slog use.
func (s Sensitive) MarshalText() ([]byte, error) { return []byte(s.shown()), nil }

func (s Sensitive) shown() string {
	if s == "" {
		return ""
	}
	return redacted
}
