// Package migrations embeds the schema's steps, in the order of their names.
package migrations

import "embed"

// FS holds the SQL files.
//
//go:embed *.sql
var FS embed.FS
