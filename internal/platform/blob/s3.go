package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

const (
	dialLimit   = 5 * time.Second
	stallLimit  = 60 * time.Second // in which nothing is sent or read
	answerLimit = 30 * time.Second // from the end of a request to the beginning of its answer
	attempts    = 4
	pauseLimit  = 2 * time.Second // between two attempts
	cleanLimit  = 10 * time.Second
	idleConns   = 64
)

// S3Config leads to a bucket, which must exist.
type S3Config struct {
	Endpoint                     string // URL; "" is Amazon's for the region
	Bucket, Region               string
	AccessKeyID, SecretAccessKey string
	ForcePathStyle               bool // the bucket is part of the path and not of the host's name
}

// S3 is a Store in a bucket of a service that speaks Amazon's protocol. A request is tried up to 4 times, each time up to 5 seconds
// for a connection and 30 for the beginning of an answer. The bodies take what they take, as long
// as they get on: nothing for a minute ends them, and so does the context.
type S3 struct {
	client  *s3.Client
	presign *s3.PresignClient
	bucket  string
	pinned  atomic.Bool
}

// NewS3 connects to nothing yet; Prepare must be called before the store is used.
func NewS3(c S3Config) *S3 {
	o := s3.Options{
		Region:       c.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, ""),
		HTTPClient:   httpClient(),
		UsePathStyle: c.ForcePathStyle,
		// Amazon's default, checksums after the body, is not understood by all services.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.MaxBackoff = pauseLimit
		}),
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	client := s3.New(o)
	return &S3{client: client, presign: s3.NewPresignClient(client), bucket: c.Bucket}
}

func httpClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dial,
			TLSHandshakeTimeout:   dialLimit,
			ResponseHeaderTimeout: answerLimit,
			ExpectContinueTimeout: time.Second,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   idleConns,
			ForceAttemptHTTP2:     true,
		},
		// A signature is for one host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial connects to the service, which must get on with whatever is sent and read: a body has no other limit.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialLimit}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return moving{conn}, nil
}

// moving is a connection that fails when nothing moves on it.
type moving struct{ net.Conn }

// Read implements net.Conn.
func (c moving) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(stallLimit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write implements net.Conn.
func (c moving) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(stallLimit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Client is the one that the store uses, for libraries that store uploads themselves.
func (s *S3) Client() *s3.Client { return s.client }

// Bucket is the name of the store's bucket.
func (s *S3) Bucket() string { return s.bucket }

// Pinned tells whether the bucket keeps versions, as Prepare has found: then pinned bytes can be read until they are deleted,
// whatever is written over them. Without versions they are ErrChanged from then on.
func (s *S3) Pinned() bool { return s.pinned.Load() }

// Signs tells whether SignGet gives a URL for the pin: not for what was stored before the bucket kept versions.
func (s *S3) Signs(pin string) bool {
	p, err := parsePin(pin)
	return err == nil && p.version != "" && s.Pinned()
}

// Prepare has the bucket keep versions, if the service can and lets the account do so. Its error is that the bucket cannot be reached.
func (s *S3) Prepare(ctx context.Context) error {
	on, err := s.versioned(ctx)
	if err != nil || on {
		return err
	}
	_, err = s.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket:                  &s.bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if status := statusOf(err); status/100 == 4 || status == http.StatusNotImplemented {
		return nil // refused
	}
	if err != nil {
		return fmt.Errorf("turn on versions of the bucket: %w", err)
	}
	_, err = s.versioned(ctx) // not every service does what it says
	return err
}

func (s *S3) versioned(ctx context.Context) (bool, error) {
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	if unsupported(err) || codeOf(err) == "AccessDenied" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask for versions of the bucket: %w", err)
	}
	s.pinned.Store(out.Status == types.BucketVersioningStatusEnabled)
	return s.Pinned(), nil
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return Object{}, err
	}
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return Object{}, fmt.Errorf("stat object: %w", known(err))
	}
	return object(aws.ToInt64(out.ContentLength), out.ETag, out.VersionId)
}

// object pins what the service has answered.
func object(size int64, etag, version *string) (Object, error) {
	if aws.ToString(etag) == "" {
		return Object{}, errors.New("the service names no ETag")
	}
	return Object{size, objectPin{size, *etag, aws.ToString(version)}.String()}, nil
}

// Open implements Store.
func (s *S3) Open(ctx context.Context, key, pin string, offset, n int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	p, err := parsePin(pin)
	if err != nil {
		return nil, err
	}
	n, err = length(p.size, offset, n)
	if err != nil {
		return nil, fmt.Errorf("open object: %w", err)
	}
	if n == 0 { // no range says so
		if _, err := s.head(ctx, key, p); err != nil {
			return nil, fmt.Errorf("open object: %w", err)
		}
		return http.NoBody, nil
	}
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key, VersionId: orNil(p.version), IfMatch: &p.etag}
	if n < p.size {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+n-1))
	}
	out, err := s.client.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("open object: %w", known(err))
	}
	if got := aws.ToInt64(out.ContentLength); got != n {
		return nil, errors.Join(fmt.Errorf("open object: %d bytes are announced where %d are pinned: %w", got, n, ErrChanged), out.Body.Close())
	}
	return &whole{out.Body, n}, nil
}

// head looks at the pinned object.
func (s *S3) head(ctx context.Context, key string, p objectPin) (*s3.HeadObjectOutput, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key, VersionId: orNil(p.version), IfMatch: &p.etag})
	return out, known(err)
}

// Delete implements Store. The uploads go first, so that none becomes an object afterwards; of the versions the oldest goes first.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := s.uploads(ctx, key, func(u types.MultipartUpload) error {
		if aws.ToString(u.Key) != key {
			return nil
		}
		return s.abort(ctx, key, aws.ToString(u.UploadId))
	})
	if err != nil {
		return fmt.Errorf("abort uploads: %w", err)
	}
	ids, err := s.versionIDs(ctx, key)
	if err != nil {
		return fmt.Errorf("list versions: %w", err)
	}
	for _, id := range ids {
		_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key, VersionId: orNil(id)})
		if err != nil && !errors.Is(known(err), ErrNotFound) {
			return fmt.Errorf("delete object: %w", err)
		}
	}
	return nil
}

// versionIDs are those of a key, delete markers too, the oldest first; "" alone where the service knows no versions.
func (s *S3) versionIDs(ctx context.Context, key string) ([]string, error) {
	var ids []string
	err := s.versions(ctx, key, func(v version) error {
		if v.key == key {
			ids = append([]string{v.id}, ids...)
		}
		return nil
	})
	if unsupported(err) {
		return []string{""}, nil
	}
	return ids, err
}

// Walk implements Store.
func (s *S3) Walk(ctx context.Context, f func(key string, written time.Time) error) error {
	err := s.uploads(ctx, "", func(u types.MultipartUpload) error {
		return ours(aws.ToString(u.Key), aws.ToTime(u.Initiated), f)
	})
	if err != nil {
		return fmt.Errorf("walk unfinished uploads: %w", err)
	}
	err = s.versions(ctx, "", func(v version) error { return ours(v.key, v.written, f) })
	if unsupported(err) {
		err = s.objects(ctx, func(o types.Object) error { return ours(aws.ToString(o.Key), aws.ToTime(o.LastModified), f) })
	}
	if err != nil {
		return fmt.Errorf("walk objects: %w", err)
	}
	return nil
}

// ours reports a key, unless it is some other program's.
func ours(key string, written time.Time, f func(string, time.Time) error) error {
	if checkKey(key) != nil {
		return nil
	}
	return f(key, written)
}

func (s *S3) uploads(ctx context.Context, prefix string, f func(types.MultipartUpload) error) error {
	pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: orNil(prefix)})
	return each(pages.HasMorePages, func() ([]types.MultipartUpload, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		return page.Uploads, nil
	}, f)
}

// version is one of an object, or a delete marker.
type version struct {
	key, id string
	written time.Time
}

// versions calls f for all under the prefix. Of a key's versions the youngest comes first, but for delete markers, which follow.
func (s *S3) versions(ctx context.Context, prefix string, f func(version) error) error {
	pages := s3.NewListObjectVersionsPaginator(s.client, &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: orNil(prefix)})
	return each(pages.HasMorePages, func() ([]version, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var all []version
		for _, v := range page.Versions {
			all = append(all, version{aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToTime(v.LastModified)})
		}
		for _, m := range page.DeleteMarkers {
			all = append(all, version{aws.ToString(m.Key), aws.ToString(m.VersionId), aws.ToTime(m.LastModified)})
		}
		return all, nil
	}, f)
}

// objects calls f for those of a service that knows no versions.
func (s *S3) objects(ctx context.Context, f func(types.Object) error) error {
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket})
	return each(pages.HasMorePages, func() ([]types.Object, error) {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		return page.Contents, nil
	}, f)
}

// each calls f for what is listed, but for a page only when the next one is there: not every service finds the place again where
// f has deleted what it had listed last.
func each[T any](more func() bool, next func() ([]T, error), f func(T) error) error {
	var page []T
	for ahead := true; ahead || len(page) > 0; {
		var following []T
		if ahead = more(); ahead {
			var err error
			if following, err = next(); err != nil {
				return err
			}
		}
		for _, item := range page {
			if err := f(item); err != nil {
				return err
			}
		}
		page = following
	}
	return nil
}

// Check implements Store.
func (s *S3) Check(ctx context.Context) error { return check(ctx, s) }

// copySource is a version of an object as a request to copy it names it. Keys need no escapes.
func (s *S3) copySource(key string, p objectPin) *string {
	name := s.bucket + "/" + key
	if p.version != "" {
		name += "?versionId=" + url.QueryEscape(p.version)
	}
	return &name
}

// known gives an error of the service its name here, if it has one. A 404 can also mean that there is no such bucket or account; only
// the answer to a HEAD, which has no body, does not tell.
func known(err error) error {
	switch codeOf(err) {
	case "NoSuchKey", "NoSuchVersion", "NotFound":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if statusOf(err) == http.StatusPreconditionFailed {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}

// unsupported tells whether the service does not have the operation.
func unsupported(err error) bool {
	status := statusOf(err)
	return status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed
}

// statusOf is the status of the answer, 0 where there was none.
func statusOf(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

func codeOf(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// cleanup is a context for what must be done after an error, even of a context that has ended.
func cleanup(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanLimit)
}
