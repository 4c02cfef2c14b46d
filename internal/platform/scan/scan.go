// Package scan has files looked through for viruses by clamd, ClamAV's daemon.
package scan

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSource is in the error of a scan whose reader failed: it says nothing of clamd.
var ErrSource = errors.New("read what is to be scanned")

// Status is what a scan came to.
type Status string

const (
	// Clean is what was looked through to its end with nothing found.
	Clean Status = "clean"
	// Infected is what a signature is in.
	Infected Status = "infected"
	// Unscannable is what clamd did not look through to its end and never will with its settings: it is encrypted, or
	// beyond a limit on size, depth, number of parts or time.
	Unscannable Status = "unscannable"
)

// Verdict is what clamd makes of a stream.
type Verdict struct {
	Status    Status
	Signature string // what was found, or the limit that was exceeded, as clamd names it; empty where the stream is clean
	Database  string // by which it was judged or an older one, as Clamd.Database gives it
}

const (
	exceeded  = "Heuristics.Limits.Exceeded"
	encrypted = "Heuristics.Encrypted."
	tooLong   = "INSTREAM size limit exceeded."
)

// judge reads the answer to a stream.
func judge(answer string) (Verdict, error) {
	if answer == "stream: OK" {
		return Verdict{Status: Clean}, nil
	}
	if answer == tooLong+" ERROR" {
		return Verdict{Status: Unscannable, Signature: tooLong}, nil
	}
	name, stream := strings.CutPrefix(answer, "stream: ")
	name, found := strings.CutSuffix(name, " FOUND")
	if !stream || !found || name == "" {
		return Verdict{}, fmt.Errorf("clamd answered %q", answer)
	}
	if strings.HasPrefix(name, exceeded) || strings.HasPrefix(name, encrypted) {
		return Verdict{Status: Unscannable, Signature: name}, nil
	}
	return Verdict{Status: Infected, Signature: name}, nil
}
