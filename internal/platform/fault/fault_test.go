package fault_test

import (
	"database/sql"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/plinth/plinth/internal/platform/fault"
)

// TestKindsListsEveryKindOnce reads the constants from the source, so that none is forgotten.
func TestKindsListsEveryKindOnce(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[fault.Kind]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Kind" {
			value, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if declared[fault.Kind(value)] {
				t.Errorf("two kinds are called %s", value)
			}
			declared[fault.Kind(value)] = true
		}
		return true
	})
	delete(declared, fault.IdempotencyReplay) // never reaches a client
	if len(declared) < 20 {
		t.Fatalf("only %d kinds found", len(declared))
	}
	before := 0
	for _, info := range fault.Kinds() {
		if !declared[info.Kind] {
			t.Errorf("%s is listed twice, or is no kind", info.Kind)
		}
		delete(declared, info.Kind)
		if http.StatusText(info.Status) == "" || info.Status < 400 || info.Title == "" || info.Explain == "" {
			t.Errorf("%s is incomplete: %+v", info.Kind, info)
		}
		if info.Status < before {
			t.Errorf("%s is out of order", info.Kind)
		}
		before = info.Status
	}
	for kind := range declared {
		t.Errorf("%s is not listed", kind)
	}
}

// TestStatuses holds the kinds that the contract names to its statuses.
func TestStatuses(t *testing.T) {
	want := map[fault.Kind]int{
		fault.OrgHeader: 400, fault.OrgMismatch: 400, fault.MalformedBody: 400, fault.Unauthenticated: 401, fault.InvalidToken: 401, fault.SessionEnded: 401,
		fault.RefreshReused: 401, fault.InvalidCredentials: 401, fault.OrgDenied: 403, fault.Forbidden: 403, fault.OriginDenied: 403, fault.NotFound: 404, fault.MethodNotAllowed: 405,
		fault.LastAdmin: 409, fault.KeyTaken: 409, fault.IdempotencyInFlight: 409, fault.InvitationGone: 410, fault.StaleVersion: 412, fault.TooLarge: 413,
		fault.UnsupportedMediaType: 415, fault.Misdirected: 421, fault.Validation: 422, fault.IdempotencyMismatch: 422, fault.RateLimited: 429, fault.Internal: 500, fault.Unavailable: 503,
	}
	for _, info := range fault.Kinds() {
		if status, ok := want[info.Kind]; ok && status != info.Status {
			t.Errorf("%s is %d, want %d", info.Kind, info.Status, status)
		}
		delete(want, info.Kind)
	}
	if len(want) != 0 {
		t.Errorf("not listed: %v", want)
	}
}

func TestAbout(t *testing.T) {
	if err := fault.About("task", fmt.Errorf("scan: %w", sql.ErrNoRows)); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "There is no such task.") {
		t.Errorf("no row: %v", err)
	}
	other := errors.New("other")
	if err := fault.About("task", other); err != other { //nolint:errorlint // the same error, not one like it
		t.Errorf("another error: %v", err)
	}
	if err := fault.About("task", nil); err != nil {
		t.Errorf("nil: %v", err)
	}
}

func TestAbsentNamesItsPlace(t *testing.T) {
	if f := fault.Absent("label", "body.label_ids"); len(f.Fields) != 1 || f.Fields[0] != (fault.Field{Location: "body.label_ids", Message: "no such label"}) {
		t.Errorf("%+v", f)
	}
	if f := fault.Absent("task", ""); len(f.Fields) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestByConstraint(t *testing.T) {
	known := fault.Constraints{"key": {Kind: fault.KeyTaken}}
	for name, test := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"listed":         {&fault.Fault{Kind: fault.Conflict, Constraint: "key"}, fault.KeyTaken},
		"listed, inside": {fmt.Errorf("create: %w", &fault.Fault{Kind: fault.Conflict, Constraint: "key"}), fault.KeyTaken},
		"not listed":     {&fault.Fault{Kind: fault.Conflict, Constraint: "other"}, fault.Conflict},
		"none":           {&fault.Fault{Kind: fault.NotFound}, fault.NotFound},
	} {
		if err := fault.ByConstraint(test.err, known); !fault.Is(err, test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if err := fault.ByConstraint(nil, known); err != nil {
		t.Errorf("nil: %v", err)
	}
}

func TestAbsentAsNamesBareAbsencesOnly(t *testing.T) {
	if err := fault.AbsentAs("board", &fault.Fault{Kind: fault.NotFound}); !strings.Contains(err.Error(), "no such board") {
		t.Errorf("bare: %v", err)
	}
	if err := fault.AbsentAs("board", fault.Absent("label", "query.label_id")); strings.Contains(err.Error(), "board") {
		t.Errorf("named: %v", err)
	}
}

func TestErrorTellsAllAndUnwraps(t *testing.T) {
	cause := errors.New("cause")
	f := &fault.Fault{Kind: fault.Validation, Detail: "Detail.", Fields: []fault.Field{{Location: "body.title", Message: "is missing"}}, Err: cause}
	if want := "validation: Detail. [body.title: is missing]: cause"; f.Error() != want {
		t.Errorf("%q, want %q", f.Error(), want)
	}
	if !errors.Is(f, cause) {
		t.Error("does not unwrap")
	}
}
