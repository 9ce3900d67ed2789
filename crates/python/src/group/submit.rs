//! `run_coroutine_threadsafe`: a coroutine for a loop that runs in another thread.

use std::mem::offset_of;

use pyo3::ffi;

use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, TypeBuilder, allocate, call_method0,
    call_method1, call0, call2, names, native_type, none,
};
use crate::task::is_coroutine;

use super::ensure_future_on;

/// `run_coroutine_threadsafe(coro, loop)`: a `concurrent.futures.Future` of the coroutine's result.
pub(crate) fn run_coroutine_threadsafe(args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "run_coroutine_threadsafe",
        parameters: [c"coro", c"loop"],
        positional: 2,
        required: 2,
    };
    let [Some(coroutine), Some(event_loop)] = SIGNATURE.bind(args)? else { return Ok(none()) };
    if !is_coroutine(coroutine)? {
        return Err(Raised::type_error(format_args!("A coroutine object is required")));
    }
    let outcome = call0(&names().concurrent_future)?;
    let submission = allocate::<Submission>()?;
    submission.coroutine.fill(coroutine.own());
    submission.event_loop.fill(event_loop.own());
    submission.outcome.fill(outcome.clone());
    call_method1(event_loop, &names().call_soon_threadsafe, submission.object())?;
    Ok(outcome)
}

/// What the loop's thread is asked to call.
#[repr(C)]
struct Submission {
    head: ffi::PyObject,
    coroutine: Slot,
    event_loop: Slot,
    outcome: Slot,
}

native_type!(Submission, holds: [coroutine, event_loop, outcome]);

const _: () = assert!(offset_of!(Submission, coroutine) == size_of::<ffi::PyObject>());

/// Makes the type.
pub(super) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<Submission>::new(
        c"aioxide._native.submission",
        c"A coroutine on its way to its loop's thread.",
    )
    .internal()
    .dies()
    .called(|submission: &Submission, _: Args<'_>| submission.begin())
    .getter(c"__name__", |_: &Submission| "callback")
    .getter(c"__qualname__", |_: &Submission| "run_coroutine_threadsafe.<locals>.callback")
    .add_to(module)
}

impl Submission {
    /// Makes the task and ties its outcome to the other thread's future.
    fn begin(&self) -> Result<()> {
        let (Some(coroutine), Some(outcome)) = (self.coroutine.take(), self.outcome.take()) else {
            return Ok(());
        };
        let event_loop = self.event_loop.take();
        let chained = ensure_future_on(&coroutine, event_loop.as_deref())
            .and_then(|task| call2(&names().chain_future, &task, &outcome));
        match chained {
            Ok(_) => Ok(()),
            Err(raised) if raised.leaves_the_loop() => Err(raised),
            Err(raised) => {
                let exception = raised.take();
                if call_method0(&outcome, &names().set_running_or_notify_cancel)?.is_true()? {
                    call_method1(&outcome, &names().set_exception, &exception)?;
                }
                Err(Raised::restore(exception))
            }
        }
    }
}
