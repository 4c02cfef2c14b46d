package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)
	comment      = regexp.MustCompile(`\s#`)
)

// readDotenv reads KEY=VALUE lines. Blank lines and lines that begin with # are
// skipped, and a leading "export " too. A value stands bare, up to a # after a
// space; or in single quotes, as it is; or in double quotes, with \n, \", \\ and
// \$ understood. Variables are not expanded, so a $ in a password needs no care.
// The last line that sets a variable wins.
//
// The parsers at hand quote the rest of the file in their errors and do not say
// which line is wrong: this one tells the line and not its content.
func readDotenv(path string) (map[string]string, error) {
	values := map[string]string{}
	if path == "" {
		return values, nil
	}
	file, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return values, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	number := 0
	for line := range strings.SplitSeq(strings.TrimPrefix(string(file), "\ufeff"), "\n") {
		number++
		key, value, err := parseLine(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("%s line %d: %w", path, number, err)
		}
		if key != "" {
			values[key] = value
		}
	}
	return values, nil
}

func parseLine(line string) (key, value string, err error) {
	if line == "" || line[0] == '#' {
		return "", "", nil
	}
	key, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	key = strings.TrimSpace(key)
	if !ok || !variableName.MatchString(key) {
		return "", "", errors.New("want KEY=VALUE")
	}
	value, err = parseValue(strings.TrimSpace(value))
	if err != nil {
		return "", "", fmt.Errorf("value of %s %w", key, err)
	}
	return key, value, nil
}

func parseValue(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", errors.New("has a NUL in it")
	}
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return bare(s), nil
	}
	quote := s[0]
	var value strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			if rest := strings.TrimSpace(s[i+1:]); rest != "" && rest[0] != '#' {
				return "", errors.New("goes on after its closing quote")
			}
			return value.String(), nil
		case c == '\\' && quote == '"' && i+1 < len(s) && strings.IndexByte(`n"\$`, s[i+1]) >= 0:
			i++
			value.WriteByte(unescape(s[i]))
		default:
			value.WriteByte(c)
		}
	}
	return "", errors.New("has no closing quote on its line")
}

func unescape(c byte) byte {
	if c == 'n' {
		return '\n'
	}
	return c
}

// bare cuts the comment off a value without quotes.
func bare(s string) string {
	if strings.HasPrefix(s, "#") {
		return ""
	}
	if at := comment.FindStringIndex(s); at != nil {
		return strings.TrimSpace(s[:at[0]])
	}
	return s
}
