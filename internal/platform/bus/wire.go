package bus

import (
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

// maxMessage is how long a message may be at most, in bytes, whatever carries it.
const maxMessage = 64 << 10

const channelPrefix = "plinth:"

// channel names an organization's channel. In a cluster the braces alone choose the slot.
func channel(org uuid.UUID) string { return channelPrefix + "{" + org.String() + "}" }

// orgOf reads the name of a channel.
func orgOf(name string) (uuid.UUID, bool) {
	org, err := uuid.Parse(strings.Trim(strings.TrimPrefix(name, channelPrefix), "{}"))
	return org, err == nil && name == channel(org)
}

// frame prefixes a message with ids of 16 bytes each, the sender's first.
func frame(text string, ids ...uuid.UUID) string {
	var b strings.Builder
	b.Grow(len(ids)*len(uuid.UUID{}) + len(text))
	for _, id := range ids {
		b.Write(id[:])
	}
	b.WriteString(text)
	return b.String()
}

// cut takes the id off the front of a frame.
func cut(frame string) (id uuid.UUID, rest string, ok bool) {
	if len(frame) < len(id) {
		return uuid.Nil, "", false
	}
	return uuid.UUID([]byte(frame[:len(id)])), frame[len(id):], true
}

// openFrame reads what came through an organization's channel.
func openFrame(s string) (from uuid.UUID, text string, ok bool) {
	from, text, ok = cut(s)
	return from, text, ok && len(text) <= maxMessage
}

// payload is a frame, with the organization, as text.
func payload(from uuid.UUID, m message) string {
	return base64.RawStdEncoding.EncodeToString([]byte(frame(m.text, from, m.org)))
}

// openPayload reads what came through the one channel of all organizations.
func openPayload(s string) (from, org uuid.UUID, text string, ok bool) {
	raw, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil {
		return uuid.Nil, uuid.Nil, "", false
	}
	from, rest, ok := cut(string(raw))
	if !ok {
		return uuid.Nil, uuid.Nil, "", false
	}
	org, text, ok = cut(rest)
	return from, org, text, ok
}
