# `make help` lists the commands. Everything they need is built into .venv from the lock files.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run test lint bench docs format lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Start everything at http://127.0.0.1:8000 (Ctrl-C ends it)
	@$(BIN)/python manage.py up

test: $(VENV)/.dev ## Run every test
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

lint: $(VENV)/.dev ## Check style, types and the floors' import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py check --fail-level WARNING

bench: $(VENV)/.dev ## Run the benchmarks and print their tables
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.dev ## Renew what the docs take from the code
	@DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python -m config.docs

format: $(VENV)/.dev ## Put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## Renew both lock files from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what was built, and nothing that was stored
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Hubcache needs Python 3.11, 3.12 or 3.13: install one, or say PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: on Debian, apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements.lock | $(BIN)/python
	@echo "Installing what Hubcache needs into $(VENV) (once, about half a minute) …"
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing what the tests need into $(VENV) (once, about half a minute) …"
	@$(PIP) -r requirements-dev.lock
	@touch $@ $(VENV)/.run
