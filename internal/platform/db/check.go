package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Check reads from the catalog whether the policies bind the application: that its role cannot pass them, that every
// table of the schema has row-level security forced, and that it owns none. An error says what is wrong.
func Check(ctx context.Context, q DBTX) error {
	var name string
	var super, bypass bool
	err := q.QueryRow(ctx, "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user").Scan(&name, &super, &bypass)
	if err != nil {
		return fmt.Errorf("read own role: %w", err)
	}
	if name != AppRole || super || bypass {
		return fmt.Errorf("requests would run as the database role %q (superuser: %t, bypassrls: %t) instead of %s", name, super, bypass, AppRole)
	}
	rows, err := q.Query(ctx, `select n.nspname || '.' || c.relname, c.relrowsecurity and c.relforcerowsecurity, pg_has_role(current_user, c.relowner, 'member'),
		n.nspname = 'log' and has_table_privilege(current_user, c.oid, 'select, insert, update, delete, truncate')
		from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('app', 'log') and c.relkind in ('r', 'p') order by 1`)
	if err != nil {
		return fmt.Errorf("read tables: %w", err)
	}
	defer rows.Close()
	var problems []error
	tables := 0
	for rows.Next() {
		var table string
		var forced, owned, open bool
		if err := rows.Scan(&table, &forced, &owned, &open); err != nil {
			return fmt.Errorf("read table: %w", err)
		}
		tables++
		if !forced {
			problems = append(problems, fmt.Errorf("table %s does not force row-level security", table))
		}
		if owned {
			problems = append(problems, fmt.Errorf("the application's role owns table %s", table))
		}
		if open {
			problems = append(problems, fmt.Errorf("the application's role may use table %s past the policies of app.events", table))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read tables: %w", err)
	}
	if tables == 0 {
		return errors.New("the schema is empty; run plinth migrate up")
	}
	return errors.Join(problems...)
}

// patchedMinor is the first minor of each major release taken to be without the known holes in row-level security. Only
// that of 15 was seen to be; the others are the minors of the same day (18.4, 17.10, 16.14 and 15.18 were one release).
var patchedMinor = map[int]int{15: 20, 16: 16, 17: 12, 18: 6}

// Unpatched tells which known holes the server's version has; "" is none that is known.
func Unpatched(ctx context.Context, q DBTX) (string, error) {
	var text string
	if err := q.QueryRow(ctx, "select current_setting('server_version_num')").Scan(&text); err != nil {
		return "", fmt.Errorf("read server version: %w", err)
	}
	num, err := strconv.Atoi(text)
	if err != nil {
		return "", fmt.Errorf("read server version %q: %w", text, err)
	}
	major, minor := num/10000, num%10000
	if fixed, ok := patchedMinor[major]; ok && minor < fixed || major < 15 {
		return fmt.Sprintf("PostgreSQL %d.%d has known holes in row-level security (CVE-2026-120154); update to %d.%d or later",
			major, minor, max(major, 15), patchedMinor[max(major, 15)]), nil
	}
	return "", nil
}
