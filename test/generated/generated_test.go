// Package generated_test keeps the files in docs that are made from the program: the API's document, the database's
// schema and the list of settings. They are in git so that a change of theirs is seen in review.
//
// go test ./test/generated -update writes them anew.
package generated_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth/plinth/internal/app"
	"github.com/plinth/plinth/internal/platform/config"
)

var update = flag.Bool("update", false, "write the files instead of comparing them")

func TestOpenAPI(t *testing.T) {
	raw, err := app.OpenAPI(false)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	check(t, "openapi.json", indented.String()+"\n")
}

func TestSchema(t *testing.T) {
	check(t, "schema.sql", schemaHead+normalizeDump(dumpSchema(t)))
}

func TestSettings(t *testing.T) {
	check(t, "settings.md", describeSettings(config.Document()))
}

// check compares a file in docs with what it should be, or writes it.
func check(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run make generate", err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("docs/%s is not what the program makes (+): run make generate\n%s", name, diff)
	}
}
