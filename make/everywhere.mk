# The Python tests on every supported Python, not on .venv's alone.
#   PY="3.12 3.14"          only these
#   ARGS="-k name"          goes to pytest, except --at-least N: fail with fewer Pythons than that

.PHONY: test-everywhere

## test-everywhere: the unit and fault tests on every supported Python (PY="3.12 3.14", ARGS="-k name")
test-everywhere: check-build
	@$(CONFORMANCE) tests/everywhere.py $(ARGS)
