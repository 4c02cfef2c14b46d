package pgembed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stranger is an account that owns nothing these tests make.
var stranger = account{name: "stranger", uid: 4_000_000_000, gid: 4_000_000_000, switched: true}

func closedFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.MkdirAll(filepath.Join(dir, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	// t.TempDir makes a folder of mode 0700 for the whole test.
	for d, mode := range map[string]os.FileMode{filepath.Dir(filepath.Dir(dir)): 0o755, dir: 0o700} {
		if err := os.Chmod(d, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReachesNamesTheClosedFolder(t *testing.T) {
	closed := closedFolder(t)
	for _, path := range []string{closed, filepath.Join(closed, "inside"), filepath.Join(closed, "not", "yet")} {
		if err := stranger.reaches(path); err == nil || !strings.HasSuffix(err.Error(), "may not enter "+closed) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if err := stranger.reaches(filepath.Dir(closed)); err != nil {
		t.Errorf("an open folder: %v", err)
	}
	if err := (account{}).reaches(closed); err != nil {
		t.Errorf("our own account: %v", err)
	}
}

func TestCacheDirIsOneTheAccountReaches(t *testing.T) {
	closed := closedFolder(t)
	open := filepath.Join(filepath.Dir(closed), "cache")
	for wanted, want := range map[string]string{
		"":                              "",
		open:                            open,
		filepath.Join(closed, "a", "b"): openCache,
	} {
		if got, err := stranger.cacheDir(wanted); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", wanted, got, err, want)
		}
	}
}

func TestSocketDirIsRefusedWhenNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	ours := account{uid: uint32(os.Geteuid())}
	if err := makePrivate(path, ours); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(path, ours); err == nil {
		t.Error("accepted an open folder")
	}
	link := path + "-link"
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(link, ours); err == nil {
		t.Error("accepted a symbolic link")
	}
}
