# Every command does its own set-up first; set-up is quick when nothing is missing.
SHELL := /bin/bash
STRATA_HOME ?= $(HOME)/.local/share/strata
export STRATA_HOME

SWIFT_BUILD := swift build
RELEASE := .build/release/strata
SANITIZED := RecordStoreTests|StrataTests|BackupTests|FuzzTests
CRASH_KILLS ?= 500
CRASH_SEED ?= 1

.PHONY: help setup setup-test build demo test test-tsan test-asan crash bench locomo format lint docs clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: system packages, ONNX Runtime, the default model.
	@Tools/setup

setup-test: ## The same, and what the tests compare with (a Python environment, golden files).
	@Tools/setup --test

build: setup ## Build the command in release mode.
	$(SWIFT_BUILD) -c release --product strata

demo: build ## Ingest the project's documents and a conversation, then ask about them.
	@Tools/demo $(RELEASE)

test: setup-test ## Run all tests.
	$(SWIFT_BUILD) --build-tests
	swift test --skip-build

test-tsan: setup-test ## Run the tests of the store and the engine under ThreadSanitizer.
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Support/tsan.supp:halt_on_error=1 \
		swift test --sanitize=thread --scratch-path .build/tsan --filter '$(SANITIZED)'

test-asan: setup-test ## Run the tests of the store and the engine under AddressSanitizer.
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build/asan --filter '$(SANITIZED)'

crash: setup-test ## Kill a writer CRASH_KILLS times at random moments and look for anything that was lost.
	$(SWIFT_BUILD) --product crashharness
	.build/debug/crashharness --kills $(CRASH_KILLS) --seed $(CRASH_SEED)

bench: setup-test ## Measure ingest, recall, start-up and memory, beside the same model under Python.
	@Benchmarks/run-bench $(BENCH_ARGS)

locomo: setup ## Recall quality on LOCOMO_DATA, scored by LOCOMO_EVAL (see docs/benchmarks.md).
	@Benchmarks/run-locomo

format: ## Format all Swift sources.
	swift format -i -r Package.swift Sources Tests Snippets Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests

lint: ## Check the format of all Swift sources.
	swift format lint --strict -r Package.swift Sources Tests Snippets Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests

docs: setup ## Write the library's reference pages to .build/docs (open with any static web server).
	rm -rf .build/symbol-graphs .build/docs && mkdir -p .build/symbol-graphs
	$(SWIFT_BUILD) --target Strata --scratch-path .build/for-docs \
		-Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc $(CURDIR)/.build/symbol-graphs
	mkdir -p .build/docs-input && cp .build/symbol-graphs/Strata*.symbols.json .build/docs-input/
	docc convert --fallback-display-name Strata --fallback-bundle-identifier strata \
		--additional-symbol-graph-dir .build/docs-input --output-path .build/docs --transform-for-static-hosting

clean: ## Remove everything that was built; set-up's files stay in STRATA_HOME.
	rm -rf .build Benchmarks/.build
