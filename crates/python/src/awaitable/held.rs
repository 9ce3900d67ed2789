//! What a coroutine holds: its arguments, from the call that made it to its end.

use crate::ffi::{Layout, Object, Owned, Raised, Result, Slot, none};

/// Keeps an argument of a new coroutine. One that is `None` is as good as not given.
pub(crate) fn keep(slot: &Slot, argument: Option<&Object>) {
    if let Some(argument) = argument.filter(|argument| !argument.is_none()) {
        slot.fill(argument.own());
    }
}

/// What a parameter got, or `None`.
pub(crate) fn given(slot: &Slot) -> Owned {
    slot.get().unwrap_or_else(none)
}

/// What a coroutine holds from its beginning to its end.
pub(crate) fn held<T: Layout>(slot: &Slot<T>) -> Result<Owned<T>> {
    slot.get().ok_or_else(over)
}

/// There is nothing left of what a coroutine needs.
#[cold]
pub(crate) fn over() -> Raised {
    Raised::runtime_error(format_args!("the coroutine is over"))
}
