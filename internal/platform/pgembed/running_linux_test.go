package pgembed_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plinth/plinth/internal/platform/pgembed"
)

func TestRunningReachesWhatAnotherRuns(t *testing.T) {
	dir := clusterDir(t)
	o := pgembed.Options{Dir: dir}
	if _, err := pgembed.Running(o); err == nil {
		t.Error("found a cluster where there is none")
	}
	owner := start(t, dir)
	if _, err := pgembed.Start(t.Context(), o); !errors.Is(err, pgembed.ErrInUse) {
		t.Fatalf("a second Start: got %v, want ErrInUse", err)
	}
	url, err := pgembed.Running(o)
	must(t, err)
	want(t, url(pgembed.Superuser, pgembed.Database), owner.URL(pgembed.Superuser, pgembed.Database))
	conn, err := pgx.Connect(t.Context(), url(pgembed.Superuser, pgembed.Database))
	must(t, err)
	must(t, conn.Close(t.Context()))
	stop(t, owner)
	if _, err := pgembed.Running(o); err == nil {
		t.Error("found a cluster that has been stopped")
	}
}
