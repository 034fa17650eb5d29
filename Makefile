# The project's verbs. `make` alone lists them; each brings what it needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check static bench format lock docs clean

UV_VERSION := 0.13.9
UV ?= .tools/uv-$(UV_VERSION)/bin/uv
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
BIN := .venv/bin
LOCKED := pyproject.toml uv.lock
SYNC = $(UV) sync --frozen --compile-bytecode --python "$(PYTHON)"

# The interpreter is the one of this machine, and the environment is ours whatever the caller has activated.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/.developing ## Make .venv with slim-agent and the tools of its developers, from the lock file

run: .venv/.running ## Run everything on this machine: stores, WhatsApp simulator, service (PORT=8000)
	@$(BIN)/slim-agent demo

test: static ## Run every check and every test, as CI does (ARGS='-k name' chooses)
	$(BIN)/python -m pytest -n 2 --dist loadfile -rs $(ARGS)

check: static ## Check format, lint, types, import floors and house rules, in seconds
	$(BIN)/python -m pytest tests/house -q

static: .venv/.developing
	$(BIN)/ruff format --check --quiet || { echo "Not formatted: run make format."; exit 1; }
	$(BIN)/ruff check --quiet
	$(BIN)/mypy

bench: .venv/.developing ## Measure, beside a bare ceiling in the same run, into bench/results/
	@for script in bench/bench_*.py; do $(BIN)/python -m bench.$$(basename $$script .py) || exit 1; done

format: .venv/.developing ## Format the code and repair what the linter can
	$(BIN)/ruff check --fix --quiet || true
	$(BIN)/ruff format

lock: $(UV) ## Renew uv.lock after a change of the dependencies in pyproject.toml
	$(UV) lock --python "$(PYTHON)"

docs: .venv/.developing ## Write the documents that are made from code
	$(BIN)/python -m slim_agent.settings.document
	$(BIN)/python -m tests.house.metrics_page

clean: ## Remove what the verbs made, but never the data of `make run`
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.running: $(LOCKED) | $(UV)
	@echo "Installing what running needs …"
	@# What developers installed before may stay.
	$(SYNC) --inexact --no-dev --extra demo
	@touch $@

.venv/.developing: $(LOCKED) | $(UV)
	@echo "Installing slim-agent and the tools of its developers …"
	$(SYNC) --extra demo
	@touch .venv/.running $@

.tools/uv-$(UV_VERSION)/bin/uv:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3"; exit 1; }
	@echo "Getting uv $(UV_VERSION), which installs the rest …"
	@rm -rf .tools && "$(PYTHON)" -m venv .tools/uv-$(UV_VERSION) || { rm -rf .tools; \
		echo "$(PYTHON) cannot make environments: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	@.tools/uv-$(UV_VERSION)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
