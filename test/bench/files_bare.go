package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
)

// bareFilesCommand is the first argument that makes this program the bare server of files; the address and the folder follow.
const bareFilesCommand = "bare-files"

// startBareFiles runs the bare server over the folder in a process of its own.
func startBareFiles(ctx context.Context, program, dir string) (*server, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	return startServer(ctx, exec.CommandContext(ctx, program, bareFilesCommand, addr, dir), addr)
}

// serveBareFiles is the least that takes files in over HTTP, each on the disk when it is answered, and gives them out. It
// ends with the context.
func serveBareFiles(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: bare-files address folder")
	}
	dir := args[1]
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServer(http.Dir(dir))))
	mux.HandleFunc("POST /", func(w http.ResponseWriter, hr *http.Request) {
		if err := writeFile(dir, hr.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	s := &http.Server{Addr: args[0], Handler: mux, ReadHeaderTimeout: readyWithin}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve bare files: %w", err)
	}
	return nil
}
