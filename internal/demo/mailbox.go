package demo

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/plinth/plinth/internal/platform/mail"
)

// Mailbox is a mail.Sender that keeps what it is given: nobody lives at the members' addresses.
type Mailbox struct {
	mu   sync.Mutex
	last map[string]mail.Message // by recipient
}

// Send implements mail.Sender.
func (m *Mailbox) Send(_ context.Context, message mail.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = map[string]mail.Message{}
	}
	m.last[message.To] = message
	return nil
}

var invitationToken = regexp.MustCompile(`\bpli_[A-Za-z0-9_-]+`)

// invitation finds the token in the last mail to the address.
func (m *Mailbox) invitation(to string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := invitationToken.FindString(m.last[to].Text)
	if token == "" {
		return "", fmt.Errorf("no invitation has come to %s", to)
	}
	return token, nil
}
