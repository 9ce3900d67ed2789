# The proof: CPython's and uvloop's own suites. See tests/conformance.
#
#   make conformance                              all Pythons, all files; rewrites docs/conformance.md
#   PY=3.14 TESTS=test_tasks make conformance     one file of one version
#   make conformance-uvloop                       uvloop's suite; PY and TESTS as above
#   make conformance-self-check                   the same suite on asyncio itself: checks the harness

# Only the standard library is asked for, and pip by uvloop's suite; which Python runs the harness says nothing
# about which Pythons it tests.
CONFORMANCE = $(or $(shell sh tools/find_python.sh '$(PYTHON)'),false)

.PHONY: pythons conformance conformance-uvloop conformance-self-check check-python

## pythons: find or make an interpreter for each supported version
pythons: check-python
	@$(CONFORMANCE) tools/pythons.py

## conformance: CPython's own asyncio tests on aioxide (a part of them: PY=3.14 TESTS="test_tasks test_locks")
conformance: check-build
	@$(CONFORMANCE) tests/conformance/cpython.py $(ARGS)

## conformance-uvloop: uvloop's own tests on aioxide (PY and TESTS as above)
conformance-uvloop: check-build
	@$(CONFORMANCE) tests/conformance/uvloop_suite.py $(ARGS)

## conformance-self-check: CPython's tests on asyncio itself, which checks the harness and this machine
conformance-self-check: check-python
	@$(CONFORMANCE) tests/conformance/cpython.py --implementation stdlib $(ARGS)

check-python:
	@$(CHECK) python
