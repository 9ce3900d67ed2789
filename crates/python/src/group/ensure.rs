//! `ensure_future`: a coroutine or any awaitable becomes a task.

use crate::awaitable::{CoroutineObject, Delegate, Machine};
use crate::event_loop::current_loop;
use crate::ffi::{
    Args, Collectable, FreeList, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, TypeCell,
    Visitor, call_method0, call1, names,
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
        return start(awaitable, event_loop, true);
    }
    if is_future(awaitable)? {
        return match event_loop {
            Some(wanted) if !wanted.is(&*loop_of(awaitable)?) => Err(belongs_elsewhere()),
            _ => Ok(awaitable.own()),
        };
    }
    if is_coroutine(awaitable)? {
        return start(awaitable, event_loop, true);
    }
    if !call1(&names().is_awaitable, awaitable)?.is_true()? {
        return Err(Raised::type_error(format_args!(
            "An asyncio.Future, a coroutine or an awaitable is required"
        )));
    }
    let wrapped = CoroutineObject::<WrapAwaitable>::new(|machine| machine.awaitable.fill(awaitable.own()))?;
    start(wrapped.object(), event_loop, false)
}

#[cold]
fn belongs_elsewhere() -> Raised {
    Raised::value_error(format_args!(
        "The future belongs to a different loop than the one specified as the loop argument"
    ))
}

/// A task for `coroutine`. When the loop refuses, the caller's own coroutine is closed, so that it does
/// not complain of never having been awaited.
#[inline(always)]
fn start(coroutine: &Object, event_loop: Option<&Object>, close_if_refused: bool) -> Result<Owned> {
    let started = match event_loop {
        Some(event_loop) => create_task_on(event_loop, coroutine),
        None => create_task_on(&*current_loop()?, coroutine),
    };
    match started {
        Err(raised) if close_if_refused && raised.matches(&names().runtime_error) => {
            let exception = raised.take();
            call_method0(coroutine, &names().close)?;
            Err(Raised::restore(exception))
        }
        started => started,
    }
}

/// The coroutine around an awaitable that is none: `await awaitable`.
pub(crate) struct WrapAwaitable {
    awaitable: Slot,
    waiting: Delegate,
}

static TYPE: TypeCell = TypeCell::new();
static FREE: FreeList = FreeList::new();

// SAFETY: registered once; zero bytes are empty slots.
unsafe impl Machine for WrapAwaitable {
    const NAME: &'static str =
        if cfg!(Py_3_12) { "ensure_future.<locals>._wrap_awaitable" } else { "_wrap_awaitable" };
    const TYPE: &'static std::ffi::CStr = c"aioxide._native.wrap_awaitable_coroutine";

    fn type_cell() -> &'static TypeCell {
        &TYPE
    }

    fn free_list() -> &'static FreeList {
        &FREE
    }

    fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        if let Some(awaitable) = self.awaitable.take() {
            self.waiting.begin(&awaitable)?;
        }
        self.waiting.resume(thrown)
    }

    fn awaits(&self) -> Option<Owned> {
        self.waiting.target()
    }
}

impl Collectable for WrapAwaitable {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.awaitable);
        self.waiting.traverse(visitor);
    }

    fn clear(&self) {
        self.awaitable.clear();
        self.waiting.clear();
    }
}
