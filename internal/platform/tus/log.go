package tus

import (
	"context"
	"log/slog"

	xslog "golang.org/x/exp/slog"
)

// debugLog writes what tusd logs at debug level, without what clients send in URLs and headers.
func debugLog(log *slog.Logger) *xslog.Logger { return xslog.New(debug{log: log}) }

// debug is a handler of the package that log/slog was, which tusd uses.
type debug struct {
	log   *slog.Logger
	attrs []any
}

func (d debug) Enabled(ctx context.Context, _ xslog.Level) bool {
	return d.log.Enabled(ctx, slog.LevelDebug)
}

func (d debug) Handle(ctx context.Context, r xslog.Record) error {
	attrs := append([]any{"event", r.Message}, d.attrs...)
	r.Attrs(func(a xslog.Attr) bool {
		attrs = append(attrs, plain([]xslog.Attr{a})...)
		return true
	})
	d.log.DebugContext(ctx, "tusd", attrs...)
	return nil
}

func (d debug) WithAttrs(attrs []xslog.Attr) xslog.Handler {
	return debug{log: d.log, attrs: append(d.attrs[:len(d.attrs):len(d.attrs)], plain(attrs)...)}
}

// WithGroup ignores the group: tusd makes none.
func (d debug) WithGroup(string) xslog.Handler { return d }

// plain are the attributes that may be logged.
func plain(attrs []xslog.Attr) []any {
	var kept []any
	for _, a := range attrs {
		switch a.Key {
		case "method", "id", "status", "size", "offset", "maxSize", "bytesWritten", "error", "message":
			kept = append(kept, slog.Any(a.Key, a.Value.Any()))
		}
	}
	return kept
}
