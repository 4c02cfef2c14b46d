package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// client calls the API as one person, without a network.
type client struct {
	api        http.Handler
	token, org string
}

// problem is a refusal (RFC 9457).
type problem struct {
	Type, Title, Detail string
	Errors              []struct{ Location, Message string }
}

func (p *problem) Error() string {
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	for _, e := range p.Errors {
		text += "; " + e.Location + " " + e.Message
	}
	return text
}

func (c client) post(ctx context.Context, path string, body, answer any) error {
	return c.call(ctx, http.MethodPost, path, body, answer)
}

func (c client) patch(ctx context.Context, path string, body, answer any) error {
	return c.call(ctx, http.MethodPatch, path, body, answer)
}

// call sends body, unless that is nil, and reads the answer into answer, unless that is nil. A refusal is a *problem.
func (c client) call(ctx context.Context, method, path string, body, answer any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "plinth-demo")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("X-Org-Id", c.org)
	}
	resp, err := (&http.Client{Transport: inMemory{c.api}}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp, answer)
}

func read(resp *http.Response, answer any) error {
	if resp.StatusCode >= http.StatusBadRequest {
		refused := &problem{}
		if err := json.NewDecoder(resp.Body).Decode(refused); err != nil || refused.Title == "" {
			return fmt.Errorf("answered %s", resp.Status)
		}
		return refused
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}

// inMemory has a handler answer requests, as if they came from this machine.
type inMemory struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (m inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	served := req.Clone(req.Context())
	served.RemoteAddr = "127.0.0.1:1"
	served.RequestURI = req.URL.RequestURI()
	served.Host = req.URL.Host
	answer := &answer{header: http.Header{}}
	m.handler.ServeHTTP(answer, served)
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.header,
		Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: req,
	}, nil
}

// answer is an http.ResponseWriter that keeps what is written.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
