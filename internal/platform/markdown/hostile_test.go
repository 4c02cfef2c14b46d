package markdown_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/plinth/plinth/internal/platform/markdown"
)

// hostile sources of about n bytes each: the shapes that make Markdown parsers do work that grows with the square of the
// source, or write more than they read. They stay below what is parsed at all.
func hostile(n int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, n/len(s)) }
	half := func(s string) string { return strings.Repeat(s, n/2/len(s)) }
	sources := map[string]string{
		"lists, then blank lines":     half("- ") + "a" + half("\n"),
		"lists, code and blank lines": strings.Repeat("- ", 9) + "```" + fill("\n"),
		"quotes, then lines":          half(">") + "a" + half("a\n"),
		"wide table of short rows":    strings.Repeat("|a", n/8) + "\n" + strings.Repeat("|-", n/8) + "\n" + half("a\n"),
		"many tables of short rows": fill(strings.Repeat("|a", 50) + "\n" + strings.Repeat("|-", 50) + "\n" +
			strings.Repeat("a\n", 100) + "\n"),
		"pipes in code":              "|a|\n|-|\n" + fill("|`\\|`\n"),
		"long definition, many uses": "[a]: http://b/" + half("c") + "\n\n" + half("[a]"),
		"long title, many uses":      "[a]: http://b '" + half("c") + "'\n\n" + half("![a]"),
		"closers of another kind":    "a**b" + fill("c* "),
		"nested brackets":            half("[") + half("]"),
		"run of tildes":              "a" + fill("~"),
	}
	for _, s := range []string{
		"[", "![", "*a ", "> ", ">", "- ", "* ", "1. ", "*a_ ", "~~a ~b", "[](", "[a](b", "[a](<b", "[a][b](", "](", "][", "]([\n",
		"a\\```", "a\\```\n", "<a ", "<!--", "<![CDATA[", "&", "\\", "[a]: b\n", "@", "@a@", "@a@b ", "_www._", "(http://a",
		"|", "-\n", "a|b\n-|-\n\n", "[a](http://b)", "<http://a>",
	} {
		sources[s] = fill(s)
	}
	return sources
}

// TestHostileSourcesEnd fails on gross blow-ups only: the slowest of these takes half a second, or ten in a race build on
// a busy machine. TestMarkupBeyondABoundIsText sees each bound without a clock.
func TestHostileSourcesEnd(t *testing.T) {
	const deadline, factor = time.Minute, 60
	r := markdown.New()
	for name, source := range hostile(99_000) {
		if len(source) > 100_000 {
			t.Fatalf("%s: %d bytes are not even parsed", name, len(source))
		}
		start := time.Now()
		out := r.HTML(source, nil)
		if took := time.Since(start); took > deadline {
			t.Errorf("%s: %v", name, took)
		}
		if len(out) > factor*len(source) {
			t.Errorf("%s: %d bytes from %d", name, len(out), len(source))
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	r := markdown.New()
	for name, source := range hostile(99_000) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.HTML(source, nil)
			}
		})
	}
}

func TestNestingIsBounded(t *testing.T) {
	r := markdown.New()
	for marker, element := range map[string]string{"> ": "<blockquote>", "- ": "<ul>"} {
		got := strings.Count(r.HTML(strings.Repeat(marker, 1000)+"a", nil), element)
		if got < 10 || got > 20 {
			t.Errorf("%d %s", got, element)
		}
	}
}

func TestMarkupBeyondABoundIsText(t *testing.T) {
	r := markdown.New()
	for name, c := range map[string]struct {
		source, element string
		least, most     int
	}{
		"delimiters":  {strings.Repeat("*a* ", 20_000), "<em>", 5_000, 5_000},
		"cells":       {strings.Repeat("|a|\n|-|\n|b|\n\n", 5_000), "<table>", 1_000, 3_000},
		"definitions": {"[a]: http://b.example/" + strings.Repeat("c", 978) + "\n\n" + strings.Repeat("[a] ", 500), "<a ", 100, 100},
		"misses":      {strings.Repeat("[a](< ", 1_000) + strings.Repeat("[a](http://b.example) ", 10), "<a ", 0, 0},
		"backticks":   {strings.Repeat("a\\``` ", 200) + strings.Repeat("`b` ", 10), "<code>", 0, 0},
		"no misses":   {strings.Repeat("[a](http://b.example) ", 4_000), "<a ", 4_000, 4_000},
	} {
		if got := strings.Count(r.HTML(c.source, nil), c.element); got < c.least || got > c.most {
			t.Errorf("%s: %d %s", name, got, c.element)
		}
	}
}

// allowed are the attributes of every element that may stand in the output, and what they may be.
var allowed = func() map[string]map[string]*regexp.Regexp {
	link := regexp.MustCompile(`^(https?://[^/]|mailto:)`)
	anything := regexp.MustCompile(``)
	empty := regexp.MustCompile(`^$`)
	align := map[string]*regexp.Regexp{"align": regexp.MustCompile(`^(left|center|right)$`)}
	m := map[string]map[string]*regexp.Regexp{
		"a":     {"href": link, "title": anything, "rel": regexp.MustCompile(`^nofollow noopener noreferrer$`)},
		"img":   {"src": regexp.MustCompile(`^https?://[^/]`), "alt": anything, "title": anything},
		"input": {"type": regexp.MustCompile(`^checkbox$`), "checked": empty, "disabled": empty},
		"ol":    {"start": regexp.MustCompile(`^[0-9]{1,9}$`)},
		"span":  {"class": regexp.MustCompile(`^mention$`), "data-user-id": regexp.MustCompile(`^[0-9a-f-]{36}$`)},
		"td":    align, "th": align,
	}
	for _, e := range strings.Fields("p br hr h1 h2 h3 h4 h5 h6 blockquote pre code em strong del ul li table thead tbody tr") {
		m[e] = nil
	}
	return m
}()

// required are the attributes without which an element must not appear.
var required = map[string][]string{
	"a": {"href", "rel"}, "img": {"src"}, "input": {"type", "disabled"}, "span": {"class", "data-user-id"},
}

func checkAllowed(t *testing.T, source, out string) {
	t.Helper()
	// A browser's parser, in the element into which a page puts it. It adds elements of its own at most where allowed ones
	// stand where they may not.
	nodes, err := html.ParseFragment(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil && !strings.Contains(err.Error(), "open stack of elements") {
		t.Fatalf("%q: %v in %q", source, err, out)
	}
	var check func(n *html.Node)
	check = func(n *html.Node) {
		switch n.Type {
		case html.ElementNode:
			checkElement(t, n, source, out)
		case html.TextNode:
		default:
			t.Errorf("%q: node of type %d in %q", source, n.Type, out)
		}
		for c := range n.ChildNodes() {
			check(c)
		}
	}
	for _, n := range nodes {
		check(n)
	}
}

func checkElement(t *testing.T, n *html.Node, source, out string) {
	t.Helper()
	attributes, ok := allowed[n.Data]
	if !ok {
		t.Errorf("%q: <%s> in %q", source, n.Data, out)
	}
	for _, a := range n.Attr {
		if want := attributes[a.Key]; want == nil || !want.MatchString(a.Val) {
			t.Errorf("%q: <%s %s=%q> in %q", source, n.Data, a.Key, a.Val, out)
		}
	}
	for _, key := range required[n.Data] {
		if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key }) {
			t.Errorf("%q: <%s> without %s in %q", source, n.Data, key, out)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"# a\n\n- [x] b\n\n1. c\n\n> d\n\n|e|\n|:-:|\n|`f\\|`|\n", "**a** _b_ ~~c~~ `d`\n\n```e\nf\n```\n\n    g\n***\nh\n===",
		"[a](javascript:alert(1))", "<javascript:alert(1)>", "[a](java&#10;script&colon;alert(1))", "[a]\n\n[a]: javascript:alert(1) 't'",
		"![a](data:image/svg+xml;base64,AAAA \"b\")", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='x' onclick=y>",
		`[a](http://x.io/"onmouseover="alert(1))`, `![a" onerror="b](http://x.io "c\" onerror=\"d")`, "[![a](http://x.io)](http://y.io)",
		"<http://x.io/'onclick='a>", "www.x.io/<script>", "http://x.io?a=<b>&c=\"d\"", "mailto:a@b.c <a@b.c>",
		"[a](http://[::1%25en0]/)", "[a](HTTP://x.io\\)",
		"@ada@example.com @0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b [@ada@example.com](http://x.io)",
		"\\@ada@example.com &commat;ada@example.com",
		"a\x00\xff\u2028\u202e&#0;&#xD800;&lt;script&gt;", "</span><style>a</style><svg/onload=b>", "``<!--``-->",
		"{#id onclick=x} # a {onclick=x}",
	} {
		f.Add(s)
	}
	r := markdown.New()
	f.Fuzz(func(t *testing.T, source string) {
		checkAllowed(t, source, r.HTML(source, known))
	})
}

func FuzzMentions(f *testing.F) {
	for _, s := range []string{
		"@ada@example.com", "(@a.b+c@x-y.io).", "@0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b!", "`@a@b`", "[@a@b](http://c)",
		"|@a@b|\n|-|\n|`\\|@c@d`|", "@a@b@c@d", "@İ@x.io",
	} {
		f.Add(s)
	}
	r := markdown.New()
	f.Fuzz(func(t *testing.T, source string) {
		emails, ids := r.Mentions(source)
		if len(emails)+len(ids) > markdown.MaxMentions {
			t.Errorf("%d mentions", len(emails)+len(ids))
		}
		lower := strings.ToLower(source)
		seen := make(map[string]bool)
		for _, e := range emails {
			if e != strings.ToLower(e) || seen[e] || !strings.Contains(lower, "@"+e) || strings.Count(e, "@") != 1 {
				t.Errorf("%q in %q", e, source)
			}
			seen[e] = true
		}
		for _, id := range ids {
			if seen[id.String()] || !strings.Contains(lower, "@"+id.String()) {
				t.Errorf("%v in %q", id, source)
			}
			seen[id.String()] = true
		}
	})
}
