"""Hypothesis strategies for the trees of tasks that ``tree_program`` performs.

Simple operations come first, so that hypothesis shrinks towards them.
"""

from hypothesis import strategies as st

# Which task or future is meant: taken modulo those that exist when the operation runs.
choices = st.integers(0, 5)
futures = st.integers(0, 2)
# Places in the order of all deadlines. Zero means "at once", a negative one "never".
places = st.integers(1, 4)
limits = st.one_of(st.just(0), st.just(-1), places)
messages = st.sampled_from([None, "message", "other"])


def operation(name, *operands):
    return st.tuples(st.just(name), *operands).map(list)


leaves = st.one_of(
    operation("turns", st.integers(0, 3)),
    operation("await", choices),
    operation("cancel", choices, messages),
    operation("raise", st.sampled_from(["value", "key", "cancelled", "timeout"])),
    operation("soon"),
    operation("callback", choices),
    operation("uncancel"),
    operation("shield", choices),
    operation("future", futures),
    operation("set_future", futures, st.sampled_from(["result", "error", "cancel"])),
    operation(
        "wait",
        st.lists(choices, min_size=1, max_size=3),
        st.sampled_from(["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"]),
        st.sampled_from([None, 0]),
    ),
    operation("completed", st.lists(choices, max_size=3)),
    operation("nap", places),
)


def nested(operations):
    bodies = st.lists(operations, max_size=4)
    return st.one_of(
        operation("spawn", bodies),
        operation("catch", bodies, bodies, st.booleans()),
        operation("finally", bodies, bodies),
        operation("gather", st.lists(bodies, max_size=3), st.booleans()),
        operation("wait_for", bodies, limits),
        operation("timeout", bodies, limits),
        operation("group", bodies, bodies),
    )


operations = st.recursive(leaves, nested, max_leaves=12)
trees = st.fixed_dictionaries(
    {
        "eager": st.booleans(),
        "roots": st.lists(st.lists(operations, max_size=5), min_size=1, max_size=4),
    }
)
