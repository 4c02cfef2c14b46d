package pgembed

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for out, want := range map[string]binaries{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": {version: "15.18", major: "15"},
		"postgres (PostgreSQL) 18.4\n":                           {version: "18.4", major: "18"},
		"postgres (PostgreSQL) 19beta1\n":                        {version: "19beta1", major: "19"},
	} {
		if got, err := parseVersion(out); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", out, got, err, want)
		}
	}
	for _, out := range []string{"", "postgres", "postgres (PostgreSQL) devel"} {
		if got, err := parseVersion(out); err == nil {
			t.Errorf("%q: got %v, want an error", out, got)
		}
	}
}

func TestHighestVersionFirst(t *testing.T) {
	base := t.TempDir()
	for _, v := range []string{"9.6", "15", "100", "16"} {
		if err := os.MkdirAll(filepath.Join(base, v, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, dir := range globHighestFirst(filepath.Join(base, "*", "bin")) {
		got = append(got, filepath.Base(filepath.Dir(dir)))
	}
	if want := []string{"100", "16", "15", "9.6"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func tarball(t *testing.T, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	w := tar.NewWriter(gz)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "p.tgz")
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUnpack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	err := unpack(tarball(t, map[string]string{
		"package/native/lib/libx.so.1.2":  "library",
		"package/native/pg-symlinks.json": `[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"}]`,
		"package/native/share/a/b/c.sql":  "sql",
	}), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := addSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "native/lib/libx.so.1")); err != nil || string(got) != "library" {
		t.Fatalf("through the link: %q, %v", got, err)
	}
}

func TestUnpackStaysInside(t *testing.T) {
	base := t.TempDir()
	err := unpack(tarball(t, map[string]string{"package/../../outside": "x"}), filepath.Join(base, "out"))
	if err == nil {
		t.Fatal("accepted a name that leaves the folder")
	}
	if _, err := os.Stat(filepath.Join(base, "outside")); err == nil {
		t.Fatal("wrote outside the folder")
	}
}

func TestCheckDigest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const ofNothing = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
	if err := checkDigest(file, ofNothing); err != nil {
		t.Fatal(err)
	}
	if err := checkDigest(file, "another"); err == nil {
		t.Fatal("accepted a wrong digest")
	}
}

func TestLogFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postgres.log")
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line := []byte(strings.Repeat("x", 1<<20-1) + "\n")
	for range 3 * maxLogBytes / len(line) {
		if _, err := l.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Write([]byte("the last line\n")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".1"} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxLogBytes {
			t.Errorf("%s has %d bytes", p, info.Size())
		}
	}
	if !strings.HasSuffix(l.Tail(), "the last line") || len(l.Tail()) > tailBytes {
		t.Errorf("tail has %d bytes and ends %q", len(l.Tail()), l.Tail()[max(0, len(l.Tail())-20):])
	}
}
