package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/plinth/plinth/internal/platform/config"
)

func TestSecretIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := config.Secret(dir, "jwt")
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != config.SecretSize || bytes.Equal(first, make([]byte, config.SecretSize)) {
		t.Errorf("%d bytes, or nothing but zeros", len(first))
	}
	again, err := config.Secret(dir, "jwt")
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("another secret on the second call, or %v", err)
	}
	other, err := config.Secret(dir, "cursor")
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("the same secret under another name, or %v", err)
	}
	for path, want := range map[string]os.FileMode{"secrets": 0o700, "secrets/jwt": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
	names, err := os.ReadDir(filepath.Join(dir, "secrets"))
	if err != nil || len(names) != 2 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestRacingCallsAgreeOnOneSecret(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		secrets := make([][]byte, 16)
		start := make(chan struct{})
		var done sync.WaitGroup
		for i := range secrets {
			done.Go(func() {
				<-start
				secret, err := config.Secret(dir, "jwt")
				if err != nil {
					t.Error(err)
				}
				secrets[i] = secret
			})
		}
		close(start)
		done.Wait()
		for _, secret := range secrets {
			if !bytes.Equal(secret, secrets[0]) {
				t.Fatal("two callers hold different secrets")
			}
		}
	}
}

func TestDamagedSecretIsNotReplaced(t *testing.T) {
	for _, size := range []int{0, 31, 33} {
		dir := t.TempDir()
		path := filepath.Join(dir, "secrets", "jwt")
		damaged := bytes.Repeat([]byte("x"), size)
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Secret(dir, "jwt"); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "xxx") {
			t.Errorf("%d bytes: %v", size, err)
		}
		if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, damaged) {
			t.Errorf("%d bytes were replaced, or %v", size, err)
		}
	}
}

func TestSecretNamesStayInTheirFolder(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../jwt", "a/b", ".hidden", "A", "a.b", "a\x00"} {
		if _, err := config.Secret(t.TempDir(), name); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Secret(file, "jwt"); err == nil {
		t.Error("a secret was kept below a file")
	}
}
