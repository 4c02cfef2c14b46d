package scan

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// probeDepth is more than any clamd goes down to: it cuts MaxRecursion off at 100.
const probeDepth = 128

// AlertsExceeded tells whether clamd reports what it did not look through: it sends an archive with nothing bad in it that is
// nested deeper than clamd goes. Without AlertExceedsMax in its settings clamd calls that clean, and a Clean verdict of such
// a clamd does not mean that all was looked through.
func (c *Clamd) AlertsExceeded(ctx context.Context) (bool, error) {
	archive, err := nested(probeDepth, rand.Text()) // a new one each time, as clamd remembers what was clean
	if err != nil {
		return false, fmt.Errorf("make a nested archive: %w", err)
	}
	verdict, err := c.Scan(ctx, bytes.NewReader(archive))
	switch {
	case err != nil:
		return false, fmt.Errorf("probe for alerts: %w", err)
	case verdict.Status == Clean:
		return false, nil
	case strings.HasPrefix(verdict.Signature, exceeded):
		return true, nil
	}
	return false, fmt.Errorf("probe for alerts: %s: %s", verdict.Status, verdict.Signature)
}

// nested puts the text into a zip file, that into another one, and so on.
func nested(depth int, text string) ([]byte, error) {
	content := []byte(text)
	for range depth {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		file, err := w.CreateHeader(&zip.FileHeader{Name: "a", Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(content); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		content = b.Bytes()
	}
	return content, nil
}
