// Package work_test holds what is particular to each part of the work model, over HTTP.
package work_test

import (
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }
