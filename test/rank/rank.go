// Package rank is the reference that the SQL functions app.rank_exact_between and app.rank_between are held to: the
// fractional indexes that order the tasks of a column and the columns of a board.
//
// The scheme is that of npm fractional-indexing 4.0.0, after David Greenspan, "Implementing Fractional Indexing"
// (https://observablehq.com/@dgreensp/implementing-fractional-indexing). A key is an integer part, whose first character
// says how long it is, and an optional fraction, both in base 62. Appending counts the integer up, so it costs a
// character only each time the count outgrows one; inserting between two neighbours halves the fraction.
//
// Keys compare bytewise.
package rank

import (
	"errors"
	"fmt"
)

// ErrMalformed reports a key that this package cannot have made.
var ErrMalformed = errors.New("malformed rank")

// ErrOrder reports neighbours that leave no room because the first is not below the second.
var ErrOrder = errors.New("ranks out of order")

const (
	digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base   = len(digits)
	zero   = '0'
	last   = 'z'

	first = "a0" // the key of the first row of an empty list
	// smallest is the lowest integer part. It is no key by itself: nothing could come before it.
	smallest = "A00000000000000000000000000"
)

// Between returns the key strictly between two neighbours that generateKeyBetween of fractional-indexing makes. An empty
// before means the start of the list, an empty after its end. The one difference is that it never returns the lowest
// integer alone, which upstream makes and then refuses to read.
func Between(before, after string) (string, error) {
	if err := check(before, after); err != nil {
		return "", err
	}
	return between(before, after), nil
}

// Valid says whether s is a key that Between accepts and may have made. It does not limit the length.
func Valid(s string) bool {
	n := integerLength(s)
	if n == 0 || len(s) < n || s == smallest {
		return false
	}
	for i := 1; i < len(s); i++ {
		if value(s[i]) < 0 {
			return false
		}
	}
	// A fraction that ends in the lowest digit has equals in value, and no key fits between it and the same fraction
	// without that digit.
	return len(s) == n || s[len(s)-1] != zero
}

func check(before, after string) error {
	for _, s := range []string{before, after} {
		if s != "" && !Valid(s) {
			return fmt.Errorf("%w: %.40q", ErrMalformed, s)
		}
	}
	if before != "" && after != "" && before >= after {
		return fmt.Errorf("%w: %.40q is not below %.40q", ErrOrder, before, after)
	}
	return nil
}

func between(before, after string) string {
	switch {
	case before == "" && after == "":
		return first
	case before == "":
		return below(after)
	case after == "":
		return above(before)
	}
	integer, fraction := split(before)
	afterInteger, afterFraction := split(after)
	if integer == afterInteger {
		return integer + midpoint(fraction, afterFraction)
	}
	// A higher integer exists, since after has one.
	if next, _ := increment(integer); next < after {
		return next
	}
	return integer + midpoint(fraction, "")
}

func below(after string) string {
	integer, fraction := split(after)
	if integer == smallest {
		return integer + midpoint("", fraction)
	}
	if fraction != "" {
		return integer
	}
	if key := decrement(integer); key != smallest {
		return key
	}
	return smallest + midpoint("", "")
}

func above(before string) string {
	integer, fraction := split(before)
	if next, ok := increment(integer); ok {
		return next
	}
	return integer + midpoint(fraction, "")
}

// midpoint returns the shortest fraction near the middle between a and b, where an empty b is 1 and neither ends in the
// lowest digit.
func midpoint(a, b string) string {
	var out []byte
	for {
		n := commonPrefix(a, b)
		out = append(out, b[:n]...)
		a, b = a[min(n, len(a)):], b[n:]

		low, high := 0, base
		if a != "" {
			low = value(a[0])
		}
		if b != "" {
			high = value(b[0])
		}
		if high-low > 1 {
			return string(append(out, digits[(low+high+1)/2]))
		}
		if len(b) > 1 {
			return string(append(out, b[0]))
		}
		// Nothing fits in this digit: keep a's, and look above the rest of a.
		out = append(out, digits[low])
		a, b = a[min(1, len(a)):], ""
	}
}

// commonPrefix counts the leading digits of b that a shares when a is padded with the lowest digit.
func commonPrefix(a, b string) int {
	for i := range len(b) {
		digit := byte(zero)
		if i < len(a) {
			digit = a[i]
		}
		if digit != b[i] {
			return i
		}
	}
	return len(b)
}

// split cuts a valid key into its integer part and fraction.
func split(key string) (integer, fraction string) {
	n := integerLength(key)
	return key[:n], key[n:]
}

// integerLength reads the length of the integer part, 2 to 27, off its first character: a to z count up from 2, Z to A
// too, for the integers below zero. It is 0 where the first character is no letter.
func integerLength(s string) int {
	if s == "" {
		return 0
	}
	switch c := s[0]; {
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 2
	case 'A' <= c && c <= 'Z':
		return int('Z'-c) + 2
	}
	return 0
}

// increment returns the next integer part, or false past the highest.
func increment(integer string) (string, bool) {
	out := []byte(integer)
	for i := len(out) - 1; i > 0; i-- {
		if out[i] != last {
			out[i] = digits[value(out[i])+1]
			return string(out), true
		}
		out[i] = zero
	}
	switch out[0] {
	case 'z':
		return "", false
	case 'Z':
		return first, true
	}
	out[0]++
	if out[0] > 'a' {
		return string(append(out, zero)), true
	}
	return string(out[:len(out)-1]), true
}

// decrement returns the integer part before one that is above smallest.
func decrement(integer string) string {
	out := []byte(integer)
	for i := len(out) - 1; i > 0; i-- {
		if out[i] != zero {
			out[i] = digits[value(out[i])-1]
			return string(out)
		}
		out[i] = last
	}
	if out[0] == 'a' {
		return "Zz"
	}
	out[0]--
	if out[0] < 'Z' {
		return string(append(out, last))
	}
	return string(out[:len(out)-1])
}

// value returns what a digit counts, or -1 where c is none.
func value(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 36
	}
	return -1
}
