// Package markdown turns what members write, CommonMark with the tables, strikethrough, task lists and autolinks of GFM,
// into HTML that is safe to put into a page, and finds whom it mentions.
//
// The text is hostile. Two walls keep it inert: raw HTML is no part of the syntax here, it is shown as the text it is,
// and what the renderer wrote passes an allow list once more. See bounds.go for what keeps the work in proportion.
package markdown

import (
	"bytes"
	"html"
	"iter"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Person is whom a mention turned out to mean.
type Person struct {
	ID   uuid.UUID
	Name string // as it is shown, unescaped
}

// Renderer is made once and serves all callers at the same time.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// New is the only way to a Renderer that works.
func New() *Renderer {
	return &Renderer{
		markdown: goldmark.New(
			goldmark.WithParser(newParser()),
			goldmark.WithExtensions(extension.TaskList, linkify()),
			goldmark.WithRendererOptions(renderer.WithNodeRenderers(
				util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
				util.Prioritized(extension.NewTableHTMLRenderer(
					extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
				util.Prioritized(mentionRenderer{}, 500),
			)),
		),
		policy: newPolicy(),
	}
}

// HTML is a fragment of block elements, never a document. People are those whom the mentions of the source mean, by
// e-mail address in lower case or by id in its usual form; a mention of anybody else stays text, and nil will do.
// A source of more than 100,000 characters is shown as it is.
func (r *Renderer) HTML(source string, people map[string]Person) string {
	if tooLong(source) {
		return plain(source)
	}
	src, doc := r.parse(source)
	for m := range mentions(doc) {
		if p, ok := people[m.key]; ok {
			m.person = &p
		}
	}
	var b bytes.Buffer
	if err := r.markdown.Renderer().Render(&b, src, doc); err != nil {
		return plain(source)
	}
	return r.policy.SanitizeReader(&b).String()
}

// MaxMentions is how many members one text can mention; those after them are not notified.
const MaxMentions = 50

// Mentions are the members that the source mentions, each once, in the order in which they appear: by e-mail address in
// lower case, or by id. What stands in code or in a link mentions nobody.
func (r *Renderer) Mentions(source string) (emails []string, ids []uuid.UUID) {
	if tooLong(source) {
		return nil, nil
	}
	_, doc := r.parse(source)
	seen := make(map[string]bool)
	for m := range mentions(doc) {
		if seen[m.key] {
			continue
		}
		if len(seen) == MaxMentions {
			break
		}
		seen[m.key] = true
		if m.id.Valid {
			ids = append(ids, m.id.UUID)
		} else {
			emails = append(emails, m.key)
		}
	}
	return emails, ids
}

func (r *Renderer) parse(source string) ([]byte, ast.Node) {
	src := []byte(strings.ToValidUTF8(source, "\uFFFD"))
	return src, r.markdown.Parser().Parse(text.NewReader(src))
}

func tooLong(source string) bool {
	return len(source) > maxSource && utf8.RuneCountInString(source) > maxSource
}

func plain(source string) string {
	return "<pre>" + html.EscapeString(strings.ToValidUTF8(source, "\uFFFD")) + "</pre>\n"
}

// mentions are those that count, which in a link they do not.
func mentions(doc ast.Node) iter.Seq[*mention] {
	return func(yield func(*mention) bool) {
		_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			switch n := n.(type) {
			case *ast.Link, *ast.Image:
				return ast.WalkSkipChildren, nil
			case *mention:
				if entering && !yield(n) {
					return ast.WalkStop, nil
				}
			}
			return ast.WalkContinue, nil
		})
	}
}

// newParser is goldmark's own choice of parsers at its own priorities, without those of raw HTML, with GFM's, and with
// bounds around those that need them.
func newParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(patient{parser.NewCodeSpanParser()}, 100),
			util.Prioritized(mentionParser{}, 150),
			util.Prioritized(patientLinks{patient{parser.NewLinkParser()}}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(fewDelimiters{parser.NewEmphasisParser()}, 500),
			util.Prioritized(fewDelimiters{extension.NewStrikethroughParser()}, 500),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(smallTables{extension.NewTableParagraphTransformer()}, 200),
		),
		parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
			util.Prioritized(linkWall{}, 100),
		),
	)
}

func linkify() goldmark.Extender {
	return extension.NewLinkify(extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}))
}

// newPolicy allows what the renderer writes and nothing else.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "del",
		"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")

	p.RequireParseableURLs(true)
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile("^" + linkRel + "$")).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^(?i:https?)://`)).OnElements("img")
	p.AllowAttrs("alt", "title").OnElements("img")

	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^mention$`)).OnElements("span")
	p.AllowAttrs("data-user-id").Matching(regexp.MustCompile(`^[0-9a-f-]{36}$`)).OnElements("span")
	return p
}
