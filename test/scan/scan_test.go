// Package scan_test has a real clamd look through files, and breaks it.
package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/scan"
	"github.com/plinth/plinth/test/clamd"
)

const mib = 1 << 20

func TestVerdicts(t *testing.T) {
	virus := clamd.EICAR()
	for name, settings := range map[string]struct {
		options []string
		files   map[string]file
	}{
		"as it is": {nil, map[string]file{
			"empty":                {nil, scan.Clean, ""},
			"text":                 {[]byte("nothing bad"), scan.Clean, ""},
			"noise":                {noise(5 * mib), scan.Clean, ""},
			"zip of text":          {clamd.ZipOf(t, "a.txt", []byte("nothing bad")), scan.Clean, ""},
			"virus":                {virus, scan.Infected, "Eicar-Test"},
			"virus amid noise":     {slices.Concat(noise(2*mib), virus, noise(3*mib)), scan.Infected, "Eicar-Test"},
			"virus at the end":     {slices.Concat(noise(5*mib), virus), scan.Infected, "Eicar-Test"},
			"virus over two parts": {slices.Concat(noise(64<<10-20), virus, noise(mib)), scan.Infected, "Eicar-Test"},
			"virus in a zip":       {clamd.ZipOf(t, "a.com", virus), scan.Infected, "Eicar-Test"},
			"virus in five zips":   {clamd.Nested(t, 5, virus), scan.Infected, "Eicar-Test"},
			"virus in sixty zips":  {clamd.Nested(t, 60, virus), scan.Unscannable, "MaxRecursion"},
		}},
		"shallow": {[]string{"MaxRecursion 4"}, map[string]file{
			"three zips": {clamd.Nested(t, 3, virus), scan.Infected, "Eicar-Test"},
			"five zips":  {clamd.Nested(t, 5, virus), scan.Unscannable, "MaxRecursion"},
		}},
		"short streams": {[]string{"StreamMaxLength 1M"}, map[string]file{
			"within":   {slices.Concat(noise(mib-len(virus)), virus), scan.Infected, "Eicar-Test"},
			"over":     {slices.Concat(noise(mib), virus), scan.Unscannable, "INSTREAM size limit"},
			"far over": {noise(64 * mib), scan.Unscannable, "INSTREAM size limit"},
		}},
		"small files": {[]string{"MaxFileSize 1M"}, map[string]file{
			"over": {slices.Concat(noise(2*mib), virus), scan.Unscannable, "MaxFileSize"},
		}},
		"little scanned": {[]string{"MaxScanSize 1M", "MaxFileSize 1M"}, map[string]file{
			"over":       {slices.Concat(noise(2*mib), virus), scan.Unscannable, "Heuristics.Limits.Exceeded"},
			"over a zip": {clamd.ZipOf(t, "a", slices.Concat(make([]byte, 2*mib), virus)), scan.Unscannable, "MaxScanSize"},
		}},
		"sealed": {[]string{"AlertEncrypted yes"}, map[string]file{
			"zip": {clamd.EncryptedZip(t), scan.Unscannable, "Heuristics.Encrypted.Zip"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := scan.New(clamd.Start(t, settings.options...).Addr)
			for name, file := range settings.files {
				verdict, err := c.Scan(t.Context(), bytes.NewReader(file.content))
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if verdict.Status != file.status || !strings.Contains(verdict.Signature, file.signature) || (file.signature == "") != (verdict.Signature == "") {
					t.Errorf("%s: %+v, want %s by %s", name, verdict, file.status, file.signature)
				}
				if !strings.HasPrefix(verdict.Database, "ClamAV ") {
					t.Errorf("%s: judged by %q", name, verdict.Database)
				}
			}
		})
	}
}

// file is one with the verdict that it has to get.
type file struct {
	content   []byte
	status    scan.Status
	signature string // a part of it
}

// noise is the same each time, and looks like nothing.
func noise(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func TestAlertsExceeded(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		want    bool
	}{
		"on":       {nil, true},
		"off":      {[]string{"AlertExceedsMax no"}, false},
		"deep":     {[]string{"MaxRecursion 100"}, true},
		"deep off": {[]string{"MaxRecursion 100", "AlertExceedsMax no"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := scan.New(clamd.Start(t, test.options...).Addr)
			for range 3 { // also when it might remember the answer
				if got, err := c.AlertsExceeded(t.Context()); err != nil || got != test.want {
					t.Errorf("%t, %v; want %t", got, err, test.want)
				}
			}
		})
	}
}

// TestAlertsExceededIsNotKnown where the probe itself is not taken, or taken for a virus.
func TestAlertsExceededIsNotKnown(t *testing.T) {
	if _, err := scan.New(clamd.Start(t, "StreamMaxLength 1K").Addr).AlertsExceeded(t.Context()); err == nil {
		t.Error("no error over a probe that is too long")
	}
	server := clamd.Start(t)
	server.AddSignature(t, "Zip-Test", []byte("PK\x03\x04"))
	server.Reload(t)
	if _, err := scan.New(server.Addr).AlertsExceeded(t.Context()); err == nil {
		t.Error("no error over a probe that is infected")
	}
}

func TestDatabase(t *testing.T) {
	server := clamd.StartUnix(t)
	c, body := scan.New(server.Addr), []byte("a body that is bad from now on")
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	judge(t, c, body, scan.Clean)
	before := database(t, c)

	server.AddSignature(t, "New-Test", body)
	if again := database(t, c); again != before {
		t.Errorf("%q before the reload, %q before that", again, before)
	}
	server.Reload(t)
	after := database(t, c)
	if after == before {
		t.Errorf("still %q", after)
	}
	verdict := judge(t, c, slices.Concat([]byte("here is "), body), scan.Infected)
	if verdict.Database != after || !strings.Contains(verdict.Signature, "New-Test") {
		t.Errorf("%+v, want one by %q", verdict, after)
	}
	judge(t, c, clamd.EICAR(), scan.Infected)

	server.Kill(t)
	server.Restart(t)
	if again := database(t, c); again != after {
		t.Errorf("%q after a restart, %q before", again, after)
	}
}

func database(t testing.TB, c *scan.Clamd) string {
	t.Helper()
	version, err := c.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func judge(t testing.TB, c *scan.Clamd, content []byte, want scan.Status) scan.Verdict {
	t.Helper()
	verdict, err := c.Scan(t.Context(), bytes.NewReader(content))
	if err != nil || verdict.Status != want {
		t.Errorf("%+v, %v; want %s", verdict, err, want)
	}
	return verdict
}

// TestManyAtOnce are more than clamd scans at once, and each gets its own verdict.
func TestManyAtOnce(t *testing.T) {
	c := scan.New(clamd.Start(t, "MaxThreads 4").Addr)
	var scans sync.WaitGroup
	for i := range 40 {
		content, want := slices.Concat(fmt.Append(nil, i), noise(mib)), scan.Clean
		if i%2 == 0 {
			content, want = slices.Concat(content, clamd.EICAR()), scan.Infected
		}
		scans.Go(func() { judge(t, c, content, want) })
	}
	scans.Wait()
}

// unending is noise without an end, which tells when clamd has taken some of it.
type unending struct {
	read  int
	after int
	then  func()
}

func (u *unending) Read(p []byte) (int, error) {
	if u.read < u.after && u.read+len(p) >= u.after {
		u.then()
	}
	u.read += len(p)
	return len(p), nil
}

func TestKilledAmidTheStream(t *testing.T) {
	server := clamd.Start(t)
	c := scan.New(server.Addr)
	verdict, err := c.Scan(t.Context(), &unending{after: 5 * mib, then: func() { server.Kill(t) }})
	if err == nil || verdict != (scan.Verdict{}) {
		t.Errorf("%+v, %v", verdict, err)
	}
	refuses(t, c)
	server.Restart(t)
	judge(t, c, clamd.EICAR(), scan.Infected)
}

// refuses holds all calls to an error that does not blame the source.
func refuses(t testing.TB, c *scan.Clamd) {
	t.Helper()
	_, errScan := c.Scan(t.Context(), strings.NewReader("nothing bad"))
	_, errDatabase := c.Database(t.Context())
	_, errProbe := c.AlertsExceeded(t.Context())
	for what, err := range map[string]error{"scan": errScan, "database": errDatabase, "probe": errProbe, "ping": c.Ping(t.Context())} {
		if err == nil || errors.Is(err, scan.ErrSource) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestStopped: a clamd that is there and does nothing is noticed, before a stream and amid it.
func TestStopped(t *testing.T) {
	server := clamd.Start(t)
	c := scan.New(server.Addr, scan.Patience(200*time.Millisecond, 200*time.Millisecond))
	server.Stop(t)
	refuses(t, c)
	server.Continue(t)
	patient := scan.New(server.Addr)
	judge(t, patient, clamd.EICAR(), scan.Infected)

	verdict, err := c.Scan(t.Context(), &unending{after: 5 * mib, then: func() { server.Stop(t) }})
	if err == nil || verdict != (scan.Verdict{}) {
		t.Errorf("%+v, %v", verdict, err)
	}
	server.Continue(t)
	judge(t, patient, clamd.EICAR(), scan.Infected)
}

// TestStoppedBeforeTheVerdict: all is sent by then.
func TestStoppedBeforeTheVerdict(t *testing.T) {
	server := clamd.Start(t)
	c := scan.New(server.Addr, scan.Patience(time.Minute, 100*time.Millisecond))
	source := io.MultiReader(strings.NewReader("all"), &onRead{func() { server.Stop(t) }})
	if verdict, err := c.Scan(t.Context(), source); err == nil {
		t.Errorf("%+v", verdict)
	}
}

// onRead is an empty source that does something first.
type onRead struct{ do func() }

func (o *onRead) Read([]byte) (int, error) {
	o.do()
	return 0, io.EOF
}

func TestCancelled(t *testing.T) {
	server := clamd.Start(t)
	c := scan.New(server.Addr)

	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Scan(ctx, &unending{after: 5 * mib, then: cancel})
	ended(t, err)
	_, err = c.Scan(ctx, strings.NewReader("nothing bad"))
	ended(t, err)

	server.Stop(t)
	for what, call := range map[string]func(context.Context) error{
		"ping": c.Ping,
		"scan": func(ctx context.Context) error { _, err := c.Scan(ctx, &unending{}); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begin := time.Now()
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s took %v", what, took)
		}
		cancel()
	}
}

func ended(t testing.TB, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) || errors.Is(err, scan.ErrSource) {
		t.Errorf("%v", err)
	}
}
