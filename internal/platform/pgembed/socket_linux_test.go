package pgembed

import "testing"

func TestSocketOf(t *testing.T) {
	const file = "41\n/srv/data\n1795419011\n5432\n/srv/run dir\n\n  1234  5\nready   \n"
	if dir, ok := socketOf(file); !ok || dir != "/srv/run dir" {
		t.Errorf("got %q, %t", dir, ok)
	}
	for name, file := range map[string]string{
		"starting":  "41\n/srv/data\n1795419011\n5432\n/srv/run\n\n  1234  5\nstarting\n",
		"stopping":  "41\n/srv/data\n1795419011\n5432\n/srv/run\n\n  1234  5\nstopping\n",
		"half":      "41\n/srv/data\n1795419011\n5432\n/srv/run\n",
		"no socket": "41\n/srv/data\n1795419011\n5432\n\n*\n  1234  5\nready\n",
		"empty":     "",
	} {
		if dir, ok := socketOf(file); ok {
			t.Errorf("%s: got %q", name, dir)
		}
	}
}
