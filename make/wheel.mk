# What users install: the release build, guided by a profile of what the benchmarks do (tools/profiled_wheel.py).
#   PY=path          the interpreter that it is for (the one of .venv)
#   PLAIN=1          without a profile: in a third of the time, and up to a fifth slower
#   ARGS="-k name"   goes to pytest

WHEEL_SITE := .cache/wheel/site
# Prints the wheel's path. The Python that it is for comes behind it.
WHEEL = '$(VENV_PYTHON)' tools/profiled_wheel.py --out dist $(if $(PLAIN),--plain) --python

.PHONY: wheel test-wheel

## wheel: the release build as a wheel in dist, for `pip install` (PY=python, PLAIN=1)
wheel: check-build $(VENV)/.made
	@$(WHEEL) '$(PY)'

## test-wheel: the unit and fault tests on that very wheel (ARGS="-k name")
test-wheel: check-build $(VENV)/.made
	@rm -rf '$(WHEEL_SITE)'
	@'$(VENV_PYTHON)' -m zipfile -e "$$($(WHEEL) '$(VENV_PYTHON)')" '$(WHEEL_SITE)'
	@cd / && PYTHONPATH='$(CURDIR)/$(WHEEL_SITE)' '$(VENV_PYTHON)' -c \
		"import aioxide, sys; sys.exit('$(WHEEL_SITE)' not in aioxide._native.__file__ and 'this is another aioxide')"
	PYTHONPATH='$(CURDIR)/$(WHEEL_SITE)' '$(VENV_PYTHON)' -m pytest tests/unit tests/faults $(ARGS)
