# aioxide's front door: `make help` lists what it can do. make/*.mk add targets of their own.
#
# The state lives in .venv: when it was made (.venv/.made), with which interpreter (.venv/.python),
# and which build of the extension it holds (.venv/.extension-PROFILE). A target whose stamp is
# newer than its sources does nothing, which is why a second `make run` is quick.

VENV := .venv
VENV_PYTHON := $(CURDIR)/$(VENV)/bin/python
CHECK := PYTHON='$(PYTHON)' sh tools/check.sh

# rustup puts cargo here; the shell that ran rustup does not know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# One interpreter for every cargo command: with another one PyO3 would be compiled anew.
export PYO3_PYTHON := $(VENV_PYTHON)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
unexport CONDA_PREFIX

SCRIPT ?= examples/laundry.py
ARGS ?=
# Folders too: their times change when a file is deleted.
RUST_SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find crates -type d -o -name '*.rs' -o -name Cargo.toml)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# What a target needs is checked first, so prerequisites are made in the order they are written.
.NOTPARALLEL:
.PHONY: run test test-rust test-python lint help clean check-script check-build check-lint FORCE

## run: run SCRIPT=path ARGS="..." on aioxide (examples/laundry.py when none is named)
run: check-script check-build $(VENV)/.extension-release
	@'$(VENV_PYTHON)' -m aioxide '$(SCRIPT)' $(ARGS)

## test: the Rust tests, then the Python tests (ARGS="-k name" goes to pytest)
test: test-rust test-python

test-rust: check-build
	cargo test --package aioxide-core

test-python: check-build $(VENV)/.extension-quick
	'$(VENV_PYTHON)' -m pytest $(ARGS)

## lint: rustfmt, clippy with warnings denied, ruff, mypy on the package
lint: check-build check-lint $(VENV)/.made
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	'$(VENV_PYTHON)' -m ruff check .
	'$(VENV_PYTHON)' -m ruff format --check .
	'$(VENV_PYTHON)' -m mypy

## clean: remove what make made: .venv, the extension, caches and target
clean:
	rm -rf $(VENV) target python/aioxide/_native*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

## help: this list; PYTHON=/path/to/python3 chooses the interpreter (any CPython from 3.11 on)
help:
	@sed -n 's/^## \([a-z-]*\): */\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target text; \
		do printf '  make %-20s %s\n' "$$target" "$$text"; done

check-script:
	@$(CHECK) file '$(SCRIPT)'

check-build:
	@$(CHECK) python cargo linker

check-lint:
	@$(CHECK) rustfmt clippy

$(VENV)/.made: requirements/dev.txt tools/make_venv.sh tools/find_python.sh
	@sh tools/make_venv.sh '$(VENV)' '$(PYTHON)'
	@touch $@

# Another interpreter than the one that made .venv was named: make it anew.
ifdef PYTHON
ifneq ($(shell sh tools/find_python.sh '$(PYTHON)' 2>/dev/null),$(shell cat $(VENV)/.python 2>/dev/null))
$(VENV)/.made: FORCE
endif
endif

# "release" is the wheel's build, for running and measuring; "quick" compiles in seconds, for tests.
# Both are installed at the same place, so each removes the other's stamp.
$(VENV)/.extension-%: $(VENV)/.made $(RUST_SOURCES)
	@echo 'building the extension ($*)'
	@rm -f $(VENV)/.extension-*
	@'$(VENV_PYTHON)' -m maturin develop --profile $*
	@touch $@

# Somebody removed the extension itself.
ifeq ($(wildcard python/aioxide/_native*.so),)
$(VENV)/.extension-release $(VENV)/.extension-quick: FORCE
endif

FORCE:

-include make/*.mk
