package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/plinth/plinth/internal/platform/pgembed"
)

// floor runs statements by pgbench on a database without policies.
type floor struct {
	program string
	url     string
	dir     string // for scripts
	people  population
	clients int
	runs    int
}

// findPgbench looks beside the server's programs, then on PATH.
func findPgbench() (string, error) {
	if dir, err := pgembed.Locate("", ""); err == nil {
		beside := filepath.Join(dir, "pgbench")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	program, err := exec.LookPath("pgbench")
	if err != nil {
		return "", errors.New("pgbench is not installed; it comes with the PostgreSQL server packages")
	}
	return program, nil
}

// pgbenchWarmUp is how long a run goes before it counts: pgbench connects and prepares anew each time.
const pgbenchWarmUp = time.Second

// run gives the transactions a second of one operation, its warm-up not counted.
func (f *floor) run(ctx context.Context, statements []statement, span time.Duration) (float64, error) {
	f.runs++
	path := filepath.Join(f.dir, "floor.sql")
	if err := os.WriteFile(path, []byte(f.script(statements)), 0o600); err != nil {
		return 0, fmt.Errorf("write pgbench script: %w", err)
	}
	seconds := int((pgbenchWarmUp + span).Seconds())
	cmd := exec.CommandContext(ctx, f.program, "--no-vacuum", "--protocol=simple", "--client="+strconv.Itoa(f.clients), "--jobs=2",
		"--time="+strconv.Itoa(seconds), "--progress=1", "--file="+path,
		"--define=ready=0", "--define=made="+strconv.Itoa(10_000_000+f.runs*200_000), f.url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	return steadyRate(string(out), seconds)
}

var (
	firstSecond = regexp.MustCompile(`progress: ([\d.]+) s, ([\d.]+) tps`)
	processed   = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
	failed      = regexp.MustCompile(`number of failed transactions: ([1-9]\d*)`)
)

// steadyRate takes the first report, of the warm-up, off the whole.
func steadyRate(out string, seconds int) (float64, error) {
	first, all := firstSecond.FindStringSubmatch(out), processed.FindStringSubmatch(out)
	if first == nil || all == nil || failed.MatchString(out) || strings.Contains(out, "aborted") {
		return 0, fmt.Errorf("pgbench did not run through:\n%s", out)
	}
	var numbers [3]float64
	for i, text := range []string{first[1], first[2], all[1]} {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("pgbench said %q", text)
		}
		numbers[i] = n
	}
	warm, warmRate, total := numbers[0], numbers[1], numbers[2]
	return (total - warm*warmRate) / (float64(seconds) - warm), nil
}

// script is a pgbench transaction that runs the statements in one round trip. pgbench's own prepared mode takes numbers
// alone for parameters, so each client prepares by PREPARE and the ids are put together in the text of EXECUTE.
func (f *floor) script(statements []statement) string {
	var b strings.Builder
	b.WriteString("\\if :ready = 0\n")
	for i, s := range statements {
		fmt.Fprintf(&b, "prepare s%d as %s;\n", i, withoutComments(s.sql))
	}
	b.WriteString("\\set ready 1\n\\endif\n")
	fmt.Fprintf(&b, "\\set o random(0, %d)\n", f.people.orgs-1)
	fmt.Fprintf(&b, "\\set org %d + :o\n", firstNumber)
	fmt.Fprintf(&b, "\\set task :org + %d * random(0, %d)\n", f.people.orgs, tasksPerOrg-1)
	fmt.Fprintf(&b, "\\set column :org + %d * random(0, %d)\n", f.people.orgs, columnsPerOrg-1)
	b.WriteString("\\set title random(100000, 999999)\n")
	b.WriteString("\\set made :made + 1\n\\set who 1000 + :client_id\n\\set tail random(100000000000, 999999999999)\n")
	calls := make([]string, len(statements))
	for i, s := range statements {
		calls[i] = fmt.Sprintf("execute s%d%s", i, s.literals())
	}
	b.WriteString(strings.Join(calls, " \\;\n") + ";\n")
	return b.String()
}

// withoutComments drops the lines that are comments as a whole: sqlc puts the query's name there.
func withoutComments(sql string) string {
	var kept []string
	for line := range strings.SplitSeq(sql, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

func (s statement) literals() string {
	if len(s.args) == 0 {
		return ""
	}
	list := make([]string, len(s.args))
	for i, a := range s.args {
		list[i] = a.literal()
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func (a argument) literal() string {
	switch a.variable {
	case varOrg:
		return "'" + orgID.prefix() + ":org'"
	case varTask:
		return "'" + taskID.prefix() + ":task'"
	case varColumn:
		return "'" + columnID.prefix() + ":column'"
	case varTitle:
		return "'" + titleText + ":title'"
	case varFresh:
		return "':made-:who-7000-8000-:tail'" // rises, as UUIDv7 does
	}
	if a.constant == nil {
		return "null"
	}
	return "'" + strings.ReplaceAll(*a.constant, "'", "''") + "'"
}
