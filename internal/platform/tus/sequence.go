package tus

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/s3store"
)

// sequence stores nothing more once something could not be stored. tusd would go on with the next part, and take the sum of
// what is there for the offset: an upload with a hole.
type sequence struct {
	s3store.S3API
	broken atomic.Bool
}

func (s *sequence) UploadPart(ctx context.Context, in *s3.UploadPartInput, options ...func(*s3.Options)) (*s3.UploadPartOutput, error) {
	return inSequence(s, func() (*s3.UploadPartOutput, error) { return s.S3API.UploadPart(ctx, in, options...) })
}

func (s *sequence) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return inSequence(s, func() (*s3.PutObjectOutput, error) { return s.S3API.PutObject(ctx, in, options...) })
}

func inSequence[T any](s *sequence, store func() (*T, error)) (*T, error) {
	if s.broken.Load() {
		return nil, errors.New("what is before it is not stored")
	}
	out, err := store()
	if err != nil {
		s.broken.Store(true)
	}
	return out, err
}

// sequential is an upload whose calls are a sequence. It stops reading when that is broken.
type sequential struct {
	handler.Upload
	calls *sequence
}

func (s sequential) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	return s.Upload.WriteChunk(ctx, offset, untilBroken{src, s.calls})
}

type untilBroken struct {
	io.Reader
	calls *sequence
}

func (u untilBroken) Read(p []byte) (int, error) {
	if u.calls.broken.Load() {
		return 0, io.EOF
	}
	return u.Reader.Read(p)
}
