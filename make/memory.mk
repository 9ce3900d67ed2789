# The binding under valgrind: reads and writes of memory that is freed or foreign.
#   FILES="tests/unit/test_x.py ..."   these tests instead (each takes some thirty times as long as without; those that
#                                      count milliseconds fail)
#   ARGS="-k name"                     goes to pytest

.PHONY: test-memory check-memory

FILES ?= $(addprefix tests/unit/test_,$(addsuffix .py, \
	await_path coroutine_kept coroutine_resurrection contexts handle_collection stop_iteration \
	group_gather group_wait scope_timeout scope_wait_for queue_behaviour sync_primitives sync_cancellation \
	stream_reader transport_writing sock_operations datagram_receiving))
# Without Python's own allocator, whose pools look like one piece of memory from outside; and without following values
# that were never written, of which CPython 3.11 makes its own small numbers.
MEMCHECK := PYTHONMALLOC=malloc valgrind --quiet --tool=memcheck --undef-value-errors=no --error-exitcode=9 \
	--suppressions=tests/valgrind.supp --num-callers=30

## test-memory: chosen Python tests under valgrind's memory checker (FILES="tests/unit/test_x.py", ARGS="-k name")
test-memory: check-build check-memory $(VENV)/.extension-quick
	$(MEMCHECK) '$(VENV_PYTHON)' -m pytest -p no:cacheprovider $(FILES) $(ARGS)

check-memory:
	@$(CHECK) valgrind
