# Kith. Everything here needs only Python 3.11 (or newer) and make; `make help` lists it.

PYTHON   ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV     := .venv
BIN      := $(VENV)/bin
RUN      := $(VENV)/.run-stamp
DEV      := $(VENV)/.dev-stamp
PIP      := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv takes a third of pip's time: the one on the path, else the environment's own, which pip brings.
UV_INTO   = UV_PYTHON_DOWNLOADS=never $$(command -v uv || echo $(BIN)/uv) pip install --quiet --python
UV        = $(UV_INTO) $(BIN)/python
# Tests run side by side: one worker has those that start many processes of their own, the other the rest. 0: one by one.
WORKERS  ?= 2
CONFIG   := requirements/run.txt requirements/uv.txt pyproject.toml
# Java and Apache Kafka by pip, where the machine has no Java and Maven of its own.
KAFKA     = $(BIN)/python -m services.cli.local.java --present || $(UV) --require-hashes -r requirements/kafka.txt

# Node.js and npm by pip, where the machine has none; at the path's end, so that the machine's own comes first.
NODE      = command -v npm >/dev/null || test -x $(BIN)/npm || \
	{ $(UV) --require-hashes -r requirements/node.txt && $(BIN)/python clients/node.py; }
CLIENTS  := clients/build/.made
export PATH := $(PATH):$(CURDIR)/$(BIN)

export PYTHONUNBUFFERED := 1
# Tests start hundreds of processes, each of which would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install install-dev run split test check check-types check-all-else format contracts bench faults prove lock sbom clients clean \
	for-kafka for-programs for-clients

##@ Use
help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(RUN) ## Make the environment that running needs

run: $(RUN) ## Run all of Kith on this machine, with a demo store
	@KITH_DEMO=1 exec $(BIN)/kith run $(ARGS)

split: $(RUN) ## Run it as separate processes: Kafka, a database and two replicas per service, a gateway
	@$(KAFKA)
	@KITH_DEMO=1 exec $(BIN)/kith split $(ARGS)

##@ Work on it
install-dev: $(DEV) ## Make the environment that working on Kith needs

test: $(DEV) ## Run every test (sets up PostgreSQL, Kafka, Chromium … by itself; SEED=… tries a run's examples again)
	@$(MAKE) --no-print-directory -j3 for-kafka for-programs for-clients
	@KITH_TEST_SEED=$(SEED) $(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS)

check: $(DEV) ## Format, lint, types, walls between packages, contracts and migrations without drift
	@$(MAKE) --no-print-directory -j 2 check-types check-all-else

# The types take as long as all else: side by side.
check-types: $(DEV)
	$(BIN)/mypy

check-all-else: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/kith contracts --check
	$(BIN)/kith migrate --check

format: $(DEV) ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

contracts: $(DEV) ## Write schemas, AsyncAPI, OpenAPI and the gateway's routes from the code
	$(BIN)/kith contracts

bench: $(DEV) ## Measure the hot paths (QUICK=1: two minutes)
	@$(KAFKA)
	@QUICK=$(QUICK) $(BIN)/python -m benchmarks $(ARGS)

faults: $(DEV) ## A longer round of crashes and outages, with a table at the end
	@$(KAFKA)
	@$(BIN)/python -m tests.faults $(ARGS)

prove: $(DEV) ## Random tests, fuzz and mutations in full doses, with a dated report (hours; MINUTES=240)
	@$(BIN)/python -m proofs --minutes $(or $(MINUTES),240) --workers $(WORKERS) $(ARGS)

lock: $(DEV) ## Resolve the dependencies again and write the lock files
	$(BIN)/python requirements/lock.py

sbom: $(VENV)/bin/python ## List what the image holds, with versions and hashes: build/sbom.cdx.json (CycloneDX)
	@test -x $(VENV)/sbom/bin/cyclonedx-py || $(BIN)/python -m venv $(VENV)/sbom
	@$(VENV)/sbom/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0
	@mkdir -p build
	@$(VENV)/sbom/bin/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file build/sbom.cdx.json
	@echo build/sbom.cdx.json

clients: $(CLIENTS) ## Generate typed clients for Python and TypeScript from the OpenAPI documents: clients/build
	@echo clients/build

# What tests need beside the environment, fetched side by side. Without clients and PHP their tests are skipped, with the
# reason: a registry that does not answer fails nobody's tests.
for-kafka: $(DEV)
	@$(KAFKA)

for-programs: $(DEV)
	@$(BIN)/python -m tests.support.programs

for-clients: $(DEV)
	@$(MAKE) --no-print-directory $(CLIENTS) || echo "No typed clients: their tests are skipped"

$(CLIENTS): $(DEV) requirements/clients.txt requirements/node.txt clients/generate.py \
		clients/typescript/package-lock.json $(wildcard contracts/openapi/*.json)
	@test -x $(VENV)/clients/bin/python || $(BIN)/python -m venv --without-pip $(VENV)/clients
	@$(UV_INTO) $(VENV)/clients/bin/python --require-hashes -r requirements/clients.txt
	@$(NODE) || echo "Node.js cannot be had: no types for TypeScript"
	@$(BIN)/python clients/generate.py $(CURDIR)/$(VENV)/clients/bin/openapi-python-client
	@touch $@

clean: ## Remove the environment and the tools' caches (keeps data folders)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist clients/build clients/typescript/node_modules

# The stamps: an environment is made once, and again when a lock file changes.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Kith needs Python 3.11 or newer on the path"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Kith needs Python 3.11 or newer, $(PYTHON) is older"; exit 1; }
	@echo "Making the environment in $(VENV) (once, half a minute)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python has no venv module; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(RUN): $(VENV)/bin/python $(CONFIG)
	@command -v uv >/dev/null || $(PIP) --require-hashes -r requirements/uv.txt
	@$(UV) --require-hashes -r requirements/run.txt
	@$(UV) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	@$(UV) --require-hashes -r requirements/dev.txt
	@touch $@
