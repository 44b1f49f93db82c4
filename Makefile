# Everything here runs on a machine that has only make and Python 3.11 or newer: the first target that needs it makes
# .venv and fills it with exactly what requirements.lock pins; after that nothing is installed again until the lock or
# pyproject.toml changes.

PYTHON ?= python3
# Test processes that run at once; each has a database of its own. More of them than a small machine has processors: what
# waits for a clock or a browser leaves its processor to another.
WORKERS ?= 3

# Where bytecode may not be written, every process compiles every library anew: each start then costs seconds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: $(INSTALLED) ## Make .venv and install what requirements.lock pins (other commands do it too)

.PHONY: demo
demo: $(INSTALLED) ## Try the shop in a browser, nothing to set up (ONCE=1: play one sale and exit)
	$(BIN)/kapu demo $(if $(ONCE),--once)

.PHONY: run
run: $(INSTALLED) ## Run the shop that config.toml describes
	$(BIN)/kapu run

.PHONY: test
test: check ## Check, then run every test on both databases
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --durations=20

.PHONY: check
check: $(INSTALLED) ## Look, change nothing: format, lint, types, import contracts, migrations
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-house

.PHONY: check-types
check-types:
	$(BIN)/mypy

.PHONY: check-house
check-house:
	$(BIN)/lint-imports
	$(BIN)/kapu db check

.PHONY: fix
fix: $(INSTALLED) ## Format, and mend what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: screens
screens: $(INSTALLED) ## Walk every journey and write down what it shows: docs/screens, docs/wechat
	$(BIN)/python -m tests.screens
	$(BIN)/python -m tests.channels.wechat.transcripts

.PHONY: bench
bench: $(INSTALLED) ## Measure: one JSON line per figure
	$(BIN)/python -m benchmarks

.PHONY: db-upgrade
db-upgrade: $(INSTALLED) ## Bring the configured database to the newest schema
	$(BIN)/kapu db upgrade

.PHONY: lock
lock: $(UV) ## Pin again after a change of dependencies (UPGRADE=1: to the newest versions)
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header $(if $(UPGRADE),--upgrade) --quiet -o requirements.lock

# setuptools is pinned in the lock like everything else, so the project itself is built without fetching a builder.
# The compat mode puts the project's folder on the path, so a new top-level package needs no second installation.
$(INSTALLED): requirements.lock pyproject.toml $(UV)
	$(UV) pip install --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation \
	  --config-setting editable_mode=compat -e .
	@touch $@

# uv comes by pip, under the version and the hashes that the lock has for it.
$(UV): requirements.lock | $(BIN)/python
	@awk '/^[^ #]/ {mine = /^uv==/} mine' requirements.lock > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Kapu needs Python 3.11 or newer. If you have it under another name: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
