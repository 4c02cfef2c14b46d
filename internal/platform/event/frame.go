package event

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Frame is an event as clients get it, on every channel alike.
type Frame struct {
	Type       Type           `json:"type"`
	ID         uuid.UUID      `json:"id"`
	Cursor     string         `json:"cursor"`
	OrgID      uuid.UUID      `json:"org_id"`
	OccurredAt time.Time      `json:"occurred_at"`
	ActorID    *uuid.UUID     `json:"actor_id"`
	ProjectID  *uuid.UUID     `json:"project_id,omitempty"`
	TaskID     *uuid.UUID     `json:"task_id,omitempty"`
	CommentID  *uuid.UUID     `json:"comment_id,omitempty"`
	Status     string         `json:"status,omitempty"`
	Version    int32          `json:"version"`
	Data       jsontext.Value `json:"data"`
}

// NewFrame encodes a record. Status is that of the resource, where it has one.
func NewFrame(r Record, cursor string) ([]byte, error) {
	data, err := RestTimes(r.Payload)
	if err != nil {
		return nil, fmt.Errorf("read payload of event %s: %w", r.UID, err)
	}
	f := Frame{Type: r.Kind, ID: r.UID, Cursor: cursor, OrgID: r.Org, OccurredAt: r.At.UTC(), ActorID: r.ActorID,
		ProjectID: r.ProjectID, TaskID: r.TaskID, Version: r.Version, Data: data}
	if strings.HasPrefix(string(r.Kind), "comment.") {
		f.CommentID = &r.EntityID
	}
	var state struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(r.Payload, &state); err != nil {
		return nil, fmt.Errorf("read payload of event %s: %w", r.UID, err)
	}
	f.Status = state.Status
	return json.Marshal(f)
}

// RestTimes writes the times of resources as REST does: PostgreSQL's JSON has +00:00 where Go's has Z. What users put
// into custom fields stays as it is.
func RestTimes(payload []byte) (jsontext.Value, error) {
	var out bytes.Buffer
	trusted := jsontext.AllowDuplicateNames(true) // there are none; looking for them is half the work
	from, to := jsontext.NewDecoder(bytes.NewReader(payload), trusted), jsontext.NewEncoder(&out, trusted)
	var name string // of the member that is read
	for {
		if name == "fields" {
			value, err := from.ReadValue()
			if err != nil {
				return nil, err
			}
			if err := to.WriteValue(value); err != nil {
				return nil, err
			}
			name = ""
		}
		within, count := from.StackIndex(from.StackDepth())
		token, err := from.ReadToken()
		if errors.Is(err, io.EOF) {
			return bytes.TrimSpace(out.Bytes()), nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case token.Kind() != '"':
		case within == '{' && count%2 == 0:
			name = token.String()
		case strings.HasSuffix(name, "_at"):
			if at, err := time.Parse(time.RFC3339, token.String()); err == nil {
				token = jsontext.String(at.UTC().Format(time.RFC3339Nano))
			}
		}
		if err := to.WriteToken(token); err != nil {
			return nil, err
		}
	}
}

// Cursors turn positions into opaque, sealed text, which tells nothing of other organizations' pace.
type Cursors struct {
	mac   []byte
	block cipher.Block
	epoch string
}

// NewCursors makes the cursors of one epoch of the log.
func NewCursors(secret []byte, epoch string) (*Cursors, error) {
	block, err := aes.NewCipher(derive(secret, "event cursor encryption")[:16])
	if err != nil {
		return nil, fmt.Errorf("make cursor cipher: %w", err)
	}
	return &Cursors{derive(secret, "event cursor seal"), block, epoch}, nil
}

func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

// Seal encrypts a position of the organization's stream, with a synthetic IV that authenticates it.
func (c *Cursors) Seal(org uuid.UUID, p Position) string {
	plain := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, p.XID), uint64(p.ID))
	iv := c.iv(org, plain)
	out := append([]byte{}, iv...)
	out = append(out, plain...)
	cipher.NewCTR(c.block, iv).XORKeyStream(out[len(iv):], plain)
	return base64.RawURLEncoding.EncodeToString(out)
}

// ErrCursor is the error of Open.
var ErrCursor = errors.New("no cursor of this stream in its present epoch")

// Open gives the position that Seal was given for the organization.
func (c *Cursors) Open(org uuid.UUID, cursor string) (Position, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) != aes.BlockSize+16 {
		return Position{}, ErrCursor
	}
	iv, plain := raw[:aes.BlockSize], make([]byte, 16)
	cipher.NewCTR(c.block, iv).XORKeyStream(plain, raw[aes.BlockSize:])
	if !hmac.Equal(iv, c.iv(org, plain)) {
		return Position{}, ErrCursor
	}
	return Position{XID: binary.BigEndian.Uint64(plain), ID: int64(binary.BigEndian.Uint64(plain[8:]))}, nil
}

func (c *Cursors) iv(org uuid.UUID, plain []byte) []byte {
	h := hmac.New(sha256.New, c.mac)
	h.Write([]byte(c.epoch))
	h.Write(org[:])
	h.Write(plain)
	return h.Sum(nil)[:aes.BlockSize]
}
