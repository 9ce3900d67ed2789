# Speed, memory and instruction counts, aioxide beside its peers. What can be chosen:
#   PY=path          interpreter under test, or a script that starts one (the one of .venv)
#   BENCH=text       part of a benchmark's name (all of them)
#   LOOPS="a b"      loops to run (aioxide asyncio uvloop rloop zuvloop rsloop)
#   ROUNDS=5         fresh processes for each figure; REPEATS=3 runs of SECONDS=0.2 in each
#   CLOCK=cpu        time by CPU time, for a machine that is not quiet (wall)
#   UNPINNED=1       give the workers all cores instead of one
#   WRITE=1          put the result into docs/performance.md

PY ?= $(VENV_PYTHON)
# One folder for each kind of interpreter: packages in site, the release build in target.
BENCH_CACHE := .cache/bench
BENCH_SITE = $(BENCH_CACHE)/$(shell '$(VENV_PYTHON)' -m benchmarks.install --python '$(PY)' --print-abi)/site
BENCH_WHERE = --python '$(PY)' --site '$(BENCH_SITE)' \
	$(if $(BENCH),--bench '$(BENCH)') $(if $(LOOPS),--loops '$(LOOPS)')
BENCH_HOW = $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(REPEATS),--repeats $(REPEATS)) \
	$(if $(SECONDS),--seconds $(SECONDS)) $(if $(CLOCK),--clock $(CLOCK)) $(if $(UNPINNED),--unpinned) $(if $(WRITE),--write)

.PHONY: bench bench-instructions bench-install

## bench: measure aioxide beside its peers (BENCH="queue", LOOPS="aioxide uvloop", PY=python, WRITE=1)
bench: bench-install
	@'$(VENV_PYTHON)' -m benchmarks $(BENCH_WHERE) $(BENCH_HOW)

## bench-instructions: count the instructions of an operation under valgrind (BENCH, LOOPS, PY as above)
bench-instructions: bench-install
	@'$(VENV_PYTHON)' -m benchmarks.instructions $(BENCH_WHERE)

bench-install: check-build $(VENV)/.made
	@'$(VENV_PYTHON)' -m benchmarks.install --python '$(PY)' --cache '$(BENCH_CACHE)'
