//! What differs between the patches of one Python version, asked at run time.
//!
//! Differences between minor versions are compile-time switches (`cfg(Py_3_12)` and so on), since the
//! extension is built for each; a fix that came with a patch can't be told then.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

use crate::ffi::{Object, Result, intern, tuple_items};

/// Whether `set_exception(StopIteration)` fails the future with a `RuntimeError` (3.11.8, 3.12.2 and
/// later) instead of raising a `TypeError`.
pub(crate) fn replaces_stop_iteration() -> bool {
    let version = running_version();
    version >= 0x030C_0200 || (0x030B_0800..0x030C_0000).contains(&version)
}

/// Whether a task group hands a child's name to the loop (3.12.2 and later) instead of naming the task
/// that the loop made, which then has used up the number of an automatic name.
#[cfg(not(Py_3_14))]
pub(crate) fn names_children_at_birth() -> bool {
    running_version() >= 0x030C_0200
}

/// Whether a task group closes the coroutine that it refuses (3.12.3 and later) instead of leaving it to warn.
pub(crate) fn closes_refused_children() -> bool {
    running_version() >= 0x030C_0300
}

/// Whether asyncio's staggered race waits, when it is cancelled, until its tasks are done, and lets them run eagerly
/// (3.12.8, 3.13.1 and later) instead of leaving them to themselves.
pub(crate) fn race_waits_for_its_end() -> bool {
    let version = running_version();
    cfg!(Py_3_14) || version >= 0x030D_0100 || (0x030C_0800..0x030D_0000).contains(&version)
}

/// Whether a server without connections has nothing to wait for although it is not closed (3.12.0 alone).
pub(crate) fn server_without_clients_has_ended() -> bool {
    (0x030C_0000..0x030C_0100).contains(&running_version())
}

/// A fix that came with patches of several versions: asyncio's own code tells whether it is there, by a name that it
/// uses. What is not written in Python, because somebody has replaced it, is taken for the newest.
pub(crate) struct Fix(AtomicBool);

impl Fix {
    /// One that nobody has looked for.
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    /// The fix is there if the code of `function` uses `name`.
    pub(crate) fn shows_by(&self, function: &Object, name: &CStr) -> Result<()> {
        let used = uses(function, name)?.unwrap_or(true);
        self.0.store(used, Ordering::Relaxed);
        Ok(())
    }

    /// The fix is there if the code of `function` does not use `name` any more.
    pub(crate) fn dropped(&self, function: &Object, name: &CStr) -> Result<()> {
        let used = uses(function, name)?.unwrap_or(false);
        self.0.store(!used, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the running version has the fix.
    pub(crate) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether the code of a function uses a global name or an attribute, if it has code.
fn uses(function: &Object, name: &CStr) -> Result<Option<bool>> {
    let Some(code) = function.optional_attribute(&*intern(c"__code__")?)? else { return Ok(None) };
    let used = code.attribute(&*intern(c"co_names")?)?;
    Ok(Some(
        tuple_items(&used).iter().any(|used| used.exact_ascii().map(str::as_bytes) == Some(name.to_bytes())),
    ))
}

/// `sys.hexversion` of the running interpreter.
fn running_version() -> u64 {
    // SAFETY: a constant of the interpreter.
    unsafe { u64::from(ffi::Py_Version as u32) }
}
