package config

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// SecretSize is the length in bytes of what [Secret] returns.
const SecretSize = 32

var secretName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// Secret returns the secret that is kept at <dataDir>/secrets/<name>, made at
// random on the first call. Calls that race, also in several processes, agree
// on one value, and it is on disk before any of them returns. A file of the
// wrong size is an error: to replace it would silently void what was made with
// it.
func Secret(dataDir, name string) ([]byte, error) {
	if !secretName.MatchString(name) {
		return nil, fmt.Errorf("keep secret: %q is no name for one", name)
	}
	dir := filepath.Join(dataDir, "secrets")
	path := filepath.Join(dir, name)
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep secret: %w", err)
	}
	if err := makeSecret(dir, path); err != nil {
		return nil, fmt.Errorf("keep secret %s: %w", name, err)
	}
	return readSecret(path)
}

func readSecret(path string) ([]byte, error) {
	secret, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("read secret: %s has %d bytes, not %d: restore it, or remove it to have a new one made", path, len(secret), SecretSize)
	}
	return secret, nil
}

// makeSecret writes a new secret beside path and links it there, which unlike a
// rename fails where another has been quicker; that one then counts.
func makeSecret(dir, path string) error {
	temporary, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	secret := make([]byte, SecretSize)
	_, _ = rand.Read(secret) // never fails
	_, err = temporary.Write(secret)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

// syncDir makes the names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
