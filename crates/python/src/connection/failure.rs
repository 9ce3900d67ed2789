//! What is raised when no address has answered.

use crate::ffi::{
    Collectable, IntoOwned, Object, Owned, Raised, Result, Slot, Visitor, call_method0, call_method1, call1,
    format_text, items_of, list_append, list_of, names,
};

/// What has gone wrong: asyncio's list, in which each attempt has a list of its own. All zero bytes: nothing.
#[derive(Default)]
pub(super) struct Failures(Slot);

impl Failures {
    /// The list, for asyncio's own attempts, which enter themselves.
    pub(super) fn list(&self) -> Result<Owned> {
        if let Some(list) = self.0.get() {
            return Ok(list);
        }
        let list = list_of(std::iter::empty())?;
        self.0.set(list.clone());
        Ok(list)
    }

    /// One more attempt has failed.
    pub(super) fn add(&self, raised: Raised) -> Result<()> {
        let own = list_of([raised.take()].into_iter())?;
        list_append(&*self.list()?, &own)
    }

    /// Raises all of it in a group, or as one exception.
    #[cold]
    pub(super) fn raise(&self, all: bool) -> Raised {
        match self.gather().and_then(|exceptions| outcome(exceptions, all)) {
            Ok(exception) => Raised::raise(&exception),
            Err(raised) => raised,
        }
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

fn outcome(exceptions: Vec<Owned>, all: bool) -> Result<Owned> {
    #[cfg(Py_3_12)]
    if all {
        let text = "create_connection failed".into_owned()?;
        return crate::ffi::call2(&names().exception_group, &text, &*list_of(exceptions.into_iter())?);
    }
    debug_assert!(cfg!(Py_3_12) || !all, "there is no such argument");
    match exceptions.as_slice() {
        [] => Err(nothing_to_raise()),
        [only] => Ok(only.clone()),
        [first, others @ ..] => {
            let text = first.to_str()?;
            for other in others {
                if !other.to_str()?.equals(&text)? {
                    return combined(&exceptions);
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

/// Attempts that race may end without an `OSError`: another exception of theirs is dropped.
#[cold]
fn nothing_to_raise() -> Raised {
    if cfg!(Py_3_13) {
        return Raised::new(&names().timeout_error, format_args!("create_connection failed"));
    }
    Raised::new(&names().index_error, format_args!("list index out of range"))
}

impl Collectable for Failures {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.0);
    }

    fn clear(&self) {
        self.0.clear();
    }
}
