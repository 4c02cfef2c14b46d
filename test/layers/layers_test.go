// Package layers_test holds the imports of the module to the order of layers.txt.
package layers_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/plinth/plinth/"
)

// TestImportsPointDown reads the files itself, for all platforms at once; what go list reads, the test cache would miss.
func TestImportsPointDown(t *testing.T) {
	layer := layers(t)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || len(name) > 1 && name[0] == '.'):
			return fs.SkipDir
		case path.Ext(name) != ".go":
			return nil
		}
		if layer[path.Dir(name)] == 0 {
			t.Errorf("layers.txt does not list %s", path.Dir(name))
			layer[path.Dir(name)] = -1 // said once
		}
		for _, imported := range imports(t, name) {
			checkImport(t, layer, name, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkImport(t *testing.T, layer map[string]int, file, imported string) {
	t.Helper()
	from, owner := path.Dir(file), path.Dir(imported)
	switch {
	case imported == from: // by an external test
	case layer[imported] <= layer[from]:
		t.Errorf("%s imports %s, which is not below it in layers.txt", file, imported)
	case layer[owner] != 0 && owner != from:
		t.Errorf("%s imports %s, which is private to %s", file, imported, owner)
	}
}

// imports lists the packages of this module that a file imports.
func imports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutPrefix(name, module); ok {
			ours = append(ours, name)
		}
	}
	return ours
}

// layers maps each package to the number of its line, from 1 at the top.
func layers(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(path.Join(root, "layers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	layer, number := map[string]int{}, 0
	for line := range strings.Lines(string(text)) {
		number++
		if strings.HasPrefix(line, "#") {
			continue
		}
		for name := range strings.FieldsSeq(line) {
			if layer[name] != 0 {
				t.Errorf("layers.txt lists %s twice", name)
			}
			layer[name] = number
		}
	}
	return layer
}
