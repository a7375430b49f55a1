# Two commands are all a newcomer needs: `make demo` and `make test`. Both set everything up first.
.DEFAULT_GOAL := help
.PHONY: help setup demo test faults lint types unit web-test browser-test generate lock clean

PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
WEB := dashboards/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public -type f 2>/dev/null) $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/service_worker_plugin.ts

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/ready $(WEB)/dist/index.html ## prepare .venv with the `watchfloor` command, and build the page

demo: setup ## run everything on this machine with a made-up city and open the live map
	$(BIN)/watchfloor demo

test: setup .venv/ready-dev lint types unit web-test browser-test ## run every check

.venv/ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; set PYTHON=/path/to/python"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES) schemas/generated/events.ts
	cd $(WEB) && npm run --silent build
	touch $@

lint: .venv/ready-dev ## style and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.generate --check

types: .venv/ready-dev ## strict types
	$(BIN)/mypy

unit: .venv/ready-dev ## every Python test, with a real broker and store
	.ci/prometheus
	$(BIN)/pytest -n 2 --dist loadfile tests/unit tests/contract tests/component
	.ci/kafka
	.ci/clickhouse
	$(BIN)/pytest --durations=25 tests/integration tests/fault

web-test: $(WEB)/dist/index.html ## types and tests of the page
	cd $(WEB) && npm run --silent check && npm test --silent

browser-test: $(WEB)/dist/index.html ## the page in a real browser
	.ci/browser
	cd $(WEB) && npm run --silent test:browser

ROUNDS ?= 100
SEED ?= 1
KAFKA ?= 1
# Where it may, in a network of its own: then Kafka can be cut off without harm to anything else on this machine.
OWN_NETWORK := $(shell [ "$$(id -u)" = 0 ] && unshare -n ip link set lo up 2>/dev/null && echo 'unshare -n sh -c "ip link set lo up; exec \"\$$@\"" faults')

faults: setup .venv/ready-dev ## harm a running system ROUNDS times, SEED draws how; writes docs/reference/fault-table.md
	.ci/kafka
	$(OWN_NETWORK) $(BIN)/python -m tests.fault.campaign --table --rounds $(ROUNDS) --seed $(SEED) --kafka $(KAFKA)

generate: .venv/ready ## write everything that is made from the event types
	$(BIN)/python -m schemas.generate

lock: ## write the lock files anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra embedded --extra cameras --extra roads --extra maps --extra traces --group build -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra embedded --extra cameras --extra roads --extra maps --extra traces --group build --group dev -o requirements-dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --extra cameras --extra traces --group build -c requirements.lock -o compose/images/requirements.txt
	cd $(WEB) && npm install --package-lock-only

clean: ## remove everything that was made
	rm -rf .venv .watchfloor $(WEB)/node_modules $(WEB)/dist
