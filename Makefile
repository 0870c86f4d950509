# Every target makes .venv first where it needs it. What is longer than two lines is in scripts/.
# ARGS go to the program behind run, test, test-fast, fuzz, soak, bench and bench-peers: make test ARGS="-k registrar"

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast check format fuzz soak bench bench-peers clean
SHELL := /bin/bash
ARGS ?=

# make setup PYTHON=python3.12 chooses the Python of .venv
export PYTHON

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with everything in it (again only when something changed)
	@scripts/setup

run: setup ## Serve the demo with two phones and place one call
	@scripts/run-demo $(ARGS)

test: setup ## Run all tests, installing the SIP programs they talk to where it may
	@scripts/test $(ARGS)

test-fast: setup ## Run the tests that are neither slow nor need other programs
	@.venv/bin/pytest -m "not interop and not slow" $(ARGS)

check: setup ## Lint, format, types, import floors and lock file
	@scripts/check

format: setup ## Sort imports, fix what can be fixed and format the code
	@.venv/bin/ruff check --fix --quiet; .venv/bin/ruff format

fuzz: setup ## Fuzz what takes bytes from the network, a minute for each target
	@scripts/fuzz $(ARGS)

soak: setup ## 200 kills under load, then an hour of calls and garbage on a watched server
	@.venv/bin/python -m soak $(ARGS)

bench: setup ## Measure calls a second, CPU per call, latencies, memory, relay, overload
	@.venv/bin/python -m bench $(ARGS)

bench-peers: setup ## The same calls through Asterisk and sippy, beside ours
	@.venv/bin/python -m bench peers --json build/bench-peers.json $(ARGS)

clean: ## Remove .venv, caches and build results
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
