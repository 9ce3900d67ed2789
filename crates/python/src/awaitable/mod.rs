//! Native coroutines: awaitables that cost no coroutine frame.
//!
//! `sleep()` and its like return one of these. It passes for a coroutine wherever one is accepted
//! (`create_task`, `wait_for`, `asyncio.run`, `run_coroutine_threadsafe`), since it has what
//! `collections.abc.Coroutine` asks for, and it warns when it is never awaited, as coroutines do.
//!
//! In reading order:
//!
//! * `coroutine.rs`: the object and its phases, over any [`Machine`]
//! * `resume.rs`: its life: resumed, thrown into, closed, dying
//! * `methods.rs`: its Python types
//! * `fresh.rs`: the one that was made last, and the cycle collector
//! * `inspected.rs`: what a coroutine shows to those who look inside
//! * `declare.rs`: what every machine says in the same words
//! * `delegate.rs`: awaiting something inside a machine; `held.rs`: what it holds meanwhile
//! * `sleep.rs`: the first machine, and the shortest
//!
//! What must always be true: a machine is resumed by one caller at a time, at most once more after each
//! yield, and never after it has returned or raised; its references are let go of at that moment.
//!
//! Read next: `group/mod.rs`, which is full of machines.

mod coroutine;
mod declare;
mod delegate;
mod fresh;
mod held;
mod inspected;
mod methods;
mod resume;
mod sleep;

pub(crate) use coroutine::{CoroutineObject, Machine, adopt, is_native_awaitable, track_origins};
pub(crate) use declare::machine;
pub(crate) use delegate::Delegate;
pub(crate) use fresh::show_latest_coroutine;
pub(crate) use held::{given, held, keep, over};
pub(crate) use inspected::{Source, source};
pub(crate) use methods::register_base;
pub(crate) use sleep::{
    Sleep, is_not_positive, keep_result_setter, result_setter, set_result_unless_cancelled, sleep,
};
