//! The Python types: the one that all native coroutines inherit from, and one for each [`Machine`].
//!
//! What must always be true: a coroutine passes for the interpreter's own before `collections.abc.Coroutine`,
//! `inspect` and asyncio of the running version; to look at one never resumes it.

use std::mem::offset_of;

use crate::ffi::{IntoOwned, Layout, Object, Owned, Result, TypeBuilder};

use super::coroutine::{CoroutineBase, CoroutineObject, Machine, Phase};

/// Makes the type that all native coroutines inherit from.
pub(crate) fn register_base(module: &Object) -> Result<()> {
    let builder =
        TypeBuilder::<CoroutineBase>::new(c"aioxide._native.coroutine", c"A coroutine written in Rust.")
            .internal_base()
            .dies()
            .weak_references(offset_of!(CoroutineBase, weak), None)
            .getter(c"cr_running", |base: &CoroutineBase| base.phase.get() == Phase::Running)
            .getter(c"cr_suspended", |base: &CoroutineBase| base.phase.get() == Phase::Suspended)
            .getter(c"cr_origin", |base: &CoroutineBase| base.origin.get());
    #[cfg(Py_3_15)]
    let builder = builder.getter(c"cr_state", |base: &CoroutineBase| base.phase.get().word());
    builder.add_to(module)
}

impl<M: Machine> CoroutineObject<M> {
    /// Makes the machine's type.
    pub(crate) fn register(module: &Object) -> Result<()> {
        TypeBuilder::<Self>::new(M::TYPE, c"A coroutine written in Rust.")
            .base::<CoroutineBase>()
            .internal()
            .dies_recycled()
            .finalizer(Self::last_words)
            .awaitable(|coroutine: &Self| coroutine.own())
            .resumable_apart(Self::resume, Self::resume_in_full)
            .method1(
                c"send",
                |coroutine: &Self, _value: &Object| coroutine.resume_once(None),
                c"send($self, value, /)\n--\n\nGo on; the value is ignored.",
            )
            .method_fast(c"throw", Self::throw, c"Raise an exception where the coroutine waits.")
            .method(c"close", Self::close, c"close($self, /)\n--\n\nEnd the coroutine with a GeneratorExit.")
            .getter(c"__name__", |coroutine: &Self| last_name(coroutine.machine.qualname()))
            .getter(c"__qualname__", |coroutine: &Self| coroutine.machine.qualname())
            .getter(c"cr_code", |coroutine: &Self| M::SOURCE.code(coroutine.machine.qualname()))
            .getter(c"cr_frame", Self::frame)
            .getter(c"cr_await", Self::awaited)
            .repr(|coroutine: &Self| {
                format!("<coroutine object {} at {:?}>", coroutine.machine.qualname(), coroutine.pointer())
                    .as_str()
                    .into_owned()
            })
            .add_to(module)
    }

    /// `cr_frame`: none once it has ended.
    fn frame(&self) -> Result<Option<Owned>> {
        match self.base.phase.get() {
            Phase::Finished => Ok(None),
            _ => M::SOURCE.frame(self.object(), self.machine.qualname()).map(Some),
        }
    }

    /// `cr_await`.
    fn awaited(&self) -> Result<Option<Owned>> {
        match self.machine.awaits() {
            None => Ok(None),
            awaited => M::SOURCE.through(self.object(), self.machine.callees(), awaited),
        }
    }
}

#[cfg(Py_3_15)]
impl Phase {
    /// What `inspect` calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Fresh => "CORO_CREATED",
            Self::Suspended => "CORO_SUSPENDED",
            Self::Running => "CORO_RUNNING",
            Self::Finished => "CORO_CLOSED",
        }
    }
}

/// The name without that of its class.
fn last_name(qualname: &'static str) -> &'static str {
    qualname.rsplit('.').next().unwrap_or(qualname)
}
