package markdown

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// mention is an inline node over the text that it was made from, which is what is shown when nobody is found for it.
type mention struct {
	ast.BaseInline
	key    string // e-mail address in lower case, or id
	id     uuid.NullUUID
	person *Person // set by HTML
}

var kindMention = ast.NewNodeKind("Mention")

func (*mention) Kind() ast.NodeKind { return kindMention }

// Dump is for ast.Node.
func (m *mention) Dump(source []byte, level int) {
	ast.DumpHelper(m, source, level, map[string]string{"Key": m.key}, nil)
}

// mentionPattern has the dot-atom of RFC 5322 without the characters that Markdown may need (* ` | & \), in any script,
// then a host name of ASCII letters: in scripts that set no spaces, the sentence would run into a longer one.
// A host name ends with a letter or digit, so the punctuation of the sentence is no part of it.
var mentionPattern = regexp.MustCompile(`(?i)^@(?:` +
	`([\pL\pN.!#$%'+/=?^_{}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*)` +
	`|([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b)`)

// maxEmail is the longest address that a user can have.
const maxEmail = 254

type mentionParser struct{}

// Trigger is for parser.InlineParser.
func (mentionParser) Trigger() []byte { return []byte{'@'} }

// Parse is for parser.InlineParser.
func (mentionParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	if before := block.PrecendingCharacter(); unicode.IsLetter(before) || unicode.IsNumber(before) {
		return nil
	}
	line, segment := block.PeekLine()
	match := mentionPattern.FindSubmatch(line)
	if match == nil || len(match[1]) > maxEmail {
		return nil
	}
	m := &mention{key: strings.ToLower(string(match[1]))}
	if match[2] != nil {
		m.id = uuid.NullUUID{UUID: uuid.MustParse(string(match[2])), Valid: true}
		m.key = m.id.UUID.String()
	}
	m.AppendChild(m, ast.NewRawTextSegment(segment.WithStop(segment.Start+len(match[0]))))
	block.Advance(len(match[0]))
	return m
}

type mentionRenderer struct{}

// RegisterFuncs is for renderer.NodeRenderer.
func (mentionRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindMention, renderMention)
}

func renderMention(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	p := n.(*mention).person
	if p == nil || !entering {
		return ast.WalkContinue, nil
	}
	_, err := fmt.Fprintf(w, `<span class="mention" data-user-id="%s">@%s</span>`, p.ID, util.EscapeHTML([]byte(p.Name)))
	return ast.WalkSkipChildren, err
}
