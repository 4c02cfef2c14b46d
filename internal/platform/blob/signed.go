package blob

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	minPart  = 5 << 20     // but for the last, as all services have it
	getLife  = time.Minute // at most
	shortest = time.Second // life that a signature can have
)

// Signed is a request that its holder may send without being known to the service.
type Signed struct {
	Method, URL string
	Header      map[string]string // to be sent exactly, besides Host and Content-Length, which every client sends itself
	Expires     time.Time
}

// SignPut lets the holder put exactly size bytes, of this content type, with this SHA-256 where sum is not nil. It can be done again
// until it expires; whoever pins the object decides what counts.
func (s *S3) SignPut(ctx context.Context, key string, size int64, contentType string, sum []byte, life time.Duration) (Signed, error) {
	if err := checkKey(key); err != nil {
		return Signed{}, err
	}
	if size < 0 || life < shortest {
		return Signed{}, fmt.Errorf("sign put: %d bytes for %v", size, life)
	}
	if size == 0 { // no length is signed then; this holds the body to be empty
		empty := sha256.Sum256(nil)
		sum = empty[:]
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, ContentLength: &size, ContentType: &contentType}
	if sum != nil {
		in.ChecksumSHA256 = aws.String(base64.StdEncoding.EncodeToString(sum))
	}
	begun := time.Now()
	req, err := s.presign.PresignPutObject(ctx, in, s3.WithPresignExpires(life))
	if err != nil {
		return Signed{}, fmt.Errorf("sign put: %w", err)
	}
	return signed(req, begun.Add(life)), nil
}

func signed(req *v4.PresignedHTTPRequest, expires time.Time) Signed {
	header := map[string]string{}
	for name, values := range req.SignedHeader {
		if name = http.CanonicalHeaderKey(name); name != "Host" && name != "Content-Length" {
			header[name] = strings.Join(values, ",")
		}
	}
	return Signed{req.Method, req.URL, header, expires}
}

// StartParts begins an upload in parts of partSize bytes, of which the last has the rest, and signs the putting of each with its size.
// A part has 5 MiB or more, but for the last, and there are up to 10,000.
func (s *S3) StartParts(
	ctx context.Context, key string, size, partSize int64, contentType string, life time.Duration,
) (uploadID string, parts []Signed, err error) {
	if err := checkKey(key); err != nil {
		return "", nil, err
	}
	if size < 1 || partSize < minPart || (size-1)/partSize >= maxParts || life < shortest {
		return "", nil, fmt.Errorf("start parts: %d bytes in parts of %d for %v", size, partSize, life)
	}
	u, err := s.begin(ctx, &s3.CreateMultipartUploadInput{Key: &key, ContentType: &contentType})
	if err != nil {
		return "", nil, err
	}
	if parts, err = u.sign(ctx, size, partSize, life); err != nil {
		ctx, cancel := cleanup(ctx)
		defer cancel()
		return "", nil, errors.Join(err, s.abort(ctx, key, u.id))
	}
	return u.id, parts, nil
}

func (u *upload) sign(ctx context.Context, size, partSize int64, life time.Duration) ([]Signed, error) {
	var parts []Signed
	for number := int32(1); size > 0; number++ {
		begun := time.Now()
		req, err := u.s.presign.PresignUploadPart(ctx, &s3.UploadPartInput{
			Bucket: &u.s.bucket, Key: &u.key, UploadId: &u.id, PartNumber: &number, ContentLength: aws.Int64(min(size, partSize)),
		}, s3.WithPresignExpires(life))
		if err != nil {
			return nil, fmt.Errorf("sign part %d: %w", number, err)
		}
		parts = append(parts, signed(req, begun.Add(life)))
		size -= partSize
	}
	return parts, nil
}

// FinishParts makes an object of the parts that the service has, whatever the client says of them. Parts that are missing, or are not
// of size bytes together, are ErrIncomplete, and the upload stays. An upload that was finished already is a success; one that is gone
// otherwise is ErrNotFound.
func (s *S3) FinishParts(ctx context.Context, key, uploadID string, size int64) (Object, error) {
	if err := checkKey(key); err != nil {
		return Object{}, err
	}
	u := &upload{s: s, key: key, id: uploadID}
	err := u.list(ctx)
	if err == nil && u.size != size {
		return Object{}, fmt.Errorf("finish parts: %w: %d bytes are there of %d", ErrIncomplete, u.size, size)
	}
	var o Object
	if err == nil {
		o, err = u.complete(ctx)
	}
	if codeOf(err) == "NoSuchUpload" {
		return s.finished(ctx, key, size)
	}
	if err != nil {
		return Object{}, fmt.Errorf("finish parts: %w", err)
	}
	return o, nil
}

// finished pins the object of an upload that is no more.
func (s *S3) finished(ctx context.Context, key string, size int64) (Object, error) {
	o, err := s.Stat(ctx, key)
	if err == nil && o.Size != size {
		return Object{}, fmt.Errorf("finish parts: the upload is gone and the object has %d bytes, not %d", o.Size, size)
	}
	return o, err
}

// list finds the parts that the service has.
func (u *upload) list(ctx context.Context) error {
	pages := s3.NewListPartsPaginator(u.s.client, &s3.ListPartsInput{Bucket: &u.s.bucket, Key: &u.key, UploadId: &u.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list parts: %w", err)
		}
		for _, p := range page.Parts {
			if aws.ToInt32(p.PartNumber) != u.next() {
				return fmt.Errorf("%w: number %d", ErrIncomplete, u.next())
			}
			u.add(p.ETag, aws.ToInt64(p.Size))
		}
	}
	return nil
}

// SignGet gives a URL to the pinned bytes that lives a minute at most and answers with these headers. Without versions (see Pinned)
// no URL holds its reader to the pin, and it is an error.
func (s *S3) SignGet(ctx context.Context, key, pin, contentType, disposition string, life time.Duration) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	p, err := parsePin(pin)
	if err != nil {
		return "", err
	}
	if p.version == "" || life < shortest {
		return "", fmt.Errorf("sign get: version %q for %v", p.version, life)
	}
	req, err := s.presign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.bucket, Key: &key, VersionId: &p.version, ResponseContentType: &contentType, ResponseContentDisposition: &disposition,
	}, s3.WithPresignExpires(min(life, getLife)))
	if err != nil {
		return "", fmt.Errorf("sign get: %w", err)
	}
	return req.URL, nil
}
