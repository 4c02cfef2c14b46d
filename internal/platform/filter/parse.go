package filter

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
)

// parsed is an expression's syntax tree, with the way back from its nodes to the places in the expression.
type parsed struct {
	source
	root    *expr.Expr
	offsets map[int64]int32 // of the nodes, in bytes of the text
}

// parse gives the tree, or nil for an expression without content.
func parse(expression string) (*parsed, error) {
	s, err := scan(expression)
	if err != nil || s.text == "" {
		return nil, err
	}
	var parser filtering.Parser
	parser.Init(s.text)
	tree, err := parser.Parse()
	if err != nil {
		return nil, s.unexpected(err)
	}
	return &parsed{source: s, root: tree.GetExpr(), offsets: tree.GetSourceInfo().GetPositions()}, nil
}

// paths lists the left sides of the comparisons.
func (p *parsed) paths() []string {
	var paths []string
	filtering.Walk(func(e, _ *expr.Expr) bool {
		if call := e.GetCallExpr(); call != nil && slices.Contains(operators, Op(call.GetFunction())) {
			if path, ok := name(call.GetArgs()[0]); ok && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
		return true
	}, p.root)
	return paths
}

var operators = []Op{Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Has}

// name is a field's name, or a value without quotes, both of which may hold dots.
func name(e *expr.Expr) (string, bool) {
	if ident := e.GetIdentExpr(); ident != nil {
		return ident.GetName(), true
	}
	if member := e.GetSelectExpr(); member != nil {
		operand, ok := name(member.GetOperand())
		return operand + "." + member.GetField(), ok
	}
	return "", false
}

// source is an expression made fit for the parser. Blanks are plain spaces, only where the parser wants them.
type source struct {
	text   string
	places []int // for each byte of the text, and for its end, the character of the expression where its token begins
}

// at is an error at a byte of the text.
func (s source) at(offset int32, message string) error {
	return &Error{s.places[offset], message}
}

// scanner reads an expression token by token. It refuses what the parser would be slow, lenient or unclear about.
type scanner struct {
	text   strings.Builder
	places []int
	last   filtering.Token // but for blanks
	blank  bool            // there is one since
	open   []int           // where the parentheses are that are not closed
	place  int
}

func scan(expression string) (source, error) {
	if utf8.RuneCountInString(expression) > MaxLength {
		return source{}, &Error{MaxLength, fmt.Sprintf("an expression has at most %d characters", MaxLength)}
	}
	var lexer filtering.Lexer
	lexer.Init(expression)
	var s scanner
	for {
		token, err := lexer.Lex()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return source{}, &Error{s.place, unreadable(expression)}
		}
		if err := s.add(token); err != nil {
			return source{}, err
		}
		s.place += utf8.RuneCountInString(token.Value)
	}
	if len(s.open) > 0 {
		return source{}, &Error{s.open[len(s.open)-1], `this "(" is not closed`}
	}
	return source{s.text.String(), append(s.places, s.place)}, nil
}

// unreadable says why the lexer stopped; it knows but two reasons.
func unreadable(expression string) string {
	if !utf8.ValidString(expression) {
		return "what begins here is not UTF-8"
	}
	return "the quote that opens here is not closed"
}

func (s *scanner) add(token filtering.Token) error {
	switch token.Type {
	case filtering.TokenTypeWhitespace:
		s.blank = true
		return nil
	case filtering.TokenTypeLeftParen:
		if s.last.Type == filtering.TokenTypeText && !s.blank {
			return &Error{s.place, "functions are not supported"}
		}
		if s.open = append(s.open, s.place); len(s.open) > MaxDepth {
			return &Error{s.place, "too many parentheses inside each other"}
		}
	case filtering.TokenTypeRightParen:
		if len(s.open) == 0 {
			return &Error{s.place, `this ")" closes nothing`}
		}
		s.open = s.open[:len(s.open)-1]
	case filtering.TokenTypeHexNumber:
		return &Error{s.place, unexpected(token.Value) + inQuotes}
	default:
		if err := readable(token); err != "" {
			return &Error{s.place, err}
		}
	}
	if s.wantsBlank(token.Type) {
		s.write(" ")
	}
	s.write(token.Value)
	s.last, s.blank = token, false
	return nil
}

// readable says what is wrong with a token's text. PostgreSQL's has no NUL.
func readable(token filtering.Token) string {
	text, err := token.Unquote()
	switch {
	case err != nil:
		return `the text in quotes has a \ that means nothing; write \\ for the character itself`
	case strings.ContainsRune(text, 0):
		return "text cannot hold the character NUL"
	default:
		return ""
	}
}

// wantsBlank reports whether the parser needs a blank before the token: wherever the expression has one, but not inside
// a parenthesis' ends, and between keywords and parentheses.
func (s *scanner) wantsBlank(next filtering.TokenType) bool {
	switch last := s.last.Type; {
	case last == "", last == filtering.TokenTypeLeftParen, next == filtering.TokenTypeRightParen:
		return false
	case last.IsKeyword() && next == filtering.TokenTypeLeftParen, last == filtering.TokenTypeRightParen && next.IsKeyword():
		return true
	default:
		return s.blank
	}
}

func (s *scanner) write(text string) {
	s.text.WriteString(text)
	s.places = append(s.places, slices.Repeat([]int{s.place}, len(text))...)
}

const inQuotes = "; a value other than a plain word or number goes in quotes"

func unexpected(token string) string { return "unexpected " + quote(token) }

// unexpected words the parser's error by the token where its innermost cause lies.
func (s source) unexpected(err error) error {
	var offset int32
	var cause interface {
		error
		Position() filtering.Position
	}
	for errors.As(err, &cause) {
		offset, err = cause.Position().Offset, errors.Unwrap(cause)
	}
	if strings.HasPrefix(s.text[offset:], " ") {
		offset++
	}
	var lexer filtering.Lexer
	lexer.Init(s.text[offset:])
	token, err := lexer.Lex()
	switch glued := offset > 0 && !strings.ContainsRune(" ()=:<>!-,", rune(s.text[offset-1])); {
	case err != nil:
		return s.at(offset, "the expression ends too early")
	case token.Type == filtering.TokenTypeAnd, token.Type == filtering.TokenTypeOr:
		return s.at(offset, token.Value+" stands between two conditions")
	case token.Type == filtering.TokenTypeNot:
		return s.at(offset, "NOT stands before a condition")
	case glued && token.Type != filtering.TokenTypeRightParen, token.Type == filtering.TokenTypeNumber:
		return s.at(offset, unexpected(token.Value)+inQuotes)
	default:
		return s.at(offset, unexpected(token.Value))
	}
}
