# Handfast: what a person runs. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := src tests tools

.PHONY: help setup check test types arch e2e web docs demo release format lock
.DEFAULT_GOAL := help

help:     ## list these targets
	@awk -F '## ' '/^[a-z0-9]+:.*## / {split($$1, t, ":"); printf "  make %-9s %s\n", t[1], $$2}' $(MAKEFILE_LIST)

setup:    ## make everything ready: environment, packages, programs for tests, web modules
	@$(PYTHON) tools/setup.py test

check: setup    ## before each commit, under a minute: format, lint, fast types, arrows, house, unit
	@$(BIN)/python tools/gate.py quick

test: setup     ## everything: check, mypy, pages, contract, scenario, golden, e2e
	@$(BIN)/python tools/gate.py full

types: setup    ## mypy --strict
	@$(BIN)/mypy

arch: setup     ## who may import whom
	@$(BIN)/lint-imports

e2e: setup      ## real processes, cameras and a browser; with real people in a film
	@$(BIN)/pytest -q tests/e2e

web: setup      ## build the pages into src/handfast/web/static
	@cd web && npm run build

docs: setup     ## write the generated reference pages again
	@$(BIN)/python -m tools.write_docs

demo:     ## a hub, an agency and three sites with real cameras on this machine
	@$(PYTHON) tools/setup.py run
	@$(BIN)/handfast demo

release: setup  ## build the wheel and the source archive into dist/
	@$(BIN)/python -m hatchling build

format: setup   ## let ruff write the format and mend what it can
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

lock: setup     ## resolve requirements/ again from pyproject.toml
	@$(BIN)/python tools/lock.py
