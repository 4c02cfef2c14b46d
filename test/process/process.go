// Package process runs the servers that tests need, and breaks them.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 30 * time.Second
	lookEach   = 5 * time.Millisecond
)

// Process is a server that ends with its test, and with the test's own process, however that ends.
type Process struct {
	name    string
	command func() *exec.Cmd
	account *syscall.Credential
	answers func() error

	process *os.Process
	exited  chan struct{}
}

// Start runs a server's command as an account, of which nil is that of the test, and returns when the server answers: when
// answers gives no error.
func Start(t testing.TB, account *syscall.Credential, command func() *exec.Cmd, answers func() error) *Process {
	t.Helper()
	p := &Process{name: filepath.Base(command().Path), command: command, account: account, answers: answers}
	t.Cleanup(func() { p.end(t) })
	p.Restart(t)
	return p
}

// Restart runs the server anew, once Kill has ended it. It returns when the server answers.
func (p *Process) Restart(t testing.TB) {
	t.Helper()
	cmd := p.command()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.account, Pdeathsig: syscall.SIGKILL}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	p.exited = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for Pdeathsig, which is sent when the thread ends: prctl(2)
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	p.process = cmd.Process
	var err error
	if !p.Until(func() bool { err = p.answers(); return err == nil }) {
		_ = p.process.Kill()
		<-p.exited // no more output
		t.Fatalf("%s does not answer: %v\n%s", p.name, err, &output)
	}
}

// Until polls the condition until it comes true, the server ends or too much time has passed.
func (p *Process) Until(condition func() bool) bool {
	deadline := time.Now().Add(startLimit)
	for !condition() {
		select {
		case <-p.exited:
			return false
		case <-time.After(lookEach):
		}
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// Kill ends the server with SIGKILL. Connecting is refused from then on.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	<-p.exited
}

// Stop stops the server with SIGSTOP: its connections stay, the system accepts new ones, and none is answered. It returns when
// all threads stand still, of which the last may answer a request more.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGSTOP)
	if !p.Until(p.stopped) {
		t.Fatalf("%s does not stop", p.name)
	}
}

// stopped tells whether all threads are: proc_pid_stat(5).
func (p *Process) stopped() bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.process.Pid))
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil || !bytes.Contains(text, []byte(") T ")) {
			return false
		}
	}
	return err == nil && len(threads) > 0
}

// Continue has a stopped server go on.
func (p *Process) Continue(t testing.TB) {
	t.Helper()
	p.signal(t, syscall.SIGCONT)
}

func (p *Process) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := p.process.Signal(signal); err != nil {
		t.Fatalf("send %v to %s: %v", signal, p.name, err)
	}
}

func (p *Process) end(t testing.TB) {
	if p.process == nil {
		return
	}
	if err := p.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end %s: %v", p.name, err)
	}
	<-p.exited
}

// Account is one for a server that root starts; nil for others, who start it as themselves.
func Account(t testing.TB, name string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// Folder makes one that an account gets to, which t.TempDir under root is not. It goes when the test ends.
func Folder(t testing.TB, account *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plinth-process-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	Own(t, account, dir)
	return dir
}

// Own gives a file or a folder to an account.
func Own(t testing.TB, account *syscall.Credential, path string) {
	t.Helper()
	if account == nil {
		return
	}
	if err := os.Chown(path, int(account.Uid), int(account.Gid)); err != nil {
		t.Fatal(err)
	}
}

// FreeAddr finds an address of 127.0.0.1 on whose port nobody listens.
func FreeAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
