package pgembed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// capDACReadSearch is CAP_DAC_READ_SEARCH of capabilities(7): pass folders and
// read files whatever their mode. It grants no writing.
const capDACReadSearch = 2

// openCache is the folder of the File Hierarchy Standard for what can be
// fetched again.
const openCache = "/var/cache/plinth/pgsql"

// account is what PostgreSQL runs as, because it refuses to run as root. The
// zero value means the account of this process.
type account struct {
	name     string
	uid, gid uint32
	switched bool // differs from the account of this process
	caps     []uintptr
}

// chooseAccount returns the account of this process or, for root, the owner of
// an existing cluster, else postgres, else nobody. All have a passwd entry,
// which initdb insists on.
func chooseAccount(data string) (account, error) {
	uid := uint32(os.Geteuid())
	owner, err := ownerOf(data)
	exists := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return account{}, fmt.Errorf("inspect data directory: %w", err)
	}
	if uid != 0 {
		if exists && owner.uid != uid {
			return account{}, fmt.Errorf("data directory %s belongs to uid %d: start as that account or as root", data, owner.uid)
		}
		return account{uid: uid}, nil
	}
	if exists {
		if owner.uid == 0 {
			return account{}, fmt.Errorf("data directory %s belongs to root, and PostgreSQL refuses to run as root: chown it to another account", data)
		}
		return owner, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return accountOf(u)
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody to run it as")
}

func ownerOf(path string) (account, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return account{}, err
	}
	st := info.Sys().(*syscall.Stat_t)
	return account{name: "uid " + strconv.Itoa(int(st.Uid)), uid: st.Uid, gid: st.Gid, switched: true}, nil
}

func accountOf(u *user.User) (account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("uid of %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("gid of %s: %w", u.Username, err)
	}
	return account{name: u.Username, uid: uint32(uid), gid: uint32(gid), switched: true}, nil
}

// own gives a folder that this package made to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// enter makes sure that the account gets to the data directory. Where an
// ancestor stops it, for example /root with mode 0700, the server is given the
// one capability that passes it; where this process does not hold that
// capability the error names the ancestor.
func (a account) enter(dir string) (account, error) {
	err := a.reaches(dir)
	if err == nil {
		return a, nil
	}
	if !holdsCapability(capDACReadSearch) {
		return a, fmt.Errorf("%w: choose another data directory or chmod o+x that folder", err)
	}
	a.caps = []uintptr{capDACReadSearch}
	return a, nil
}

// reaches returns an error that names the folder when the account, as it is
// now, cannot get to path. What does not exist yet is taken to be open.
func (a account) reaches(path string) error {
	if !a.switched || len(a.caps) > 0 {
		return nil
	}
	blocked, err := a.blockedAt(path)
	if errors.Is(err, fs.ErrNotExist) && path != "/" {
		return a.reaches(filepath.Dir(path))
	}
	if err == nil && blocked != "" {
		err = fmt.Errorf("PostgreSQL runs as %s, which may not enter %s", a.name, blocked)
	}
	return err
}

// cacheDir is where binaries from npm go: the wanted folder or, when the
// account cannot get to it, one that is open to all. A capability would not
// help there, PostgreSQL checks its own program with access(2), which ignores
// capabilities.
func (a account) cacheDir(wanted string) (string, error) {
	if wanted == "" {
		return "", nil
	}
	abs, err := filepath.Abs(wanted)
	if err != nil {
		return "", err
	}
	if a.reaches(abs) != nil {
		return openCache, nil
	}
	return abs, nil
}

// blockedAt returns the first folder on the way to path, path included, that
// the account may not search, or "". It looks at mode bits only; where an
// access list allows more, the capability is given without need.
func (a account) blockedAt(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	dir := "/"
	for _, name := range strings.Split(real, "/") {
		dir = filepath.Join(dir, name)
		info, err := os.Stat(dir)
		if err != nil {
			return "", err
		}
		if !a.maySearch(info) {
			return dir, nil
		}
	}
	return "", nil
}

func (a account) maySearch(info fs.FileInfo) bool {
	st := info.Sys().(*syscall.Stat_t)
	switch {
	case st.Uid == a.uid:
		return info.Mode()&0o100 != 0
	case st.Gid == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

func holdsCapability(n uint) bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "\nCapPrm:")
	line, _, _ := strings.Cut(rest, "\n")
	set, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err == nil && set&(1<<n) != 0
}

// command prepares a PostgreSQL program to run as the account, in a process
// group of its own so that a terminal's Ctrl-C does not reach it, and to be
// sent the signal when the thread that starts it ends.
func (a account) command(onParentDeath syscall.Signal, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	// Nothing of our environment: it may hold secrets, and PG* variables would
	// steer the server.
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onParentDeath, AmbientCaps: a.caps}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return cmd
}
