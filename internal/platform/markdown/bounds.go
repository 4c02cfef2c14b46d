package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// The work and the output must grow with the source, not with its square. These are the places where goldmark alone
// would let them, each bounded far above what people write; beyond a bound, markup is text.
const (
	maxSource = 100_000 // characters

	// Every line is offered to every open block, and goldmark remembers that until the outermost one ends. A list and
	// its item are two.
	maxDepth = 20

	// Each run of *, _ or ~ that may close looks at all before it for one that it closes.
	maxDelimiters = 10_000

	// A ] before ( or [ that is no link, and backticks that begin no code, are known to be so only at the end of their
	// paragraph.
	maxMisses = 100

	// Short rows are filled up to the width of the table.
	maxCells = 10_000

	// Every use of a link's definition writes its destination and title again. In bytes.
	maxReferred = 100_000
)

// spent is what a document has used of its bounds.
type spent struct{ delimiters, misses, cells int }

var spentKey = parser.NewContextKey()

func spentOf(pc parser.Context) *spent {
	return pc.ComputeIfAbsent(spentKey, func() any { return new(spent) }).(*spent)
}

type shallow struct{ parser.BlockParser }

// Open is for parser.BlockParser.
func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if len(pc.OpenedBlocks()) >= maxDepth {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, reader, pc)
}

type fewDelimiters struct{ parser.InlineParser }

// Parse is for parser.InlineParser.
func (f fewDelimiters) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	spent := spentOf(pc)
	if spent.delimiters >= maxDelimiters || insideTildes(block) {
		return nil
	}
	n := f.InlineParser.Parse(parent, block, pc)
	if n != nil {
		spent.delimiters++
	}
	return n
}

// insideTildes is where goldmark refuses to begin strikethrough anyway, but only after it has read the rest of the run.
func insideTildes(block text.Reader) bool {
	return block.Peek() == '~' && block.PrecendingCharacter() == '~'
}

type patient struct{ parser.InlineParser }

// Parse is for parser.InlineParser.
func (p patient) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if !looksAhead(block) {
		return p.InlineParser.Parse(parent, block, pc)
	}
	spent := spentOf(pc)
	if spent.misses >= maxMisses {
		return nil
	}
	n := p.InlineParser.Parse(parent, block, pc)
	if n == nil || n.Kind() == ast.KindText {
		spent.misses++
	}
	return n
}

func looksAhead(block text.Reader) bool {
	line, _ := block.PeekLine()
	return line[0] == '`' || bytes.HasPrefix(line, []byte("](")) || bytes.HasPrefix(line, []byte("]["))
}

type patientLinks struct{ patient }

// CloseBlock is for parser.CloseBlocker, for which goldmark asks every inline parser.
func (p patientLinks) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	p.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}

type smallTables struct{ parser.ParagraphTransformer }

// Transform is for parser.ParagraphTransformer.
func (s smallTables) Transform(n *ast.Paragraph, reader text.Reader, pc parser.Context) {
	spent := spentOf(pc)
	lines, columns := n.Lines().Len(), 0
	for i := range lines {
		line := n.Lines().At(i)
		columns = max(columns, 1+bytes.Count(line.Value(reader.Source()), []byte{'|'}))
	}
	if spent.cells+lines*columns > maxCells {
		return
	}
	s.ParagraphTransformer.Transform(n, reader, pc)
	if n.Lines().Len() < lines {
		spent.cells += lines * columns
	}
}
