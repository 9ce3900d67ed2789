# Speed, memory and instruction counts, aioxide beside its peers. What can be chosen:
#   PY=path          interpreter under test, or a script that starts one (the one of .venv)
#   BENCH=text       part of a benchmark's name (all of them)
#   LOOPS="a b"      loops to run (aioxide asyncio uvloop rloop zuvloop rsloop)
#   ROUNDS=5         fresh processes for each figure; REPEATS=3 runs of SECONDS=0.2 in each
#   CLOCK=cpu        time by CPU time, for a machine that is not quiet (wall)
#   UNPINNED=1       give the workers all cores instead of one
#   WRITE=1          put the result into docs/performance.md
#   PLAIN=1          an aioxide that was built without a profile: in a third of the time, and up to a fifth slower
# `make bench-net` takes PY, LOOPS, ROUNDS=3, SECONDS=1 and WRITE as well, and for itself:
#   NET="a b"        words that a scenario's name has to contain, as "udp" or "read 5000" (all of the usual ones)
#   KINDS="protocol buffered read readline readexactly sock" CONNECTIONS="1 200" SIZES="64 1024" FAMILIES="tcp unix"
#   DEPTHS="1 16"    echo in every combination of these, instead of the usual scenarios

PY ?= $(VENV_PYTHON)
# One folder for each kind of interpreter: packages in site, the release build in wheel.
BENCH_CACHE := .cache/bench
BENCH_SITE = $(BENCH_CACHE)/$(shell '$(VENV_PYTHON)' -m benchmarks.install --python '$(PY)' --print-abi)/site
BENCH_WHERE = --python '$(PY)' --site '$(BENCH_SITE)' \
	$(if $(BENCH),--bench '$(BENCH)') $(if $(LOOPS),--loops '$(LOOPS)')
BENCH_HOW = $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(REPEATS),--repeats $(REPEATS)) \
	$(if $(SECONDS),--seconds $(SECONDS)) $(if $(CLOCK),--clock $(CLOCK)) $(if $(UNPINNED),--unpinned) $(if $(WRITE),--write)

# The load client and the limit depend on no Python.
NET_TOOLS := target/release
NET_HOW = $(if $(NET),--net '$(NET)') $(if $(KINDS),--kinds '$(KINDS)') $(if $(CONNECTIONS),--connections '$(CONNECTIONS)') \
	$(if $(SIZES),--sizes '$(SIZES)') $(if $(FAMILIES),--families '$(FAMILIES)') $(if $(DEPTHS),--depths '$(DEPTHS)') \
	$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(WRITE),--write)

.PHONY: bench bench-net bench-instructions bench-install bench-net-tools test-loadgen

## bench: measure aioxide beside its peers (BENCH="queue", LOOPS="aioxide uvloop", PY=python, WRITE=1)
bench: bench-install
	@'$(VENV_PYTHON)' -m benchmarks $(BENCH_WHERE) $(BENCH_HOW)

## bench-net: servers of every loop under load (NET="udp", CONNECTIONS="1 5000", LOOPS, PY, WRITE=1)
bench-net: bench-install bench-net-tools
	@'$(VENV_PYTHON)' -m benchmarks.network --python '$(PY)' --site '$(BENCH_SITE)' --tools '$(NET_TOOLS)' \
		$(if $(LOOPS),--loops '$(LOOPS)') $(NET_HOW)

## bench-instructions: count the instructions of an operation under valgrind (BENCH, LOOPS, PY as above)
bench-instructions: bench-install
	@'$(VENV_PYTHON)' -m benchmarks.instructions $(BENCH_WHERE)

bench-install: check-build $(VENV)/.made
	@'$(VENV_PYTHON)' -m benchmarks.install --python '$(PY)' --cache '$(BENCH_CACHE)' $(if $(PLAIN),--plain)

bench-net-tools: check-build
	@cargo build --release --locked --package aioxide-loadgen --target-dir target

## test-loadgen: the tests of the network benchmarks' load client
test-loadgen: check-build
	cargo test --package aioxide-loadgen
