package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth/plinth/internal/platform/blob"
)

// The bucket, and who may use it.
const (
	bucketName = "bench"
	bucketUser = "bench"
	partSize   = 16 * mib // as the server has it
)

// bucket is one of a versitygw of its own.
type bucket struct {
	server *server
	store  *blob.S3
}

// startBucket runs the gateway over folders in dir, and makes a bucket that keeps versions.
func startBucket(ctx context.Context, program, dir, secret string) (*bucket, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("find versitygw, which make builds: %w", err)
	}
	objects, versions := filepath.Join(dir, "objects"), filepath.Join(dir, "versions")
	if err := errors.Join(os.MkdirAll(objects, 0o700), os.MkdirAll(versions, 0o700)); err != nil {
		return nil, fmt.Errorf("make folders of the bucket: %w", err)
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "--port", addr, "--quiet", "--keep-alive", "--health", "/readyz", "posix", "--versioning-dir", versions, objects)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+bucketUser, "ROOT_SECRET_KEY="+secret)
	s, err := startServer(ctx, cmd, addr)
	if err != nil {
		return nil, err
	}
	b := &bucket{server: s, store: blob.NewS3(blob.S3Config{Endpoint: "http://" + addr, Bucket: bucketName, Region: "us-east-1",
		AccessKeyID: bucketUser, SecretAccessKey: secret, ForcePathStyle: true})}
	if _, err := b.store.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucketName)}); err != nil {
		return nil, errors.Join(fmt.Errorf("make the bucket: %w", err), s.stop())
	}
	if err := b.store.Prepare(ctx); err != nil || !b.store.Pinned() {
		return nil, errors.Join(fmt.Errorf("have the bucket keep versions: %w", err), s.stop())
	}
	return b, nil
}

// environ are the settings of a server that keeps its files here.
func (b *bucket) environ(secret string) []string {
	return []string{"S3_ENDPOINT=http://" + b.server.addr, "S3_BUCKET=" + bucketName, "S3_ACCESS_KEY_ID=" + bucketUser,
		"S3_SECRET_ACCESS_KEY=" + secret, "S3_FORCE_PATH_STYLE=true"}
}

// put sends the large file in one request, whose content is not signed.
func (b *bucket) put(ctx context.Context, f *files, key string) error {
	v := newVisitor(b.server, "")
	signed, err := b.store.SignPut(ctx, key, f.bytes(), "application/octet-stream", nil, time.Hour)
	if err != nil {
		return err
	}
	hr, err := v.to(ctx, signed.Method, signed.URL, f.content(), f.bytes())
	if err != nil {
		return err
	}
	for name, value := range signed.Header {
		hr.Header.Set(name, value)
	}
	return v.do(hr, nil)
}

// putParts sends as much in parts, one after the other, as the SDK does.
func (b *bucket) putParts(ctx context.Context, f *files, key string) error {
	client, name := b.store.Client(), aws.String(bucketName)
	begun, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: name, Key: &key})
	if err != nil {
		return err
	}
	var parts []types.CompletedPart
	part := bytes.Repeat(f.block, partSize/len(f.block))
	for left := f.bytes(); left > 0; left -= partSize {
		number := aws.Int32(int32(len(parts) + 1))
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: name, Key: &key, UploadId: begun.UploadId, PartNumber: number,
			Body: bytes.NewReader(part[:min(left, partSize)])})
		if err != nil {
			return err
		}
		parts = append(parts, types.CompletedPart{PartNumber: number, ETag: out.ETag})
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: name, Key: &key, UploadId: begun.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
	return err
}

// bare is a way to put an object without plinth.
func (b *bucket) bare(name, key string, f *files, put func(context.Context, *files, string) error) *way {
	return &way{name: name, servers: []*server{b.server}, turn: f.whole(func(ctx context.Context) error { return put(ctx, f, key) }),
		undo: func(ctx context.Context) error { return b.store.Delete(ctx, key) }}
}

// straight sends the large file where the server's answer says, and completes it.
func (v *visitor) straight(ctx context.Context, f *files) (string, error) {
	var up struct {
		ID, Method, URL string
		Headers         map[string]string
		PartSize        int64 `json:"part_size"`
		Parts           []struct{ URL string }
	}
	announced := `{"name":"bench.bin","content_type":"application/octet-stream","size":` + strconv.FormatInt(f.bytes(), 10) + `}`
	if err := v.call(ctx, http.MethodPost, "/v1/files/uploads", announced, &up); err != nil {
		return "", err
	}
	content, left := f.content(), f.bytes()
	for _, part := range up.Parts {
		n := min(left, up.PartSize)
		if err := v.send(ctx, up.Method, part.URL, io.LimitReader(content, n), n); err != nil {
			return "", err
		}
		left -= n
	}
	if up.URL != "" || left > 0 {
		return "", fmt.Errorf("%d bytes have no part to go in; -size is too small", left)
	}
	return up.ID, v.call(ctx, http.MethodPost, "/v1/files/"+up.ID+"/complete", "", nil)
}

// checked waits until a file may be downloaded.
func (v *visitor) checked(ctx context.Context, f *files, id string) error {
	for {
		var now stored
		if err := v.call(ctx, http.MethodGet, "/v1/files/"+id, "", &now); err != nil {
			return err
		}
		switch {
		case now.ScanStatus == "pending":
		case now.ScanStatus == "skipped" && now.SHA256 != nil && *now.SHA256 == f.sum:
			return nil
		default:
			return fmt.Errorf("the file is %s", now.ScanStatus)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// inBucket measures files that the server keeps in S3.
func (f *files) inBucket(ctx context.Context) (err error) {
	b, err := startBucket(ctx, f.gateway, filepath.Join(f.house.dir, "bucket"), f.house.secret)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	f.house.settings = b.environ(f.house.secret)
	plinth, v, err := f.serve(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plinth.stop()) }()
	var waits []float64
	put := b.bare("bare PUT", "bare/single", f, b.put)
	parts := b.bare("bare PUTs of parts", "bare/parts", f, b.putParts)
	var sent string
	straight := &way{name: "announced, straight to S3, completed", servers: []*server{plinth, b.server},
		turn: f.whole(func(ctx context.Context) (err error) {
			sent, err = v.straight(ctx, f)
			return err
		}),
		undo: func(ctx context.Context) error {
			begun := time.Now()
			if err := v.checked(ctx, f, sent); err != nil {
				return err
			}
			waits = append(waits, float64(f.size)/time.Since(begun).Seconds())
			return v.remove(ctx, b.store, sent)
		}}
	ups := &contest{what: fmt.Sprintf("upload of %d MiB to S3", f.size), unit: "MiB", bases: []*way{put, parts},
		ways: []*way{put, parts, f.uploads("through plinth", v, b.store, plinth, b.server), straight}}
	if err := f.within(ctx, plinth, ups); err != nil {
		return err
	}
	fmt.Printf("What was sent straight to S3 is then read for its hash, at %.0f MiB/s.\n", median(waits))
	return f.fromBucket(ctx, b, plinth, v)
}

// fromBucket measures downloads that the server redirects to S3.
func (f *files) fromBucket(ctx context.Context, b *bucket, plinth *server, v *visitor) error {
	const key = "bare/download"
	o, err := b.store.Put(ctx, key, f.content(), f.bytes())
	if err != nil {
		return err
	}
	id, err := v.upload(ctx, f)
	if err != nil {
		return err
	}
	get := &way{name: "bare GET", servers: []*server{b.server}, turn: f.whole(func(ctx context.Context) error {
		url, err := b.store.SignGet(ctx, key, o.Pin, "application/octet-stream", "attachment", time.Minute)
		if err != nil {
			return err
		}
		return newVisitor(b.server, "").fetch(ctx, url, f.bytes())
	})}
	redirected := &way{name: "plinth, redirect", servers: []*server{plinth, b.server}, turn: f.whole(func(ctx context.Context) error {
		return v.fetch(ctx, downloadPath(id), f.bytes())
	})}
	c := &contest{what: fmt.Sprintf("download of %d MiB from S3", f.size), unit: "MiB", bases: []*way{get}, ways: []*way{get, redirected}}
	return c.run(ctx, f.rounds)
}
