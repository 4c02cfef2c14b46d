// Package conformance_test holds every route to its description and every table to its organization.
//
// Nothing here is a list to be kept by hand next to the code: the router says which operations there are and the catalog
// which tables, policies and functions. What has no scenario, no rule or no written exemption fails, and so does a
// scenario, rule or exemption that stands for nothing any more.
package conformance_test

import (
	"testing"

	"github.com/plinth/plinth/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }
