# Oshirase: bare `make` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALLED := $(VENV)/.installed

# The registry as it was on this day: without it the newest versions resolve, and break at run time.
RESOLVED_AS_OF := 2026-09-18T00:00:00Z
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --exclude-newer $(RESOLVED_AS_OF) \
	--generate-hashes --no-header --no-annotate

# The machine's own certificates: many a city's network has one of its own. uv renamed the setting.
export UV_NATIVE_TLS := true
export UV_SYSTEM_CERTS := true
export PYTHONPATH := $(CURDIR):$(CURDIR)/plugins$(if $(PYTHONPATH),:$(PYTHONPATH))

.PHONY: help
help: ## This list
	@echo "make TARGET [NAME=value]; the first one that needs it installs everything into $(VENV) (Python 3.11 to 3.13)."
	@echo
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(INSTALLED) ## Make the virtual environment from the locks (PYTHON=python3.12 chooses another Python)

$(UV): requirements-bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
		echo "Python 3.11, 3.12 or 3.13 is needed and $(PYTHON) is not one of them: name one, as in 'make $(or $(MAKECMDGOALS),install) PYTHON=python3.12'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@touch $@

$(INSTALLED): $(UV) requirements-dev.lock pyproject.toml
	@echo "Installing what requirements-dev.lock pins"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: $(INSTALLED) ## Play a whole campaign in Airflow, several days in minutes (SIZE=20000 residents)
	@$(BIN)/python -m sandbox.demo $(if $(SIZE),--size $(SIZE))

.PHONY: up
up: $(INSTALLED) ## Start everything and leave it running: Airflow and the inbox in a browser (UI_PORT=, INBOX_PORT=, SIZE=)
	@$(BIN)/python -m sandbox.stack up $(if $(SIZE),--size $(SIZE)) $(if $(UI_PORT),--ui-port $(UI_PORT)) $(if $(INBOX_PORT),--inbox-port $(INBOX_PORT))

.PHONY: down
down: $(INSTALLED) ## Stop what `make up` started
	@$(BIN)/python -m sandbox.stack down

.PHONY: advance
advance: $(INSTALLED) ## Move the clock of `make up` forwards and let payments arrive (BY=6h; also 30m, 2d)
	@$(BIN)/python -m sandbox.demo.advance $(if $(BY),$(BY),1h)

.PHONY: gateway
gateway: $(INSTALLED) ## Start the SMS gateway's emulator alone (PORT=8090)
	@exec $(BIN)/python -m sandbox.gateway --port $(or $(PORT),8090)

.PHONY: migrate
migrate: $(INSTALLED) ## Bring the records database at OSHIRASE_DATABASE_URL to this version's schema
	@$(BIN)/oshirase migrate

.PHONY: test
test: $(INSTALLED) ## Run the tests (ARGS='-k name' narrows)
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: test-e2e
test-e2e: $(INSTALLED) ## Run campaigns in real Airflow and take parts of it away meanwhile (ARGS='-k name' narrows)
	@$(BIN)/python -m pytest tests/e2e --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-browser
test-browser: $(INSTALLED) ## Use the pages as clerks do, in headless Chromium, by the rights of each role (ARGS='-k name' narrows)
	@$(BIN)/python -m pytest tests/browser $(ARGS)

.PHONY: env
env: ## Write .env for docker-compose.yaml, a fresh value for every secret; never over one (EMULATOR=1 without a gateway)
	@$(PYTHON) deploy/make_env.py $(if $(EMULATOR),--emulator)

.PHONY: test-compose
test-compose: $(INSTALLED) ## Run the containers, a campaign and a restart in them, where a Docker engine is (DEBIAN_IMAGE= builds stand-ins)
	@$(if $(DEBIAN_IMAGE),DEBIAN_IMAGE=$(DEBIAN_IMAGE)) $(BIN)/python -m tests.compose

.PHONY: screenshots
screenshots: $(INSTALLED) ## Take the images of the documentation anew: docs/images
	@$(BIN)/python -m pytest tests/browser/screenshots.py $(ARGS)

.PHONY: chaos
chaos: $(INSTALLED) ## Kill the sending process at 1,000 seeded random instants, with random gateway faults (N=1000)
	@OSHIRASE_CHAOS=$(or $(N),1000) $(BIN)/python -m pytest tests/chaos --timeout 5000 -s $(ARGS)

.PHONY: bench
bench: $(INSTALLED) ## Measure, each beside a peer where there is one; also in build/bench/results.json
	@$(BIN)/python -m bench

.PHONY: check
check: $(INSTALLED) ## Lint, formats, types, SQL, layers, secrets, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 include/sql
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive plugins sandbox deploy tools dags bench
	$(BIN)/python -m tools.secret_scan
	@$(MAKE) audit

.PHONY: audit
audit: $(INSTALLED) ## Ask for known vulnerabilities of what the locks pin (AUDIT_REQUIRED=1 fails where nobody answers)
	$(BIN)/python -m tools.audit

.PHONY: secrets
secrets: $(INSTALLED) ## Write .secrets.baseline anew: what looks like a secret and is none; read its diff
	$(BIN)/python -m tools.secret_scan --renew
	git --no-pager diff --stat .secrets.baseline

.PHONY: sbom
sbom: $(INSTALLED) ## Write the bill of materials of requirements.lock, CycloneDX: build/sbom
	@$(BIN)/python -m tools.sbom

.PHONY: schema
schema: $(INSTALLED) ## Write config/schema anew from the models of the settings
	@$(BIN)/python -m oshirase.adapters.settings_schema

.PHONY: format
format: $(INSTALLED) ## Put code and SQL into shape
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --quiet --rules layout,capitalisation include/sql

.PHONY: lock
lock: $(UV) ## Resolve the dependencies of pyproject.toml anew into the locks
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --group dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) --group bootstrap -o requirements-bootstrap.lock
	@! grep -nE '^--|://' requirements*.lock || { echo "A lock names a registry: unset UV_INDEX and the like." >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built and the demo's data; the virtual environment stays
	@[ ! -x $(BIN)/python ] || [ ! -d .data ] || $(BIN)/python -m sandbox.stack down
	rm -rf build .data .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
