# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Needs Linux with git, make and a python3 of 3.11 to 3.13; everything else goes into .venv. Names of files are relative
# throughout, so that a checkout may have spaces in its path.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# With the caller's own path: python3 is not to be the environment's.
SETUP := @PATH="$(PATH)" $(PYTHON) scripts/setup_venv.py --venv "$(VENV)"
# Sub-makes, scripts and tests get these.
export VENV
export PATH := $(CURDIR)/$(BIN):$(PATH)
KEEP ?=
ARGS ?=
SCENARIO ?=
AMAZON_AWS ?=

.DEFAULT_GOAL := setup
# One thing at a time, but for those checks that "test" runs side by side (sandbox-proof mostly waits).
ifdef TOGETHER
integration: sanity # both work on the same exported copy
else
.NOTPARALLEL:
endif

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
	  printf '%-14s %s\n' "$$name" "$$text"; done

.PHONY: setup
setup: ## make .venv with what playbooks and sandbox need
	$(SETUP) sandbox

.PHONY: setup-dev
setup-dev: ## ... and with what the checks need
	$(SETUP) dev

.PHONY: demo

demo: setup ## restore staging from production in a sandbox; KEEP=1 leaves the sandbox up
	@python scripts/demo.py $(if $(filter-out 0 no false,$(KEEP)),--keep)

.PHONY: sandbox-up
sandbox-up: setup ## start the sandbox in the background (folder .sandbox); SCENARIO=FILE describes it
	@cd tests && python -m sandbox up $(if $(SCENARIO),--scenario "$$(cd .. && realpath -m -- "$(SCENARIO)")") $(ARGS)

.PHONY: sandbox-down
sandbox-down: setup ## stop it and remove its data
	@cd tests && python -m sandbox down $(ARGS)

.PHONY: sandbox-status
sandbox-status: setup ## its clusters, snapshots and servers
	@cd tests && python -m sandbox status $(ARGS)

.PHONY: sandbox-calls
sandbox-calls: setup ## the AWS calls so far (ARGS="--errors --service rds" picks some)
	@cd tests && python -m sandbox calls $(ARGS)

.PHONY: sandbox-events
sandbox-events: setup ## what has happened to clusters and snapshots, and what is pending
	@cd tests && python -m sandbox events $(ARGS)

.PHONY: test
test: setup-dev ## every check
	@$(MAKE) --no-print-directory -j4 --output-sync=target TOGETHER=1 \
	  lint sanity sandbox-proof molecule unit integration build
	@$(MAKE) --no-print-directory e2e

.PHONY: lint
lint: setup-dev ## ruff, mypy, yamllint, ansible-lint, documentation and changelog
	@bash scripts/lint.sh

.PHONY: unit
unit: setup-dev ## unit tests
	python -m pytest tests/unit -q -n 3 --dist loadfile $(ARGS)

.PHONY: e2e
e2e: setup-dev ## whole restores in sandboxes of their own (four at a time: they mostly wait)
	python -m pytest tests/e2e -v -n 4 --dist loadgroup --durations=10 -m "not extended" $(ARGS)

.PHONY: e2e-extended
e2e-extended: setup-dev ## those whole restores that "test" leaves out, much like others that it has
	python -m pytest tests/e2e -v -n 4 --dist loadgroup --durations=10 -m extended $(ARGS)

.PHONY: test-race
test-race: setup-dev ## 200 races for a target, with take-overs from dead and stopped holders (ARGS="--rounds 20")
	@cd tests && python -m race $(ARGS)

.PHONY: sanity
sanity: setup-dev ## ansible-test sanity in an exported copy
	@python scripts/sanity.py $(ARGS)

.PHONY: integration
integration: setup-dev ## every module by itself, in a sandbox (ARGS="module_snapshot_info ..." picks some)
	@python scripts/in_sandbox.py integration $(ARGS)

.PHONY: molecule
molecule: setup-dev ## every role by itself, in a sandbox (ARGS="db_users ..." picks some)
	@python scripts/in_sandbox.py molecule $(ARGS)

.PHONY: sandbox-proof
sandbox-proof: setup-dev ## the sandbox under moto's own tests, the AWS CLI and (AMAZON_AWS=<checkout>) amazon.aws's targets
	@python scripts/sandbox_proof.py $(if $(AMAZON_AWS),--amazon-aws "$(AMAZON_AWS)") $(ARGS)

.PHONY: test-kill
test-kill: setup-dev ## kill a restore at each of its calls and run it again: a day (ARGS="--sample 0.02", --help)
	@cd tests && python -m kill $(ARGS)

.PHONY: bench
bench: setup-dev ## how fast and how big the sandbox is; reported, not asserted (ARGS="start calls" picks some)
	@python tests/bench/bench.py $(ARGS)

.PHONY: build
build: setup-dev ## build the collection's tarball, install it elsewhere and try it
	@python scripts/build.py

.PHONY: clean
clean: ## remove what make made (not a running sandbox: make sandbox-down)
	rm -rf .venv* .cache .ansible dist reports tests/output .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
