package app

import (
	"fmt"
	"path/filepath"

	"github.com/plinth/plinth/internal/file"
	"github.com/plinth/plinth/internal/platform/blob"
	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/internal/platform/scan"
	"github.com/plinth/plinth/internal/platform/tus"
)

// OpenStores gives the storages that the settings name: the data directory always, as files may lie there from before.
func OpenStores(c config.Config) (file.Stores, error) {
	dir, err := blob.NewDir(filepath.Join(c.DataDir, "files"))
	if err != nil {
		return file.Stores{}, fmt.Errorf("open the folder of files: %w", err)
	}
	stores := file.Stores{Dir: dir}
	if stores.ResumableDir, err = tus.NewDirStorage(filepath.Join(c.DataDir, "files", ".tus")); err != nil { // files are renamed from there
		return file.Stores{}, err
	}
	if c.S3Bucket != "" {
		stores.S3 = blob.NewS3(blob.S3Config{Endpoint: c.S3Endpoint, Bucket: c.S3Bucket, Region: c.S3Region, AccessKeyID: c.S3AccessKeyID,
			SecretAccessKey: string(c.S3SecretAccessKey), ForcePathStyle: c.S3ForcePathStyle})
		stores.ResumableS3, err = tus.NewS3Storage(stores.S3.Client(), stores.S3.Bucket(), filepath.Join(c.DataDir, "tus"))
	}
	return stores, err
}

// newFiles makes what takes files in and gives them out.
func newFiles(a *App, o Options, secret []byte) (*file.Service, error) {
	c := o.Config
	stores, err := OpenStores(c)
	if err != nil {
		return nil, err
	}
	v := file.Service{
		Pool: a.Pool, Stores: stores, RequireScan: c.RequireScan(), Limits: file.Limits{MaxSize: int64(c.FilesMaxSize), Quota: int64(c.FilesQuota)},
		TrashDays: c.TrashDays, Secret: derive(secret, "file links"), PublicURL: c.PublicURL,
		CDN: file.CDN{BaseURL: c.CDNBaseURL, Key: []byte(c.CDNSigningKey)}, Mail: o.Mail, Wrote: a.live.Wrote, Now: o.Now, Log: o.Log,
	}
	if c.ClamdAddr != "" {
		v.Scanner = scan.New(c.ClamdAddr)
	}
	return file.New(v)
}
