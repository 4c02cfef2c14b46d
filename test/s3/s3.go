// Package s3 runs servers of Amazon's S3 protocol for tests, breaks them, and does in their buckets what Plinth would not.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const startLimit = 20 * time.Second

// Versions tells whether a server can keep versions of objects.
type Versions bool

// A versioned server keeps versions in a bucket once that is asked for. An unversioned one refuses to.
const (
	Versioned   Versions = true
	Unversioned Versions = false
)

// Server is a versitygw over folders that end with the test, with one bucket.
type Server struct {
	Endpoint, Bucket, Region     string
	AccessKeyID, SecretAccessKey string

	client  *s3.Client
	args    []string
	process *os.Process
	exited  chan struct{}
}

// Start runs .bin/versitygw, which make builds, on a free port of 127.0.0.1 and makes the bucket.
func Start(t testing.TB, versions Versions) *Server {
	t.Helper()
	addr := freeAddr(t)
	s := &Server{Endpoint: "http://" + addr, Bucket: "plinth", Region: "us-east-1", AccessKeyID: "testkey", SecretAccessKey: "testsecret"}
	s.args = []string{"--port", addr, "--quiet", "--keep-alive", "posix"}
	if versions {
		s.args = append(s.args, "--versioning-dir", t.TempDir())
	}
	s.args = append(s.args, t.TempDir())
	s.client = s3.New(s3.Options{
		BaseEndpoint: &s.Endpoint, Region: s.Region, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, ""),
	})
	t.Cleanup(func() { s.end(t) })
	s.Restart(t)
	if _, err := s.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.Bucket}); err != nil {
		t.Fatalf("make the bucket: %v", err)
	}
	return s
}

// Restart runs the server anew on its port, over what it had stored, once Kill has ended it. It returns when the server answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	cmd := exec.Command(program(t), s.args...)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKeyID, "ROOT_SECRET_KEY="+s.SecretAccessKey)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	s.exited = make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for Pdeathsig, which is sent when the thread ends: prctl(2)
		defer runtime.UnlockOSThread()
		defer close(s.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start versitygw: %v", err)
	}
	s.process = cmd.Process
	deadline := time.Now().Add(startLimit)
	for {
		_, err := s.client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		if err == nil {
			return
		}
		select {
		case <-s.exited:
			t.Fatalf("versitygw ended:\n%s", &output)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("versitygw does not answer: %v", err)
		}
	}
}

// Kill ends the server with SIGKILL. Connecting is refused from then on.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	<-s.exited
}

// Stop stops the server with SIGSTOP: its connections stay, the system accepts new ones, and none is answered. It returns when
// all threads stand still, of which the last may answer a request more.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP)
	for deadline := time.Now().Add(startLimit); !stopped(s.process.Pid); {
		if time.Now().After(deadline) {
			t.Fatal("versitygw does not stop")
		}
		<-time.After(time.Millisecond)
	}
}

// stopped tells whether all threads of a process are: proc_pid_stat(5).
func stopped(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil || !bytes.Contains(text, []byte(") T ")) {
			return false
		}
	}
	return err == nil && len(threads) > 0
}

// Continue has a stopped server go on.
func (s *Server) Continue(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

// Overwrite puts other bytes under a key, as one can who has a way into the bucket.
func (s *Server) Overwrite(t testing.TB, key string, text []byte) {
	t.Helper()
	if _, err := s.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.Bucket, Key: &key, Body: bytes.NewReader(text)}); err != nil {
		t.Fatalf("overwrite %s: %v", key, err)
	}
}

// Mark deletes a key without naming a version, which leaves a delete marker where versions are kept.
func (s *Server) Mark(t testing.TB, key string) {
	t.Helper()
	if _, err := s.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: &key}); err != nil {
		t.Fatalf("delete %s: %v", key, err)
	}
}

// Begin leaves an upload in parts unfinished, with one part of these bytes.
func (s *Server) Begin(t testing.TB, key string, part []byte) {
	t.Helper()
	out, err := s.client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.Bucket, Key: &key})
	if err != nil {
		t.Fatalf("begin upload of %s: %v", key, err)
	}
	_, err = s.client.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: &s.Bucket, Key: &key, UploadId: out.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(part),
	})
	if err != nil {
		t.Fatalf("put part of %s: %v", key, err)
	}
}

// Entry is one thing that the bucket has: a version of an object, a delete marker or an unfinished upload.
type Entry struct {
	Key     string
	Version string // "null" without versions, "" for an upload
	Upload  string // id, "" for all else
	Marker  bool
}

// Entries lists all that the bucket has.
func (s *Server) Entries(t testing.TB) []Entry {
	t.Helper()
	entries, err := s.entries(t.Context())
	if err != nil {
		t.Fatalf("list the bucket: %v", err)
	}
	return entries
}

func (s *Server) entries(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	versions := s3.NewListObjectVersionsPaginator(s.client, &s3.ListObjectVersionsInput{Bucket: &s.Bucket})
	for versions.HasMorePages() {
		page, err := versions.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			entries = append(entries, Entry{Key: aws.ToString(v.Key), Version: aws.ToString(v.VersionId)})
		}
		for _, m := range page.DeleteMarkers {
			entries = append(entries, Entry{Key: aws.ToString(m.Key), Version: aws.ToString(m.VersionId), Marker: true})
		}
	}
	uploads := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.Bucket})
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Uploads {
			entries = append(entries, Entry{Key: aws.ToString(u.Key), Upload: aws.ToString(u.UploadId)})
		}
	}
	return entries, nil
}

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := s.process.Signal(signal); err != nil {
		t.Fatalf("send %v to versitygw: %v", signal, err)
	}
}

func (s *Server) end(t testing.TB) {
	if s.process == nil {
		return
	}
	if err := s.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end versitygw: %v", err)
	}
	<-s.exited
}

// program finds versitygw beside the module's go.mod, above the test's folder.
func program(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	path := filepath.Join(dir, ".bin", "versitygw")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: make test builds it", err)
	}
	return path
}

// freeAddr finds a port that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
