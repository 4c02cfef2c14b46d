package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	partBytes = 16 << 20
	maxParts  = 10_000    // of one upload, as all services have it
	copyBytes = 256 << 20 // that one request copies: it must answer in time
	movedFrom = "moved-from"
)

// upload is one in parts.
type upload struct {
	s       *S3
	key, id string
	parts   []types.CompletedPart
	size    int64
}

func (s *S3) begin(ctx context.Context, in *s3.CreateMultipartUploadInput) (*upload, error) {
	in.Bucket = &s.bucket
	out, err := s.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("begin upload: %w", err)
	}
	return &upload{s: s, key: *in.Key, id: aws.ToString(out.UploadId)}, nil
}

// add notes a part that is with the service.
func (u *upload) add(etag *string, size int64) {
	u.parts = append(u.parts, types.CompletedPart{PartNumber: aws.Int32(u.next()), ETag: etag})
	u.size += size
}

// next is the number of the part after those there are.
func (u *upload) next() int32 { return int32(len(u.parts) + 1) }

// complete makes an object of the parts.
func (u *upload) complete(ctx context.Context) (Object, error) {
	out, err := u.s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.s.bucket, Key: &u.key, UploadId: &u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	})
	if err != nil {
		return Object{}, fmt.Errorf("complete upload: %w", err)
	}
	return object(u.size, out.ETag, out.VersionId)
}

// abort ends an upload. That it is gone already is no error.
func (s *S3) abort(ctx context.Context, key, id string) error {
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &id})
	if codeOf(err) == "NoSuchUpload" {
		return nil
	}
	return err
}

// Put implements Store. Up to 16 MiB are one request. More are parts of 16 MiB, of which one is sent while the next is read; 10,000
// parts are the most that an object can have.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, size int64) (Object, error) {
	if err := checkKey(key); err != nil {
		return Object{}, err
	}
	room := int64(partBytes)
	if size >= 0 && size < partBytes {
		room = size + 1 // in which to find the end
	}
	in := &source{ctx: ctx, r: r, size: size}
	first, end, err := in.head(int(room))
	if err != nil {
		return Object{}, fmt.Errorf("read object: %w", err)
	}
	if !end {
		return s.putParts(ctx, key, first, in)
	}
	out, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(first)})
	if err != nil {
		return Object{}, fmt.Errorf("put object: %w", err)
	}
	return object(int64(len(first)), out.ETag, out.VersionId)
}

func (s *S3) putParts(ctx context.Context, key string, first []byte, rest *source) (Object, error) {
	u, err := s.begin(ctx, &s3.CreateMultipartUploadInput{Key: &key})
	if err != nil {
		return Object{}, err
	}
	return u.finish(ctx, u.send(ctx, first, rest))
}

// finish completes the upload, or aborts it after an error.
func (u *upload) finish(ctx context.Context, err error) (Object, error) {
	var o Object
	if err == nil {
		o, err = u.complete(ctx)
	}
	if err != nil {
		ctx, cancel := cleanup(ctx)
		defer cancel()
		return Object{}, errors.Join(err, u.s.abort(ctx, u.key, u.id))
	}
	return o, nil
}

// send sends the first part, which is full, and then what comes, and returns when no request is left.
func (u *upload) send(ctx context.Context, part []byte, rest *source) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	next, end := make([]byte, partBytes), false
	for len(part) > 0 {
		sent := make(chan error, 1)
		go func() { sent <- u.sendPart(ctx, part) }()
		n, err := 0, error(nil)
		if !end {
			n, end, err = rest.fill(next)
		}
		if err != nil {
			stop()
			<-sent
			return fmt.Errorf("read object: %w", err)
		}
		if err := <-sent; err != nil {
			return err
		}
		part, next = next[:n], part[:cap(part)]
	}
	return nil
}

func (u *upload) sendPart(ctx context.Context, part []byte) error {
	if len(u.parts) == maxParts {
		return fmt.Errorf("object has more than %d parts", maxParts)
	}
	out, err := u.s.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.s.bucket, Key: &u.key, UploadId: &u.id, PartNumber: aws.Int32(u.next()), Body: bytes.NewReader(part),
	})
	if err != nil {
		return fmt.Errorf("send part %d: %w", u.next(), err)
	}
	u.add(out.ETag, int64(len(part)))
	return nil
}

// Move implements Store. It copies, within the service, and then deletes. What the new key had is overwritten.
func (s *S3) Move(ctx context.Context, from, pin, to string) (Object, error) {
	if err := errors.Join(checkKey(from), checkKey(to)); err != nil {
		return Object{}, err
	}
	if from == to {
		return Object{}, errors.New("move object: the keys are the same")
	}
	p, err := parsePin(pin)
	if err != nil {
		return Object{}, err
	}
	o, err := s.moved(ctx, from, p, to) // before a crash
	if err != nil {
		o, err = s.copy(ctx, from, p, to)
	}
	if err != nil {
		return Object{}, fmt.Errorf("copy object: %w", err)
	}
	if err := s.Delete(ctx, from); err != nil {
		return Object{}, fmt.Errorf("remove the old key: %w", err)
	}
	return o, nil
}

// moved pins what a move that is done again had copied, or moved: the copy says so.
func (s *S3) moved(ctx context.Context, from string, p objectPin, to string) (Object, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &to})
	if err != nil {
		return Object{}, err
	}
	if out.Metadata[movedFrom] != origin(from, p) {
		return Object{}, ErrNotFound
	}
	return object(p.size, out.ETag, out.VersionId)
}

// origin names what was moved, in the characters of a header.
func origin(from string, p objectPin) string {
	sum := sha256.Sum256([]byte(from + " " + p.String()))
	return hex.EncodeToString(sum[:])
}

func (s *S3) copy(ctx context.Context, from string, p objectPin, to string) (Object, error) {
	old, err := s.head(ctx, from, p)
	if err != nil {
		return Object{}, err
	}
	meta := map[string]string{movedFrom: origin(from, p)}
	if p.size > copyBytes {
		return s.copyParts(ctx, from, p, &s3.CreateMultipartUploadInput{Key: &to, Metadata: meta, ContentType: old.ContentType})
	}
	out, err := s.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: &to, CopySource: s.copySource(from, p), CopySourceIfMatch: &p.etag,
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: meta, ContentType: old.ContentType,
	})
	if err != nil {
		return Object{}, known(err)
	}
	if out.CopyObjectResult == nil { // an answer without its body
		return Object{}, errors.New("the service does not say what it has copied")
	}
	return object(p.size, out.CopyObjectResult.ETag, out.VersionId)
}

func (s *S3) copyParts(ctx context.Context, from string, p objectPin, to *s3.CreateMultipartUploadInput) (Object, error) {
	u, err := s.begin(ctx, to)
	if err != nil {
		return Object{}, err
	}
	for u.size < p.size && err == nil {
		err = u.copyPart(ctx, from, p, min(copyBytes, p.size-u.size))
	}
	return u.finish(ctx, err)
}

func (u *upload) copyPart(ctx context.Context, from string, p objectPin, size int64) error {
	out, err := u.s.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &u.s.bucket, Key: &u.key, UploadId: &u.id, PartNumber: aws.Int32(u.next()),
		CopySource: u.s.copySource(from, p), CopySourceIfMatch: &p.etag,
		CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", u.size, u.size+size-1)),
	})
	if err != nil {
		return fmt.Errorf("copy part %d: %w", u.next(), known(err))
	}
	if out.CopyPartResult == nil {
		return fmt.Errorf("copy part %d: the service does not say what it has copied", u.next())
	}
	u.add(out.CopyPartResult.ETag, size)
	return nil
}
