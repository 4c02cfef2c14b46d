package markdown

import (
	"net/url"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// linkRel says that the link is not ours, and tells the other side nothing of the page on which it was followed.
const linkRel = "nofollow noopener noreferrer"

// linkWall marks links as foreign. Of those that may lead nowhere, and of such images, it leaves the text.
type linkWall struct{}

// Transform is for parser.ASTTransformer.
func (linkWall) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	referred := 0
	for _, n := range links(doc) {
		referred += shared(n)
		if referred > maxReferred || !mayLead(n, reader.Source()) {
			unwrap(n, reader.Source())
			continue
		}
		n.SetAttributeString("rel", linkRel)
	}
}

func links(doc ast.Node) (found []ast.Node) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n.(type) {
		case *ast.Link, *ast.AutoLink, *ast.Image:
			if entering {
				found = append(found, n)
			}
		}
		return ast.WalkContinue, nil
	})
	return found
}

// shared is how many bytes come from a definition that other links may use too.
func shared(n ast.Node) int {
	switch n := n.(type) {
	case *ast.Link:
		if n.Reference != nil {
			return len(n.Destination) + len(n.Title)
		}
	case *ast.Image:
		if n.Reference != nil {
			return len(n.Destination) + len(n.Title)
		}
	}
	return 0
}

func mayLead(n ast.Node, source []byte) bool {
	u, err := url.Parse(destination(n, source))
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != "" // "http:x" leads into the page's own site
	case "mailto":
		return n.Kind() != ast.KindImage
	}
	return false
}

// destination is as goldmark will write it.
func destination(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Link:
		return string(util.URLEscape(n.Destination, true))
	case *ast.Image:
		return string(util.URLEscape(n.Destination, true))
	case *ast.AutoLink:
		to := string(util.URLEscape(n.URL(source), false))
		if n.AutoLinkType == ast.AutoLinkEmail {
			return "mailto:" + to
		}
		return to
	}
	return ""
}

func unwrap(n ast.Node, source []byte) {
	if auto, ok := n.(*ast.AutoLink); ok {
		label := ast.NewString(auto.Label(source))
		label.SetRaw(true)
		n.AppendChild(n, label)
	}
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		parent.InsertBefore(parent, n, child)
	}
	parent.RemoveChild(parent, n)
}
