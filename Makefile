# Python 3.11 or newer and make are all that is needed. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PORT

.PHONY: help run reset test faults fuzz check fix shots bench bench-realtime messages lock
.DEFAULT_GOAL := help

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ /' | while read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

$(VENV)/.run: requirements.lock pyproject.toml
	@echo "Setting up .venv (once)..."
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Setting up what tests need (once)..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run ## start the demo academy on http://127.0.0.1:8000 (PORT=... for another port)
	@ACADEMY_DEMO=1 $(BIN)/academy demo
	@ACADEMY_DEMO=1 exec $(BIN)/academy serve --port $(PORT)

reset: $(VENV)/.run ## make the demo academy afresh, dated today
	@rm -rf instance
	@ACADEMY_DEMO=1 $(BIN)/academy demo

test: $(VENV)/.dev ## run the whole suite
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadgroup tests

faults: $(VENV)/.dev ## cut wires, killed servers, restored backups: nothing may be lost (some minutes)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal -m lane tests/faults

.venv-fuzz/.ready: requirements-fuzz.lock
	@echo "Setting up .venv-fuzz (once)..."
	@test -x .venv-fuzz/bin/python || $(PYTHON) -m venv .venv-fuzz
	@.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

fuzz: $(VENV)/.dev .venv-fuzz/.ready ## let a fuzzer loose on the API (some minutes; EXAMPLES=, PHASES=, ROLES=)
	@$(BIN)/python -m tests.contracts.fuzz.run .venv-fuzz/bin/schemathesis $(ROLES)

check: $(VENV)/.dev ## lint, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fix: $(VENV)/.dev ## mend what a machine can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

shots: $(VENV)/.dev ## screenshots of every page, theme and width into shots/
	@$(BIN)/python -m tests.browser.shots

bench: $(VENV)/.dev ## what a request costs the processor, beside a bare page of the same rows
	@$(BIN)/python -m benchmarks

bench-realtime: $(VENV)/.dev ## live delivery beside Node's socket.io, in turns (needs Node; QUICK=1 for one short round)
	@$(BIN)/python -m benchmarks.realtime $(if $(QUICK),--quick)

messages: $(VENV)/.dev ## collect the texts to translate into academy/web/locale/messages.pot
	@$(BIN)/pybabel -q extract -F babel.cfg -k lazy_gettext -k later -o academy/web/locale/messages.pot --no-location --omit-header .

lock: $(VENV)/.dev ## resolve the dependencies anew (needs uv)
	@uv pip compile --universal --no-header --no-annotate --generate-hashes --no-emit-index-url --extra build pyproject.toml -o requirements.lock
	@uv pip compile --universal --no-header --no-annotate --generate-hashes --no-emit-index-url --extra build --extra dev --extra eventlet --extra fast -c requirements.lock pyproject.toml -o requirements-dev.lock
	@uv pip compile --universal --no-header --no-annotate --generate-hashes --no-emit-index-url tests/contracts/fuzz/requirements.in -o requirements-fuzz.lock
