package tus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/s3store"
)

const (
	partSize = 8 << 20
	maxParts = 10_000 // S3's limit
)

// NewS3Storage keeps uploads in a bucket: the bytes in the parts of a multipart upload to the key, tusd's notes, with the
// multipart upload's id, in the object key.info, and what is too short for a part in key.part. All parts but the last have one
// length, of 8 MiB, or a ten thousandth of the upload where that is more.
//
// A part waits in a file below folder until it is sent, two at a time for each request, with what key.part had in a third: 24 MiB
// of disk, and no memory to speak of. The folder is this process' alone: it is made, and what a killed process left is removed.
func NewS3Storage(client *s3.Client, bucket, folder string) (Storage, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of parts: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "tusd-s3-tmp-*"))
	if err != nil {
		return nil, fmt.Errorf("list folder of parts: %w", err)
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("empty folder of parts: %w", err)
		}
	}
	store := s3store.New(bucket, client)
	store.TemporaryDirectory, store.MaxBufferedParts = folder, 0
	return &s3Storage{client: client, bucket: bucket, store: store}, nil
}

type s3Storage struct {
	client *s3.Client
	bucket string
	store  s3store.S3Store // the model of those that open makes
}

// open makes a store for one request on an upload of a size.
func (s *s3Storage) open(size int64) (s3store.S3Store, *sequence) {
	store, calls := s.store, &sequence{S3API: s.client}
	part := max(partSize, (size+maxParts-1)/maxParts)
	store.MinPartSize, store.PreferredPartSize = part, part
	store.SetConcurrentPartUploads(1)
	store.Service = calls
	return store, calls
}

// Remove implements Storage.
func (s *s3Storage) Remove(ctx context.Context, key string) error {
	if err := s.abort(ctx, key); err != nil {
		return fmt.Errorf("abort multipart upload: %w", err)
	}
	if err := s.purge(ctx, key, key, key+".part", key+".info"); err != nil {
		return fmt.Errorf("remove upload: %w", err)
	}
	return nil
}

func (s *s3Storage) create(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	store, calls := s.open(info.Size)
	upload, err := store.NewUpload(ctx, info)
	return sequential{upload, calls}, err
}

func (s *s3Storage) find(ctx context.Context, key string, size int64) (handler.Upload, error) {
	id, err := s.fullID(ctx, key)
	if err != nil {
		return nil, err
	}
	store, calls := s.open(size)
	upload, err := store.GetUpload(ctx, id)
	return sequential{upload, calls}, err
}

// fullID is what tusd calls the upload: the key and the id of the multipart upload.
func (s *s3Storage) fullID(ctx context.Context, key string) (string, error) {
	object, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(key + ".info")})
	if isCode(err, "NoSuchKey") {
		return "", handler.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("open notes of upload: %w", err)
	}
	defer func() { _ = object.Body.Close() }()
	var notes struct{ ID string }
	if err := json.NewDecoder(object.Body).Decode(&notes); err != nil {
		return "", fmt.Errorf("read notes of upload: %w", err)
	}
	return notes.ID, nil
}

// finish looks for the object first, as a multipart upload that is no more may have been completed, or aborted by a rule of the
// bucket. tusd takes the one for the other.
func (s *s3Storage) finish(ctx context.Context, key string, upload handler.Upload) (Finished, error) {
	info, err := upload.GetInfo(ctx)
	if err != nil {
		return Finished{}, fmt.Errorf("read notes of upload: %w", err)
	}
	object, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err == nil && aws.ToInt64(object.ContentLength) == info.Size {
		return Finished{}, nil
	}
	if err != nil && !isCode(err, "NotFound", "NoSuchKey") {
		return Finished{}, fmt.Errorf("look for object: %w", err)
	}
	err = upload.FinishUpload(ctx)
	if isCode(err, "NoSuchUpload") {
		return Finished{}, handler.ErrNotFound
	}
	if err != nil {
		return Finished{}, fmt.Errorf("complete multipart upload: %w", err)
	}
	return Finished{}, nil
}

func (s *s3Storage) clean(ctx context.Context, key string) error {
	if err := s.purge(ctx, key+".", key+".part", key+".info"); err != nil {
		return fmt.Errorf("remove notes of upload: %w", err)
	}
	return nil
}

// abort ends all multipart uploads to a key, also one that no notes tell of.
func (s *s3Storage) abort(ctx context.Context, key string) error {
	pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, upload := range page.Uploads {
			if aws.ToString(upload.Key) != key {
				continue
			}
			_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: upload.UploadId})
			if err != nil && !isCode(err, "NoSuchUpload") {
				return err
			}
		}
	}
	return nil
}

// purge deletes the objects with all their versions. The prefix is one that the keys have and few others.
func (s *s3Storage) purge(ctx context.Context, prefix string, keys ...string) error {
	pages := s3.NewListObjectVersionsPaginator(s.client, &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isCode(err, "NotImplemented") {
			return s.remove(ctx, current(keys))
		}
		if err != nil {
			return err
		}
		if err := s.remove(ctx, versions(page, keys)); err != nil {
			return err
		}
	}
	return nil
}

func current(keys []string) []types.ObjectIdentifier {
	all := make([]types.ObjectIdentifier, len(keys))
	for i, key := range keys {
		all[i] = types.ObjectIdentifier{Key: aws.String(key)}
	}
	return all
}

// versions are those of the keys on a page of a bucket's versions.
func versions(page *s3.ListObjectVersionsOutput, keys []string) []types.ObjectIdentifier {
	var all []types.ObjectIdentifier
	for _, v := range page.Versions {
		all = append(all, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		all = append(all, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	return slices.DeleteFunc(all, func(id types.ObjectIdentifier) bool { return !slices.Contains(keys, aws.ToString(id.Key)) })
}

func (s *s3Storage) remove(ctx context.Context, objects []types.ObjectIdentifier) error {
	if len(objects) == 0 {
		return nil
	}
	answer, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.bucket, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return err
	}
	for _, failed := range answer.Errors {
		if code := aws.ToString(failed.Code); code != "NoSuchKey" && code != "NoSuchVersion" {
			return fmt.Errorf("delete %s: %s: %s", aws.ToString(failed.Key), code, aws.ToString(failed.Message))
		}
	}
	return nil
}

// isCode tells whether S3 has answered with one of the codes.
func isCode(err error, codes ...string) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && slices.Contains(codes, answer.ErrorCode())
}
