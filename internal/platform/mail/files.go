package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Files is a [Sender] that writes each message to a file that mail programs
// open, for machines without a mail server.
type Files struct {
	dir  string
	from *mail.Address
}

// NewFiles returns a Files that writes to the folder mail in dataDir, which it
// makes with the first message, as from the address from.
func NewFiles(dataDir, from string) (*Files, error) {
	address, err := parseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("sender %w", err)
	}
	return &Files{dir: filepath.Join(dataDir, "mail"), from: address}, nil
}

// Send writes the message to <time>-<id>.eml, whose names sort by time. The file
// is complete and on disk as soon as it has that name.
func (f *Files) Send(ctx context.Context, message Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	message = message.prepared()
	out, err := compose(message, f.from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	name := time.Now().UTC().Format("20060102T150405.000000000Z") + "-" + message.ID + ".eml"
	if err := write(out, f.dir, name); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return nil
}

func write(out *gomail.Msg, dir, name string) error {
	temporary, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // gone when renamed
	_, err = out.WriteTo(temporary)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), filepath.Join(dir, name))
}
