package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/mail"
)

const from = "Plinth <plinth@example.com>"

func newFiles(t *testing.T) (files *mail.Files, dir string) {
	t.Helper()
	data := t.TempDir()
	files, err := mail.NewFiles(data, from)
	if err != nil {
		t.Fatal(err)
	}
	return files, filepath.Join(data, "mail")
}

// parse reads a message as a mail program does.
func parse(t *testing.T, raw string) (header netmail.Header, bodies map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, raw)
	}
	bodies = map[string]string{}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		bodies[kind] = content(t, m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return m.Header, bodies
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m.Header, bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		bodies[kind] = content(t, part.Header.Get("Content-Transfer-Encoding"), part)
	}
}

func content(t *testing.T, encoding string, r io.Reader) string {
	t.Helper()
	if encoding != "quoted-printable" {
		t.Fatalf("encoding %q", encoding)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(r))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")
}

func decoded(t *testing.T, header netmail.Header, name string) string {
	t.Helper()
	value, err := (&mime.WordDecoder{}).DecodeHeader(header.Get(name))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Fatalf("want one file, got %v, %v", names, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, names[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestFileHoldsTheMessage(t *testing.T) {
	files, dir := newFiles(t)
	message := mail.Message{
		ID: "invite-1", To: "Zoë <zoe@example.org>", Subject: "Einladung für Zoë",
		Text: "Hello\n.\nFrom here: https://example.com/?a=b\n", HTML: "<p>Hello &amp; welcome, Zoë</p>",
		Headers: map[string]string{"list-unsubscribe": "<https://example.com/u>"},
	}
	if err := files.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	header, bodies := parse(t, onlyFile(t, dir))
	for name, want := range map[string]string{
		"From": `"Plinth" <plinth@example.com>`, "Subject": "Einladung für Zoë", "Message-Id": "<invite-1@example.com>",
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://example.com/u>", "Mime-Version": "1.0",
	} {
		if got := decoded(t, header, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	to, err := header.AddressList("To")
	if err != nil || len(to) != 1 || *to[0] != (netmail.Address{Name: "Zoë", Address: "zoe@example.org"}) {
		t.Errorf("To is %v, %v", to, err)
	}
	if _, err := header.Date(); err != nil {
		t.Error(err)
	}
	if bodies["text/plain"] != strings.TrimSpace(message.Text) || bodies["text/html"] != message.HTML || len(bodies) != 2 {
		t.Errorf("bodies %q", bodies)
	}
}

func TestPlainMessageHasOnePart(t *testing.T) {
	files, dir := newFiles(t)
	if err := files.Send(t.Context(), mail.Message{To: "a@example.org", Subject: "s", Text: "only text"}); err != nil {
		t.Fatal(err)
	}
	header, bodies := parse(t, onlyFile(t, dir))
	if len(bodies) != 1 || bodies["text/plain"] != "only text" {
		t.Errorf("bodies %q", bodies)
	}
	if id := header.Get("Message-Id"); len(id) < len("<@example.com>")+20 {
		t.Errorf("Message-ID %s is not random", id)
	}
}

func TestFilesSortByTimeAndArePrivate(t *testing.T) {
	files, dir := newFiles(t)
	var subjects []string
	for _, subject := range strings.Split("abcdefghij", "") {
		if err := files.Send(t.Context(), mail.Message{To: "a@example.org", Subject: subject}); err != nil {
			t.Fatal(err)
		}
	}
	names, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := name.Info()
		if err != nil || info.Mode().Perm() != 0o600 || filepath.Ext(name.Name()) != ".eml" {
			t.Errorf("%s has mode %v, %v", name.Name(), info.Mode(), err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		header, _ := parse(t, string(raw))
		subjects = append(subjects, header.Get("Subject"))
	}
	if got := strings.Join(subjects, ""); got != "abcdefghij" {
		t.Errorf("order by name is %s", got)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}

func TestReaderNeverSeesHalfAFile(t *testing.T) {
	files, dir := newFiles(t)
	body := strings.Repeat("line of a long message\n", 20_000) + "the end"
	sent := make(chan error, 1)
	go func() {
		var err error
		for range 20 {
			err = errors.Join(err, files.Send(t.Context(), mail.Message{To: "a@example.org", Text: body}))
		}
		sent <- err
	}()
	check := func() (seen int) {
		names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil || !strings.HasSuffix(strings.TrimSpace(string(raw)), "the end") {
				t.Fatalf("%s is cut at %d bytes, %v", name, len(raw), err)
			}
		}
		return len(names)
	}
	for {
		select {
		case err := <-sent:
			if err != nil || check() != 20 {
				t.Fatalf("not all sent: %v", err)
			}
			if all, err := os.ReadDir(dir); err != nil || len(all) != 20 {
				t.Errorf("left behind: %v, %v", all, err)
			}
			return
		default:
			check()
		}
	}
}

// No value may start another header field or another SMTP command.
func TestLineBreaksAreRejected(t *testing.T) {
	files, dir := newFiles(t)
	good := mail.Message{To: "a@example.org", Subject: "s"}
	bad := map[string]mail.Message{}
	for _, breaker := range []string{"\r\n", "\n", "\r", "\x00", "\u0085", "\u2028"} {
		with := func(change func(*mail.Message)) mail.Message {
			m := good
			change(&m)
			return m
		}
		bad["address "+breaker] = with(func(m *mail.Message) { m.To = "a@example.org" + breaker + "Bcc: b@example.org" })
		bad["local part "+breaker] = with(func(m *mail.Message) { m.To = "a" + breaker + "b@example.org" })
		bad["name "+breaker] = with(func(m *mail.Message) { m.To = "Ann" + breaker + "Bcc: x <a@example.org>" })
		bad["folded "+breaker] = with(func(m *mail.Message) { m.To = "Ann" + breaker + " <a@example.org>" })
		bad["value "+breaker] = with(func(m *mail.Message) { m.Headers = map[string]string{"X-Org": "a" + breaker + "Bcc: b@example.org"} })
		bad["field "+breaker] = with(func(m *mail.Message) { m.Headers = map[string]string{"X-Org" + breaker + "Bcc": "b@example.org"} })
		bad["id "+breaker] = with(func(m *mail.Message) { m.ID = "a" + breaker + "b" })
	}
	bad["encoded name"] = mail.Message{To: "=?utf-8?b?QW5uDQpCY2M6IGJAZXhhbXBsZS5vcmc=?= <a@example.org>"}
	for name, message := range bad {
		if err := files.Send(t.Context(), message); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestSubjectIsNeutralised(t *testing.T) {
	for subject, want := range map[string]string{
		"Join Evil\r\nBcc: b@example.org\r\n\r\nbody": "Join Evil Bcc: b@example.org body",
		"a\x00b\rc\nd":                   "a b c d",
		"\r\n":                           "",
		"=?utf-8?q?a=0D=0ABcc:_b?=\n":    "=?utf-8?q?a=0D=0ABcc:_b?=",
		strings.Repeat("long word ", 60): strings.Repeat("long word ", 60),
	} {
		files, dir := newFiles(t)
		if err := files.Send(t.Context(), mail.Message{To: "a@example.org", Subject: subject, Text: "the text"}); err != nil {
			t.Errorf("%q: %v", subject, err)
			continue
		}
		header, bodies := parse(t, onlyFile(t, dir))
		if got := header.Get("Subject"); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%q became %q, want %q", subject, got, want)
		}
		if header.Get("Bcc") != "" || bodies["text/plain"] != "the text" {
			t.Errorf("%q broke out: %v, %q", subject, header, bodies)
		}
	}
}

func TestUnfitMessagesAreRejected(t *testing.T) {
	files, _ := newFiles(t)
	for _, to := range []string{
		"", "nobody", "a@", "@example.org", "a@example.org, b@example.org",
		`"a> SIZE=1"@example.org`, `"a b"@example.org`, `"a@b"@example.org`, "<a@example.org> x",
	} {
		if err := files.Send(t.Context(), mail.Message{To: to}); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	for _, name := range []string{"From", "bcc", "CC", "to", "Subject", "Content-Type", "message-id", "Resent-To", "Sender", "Return-Path", "", "X Y", "X:Y", "X-Ü"} {
		if err := files.Send(t.Context(), mail.Message{To: "a@example.org", Headers: map[string]string{name: "x"}}); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("field %q: %v", name, err)
		}
	}
	for _, id := range []string{"../../etc/passwd", "a/b", "a@b", "<a>", ".", strings.Repeat("x", 200)} {
		if err := files.Send(t.Context(), mail.Message{To: "a@example.org", ID: id}); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	for _, sender := range []string{"", "nobody", "a@example.org\r\nBcc: b@example.org"} {
		if _, err := mail.NewFiles(t.TempDir(), sender); err == nil {
			t.Errorf("sender %q was accepted", sender)
		}
	}
}

func TestEndedContextWritesNothing(t *testing.T) {
	files, dir := newFiles(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := files.Send(ctx, mail.Message{To: "a@example.org"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 0 {
		t.Errorf("wrote %v", names)
	}
}

func FuzzHeadersStayApart(f *testing.F) {
	f.Add("a@example.org", "subject", "value", "text")
	f.Add("A <a@example.org>", "s\r\nBcc: x@example.org", "v\r\n w", ".\r\n")
	f.Add("=?utf-8?b?DQo=?= <a@example.org>", "=?utf-8?b?DQo=?=", "\xff", "\x00")
	allowed := []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "X-Org", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}
	f.Fuzz(func(t *testing.T, to, subject, value, text string) {
		files, dir := newFiles(t)
		err := files.Send(t.Context(), mail.Message{To: to, Subject: subject, Text: text, Headers: map[string]string{"X-Org": value}})
		if errors.Is(err, mail.ErrRejected) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		header, bodies := parse(t, onlyFile(t, dir))
		for name, values := range header {
			if !slices.Contains(allowed, name) || len(values) != 1 {
				t.Errorf("field %s: %q", name, values)
			}
		}
		if len(bodies) != 1 {
			t.Errorf("%d bodies", len(bodies))
		}
	})
}
