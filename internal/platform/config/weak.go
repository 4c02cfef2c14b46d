package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

const (
	// minSecret is the size of the hash that HS256 signs with (RFC 7518, 3.2).
	minSecret = 32
	// minRest is what must remain of a secret without placeholder words.
	minRest = 8
	// minDistinct is how many different characters make a secret: 32 random
	// hexadecimal digits have fewer less than once in 20 million times.
	minDistinct = 8
)

// checkSecret refuses secrets that are short or that look like the ones in
// examples, whose signature anybody can forge.
func checkSecret(s string) error {
	if len(s) < minSecret {
		return fmt.Errorf("is too short: %d bytes or more are needed, as from openssl rand -hex 32", minSecret)
	}
	if looksDefault(s) {
		return errors.New("looks like a placeholder: use a random one, as from openssl rand -hex 32")
	}
	return nil
}

func looksDefault(s string) bool {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-_.,:;!?", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	return repeats(bare) || distinct(bare) < minDistinct || len(placeholders().Replace(bare)) < minRest
}

// placeholders removes the words that example secrets are made of. Longer words
// come first, for the replacer takes the first that fits.
func placeholders() *strings.Replacer {
	words := strings.Fields(`production placeholder development authentication insecure signing changeme
		default example replace private message changed please secure secret should access before
		plinth change jwtkey random string super token local value admin hs256 least your this that with must long bits test
		pass word key jwt dev and the not abc for use you bit 256 123 my in is it to at me be do a i`)
	var pairs []string
	for _, word := range words {
		pairs = append(pairs, word, "")
	}
	return strings.NewReplacer(pairs...)
}

// repeats says whether s is one piece over and over, the last one possibly cut.
func repeats(s string) bool {
	for size := 1; size <= len(s)/2; size++ {
		if s[size:] == s[:len(s)-size] {
			return true
		}
	}
	return false
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}
