# What a developer and CI call; "make help" lists it. Everything it installs or builds stays in .bin, bin, node_modules and
# examples/listen-ts/dist, but for the Debian packages that scripts/need asks for.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

# One module per tool: in a shared one their dependencies hold each other back.
tool_version = $(shell sed -n 's|^\s*$(1) \(v[^ ]*\).*|\1|p' tools/$(2)/go.mod)
sqlc := .bin/sqlc-$(call tool_version,github.com/sqlc-dev/sqlc,sqlc)
golangci := .bin/golangci-lint-$(call tool_version,github.com/golangci/golangci-lint/v2,golangci)
versitygw := .bin/versitygw-$(call tool_version,github.com/versity/versitygw,versitygw)

node_modules := test/browser/node_modules/.package-lock.json examples/listen-ts/node_modules/.package-lock.json
generated := docs/openapi.json docs/schema.sql docs/settings.md ':(glob)internal/*/?*db/**'

.PHONY: help build run demo test bench bench-lists bench-live bench-files tour check fmt-check vet lint types-check generated-check tidy-check generate
help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

build: ## Build bin/plinth, one static file.
	CGO_ENABLED=0 go build -trimpath -o bin/plinth ./cmd/plinth

run: build ## Serve on 127.0.0.1:8000 with nothing configured.
	exec bin/plinth serve

demo: build ## Fill an organization with sample work, also beside a running server.
	exec bin/plinth demo

# Without the test cache, which does not know the program that some tests build and run.
test: $(node_modules) $(versitygw) ## Run all tests; under root, install what they need first.
	scripts/need curl gcc postgresql chromium redis-server clamd
	go test -count=1 -race -p 2 -timeout 15m ./...

tour: ## Take the tour of the README against a fresh server.
	scripts/need curl
	go test -count=1 -v -run ^TestTour ./test/tour

bench: ## Measure requests against pgbench, in one run.
	go run ./test/bench

bench-lists: ## Measure lists in an organization of 200,000 tasks.
	go run ./test/bench -lists

bench-live: ## Measure sockets against a bare fan-out: deliveries, memory, reconnects.
	go run ./test/bench -live

bench-files: $(versitygw) ## Measure files against copies, bare HTTP and bare S3.
	go run ./test/bench -files

check: fmt-check vet lint types-check generated-check tidy-check ## Check everything that needs no running tests.

fmt-check:
	@unformatted=$$(gofmt -l cmd examples internal migrations test); \
	if [[ -n $$unformatted ]]; then printf 'gofmt -w these:\n%s\n' "$$unformatted"; exit 1; fi

vet:
	go vet ./...

lint: $(golangci)
	$(golangci) run

types-check: examples/listen-ts/node_modules/.package-lock.json
	cd examples/listen-ts && npx tsc --noEmit

# What is generated must be what is in git.
generated-check: $(sqlc)
	scripts/need postgresql
	$(sqlc) diff
	go test ./test/generated
	@untracked=$$(git ls-files --others --exclude-standard -- $(generated)); \
	if [[ -n $$untracked ]]; then printf 'generated, but not in git:\n%s\n' "$$untracked"; exit 1; fi

tidy-check:
	go mod tidy -diff

generate: $(sqlc) ## Write the query packages, docs/openapi.json, docs/schema.sql and docs/settings.md anew.
	scripts/need postgresql
	$(sqlc) generate
	go test -count=1 ./test/generated -update

# The version is in the name, so a new one in go.mod builds a new file. The plain name is for typing.
$(sqlc):
	CGO_ENABLED=0 go -C tools/sqlc build -trimpath -o $(CURDIR)/$@ github.com/sqlc-dev/sqlc/cmd/sqlc
	ln -sf $(@F) .bin/sqlc

$(golangci):
	CGO_ENABLED=0 go -C tools/golangci build -trimpath -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	ln -sf $(@F) .bin/golangci-lint

$(versitygw):
	CGO_ENABLED=0 go -C tools/versitygw build -trimpath -o $(CURDIR)/$@ github.com/versity/versitygw/cmd/versitygw
	ln -sf $(@F) .bin/versitygw

$(node_modules): %/node_modules/.package-lock.json: %/package-lock.json
	scripts/need npm
	cd $* && npm ci
	touch $@
