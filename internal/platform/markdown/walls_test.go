package markdown

import (
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// TestPolicyAlone is the second wall without the first, which lets nothing through by which it could show.
func TestPolicyAlone(t *testing.T) {
	policy := newPolicy()
	for source, want := range map[string]string{
		`<script>alert(1)</script>a`:                                     "a",
		`<p onclick="x" style="x" id="x" class="x">a</p>`:                "<p>a</p>",
		`<a href="javascript:x">a</a><a href="/x">b</a>`:                 "ab",
		`<a href="data:x" rel="opener">a</a>`:                            "a",
		`<img src="data:image/png;base64,AA"><img src="javascript:x">`:   "",
		`<img src="x" onerror="x"><img src="mailto:a@b.c">`:              "",
		`<input type="text"><input type="checkbox" value="x" name="x">`:  `<input type="checkbox">`,
		`<span class="admin" data-user-id="x">a</span>`:                  "<span>a</span>",
		`<svg onload="x"></svg><iframe src="http://x"></iframe><!--x-->`: "",
		`<code class="language-go">a</code>`:                             "<code>a</code>",
	} {
		if got := policy.Sanitize(source); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

// countedTildes never begins anything and counts how often it was asked to.
type countedTildes struct{ calls *int }

func (countedTildes) Trigger() []byte { return []byte{'~'} }

func (c countedTildes) Parse(ast.Node, text.Reader, parser.Context) ast.Node {
	*c.calls++
	return nil
}

func TestRunOfTildesIsReadOnce(t *testing.T) {
	calls := 0
	parser.NewParser(
		parser.WithBlockParsers(util.Prioritized(parser.NewParagraphParser(), 0)),
		parser.WithInlineParsers(util.Prioritized(fewDelimiters{countedTildes{&calls}}, 0)),
	).Parse(text.NewReader([]byte("a" + strings.Repeat("~", 1000) + " ~b")))
	if calls != 2 {
		t.Errorf("%d calls for two runs", calls)
	}
}
