package markdown_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/platform/markdown"
)

var (
	ada   = markdown.Person{ID: uuid.MustParse("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"), Name: `Ada <b>"O'Neil"</b> & Co`}
	known = map[string]markdown.Person{"ada@example.com": ada, ada.ID.String(): ada}
)

const adaSpan = `<span class="mention" data-user-id="0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b">` +
	`@Ada &lt;b&gt;&#34;O&#39;Neil&#34;&lt;/b&gt; &amp; Co</span>`

func TestHTML(t *testing.T) {
	const rel = ` rel="nofollow noopener noreferrer"`
	r := markdown.New()
	for _, c := range []struct{ name, source, want string }{
		{"emphasis", "# A *b* **c** ~~d~~ `e`", "<h1>A <em>b</em> <strong>c</strong> <del>d</del> <code>e</code></h1>\n"},
		{"list", "3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n"},
		{"task list", "- [ ] a\n- [x] b", "<ul>\n<li><input disabled=\"\" type=\"checkbox\"> a</li>\n" +
			"<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> b</li>\n</ul>\n"},
		{"table", "|a|\n|-:|\n|`b`|", "<table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n</tr>\n</thead>\n" +
			"<tbody>\n<tr>\n<td align=\"right\"><code>b</code></td>\n</tr>\n</tbody>\n</table>\n"},
		{"code block", "```go\nMap<K>\n```", "<pre><code>Map&lt;K&gt;\n</code></pre>\n"},
		{"link", `[a](https://x.example/?q=1&b=2 "t")`,
			`<p><a href="https://x.example/?q=1&amp;b=2" title="t"` + rel + ">a</a></p>\n"},
		{"autolinks", "<http://a.example> www.b.example c@d.example",
			`<p><a href="http://a.example"` + rel + `>http://a.example</a> ` +
				`<a href="http://www.b.example"` + rel + `>www.b.example</a> <a href="mailto:c@d.example"` + rel + ">c@d.example</a></p>\n"},
		{"reference", "[a][b]\n\n[b]: http://c.example", `<p><a href="http://c.example"` + rel + ">a</a></p>\n"},
		{"image", `![a *b*](https://x.example/y.png "t")`, "<p><img src=\"https://x.example/y.png\" alt=\"a b\" title=\"t\"></p>\n"},

		{"no link", "[a ![b [c](< [d][e]", "<p>[a ![b [c](&lt; [d][e]</p>\n"},
		{"HTML is text", "<b>a</b> List<String> <!-- c -->", "<p>&lt;b&gt;a&lt;/b&gt; List&lt;String&gt; &lt;!-- c --&gt;</p>\n"},
		{"HTML block is text", "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>",
			"<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n<p>&lt;img src=x onerror=alert(1)&gt;</p>\n"},
		{"javascript", "[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) <javascript:alert(1)>", "<p>a b javascript:alert(1)</p>\n"},
		{"hidden javascript", "[a](java&#x0A;script:alert(1)) [b](&#1;javascript:alert(1)) [c](\\javascript:alert(1))", "<p>a b c</p>\n"},
		{"javascript by reference", "[a]\n\n[a]: javascript:alert(1)", "<p>a</p>\n"},
		{"other schemes", "[a](data:text/html,x) [b](vbscript:x) [c](file:///etc/passwd) <ftp://d.example>", "<p>a b c ftp://d.example</p>\n"},
		{"our own site", "[a](/x) [b](//c.example) [c](http:/x) [d](http:x) [e](#f) [g]()", "<p>a b c d e g</p>\n"},
		{"images of other schemes", "![a](data:image/png;base64,AAAA) ![b](javascript:x) ![c](/d.png) ![e](mailto:f@g.example)", "<p>a b c e</p>\n"},
		{"out of the attribute", `[a](http://x.example/"onclick=alert(1)) ![b](http://x.example/ "\" onerror=\"x")`,
			`<p><a href="http://x.example/%22onclick=alert(1)"` + rel + `>a</a> ` +
				`<img src="http://x.example/" alt="b" title="&#34; onerror=&#34;x"></p>` + "\n"},
		{"broken UTF-8", "a\xff\x00b", "<p>a\uFFFD\uFFFDb</p>\n"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, r.HTML(c.source, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMentionsInHTML(t *testing.T) {
	r := markdown.New()
	for _, c := range []struct{ name, source, want string }{
		{"by address", "Hi @Ada@Example.com!", "Hi " + adaSpan + "!"},
		{"by id", "(@0190A1B2-c3d4-7e5f-8a6b-7c8d9e0f1a2b)", "(" + adaSpan + ")"},
		{"emphasised", "**@ada@example.com**", "<strong>" + adaSpan + "</strong>"},
		{"unknown", "@bob_x_y@example.com", "@bob_x_y@example.com"},
		{"in code", "`@ada@example.com`", "<code>@ada@example.com</code>"},
		{"in a link", "[a @ada@example.com](http://x.example)",
			`<a href="http://x.example" rel="nofollow noopener noreferrer">a @ada@example.com</a>`},
		{"in an image", "![@ada@example.com](http://x.example)", `<img src="http://x.example" alt="@ada@example.com">`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff("<p>"+c.want+"</p>\n", r.HTML(c.source, known)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMentions(t *testing.T) {
	const id = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"
	r := markdown.New()
	for _, c := range []struct {
		name, source string
		want         string
	}{
		{"address", "@ada@example.com", "ada@example.com"},
		{"id", "@" + id, id},
		{"upper case", "@ADA@Example.COM @" + strings.ToUpper(id), "ada@example.com " + id},
		{"punctuation after", "@a@x.io. @b@x.io, @c@x.io; @d@x.io: @e@x.io! @f@x.io? (@g@x.io) @h@x.io...",
			"a@x.io b@x.io c@x.io d@x.io e@x.io f@x.io g@x.io h@x.io"},
		{"punctuation after an id", "@" + id + ".", id},
		{"characters of an address", "@a.b+c_d-e'f@my-host.x.io", "a.b+c_d-e'f@my-host.x.io"},
		{"other scripts", "@józef@x.io 謝謝@b@x.io @c@x.io謝謝", "józef@x.io c@x.io"},
		{"once", "@b@x.io @a@x.io @B@X.io", "b@x.io a@x.io"},
		{"after a letter or digit", "x@a@x.io 1@b@x.io é@c@x.io", ""},
		{"after anything else", "/@a@x.io -@b@x.io\n@c@x.io **d**@d@x.io", "a@x.io b@x.io c@x.io d@x.io"},
		{"mere addresses", "ada@example.com <bob@example.com>", ""},
		{"escaped", `\@ada@example.com`, ""},
		{"no member", "@ada @ @@ @@x @0190a1b2 @" + id + "f", ""},
		{"nobody's id", "@00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
		{"too long", "@a@" + strings.Repeat("a.", 130) + "io", ""},
		{"code", "`@a@x.io` ``\n@b@x.io``\n\n    @c@x.io\n\n```\n@d@x.io\n```\n@e@x.io", "e@x.io"},
		{"links", "[@a@x.io](http://x.io) ![@b@x.io](http://x.io) [*@c@x.io*][r] <http://x.io/@d@x.io> http://x.io/@e@x.io\n\n" +
			"[r]: http://x.io", ""},
		{"brackets that are no link", "[@a@x.io] [@b@x.io", "a@x.io b@x.io"},
		{"everywhere", "# @a@x.io\n> @b@x.io\n\n- [ ] @c@x.io\n\n|@d@x.io|\n|-|\n|@e@x.io|\n", "a@x.io b@x.io c@x.io d@x.io e@x.io"},
		{"HTML is text", "<b>@a@x.io</b>\n\n<div>\n@b@x.io\n</div>", "a@x.io b@x.io"},
	} {
		t.Run(c.name, func(t *testing.T) {
			emails, ids := r.Mentions(c.source)
			got := emails
			for _, id := range ids {
				got = append(got, id.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMentionsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range markdown.MaxMentions + 10 {
		fmt.Fprintf(&b, "@u%d@x.io @0190a1b2-c3d4-7e5f-8a6b-%012d ", i, i)
	}
	emails, ids := markdown.New().Mentions(b.String())
	if len(emails) != 25 || len(ids) != 25 || emails[24] != "u24@x.io" {
		t.Errorf("%d addresses, %d ids, %v", len(emails), len(ids), emails)
	}
}

func TestTooLong(t *testing.T) {
	r := markdown.New()
	if got := r.HTML(strings.Repeat("é", 99_995)+" *a* ", nil); !strings.Contains(got, "<em>a</em>") {
		t.Errorf("100,000 characters are shown as they are: %.20s", got)
	}
	if got, want := r.HTML(strings.Repeat("<", 100_001), nil), "<pre>"+strings.Repeat("&lt;", 100_001)+"</pre>\n"; got != want {
		t.Errorf("%.40s", got)
	}
	if emails, _ := r.Mentions(strings.Repeat("é", 100_000) + " @a@x.io"); emails != nil {
		t.Errorf("%v in what is not parsed", emails)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := markdown.New()
	got := make([]string, 16)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = r.HTML("@ada@example.com", known) })
	}
	wg.Wait()
	if slices.ContainsFunc(got, func(s string) bool { return s != "<p>"+adaSpan+"</p>\n" }) {
		t.Error(got)
	}
}
