# The same programs on asyncio and through every door of aioxide, whose behaviour must be the same.
#   PY=path          interpreter under test, with aioxide installed (the one of .venv)
#   PROGRAMS="a b"   parts of the programs' names (all of them)
#   EXAMPLES=300     random trees of tasks to try; SEED=1 which
# differential-everywhere takes PY="3.11 3.14" (all that can be had) and builds what it needs.

.PHONY: differential differential-everywhere

## differential: compare asyncio with aioxide's doors (PROGRAMS="futures/", PY=python, EXAMPLES=300)
differential: check-build $(VENV)/.extension-quick
	'$(VENV_PYTHON)' -m tests.differential --python '$(or $(PY),$(VENV_PYTHON))' $(PROGRAMS)
	DIFFERENTIAL_PYTHON='$(or $(PY),$(VENV_PYTHON))' \
		AIOXIDE_EXAMPLES='$(or $(EXAMPLES),300)' AIOXIDE_SEED='$(or $(SEED),1)' \
		'$(VENV_PYTHON)' -m pytest tests/differential/test_harness.py tests/differential/test_trees.py

## differential-everywhere: the same on every supported Python, and what the programs leave out (ARGS="--at-least 4")
differential-everywhere: check-build
	@$(CONFORMANCE) -m tests.differential.everywhere $(ARGS) $(PROGRAMS)
