//! What is raised when no address has answered.

use std::cell::Cell;

use crate::awaitable::keep;
use crate::ffi::{
    Object, Owned, Raised, Result, Slot, call_method0, call_method1, call1, collectable, format_text, intern,
    items_of, list_append, list_of, names,
};

use crate::version::Fix;

/// What has gone wrong. All zero bytes: nothing.
pub(super) struct Failures {
    /// asyncio's list, in which each attempt has a list of its own.
    attempts: Slot,
    /// The argument `all_errors`.
    all_errors: Slot,
    /// Whether other attempts enter their errors at the same time.
    shared: Cell<bool>,
}

collectable!(Failures, holds: [attempts, all_errors]);

impl Failures {
    /// Keeps the argument of a new coroutine.
    pub(super) fn fill(&self, all_errors: Option<&Object>) {
        keep(&self.all_errors, all_errors);
    }

    /// Takes the list of a race.
    pub(super) fn share(&self, list: Owned) {
        self.attempts.set(list);
        self.shared.set(true);
    }

    /// Whether other attempts enter their errors at the same time.
    pub(super) fn are_shared(&self) -> bool {
        self.shared.get()
    }

    /// The list, for asyncio's own attempts, which enter themselves.
    pub(super) fn list(&self) -> Result<Owned> {
        if let Some(list) = self.attempts.get() {
            return Ok(list);
        }
        let list = list_of(std::iter::empty())?;
        self.attempts.set(list.clone());
        Ok(list)
    }

    /// A place for one more attempt: an empty list at the end of the list.
    pub(super) fn open(&self) -> Result<Owned> {
        let own = list_of(std::iter::empty())?;
        list_append(&*self.list()?, &own)?;
        Ok(own)
    }

    /// Raises all of it, in a group or as one exception.
    #[cold]
    pub(super) fn raise(&self) -> Raised {
        match self.outcome() {
            Ok(exception) => Raised::raise(&exception),
            Err(raised) => raised,
        }
    }

    fn outcome(&self) -> Result<Owned> {
        let exceptions = self.gather()?;
        #[cfg(Py_3_12)]
        if self.all_errors.get().map_or(Ok(false), |all| all.is_true())? {
            let text = crate::ffi::IntoOwned::into_owned("create_connection failed")?;
            return crate::ffi::call2(&names().exception_group, &text, &*list_of(exceptions.into_iter())?);
        }
        only_one(&exceptions)
    }

    fn gather(&self) -> Result<Vec<Owned>> {
        let list = self.list()?;
        let mut exceptions = Vec::new();
        for attempt in items_of(&list)? {
            exceptions.append(&mut items_of(&attempt)?);
        }
        // Frames of a race know the list, and the exceptions' tracebacks know these frames.
        call_method0(&list, &names().clear)?;
        Ok(exceptions)
    }
}

fn only_one(exceptions: &[Owned]) -> Result<Owned> {
    match exceptions {
        [] => Err(nothing_to_raise()),
        [only] => Ok(only.clone()),
        [first, others @ ..] => {
            let text = first.to_str()?;
            for other in others {
                if !other.to_str()?.equals(&text)? {
                    return combined(exceptions);
                }
            }
            Ok(first.clone())
        }
    }
}

/// One `OSError` with the texts of all.
fn combined(exceptions: &[Owned]) -> Result<Owned> {
    let texts: Result<Vec<Owned>> = exceptions.iter().map(|exception| exception.to_str()).collect();
    let joined = call_method1(&names().comma, &names().join, &*list_of(texts?.into_iter())?)?;
    let text: &Object = &joined;
    call1(&names().os_error, &*format_text(c"Multiple exceptions: %S", text, text)?)
}

/// Whether asyncio minds that there may be no exception at all.
static MINDS_NOTHING: Fix = Fix::new();

/// Looks whether the running version has this fix.
pub(super) fn remember() -> Result<()> {
    let create_connection = names().base_event_loop.attribute(&*intern(c"create_connection")?)?;
    MINDS_NOTHING.shows_by(&create_connection, c"TimeoutError")
}

/// Attempts that race may end without an `OSError`: another exception of theirs is dropped.
#[cold]
fn nothing_to_raise() -> Raised {
    if MINDS_NOTHING.is_there() {
        return Raised::new(&names().timeout_error, format_args!("create_connection failed"));
    }
    Raised::new(&names().index_error, format_args!("list index out of range"))
}
