# Everything happens in .venv; remove it (`make clean`) to start afresh. Needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
ARGS   ?=
JOBS   ?= auto
SECONDS ?= 60
SEED   ?=
TARGET ?=
PROCESSES ?= 10000

VENV   := .venv
PY     := $(VENV)/bin/python
INSTALL := -m pip install --quiet

# Programs of the system tests that pip can install, each a dependency group and an environment of its own.
PROGRAMS := ministack moto_server playwright
# Those that npm installs, from these files.
NPM_PROGRAMS := cognito-local oidc-provider swagger-ui-dist
COGNITO_LOCAL := $(addprefix tests/system/cognito-local/,package.json package-lock.json .npmrc)
OIDC_PROVIDER := $(addprefix tests/system/oidc-provider/,package.json package-lock.json .npmrc server.mjs)
SWAGGER_UI := $(addprefix tests/system/swagger-ui-dist/,package.json package-lock.json .npmrc)

# What draws: no program, so an environment alone.
PLOTS := $(VENV)/programs/plots

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check test-system coverage bench bench-quick bench-record programs chromium clean processes fuzz soak fleet migration prometheus

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
	@echo '  ARGS="..." goes to the program that is run; PYTHON=... chooses the Python of a new .venv;'
	@echo '  JOBS=... is how many tests run side by side, one for each processor by default, 0 to debug'
	@echo '  SECONDS=... and SEED=... are for make fuzz and make soak: how long, and from which seed; TARGET=... fuzzes one target alone'

demo: $(VENV)/.package ## play a whole migration against a local issuer
	@$(PY) examples/demo.py $(ARGS)

test: $(VENV)/.test ## run the tests
	$(PY) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

check: $(VENV)/.dev ## lint, formatting and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pyright

test-system: $(VENV)/.test programs ## run the tests that need other programs; a missing program is a failure
	JWTMR_REQUIRE_SYSTEM=1 $(PY) -m pytest -m system $(ARGS)

coverage: $(VENV)/.dev ## run the tests and show the branches that none of them takes
	$(PY) -m pytest --cov $(ARGS)

bench: $(VENV)/.test ## measure jwtmr against the bare signature check, and beside its peers
	@$(PY) tests/benchmarks/environments.py
	@$(PY) tests/benchmarks/run.py --peers --json build/benchmark.json $(ARGS)

bench-quick: $(VENV)/.test ## measure jwtmr alone, for some seconds, and compare with the record
	@$(PY) tests/benchmarks/run.py --quick --json build/benchmark.json --against tests/benchmarks/record.json $(ARGS)

bench-record: $(VENV)/.test ## measure, and make the result the record, its page and its image
	@$(MAKE) --no-print-directory bench ARGS="--record $(ARGS)"
	@$(VENV)/peers/bin/python tests/benchmarks/plot.py

processes: $(VENV)/.test ## play outages and rotations in front of gunicorn and uvicorn, and show what they cost
	@PYTHONPATH=tests $(PY) tests/processes/workers_run.py $(ARGS)

fuzz: $(VENV)/programs/atheris/.ready ## look for inputs that break a promise of the parsers
	@$(VENV)/bin/atheris tests/fuzz/fuzz_run.py --seconds $(SECONDS) --seed $(or $(SEED),1) $(addprefix --target=,$(TARGET)) $(ARGS)

soak: $(VENV)/.test ## random faults under traffic, judged by a model: SECONDS=60, SEED= is drawn unless given
	@PYTHONPATH=tests $(PY) tests/soak/soak_run.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

fleet: $(VENV)/.package $(PLOTS)/.ready ## simulate a fleet and draw docs/images/fleet-*.png, in minutes; SEED=1 PROCESSES=10000
	@PYTHONPATH=tests/keys $(PY) tests/fleet/fleet_main.py --seed $(or $(SEED),1) --processes $(PROCESSES) --save build/fleet.json $(ARGS)
	@$(PLOTS)/bin/python tests/fleet/fleet_plots.py build/fleet.json docs/images

migration: $(VENV)/.test $(PLOTS)/.ready prometheus ## record a migration and draw the pictures of docs/operations.md; takes nine minutes
	@PYTHONPATH=tests $(PY) tests/system/migration_run.py --save build/migration.json $(ARGS)
	@$(PLOTS)/bin/python tests/system/migration_plots.py build/migration.json docs/images

programs: $(patsubst %,$(VENV)/programs/%/.ready,$(PROGRAMS) atheris $(NPM_PROGRAMS)) chromium prometheus ## install the programs of the system tests

clean: ## remove .venv and everything else that is not source
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Stamps: each says when its part of .venv was last brought up to pyproject.toml. A larger part includes the smaller ones.

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'jwtmr needs Python 3.11 or newer: make PYTHON=/path/to/python3.x' >&2; exit 1; }
	@echo 'creating $(VENV) (the first time takes a minute)'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) $(INSTALL) --upgrade 'pip>=25.1' # the first with --group
	@touch $@

$(VENV)/.package: pyproject.toml $(VENV)/.python
	@echo 'installing jwtmr into $(VENV)'
	@$(PY) $(INSTALL) --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.python
	@echo 'installing jwtmr and what its tests need into $(VENV)'
	@$(PY) $(INSTALL) --editable '.[testing]' --group test
	@touch $(VENV)/.package $@

$(VENV)/.dev: pyproject.toml $(VENV)/.python
	@echo 'installing jwtmr and what its development needs into $(VENV)'
	@$(PY) $(INSTALL) --editable '.[testing]' --group dev
	@touch $(VENV)/.package $(VENV)/.test $@

# The tests look for a program beside their own Python.
$(VENV)/programs/%/.ready: pyproject.toml $(VENV)/.python
	@echo 'installing $* into $(@D)'
	@rm -f $(VENV)/bin/$*
	@$(PY) -m venv --clear $(@D)
	@$(@D)/bin/python $(INSTALL) --upgrade 'pip>=25.1'
	@$(@D)/bin/python $(INSTALL) --group $*
	@ln -sf ../programs/$*/bin/$* $(VENV)/bin/$*
	@touch $@

# A Python that can fuzz, with jwtmr beside it. There are wheels for some systems and Pythons; building one takes clang, so
# elsewhere it is left out. No symbolic link: a Python takes the environment that its own path is in.
$(VENV)/programs/atheris/.ready: pyproject.toml $(VENV)/.python
	@echo 'installing atheris into $(@D)'
	@rm -f $(VENV)/bin/atheris $@
	@$(PY) -m venv --clear $(@D)
	@$(@D)/bin/python $(INSTALL) --upgrade 'pip>=25.1'
	@if $(@D)/bin/python $(INSTALL) --only-binary atheris --group atheris --editable .; then \
	    printf '#!/bin/sh\nexec "%s" "$$@"\n' '$(abspath $(@D))/bin/python' >$(VENV)/bin/atheris && \
	    chmod +x $(VENV)/bin/atheris && touch $@; \
	else \
	    echo 'atheris is left out: pip could install no wheel of it here'; \
	fi
$(PLOTS)/.ready: pyproject.toml $(VENV)/.python
	@echo 'installing matplotlib into $(@D)'
	@$(PY) -m venv --clear $(@D)
	@$(@D)/bin/python $(INSTALL) --upgrade 'pip>=25.1'
	@$(@D)/bin/python $(INSTALL) --group plots
	@touch $@

# Scripts of packages do not run: one of Swagger UI's would call home.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

# oidc-provider uses crypto.hash, which came with Node.js 20.12. To lack that is no failure here: its tests are skipped.
NODE := { npm --version && node --input-type=module --eval 'import { hash } from "node:crypto"'; } >/dev/null 2>&1

$(VENV)/programs/oidc-provider/.ready: $(OIDC_PROVIDER) $(VENV)/.python
	@rm -rf $(VENV)/bin/oidc-provider $(@D)
	@if $(NODE); then \
	    echo 'installing oidc-provider into $(@D)' && mkdir -p $(@D) && cp $(OIDC_PROVIDER) $(@D) && \
	    (cd $(@D) && $(NPM_CI)) && \
	    chmod +x $(@D)/server.mjs && ln -s ../programs/oidc-provider/server.mjs $(VENV)/bin/oidc-provider && touch $@; \
	else \
	    echo 'oidc-provider is left out: it needs npm and Node.js 20.12 or newer'; \
	fi

# What cognito-local is made of needs `require` to load modules of the newer kind, as it does from Node.js 20.19 or 22.12.
NODE_REQUIRE := { npm --version && node --eval 'process.exit(process.features.require_module ? 0 : 1)'; } >/dev/null 2>&1

$(VENV)/programs/cognito-local/.ready: $(COGNITO_LOCAL) $(VENV)/.python
	@rm -rf $(VENV)/bin/cognito-local $(@D)
	@if $(NODE_REQUIRE); then \
	    echo 'installing cognito-local into $(@D)' && mkdir -p $(@D) && cp $(COGNITO_LOCAL) $(@D) && \
	    (cd $(@D) && $(NPM_CI)) && \
	    ln -s ../programs/cognito-local/node_modules/.bin/cognito-local $(VENV)/bin/cognito-local && touch $@; \
	else \
	    echo 'cognito-local is left out: it needs npm and Node.js 20.19, 22.12 or newer'; \
	fi

# No program but files for a browser. The tests look for one that can be executed, and find the others beside it.
SWAGGER_UI_BUNDLE := node_modules/swagger-ui-dist/swagger-ui-bundle.js

$(VENV)/programs/swagger-ui-dist/.ready: $(SWAGGER_UI) $(VENV)/.python
	@rm -rf $(VENV)/bin/swagger-ui-dist $(@D)
	@if npm --version >/dev/null 2>&1; then \
	    echo 'installing swagger-ui-dist into $(@D)' && mkdir -p $(@D) && cp $(SWAGGER_UI) $(@D) && \
	    (cd $(@D) && $(NPM_CI)) && chmod +x $(@D)/$(SWAGGER_UI_BUNDLE) && \
	    ln -s ../programs/swagger-ui-dist/$(SWAGGER_UI_BUNDLE) $(VENV)/bin/swagger-ui-dist && touch $@; \
	else \
	    echo 'swagger-ui-dist is left out: it needs npm'; \
	fi

# The programs that are the system's. They are installed where that is possible without asking anybody: on Debian, as root.
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=30

# $(call apt,PROGRAM): install the package of that name, unless the program is there.
define apt
@if command -v "$1" >/dev/null; then \
    :; \
elif [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
    echo '$@ is left out: it is not on PATH, and only root can install it, with apt-get'; \
else \
    echo 'installing $@ with apt-get' && mkdir -p $(VENV)/programs && \
    timeout --kill-after=10 240 sh -c '$(APT) update && $(APT) install --yes --no-install-recommends $@' \
        </dev/null >$(VENV)/programs/$@.log 2>&1 || \
    echo '$@ is left out: apt-get could not install it, see $(VENV)/programs/$@.log'; \
fi
endef

chromium: $(VENV)/.python
	$(call apt,$${JWTMR_CHROMIUM:-chromium})

# Brings promtool too. It would like to start as a service, which fails in a container, and nobody needs.
prometheus: $(VENV)/.python
	$(call apt,$${JWTMR_PROMETHEUS:-prometheus})
