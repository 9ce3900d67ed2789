//! `ensure_future`: a coroutine or any awaitable becomes a task.

use crate::event_loop::current_loop;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, call_keywords, call_method0, call1, names,
    tuple_of,
};
use crate::future::any::is_future;
use crate::task::{is_coroutine, is_plain_coroutine, loop_of};

use super::create::create_task_on;

/// `ensure_future(coro_or_future, *, loop=None)`.
pub(crate) fn ensure_future(args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "ensure_future",
        parameters: [c"coro_or_future", c"loop"],
        positional: 1,
        required: 1,
    };
    let [awaitable, event_loop] = SIGNATURE.bind(args)?;
    let Some(awaitable) = awaitable else { return Ok(crate::ffi::none()) };
    ensure_future_on(awaitable, event_loop.filter(|given| !given.is_none()))
}

/// `awaitable` itself when it is a future (of `event_loop`, if one is given), else its new task.
#[inline]
pub(crate) fn ensure_future_on(awaitable: &Object, event_loop: Option<&Object>) -> Result<Owned> {
    if is_plain_coroutine(awaitable) {
        return start(awaitable, event_loop);
    }
    if is_future(awaitable)? {
        return match event_loop {
            Some(wanted) if !wanted.is(&*loop_of(awaitable)?) => Err(belongs_elsewhere()),
            _ => Ok(awaitable.own()),
        };
    }
    if is_coroutine(awaitable)? {
        return start(awaitable, event_loop);
    }
    if !call1(&names().is_awaitable, awaitable)?.is_true()? {
        return Err(Raised::type_error(format_args!(
            "An asyncio.Future, a coroutine or an awaitable is required"
        )));
    }
    // The standard library puts a real coroutine around it, which `get_coro()` shows.
    let event_loop = match event_loop {
        Some(given) => given.own(),
        None => current_loop()?,
    };
    let loop_keyword = tuple_of(&[&*names().loop_])?;
    call_keywords(&names().stdlib_ensure_future, &[awaitable, &*event_loop], 1, Some(&loop_keyword))
}

#[cold]
fn belongs_elsewhere() -> Raised {
    Raised::value_error(format_args!(
        "The future belongs to a different loop than the one specified as the loop argument"
    ))
}

/// A task for `coroutine`. When the loop refuses, the coroutine is closed, so that it does not complain
/// of never having been awaited.
#[inline(always)]
fn start(coroutine: &Object, event_loop: Option<&Object>) -> Result<Owned> {
    let started = match event_loop {
        Some(event_loop) => create_task_on(event_loop, coroutine),
        None => create_task_on(&*current_loop()?, coroutine),
    };
    match started {
        Err(raised) if raised.matches(&names().runtime_error) => {
            let exception = raised.take();
            call_method0(coroutine, &names().close)?;
            Err(Raised::restore(exception))
        }
        started => started,
    }
}
