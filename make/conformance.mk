# The proof: CPython's and uvloop's own suites. See tests/conformance.
#
#   make conformance                              all Pythons, all files; rewrites docs/conformance.md
#   PY=3.14 TESTS=test_tasks make conformance     one file of one version
#   make conformance-uvloop                       uvloop's suite; PY and TESTS as above
#   make conformance-self-check                   the same suite on asyncio itself: checks the harness

PYTHON ?= python3

.PHONY: pythons conformance conformance-uvloop conformance-self-check

pythons: ## Find or make an interpreter for each supported version
	@$(PYTHON) tools/pythons.py

conformance: ## CPython's own asyncio tests on aioxide (PY=3.14 TESTS=test_tasks for a part)
	@$(PYTHON) tests/conformance/cpython.py $(CONFORMANCE_OPTIONS)

conformance-uvloop: ## uvloop's own tests on aioxide
	@$(PYTHON) tests/conformance/uvloop_suite.py $(CONFORMANCE_OPTIONS)

conformance-self-check: ## CPython's tests on asyncio itself, to check the harness and the machine
	@$(PYTHON) tests/conformance/cpython.py --implementation stdlib
