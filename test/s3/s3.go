// Package s3 runs servers of Amazon's S3 protocol for tests, breaks them, and does in their buckets what Plinth would not.
package s3

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth/plinth/test/process"
)

// Versions tells whether a server can keep versions of objects.
type Versions bool

// A versioned server keeps versions in a bucket once that is asked for. An unversioned one refuses to.
const (
	Versioned   Versions = true
	Unversioned Versions = false
)

// Server is a versitygw over folders that end with the test, with one bucket.
type Server struct {
	*process.Process
	Endpoint, Bucket, Region     string
	AccessKeyID, SecretAccessKey string

	client *s3.Client
}

// Start runs .bin/versitygw, which make builds, on a free port of 127.0.0.1 and makes the bucket.
func Start(t testing.TB, versions Versions) *Server {
	t.Helper()
	addr := process.FreeAddr(t)
	s := &Server{Endpoint: "http://" + addr, Bucket: "plinth", Region: "us-east-1", AccessKeyID: "testkey", SecretAccessKey: "testsecret"}
	args := []string{"--port", addr, "--quiet", "--keep-alive", "posix"}
	if versions {
		args = append(args, "--versioning-dir", t.TempDir())
	}
	args = append(args, t.TempDir())
	s.client = s3.New(s3.Options{
		BaseEndpoint: &s.Endpoint, Region: s.Region, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, ""),
	})
	program := program(t)
	s.Process = process.Start(t, nil, func() *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKeyID, "ROOT_SECRET_KEY="+s.SecretAccessKey)
		return cmd
	}, func() error {
		_, err := s.client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		return err
	})
	if _, err := s.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.Bucket}); err != nil {
		t.Fatalf("make the bucket: %v", err)
	}
	return s
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
