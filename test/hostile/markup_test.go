package hostile_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/plinth/plinth/test/apitest"
)

// markup is what runs, loads or leads astray where it is not made inert.
var markup = []string{
	"[click](javascript:alert(1))", "[click](JaVaScRiPt:alert(1))", "[click](java\tscript:alert(1))", "[click](&#x6A;avascript:alert(1))", "[click](javascript&colon;alert(1))", "[click]( javascript:alert(1))", "[click](<javascript:alert(1)>)",
	"[click](\u0001javascript:alert(1))", "[click](vbscript:x)", "[click](data:text/html;base64,PHNjcmlwdD4=)", "[click](file:///etc/passwd)", "[click](blob:x)", "[x]: javascript:alert(1)\n\n[x]", "<javascript:alert(1)>",
	"![x](javascript:alert(1))", "![x](data:image/svg+xml,<svg onload=alert(1)>)", "![x](https://evil.example/pixel \"a\\\" onerror=\\\"alert(1)\")", "[a](https://b.example \"x\\\" onmouseover=\\\"alert(1)\")",
	"<script>alert(1)</script>", "<ScRiPt src=//evil.example></sCrIpT>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<iframe src=javascript:alert(1)></iframe>",
	"<a href=\"javascript:alert(1)\">x</a>", "<a href='https://x' onclick='alert(1)'>x</a>", "<style>*{background:url(//evil.example)}</style>", "<p style=\"background:url(//evil.example)\">x</p>", "<form action=//evil.example><input name=q></form>",
	"<meta http-equiv=refresh content=0;url=//evil.example>", "<base href=//evil.example>", "<object data=x>", "<embed src=x>", "<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>", "<details open ontoggle=alert(1)>", "<!--><script>alert(1)</script>-->",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<template><script>alert(1)</script></template>", "```html\"onload=alert(1)\n<script>alert(1)</script>\n```", "`<script>alert(1)</script>`", "# <img src=x onerror=alert(1)>",
	"| a |\n|---|\n| <script>alert(1)</script> |", "- [ ] <img src=x onerror=alert(1)>", "~~<script>alert(1)</script>~~", "https://x.example/\"onmouseover=\"alert(1)", "www.x.example/<script>", "\\<script>alert(1)</script>", "<<script>script>alert(1)<</script>/script>",
}

// Row 49: what is written in Markdown is inert as HTML, wherever the API gives it, and kept as it was written.
func TestMarkdownIsInert(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	task := "/v1/tasks/" + b.task
	for _, source := range append(markup, strings.Join(markup, "\n\n")) {
		written := c.Do(t, "PATCH", task, map[string]any{"description": source}).Want(t, 200)
		if written.Text(t, "description") != source {
			t.Errorf("%q is kept as %q", source, written.Text(t, "description"))
		}
		comment := c.Do(t, "POST", task+"/comments", map[string]any{"body": source}).Want(t, 201).Text(t, "id")
		rendered := []string{
			c.Do(t, "GET", task+"?expand=description_html", nil).Want(t, 200).Text(t, "description_html"),
			c.Do(t, "GET", "/v1/tasks?expand=description_html", nil).Want(t, 200).Text(t, "items.0.description_html"),
			c.Do(t, "GET", "/v1/comments/"+comment+"?expand=body_html", nil).Want(t, 200).Text(t, "body_html"),
			c.Do(t, "GET", task+"/comments?expand=body_html", nil).Want(t, 200).Text(t, "items.0.body_html"),
		}
		for _, out := range rendered {
			if wrong := active(out); wrong != "" {
				t.Errorf("%q becomes %q with %s", source, out, wrong)
			}
			if out != rendered[0] {
				t.Errorf("%q becomes %q here and %q there", source, rendered[0], out)
			}
		}
		c.Do(t, "DELETE", "/v1/comments/"+comment, nil).Want(t, 204)
	}
}

// active finds what a browser would run, load or submit in HTML; "" is nothing.
func active(text string) string {
	inert := strings.Fields("a p br hr em strong del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td input img span div sup section")
	attributes := strings.Fields("href title rel class start align type checked disabled alt src id loading referrerpolicy")
	tokens := html.NewTokenizer(strings.NewReader(text))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return ""
		case html.CommentToken, html.DoctypeToken:
			return "markup of its own: " + tokens.Token().Data
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			token := tokens.Token()
			if !slices.Contains(inert, token.Data) {
				return "<" + token.Data + ">"
			}
			for _, a := range token.Attr {
				if !slices.Contains(attributes, a.Key) {
					return a.Key + "=" + a.Val
				}
				to, err := url.Parse(a.Val)
				if (a.Key == "href" || a.Key == "src") && (err != nil || !slices.Contains([]string{"", "http", "https", "mailto"}, to.Scheme)) {
					return a.Key + "=" + a.Val
				}
			}
			if token.Data == "input" && !strings.Contains(token.String(), `type="checkbox"`) {
				return token.String()
			}
		}
	}
}

// Row 49: a link kept in a custom field leads to the web.
func TestLinkFieldsLeadToTheWeb(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.SignUp(t, "ada")
	b := newBoard(t, c)
	c.Do(t, "POST", "/v1/projects/"+b.project+"/fields", map[string]any{"name": "Link", "type": "url"}).Want(t, 201)
	before := fingerprint(t, s)
	for _, link := range []string{"javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example", "/x", "x", "http:", "http://", "https://a b/",
		"https://x\r\nSet-Cookie: a=b", "https://\u202ex.example/\"><script>", "blob:https://x/1", "https:javascript:alert(1)", "https://x/\ttab"} {
		r := c.Do(t, "PATCH", "/v1/tasks/"+b.task, map[string]any{"fields": map[string]any{"link": link}})
		if r.Status != 422 || wrongWith(r) != "" || misplaced(r, "body.fields.link") != "" {
			t.Errorf("%q answers %d %.300s", link, r.Status, r.Body)
		}
	}
	if fingerprint(t, s) != before {
		t.Error("something was written")
	}
}
