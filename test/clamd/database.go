package clamd

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// headerBytes stand before the archive of a database.
const headerBytes = 512

// signature is a name for what has the body anywhere in it.
type signature struct {
	name string
	body []byte
}

// AddSignature writes a new version of the database that also knows a body, in files and in archives. Verdicts name it
// "name.UNOFFICIAL". The server goes by it from Reload or Restart on.
func (s *Server) AddSignature(t testing.TB, name string, body []byte) {
	t.Helper()
	s.signatures = append(s.signatures, signature{name, body})
	s.database++
	s.write(t, "database/daily.cud", database(t, s.database, s.signatures))
}

// RemoveSignature writes a new version of the database without what AddSignature gave the name.
func (s *Server) RemoveSignature(t testing.TB, name string) {
	t.Helper()
	s.signatures = slices.DeleteFunc(s.signatures, func(known signature) bool { return known.name == name })
	s.database++
	s.write(t, "database/daily.cud", database(t, s.database, s.signatures))
}

// database is an unsigned one with the name of ClamAV's daily database, which alone has its version shown.
func database(t testing.TB, version int, signatures []signature) []byte {
	t.Helper()
	var bodies strings.Builder
	for _, s := range signatures {
		fmt.Fprintf(&bodies, "%s:0:*:%x\n", s.name, s.body)
	}
	// Its time, version, signatures and level of functions; then what only signed ones have.
	header := fmt.Sprintf("ClamAV-VDB:01 Jan 2026 00-00 +0000:%d:%d:90:X:X:plinth:%d", version, len(signatures), time.Now().Unix())
	info := fmt.Sprintf("%s\ndaily.ndb:%d:%x\n", header, bodies.Len(), sha256.Sum256([]byte(bodies.String())))

	var b bytes.Buffer
	fmt.Fprintf(&b, "%-*s", headerBytes, header)
	compressed := gzip.NewWriter(&b)
	archive := tar.NewWriter(compressed)
	for _, file := range []struct{ name, content string }{{"COPYING", "none"}, {"daily.info", info}, {"daily.ndb", bodies.String()}} {
		if err := archive.WriteHeader(&tar.Header{Name: file.name, Size: int64(len(file.content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(file.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
