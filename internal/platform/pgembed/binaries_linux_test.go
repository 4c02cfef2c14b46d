package pgembed_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/plinth/plinth/internal/platform/pgembed"
)

// fakeBins writes the given content as initdb and postgres into a new folder.
func fakeBins(t *testing.T, dir, content string) string {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o755))
	for _, name := range []string{"initdb", "postgres"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755))
	}
	return dir
}

const (
	elf    = "\x7fELF"
	script = "#!/bin/sh\n"
)

func TestLocateExplicit(t *testing.T) {
	bins := fakeBins(t, filepath.Join(t.TempDir(), "real"), elf)
	got, err := pgembed.Locate(bins, "")
	must(t, err)
	want(t, got, bins)

	if _, err := pgembed.Locate(t.TempDir(), ""); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("empty folder: got %v", err)
	}
	if dir, err := pgembed.Locate(fakeBins(t, t.TempDir(), script), ""); err == nil {
		t.Fatalf("accepted the scripts in %s", dir)
	}
}

func TestLocateFollowsLinksOnPath(t *testing.T) {
	bins := fakeBins(t, filepath.Join(t.TempDir(), "real"), elf)
	links := t.TempDir()
	must(t, os.Symlink(filepath.Join(bins, "postgres"), filepath.Join(links, "postgres")))
	t.Setenv("PATH", links)
	got, err := pgembed.Locate("", "")
	must(t, err)
	want(t, got, bins)
}

func TestLocateSeesThroughWrappers(t *testing.T) {
	bins := fakeBins(t, filepath.Join(t.TempDir(), "real"), elf)
	wrappers := fakeBins(t, t.TempDir(), script)
	must(t, os.WriteFile(filepath.Join(wrappers, "pg_config"), []byte(script+"echo "+bins+"\n"), 0o755))
	t.Setenv("PATH", wrappers)
	got, err := pgembed.Locate("", "")
	must(t, err)
	want(t, got, bins)
}
