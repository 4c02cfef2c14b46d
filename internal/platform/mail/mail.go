// Package mail sends the mail that the product writes: to a server, to files
// for a machine without one, and in the background.
package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// ErrRejected reports a message that will not be delivered however often it is
// tried: it is malformed, or the server has refused it for good.
var ErrRejected = errors.New("mail rejected")

// Message is a mail to one recipient.
type Message struct {
	// ID becomes the Message-ID, so that a message sent twice because an answer
	// was lost can be told to be one. It is random when empty.
	ID string
	// To is one address, with or without a name (RFC 5322, 3.4).
	To string
	// Subject often holds names that people have chosen: control characters in
	// it become spaces, while elsewhere they get the message rejected.
	Subject string
	// Text is the body for every reader, HTML the alternative for those that
	// show it; an empty HTML leaves a plain message.
	Text string
	HTML string
	// Headers are further header fields. Those that other fields of Message or
	// the sender set, and those that steer delivery, are rejected.
	Headers map[string]string
}

// Sender sends a message, or has taken it over for sending, once Send returns
// nil. Send is safe for concurrent use and returns soon after ctx ends. Its
// error is an [ErrRejected] where trying again is pointless.
type Sender interface {
	Send(ctx context.Context, message Message) error
}

var (
	idForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,75}$`)
	// reserved are the fields that this package sets, and those that readers or
	// relays take for the origin or the route of a message.
	reserved = regexp.MustCompile(`^(From|Sender|To|Cc|Bcc|Subject|Date|Message-Id|Mime-Version|Return-Path|Received|Dkim-Signature|Content-.*|Resent-.*|Arc-.*|Auto-Submitted)$`)
	// localPart is the dot-atom of RFC 5322, with the letters of RFC 6532. The
	// quoted form, in which blanks and brackets can get into SMTP commands, is
	// not in use.
	localPart  = regexp.MustCompile("^[\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~.-]+$")
	domainPart = regexp.MustCompile(`^([\pL\pM\pN.-]+|\[[0-9A-Fa-f.:]+\])$`)
)

// check rejects what cannot be composed, above all line breaks that would start
// another header field or SMTP command.
func (m Message) check() error {
	if _, err := parseAddress(m.To); err != nil {
		return fmt.Errorf("%w: recipient %w", ErrRejected, err)
	}
	if m.ID != "" && !idForm.MatchString(m.ID) {
		return fmt.Errorf("%w: malformed ID %.40q", ErrRejected, m.ID)
	}
	for name, value := range m.Headers {
		if !fieldName.MatchString(name) || reserved.MatchString(textproto.CanonicalMIMEHeaderKey(name)) {
			return fmt.Errorf("%w: header field %.40q is not for messages to set", ErrRejected, name)
		}
		if hasControl(value) {
			return fmt.Errorf("%w: header field %s has control characters", ErrRejected, name)
		}
	}
	return nil
}

// prepared returns the message with an ID, and with headers of its own.
func (m Message) prepared() Message {
	if m.ID == "" {
		m.ID = rand.Text()
	}
	m.Headers = maps.Clone(m.Headers)
	return m
}

// compose makes the message as it goes over the wire.
func compose(m Message, from *mail.Address) (*gomail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	m = m.prepared()
	to, err := parseAddress(m.To)
	if err != nil {
		return nil, fmt.Errorf("%w: recipient %w", ErrRejected, err)
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(from)
	out.ToMailAddress(to)
	out.Subject(oneLine(m.Subject))
	out.SetDate()
	out.SetMessageIDWithValue(m.ID + "@" + domainOf(from))
	// RFC 3834: no vacation notices in answer.
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	for name, value := range m.Headers {
		out.SetGenHeader(gomail.Header(textproto.CanonicalMIMEHeaderKey(name)), value)
	}
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return out, nil
}

func parseAddress(s string) (*mail.Address, error) {
	if hasControl(s) {
		return nil, errors.New("address has control characters")
	}
	address, err := mail.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("address %.80q is malformed", s)
	}
	at := strings.LastIndexByte(address.Address, '@')
	if !localPart.MatchString(address.Address[:at]) || !domainPart.MatchString(address.Address[at+1:]) || hasControl(address.Name) {
		return nil, fmt.Errorf("address %.80q is of an unusual form", s)
	}
	return address, nil
}

func domainOf(address *mail.Address) string {
	return address.Address[strings.LastIndexByte(address.Address, '@')+1:]
}

// hasControl says whether s holds CR, LF, NUL or the like. A name in an address
// may have been encoded (RFC 2047) to hide them.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, isBreak)
}

// isBreak includes the line and paragraph separators of Unicode.
func isBreak(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), isBreak), " ")
}
