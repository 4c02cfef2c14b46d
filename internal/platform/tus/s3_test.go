package tus

import (
	"testing"

	"github.com/tus/tusd/v2/pkg/s3store"
)

// TestPartsSuffice: all parts but the last have one length, which S3's number of parts is enough for.
func TestPartsSuffice(t *testing.T) {
	s := &s3Storage{store: s3store.New("", nil)}
	for size, want := range map[int64]int64{
		0: partSize, 1: partSize, partSize * maxParts: partSize, partSize*maxParts + 1: partSize + 1, 5 << 40: 549_755_814,
	} {
		store, _ := s.open(size)
		if store.PreferredPartSize != want || store.MinPartSize != want {
			t.Errorf("%d bytes in parts of %d, at least %d, want %d", size, store.PreferredPartSize, store.MinPartSize, want)
		}
		if store.PreferredPartSize*maxParts < size {
			t.Errorf("%d bytes do not fit", size)
		}
	}
}
