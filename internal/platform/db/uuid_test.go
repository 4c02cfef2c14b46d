package db

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

func TestUUIDs(t *testing.T) {
	m := pgtype.NewMap()
	registerUUID(m)
	one, two := uuid.MustParse("0192c1de-7a3b-7c1f-9d2e-5b8f6a4c3d21"), uuid.Max
	for _, format := range []int16{pgtype.BinaryFormatCode, pgtype.TextFormatCode} {
		var got uuid.UUID
		pass(t, m, pgtype.UUIDOID, format, one, &got)
		if got != one {
			t.Errorf("format %d: %s became %s", format, one, got)
		}
		var pointer *uuid.UUID
		pass(t, m, pgtype.UUIDOID, format, &two, &pointer)
		if pointer == nil || *pointer != two {
			t.Errorf("format %d: %s became %v", format, two, pointer)
		}
		pass(t, m, pgtype.UUIDOID, format, (*uuid.UUID)(nil), &pointer)
		if pointer != nil {
			t.Errorf("format %d: null became %s", format, pointer)
		}
		var list []uuid.UUID
		pass(t, m, pgtype.UUIDArrayOID, format, []uuid.UUID{one, two}, &list)
		if !slices.Equal(list, []uuid.UUID{one, two}) {
			t.Errorf("format %d: the list became %v", format, list)
		}
		if raw, err := m.Encode(pgtype.UUIDOID, format, nil, nil); raw != nil || err != nil {
			t.Errorf("format %d: nil became %v, %v", format, raw, err)
		}
		if err := m.Scan(pgtype.UUIDOID, format, nil, &got); format == pgtype.BinaryFormatCode && err == nil {
			t.Error("null was read into what has no null")
		}
	}
	if err := m.Scan(pgtype.UUIDOID, pgtype.BinaryFormatCode, make([]byte, 15), new(uuid.UUID)); err == nil {
		t.Error("15 bytes are no UUID")
	}
}

// pass sends a value to the database and back, but for the database.
func pass(t *testing.T, m *pgtype.Map, oid uint32, format int16, value, target any) {
	t.Helper()
	raw, err := m.Encode(oid, format, value, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Scan(oid, format, raw, target); err != nil {
		t.Fatal(err)
	}
}
