# A fresh machine needs Python 3.11+ and make, then:  make demo  |  make test
# Everything lives in .venv; a second call installs nothing. PYTHON=python3.12 make demo  chooses another interpreter.

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export DAGSTER_DISABLE_TELEMETRY := true

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types docs notebooks serve dagster benchmark lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BIN)/.ready-to-run  ## simulate a small shop and run everything on it: published segments and dashboards in data/
	$(BIN)/trellis demo

test: $(BIN)/.ready-to-test  ## every test, with real data and browser where the machine has them (about 10 minutes)
	$(BIN)/python -m pytest -m "" -n 2 --dist loadfile

check: lint types  ## what a commit must pass: format, lint, types, SQL, import rules, docs, fast tests
	$(BIN)/python -m pytest

lint: $(BIN)/.ready-to-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@if find sql -name '*.sql' | grep -q .; then echo "$(BIN)/sqlfluff lint sql" && $(BIN)/sqlfluff lint sql --processes 2 --disable-progress-bar; fi

types: $(BIN)/.ready-to-test
	$(BIN)/basedpyright

docs: $(BIN)/.ready-to-run  ## write docs/tables.md anew from contracts and SQL
	$(BIN)/trellis tables --write docs/tables.md

notebooks: $(BIN)/.ready-to-test  ## run every notebook on the data of `make demo`
	@for notebook in notebooks/*.ipynb; do \
	  [ -e "$$notebook" ] || continue; \
	  echo "$$notebook" && $(BIN)/jupyter-execute --kernel_name=python3 "$$notebook" || exit 1; \
	done

serve: $(BIN)/.ready-to-run  ## dashboards and segment API over data/published
	$(BIN)/trellis serve

dagster: $(BIN)/.ready-to-run  ## the Dagster UI with all assets, on port 3000
	$(BIN)/dagster dev

benchmark: $(BIN)/.ready-to-run  ## measure runs on simulated shops of 1 and 10 million events and write docs/performance.md (about 30 minutes)
	$(BIN)/python -m benchmarks --events 1e6,1e7 --out docs/performance.md

lock:  ## write both locks anew from pyproject.toml (needs uv)
	$(PYTHON) .ci/lock.py $(UV)

clean:  ## remove the environment and caches; data/ stays
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache build *.egg-info

# ---- the environment: stock venv and pip, every file checked against its hash, the project itself linked without a download
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "make: $(PYTHON) not found. Install Python 3.11 or newer, or name one: PYTHON=/path/to/python3.12 make demo"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is $$($(PYTHON) --version 2>&1); Trellis needs Python 3.11 or newer. Name one: PYTHON=python3.12 make demo"; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "make: '$(PYTHON) -m venv' failed (see above); on Debian and Ubuntu: apt install python3-venv"; exit 2; }

$(BIN)/.ready-to-run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.lock names (once, a minute or two)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/.ready-to-test: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements-dev.lock names (once, a minute or two)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(BIN)/.ready-to-run $@
