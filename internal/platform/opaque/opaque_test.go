package opaque_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/opaque"
)

func TestTokens(t *testing.T) {
	a, b := opaque.New("pl_"), opaque.New("pl_")
	if a == b || !strings.HasPrefix(a, "pl_") || len(a) != 46 {
		t.Errorf("%s, %s", a, b)
	}
	if h := opaque.Hash(a); len(h) != 32 || bytes.Equal(h, opaque.Hash(b)) || !bytes.Equal(h, opaque.Hash(a)) {
		t.Errorf("hash %x", h)
	}
}
