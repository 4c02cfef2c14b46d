package tus_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth/plinth/internal/platform/tus"
	s3server "github.com/plinth/plinth/test/s3"
)

// directory is a storage on the disk. Finish moves the file, as the feature does.
func directory(t testing.TB) storage {
	t.Helper()
	dir, whole := t.TempDir(), t.TempDir()
	open := func(t testing.TB) tus.Storage {
		t.Helper()
		s, err := tus.NewDirStorage(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	at := func(key string) string { return filepath.Join(whole, filepath.Base(key)) }
	return storage{
		Storage: open(t), open: open,
		finish: func(key string, f tus.Finished) error {
			err := os.Rename(f.Path, at(key))
			if _, there := os.Stat(at(key)); errors.Is(err, fs.ErrNotExist) && there == nil {
				return nil // done before
			}
			return err
		},
		read: func(t testing.TB, key string) io.ReadCloser {
			t.Helper()
			file, err := os.Open(at(key))
			if err != nil {
				t.Fatal(err)
			}
			return file
		},
		size: func(key string) int64 {
			file, err := os.Stat(filepath.Join(dir, key))
			if err != nil {
				return -1
			}
			return file.Size()
		},
		traces: func(t testing.TB, key string) []string {
			t.Helper()
			found, err := filepath.Glob(filepath.Join(dir, key) + "*")
			if err != nil {
				t.Fatal(err)
			}
			return found
		},
	}
}

// bucket is a new one, with versions, of a versitygw that ends with the test.
type bucket struct {
	*s3.Client
	name string
	url  string
}

func newBucket(t testing.TB) *bucket {
	t.Helper()
	server := s3server.Start(t, s3server.Versioned)
	b := &bucket{name: server.Bucket, url: server.Endpoint}
	b.Client = b.client(nil)
	_, err := b.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &b.name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// client is one whose requests a transport may break; it does not try again then.
func (b *bucket) client(transport http.RoundTripper) *s3.Client {
	options := s3.Options{
		BaseEndpoint: &b.url, Region: "us-east-1", UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider("testkey", "testsecret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if transport != nil {
		options.HTTPClient, options.RetryMaxAttempts = &http.Client{Transport: transport}, 1
	}
	return s3.New(options)
}

func (b *bucket) storage(t testing.TB) storage { return b.storageBy(t, b.Client) }

func (b *bucket) storageBy(t testing.TB, client *s3.Client) storage {
	t.Helper()
	parts := t.TempDir()
	open := func(t testing.TB) tus.Storage {
		t.Helper()
		s, err := tus.NewS3Storage(client, b.name, parts)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return storage{
		Storage: open(t), open: open,
		finish: func(string, tus.Finished) error { return nil },
		read: func(t testing.TB, key string) io.ReadCloser {
			t.Helper()
			object, err := b.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b.name, Key: &key})
			if err != nil {
				t.Fatal(err)
			}
			return object.Body
		},
		traces: func(t testing.TB, key string) []string { return append(b.traces(t, key), files(t, parts)...) },
	}
}

// traces are all versions of objects beside the key's own, and multipart uploads.
func (b *bucket) traces(t testing.TB, key string) []string {
	t.Helper()
	objects, err := b.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: &key})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, v := range objects.Versions {
		if *v.Key != key {
			found = append(found, *v.Key)
		}
	}
	for _, m := range objects.DeleteMarkers {
		found = append(found, "marker "+*m.Key)
	}
	uploads, err := b.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &b.name})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range uploads.Uploads {
		found = append(found, "multipart "+*u.Key)
	}
	return found
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// saboteur fails requests that a test picks.
type saboteur struct{ picks func(*http.Request) bool }

func (s saboteur) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.picks(r) {
		return &http.Response{
			StatusCode: http.StatusServiceUnavailable, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")),
		}, nil
	}
	return http.DefaultTransport.RoundTrip(r)
}
