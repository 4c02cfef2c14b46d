package generated_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/pgembed"
	"github.com/plinth/plinth/migrations"
)

const stopLimit = 30 * time.Second

// dumpSchema applies the migrations to an empty database and lets pg_dump tell what came of it.
func dumpSchema(t *testing.T) string {
	t.Helper()
	bin, err := pgembed.Locate("", "")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "pg_dump")
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: install the Debian package postgresql, which brings it", err)
	}
	url := startDatabase(t, bin)
	if _, err := db.Migrate(t.Context(), url, migrations.FS); err != nil {
		t.Fatal(err)
	}
	dump := exec.CommandContext(t.Context(), program, "--schema-only", "--schema=app", url)
	var stderr bytes.Buffer
	dump.Stderr = &stderr
	out, err := dump.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, stderr.Bytes())
	}
	return string(out)
}

// startDatabase runs PostgreSQL until the test ends and returns the owner's URL.
func startDatabase(t *testing.T, bin string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "plinth-schema-") // t.TempDir is closed to the account PostgreSQL runs as under root
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cluster, err := pgembed.Start(t.Context(), pgembed.Options{Dir: filepath.Join(dir, "postgres"), BinDir: bin})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), stopLimit)
		defer cancel()
		if err := cluster.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return cluster.URL(pgembed.Superuser, pgembed.Database)
}

var (
	// sessionLines differ between versions of pg_dump: its settings, its own comments, its random tokens.
	sessionLines = regexp.MustCompile(`(?m)^(SET .*;|SELECT pg_catalog\.set_config\(.*\);|-- Dumped .*|-- PostgreSQL database dump.*|--|\\(un)?restrict .*)\n`)
	emptyLines   = regexp.MustCompile(`\n{3,}`)
)

const schemaHead = "-- The schema that the migrations make, to read and to review; written by \"make generate\".\n\n"

// normalizeDump leaves what depends on the migrations only.
func normalizeDump(dump string) string {
	dump = emptyLines.ReplaceAllString(sessionLines.ReplaceAllString(dump, ""), "\n\n")
	return strings.TrimSpace(dump) + "\n"
}

func TestNormalizedDumpHoldsNothingOfTheSession(t *testing.T) {
	const dump = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x9\n\n-- Dumped from database version 15.1\n\n" +
		"SET row_security = off;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n" +
		"--\n-- Name: t; Type: TABLE; Schema: app; Owner: postgres\n--\n\nCREATE TABLE app.t (\n);\n\n\\unrestrict x9\n"
	const want = "-- Name: t; Type: TABLE; Schema: app; Owner: postgres\n\nCREATE TABLE app.t (\n);\n"
	if got := normalizeDump(dump); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
