//! What a future consists of.

use std::cell::Cell;

use pyo3::ffi;

use crate::event_loop::{LoopObject, current_loop};
use crate::ffi::{
    Args, Collectable, Confined, Layout, Lazily, Object, Owned, Raised, Result, Signature, Slot, Visitor,
    allocate_recycled, call_method0, call_method1, call0, names, native_type, report_unraisable,
};
use crate::task::TaskObject;

use super::GatheringFuture;
use super::waiters::Waiter;

/// Where a future stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum State {
    /// Not done. Zero, so that a new object's memory says so.
    Pending = 0,
    /// Done: cancelled.
    Cancelled = 1,
    /// Done: `outcome` is the result.
    Returned = 2,
    /// Done: `outcome` is the exception.
    Failed = 3,
}

/// What stands in `waiter` and `waiter_context`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum FirstWaiter {
    /// Nobody.
    Nobody = 0,
    /// A task of ours.
    Task = 1,
    /// A callback and the context to call it in.
    Callback = 2,
    /// A callback written in Rust.
    Observer = 3,
}

/// A future: 80 bytes, of which a task's own part follows in [`TaskObject`].
#[repr(C)]
pub(crate) struct FutureObject {
    head: ffi::PyObject,
    /// The loop that waiters are queued on. Empty means that `__init__` has not run.
    pub(crate) event_loop: Slot,
    pub(super) waiter: Slot,
    pub(super) waiter_context: Slot,
    pub(super) outcome: Slot,
    pub(super) rare: Lazily<Rare>,
    pub(crate) dict: Slot,
    pub(crate) weak: Slot,
    pub(super) state: Cell<State>,
    pub(super) first_waiter: Cell<FirstWaiter>,
    /// Whether `await` has just yielded this future (the `_asyncio_future_blocking` protocol).
    pub(crate) blocking: Cell<bool>,
    /// Whether an exception waits to be retrieved, and is reported if it never is.
    pub(super) log_traceback: Cell<bool>,
    /// Whether `event_loop` is one of ours.
    pub(super) native_loop: Cell<bool>,
}

const _: () = assert!(size_of::<FutureObject>() == 80);

/// What most futures never have.
#[derive(Default)]
pub(super) struct Rare {
    /// Waiters after the first one, in order.
    pub(super) more_waiters: Confined<Vec<Waiter>>,
    /// The traceback that the exception had when it was set.
    pub(super) exception_traceback: Slot,
    /// The stack where the future was made (debug mode).
    pub(super) source_traceback: Slot,
    pub(super) cancel_message: Slot,
    /// The `CancelledError` that ended a task, to be raised to whoever asks for its result first.
    pub(super) cancelled_error: Slot,
    /// Who awaits this future, for the call graph, where the waiters don't say it (3.14+).
    pub(super) awaited_by: Slot,
}

native_type!(FutureObject, recycled);

impl Collectable for FutureObject {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.event_loop);
        visitor.slot(&self.waiter);
        visitor.slot(&self.waiter_context);
        visitor.slot(&self.outcome);
        visitor.slot(&self.dict);
        if let Some(rare) = self.rare.get() {
            rare.more_waiters.with(|waiters| waiters.iter().for_each(|waiter| waiter.traverse(visitor)));
            visitor.slot(&rare.exception_traceback);
            visitor.slot(&rare.source_traceback);
            visitor.slot(&rare.cancel_message);
            visitor.slot(&rare.cancelled_error);
            visitor.slot(&rare.awaited_by);
        }
    }

    fn clear(&self) {
        self.event_loop.clear();
        self.first_waiter.set(FirstWaiter::Nobody);
        self.waiter.clear();
        self.waiter_context.clear();
        self.outcome.clear();
        self.dict.clear();
        if let Some(rare) = self.rare.get() {
            drop(rare.more_waiters.with(std::mem::take));
            rare.exception_traceback.clear();
            rare.source_traceback.clear();
            rare.cancel_message.clear();
            rare.cancelled_error.clear();
            rare.awaited_by.clear();
        }
    }

    fn has_last_words(&self) -> bool {
        self.log_traceback.get()
    }
}

/// A future of ours (or a subclass, or a task) behind `object`, by its real type. For reading its state:
/// a subclass may have methods of its own.
#[inline(always)]
pub(crate) fn as_future(object: &Object) -> Option<&FutureObject> {
    as_plain_future(object).or_else(|| object.cast::<FutureObject>())
}

/// A future or task of exactly our types behind `object`: its methods need not be asked for by name.
#[inline(always)]
pub(crate) fn as_plain_future(object: &Object) -> Option<&FutureObject> {
    if let Some(future) = object.exactly::<FutureObject>() {
        return Some(future);
    }
    if let Some(task) = object.exactly::<TaskObject>() {
        return Some(task);
    }
    object.exactly::<GatheringFuture>().map(|gathering| &**gathering)
}

/// asyncio's words for an object whose `__init__` has not run, be it a future or a task.
pub(super) const UNINITIALISED: &str = "Future object is not initialized.";

impl FutureObject {
    /// A pending future of `event_loop`, as `loop.create_future()` gives it.
    #[inline]
    pub(crate) fn new(event_loop: &LoopObject) -> Result<Owned<Self>> {
        let future = allocate_recycled::<Self>(|future| {
            future.adopt_loop(event_loop);
        })?;
        if event_loop.debug() {
            future.remember_stack()?;
        }
        Ok(future)
    }

    /// `Future.__init__(*, loop=None)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Future", parameters: [c"loop"], positional: 0, required: 0 };
        let [event_loop] = SIGNATURE.bind(args)?;
        self.bind_to_loop(event_loop)
    }

    /// The part of `__init__` that tasks share: finds the loop and forgets an earlier life.
    pub(crate) fn bind_to_loop(&self, event_loop: Option<&Object>) -> Result<()> {
        if cfg!(Py_3_15) && !self.event_loop.is_empty() {
            return Err(Raised::runtime_error(format_args!(
                "{} object is already initialized",
                self.object().type_name()
            )));
        }
        self.clear_for_reuse();
        let event_loop = match event_loop.filter(|given| !given.is_none()) {
            Some(given) => given.own(),
            None => current_loop()?,
        };
        let ours = event_loop.cast::<LoopObject>();
        let debug = match ours {
            Some(ours) => ours.debug(),
            None => call_method0(&event_loop, &names().get_debug)?.is_true()?,
        };
        // Both at once: the calls above may have initialised this very future with a loop of another kind.
        self.native_loop.set(ours.is_some());
        self.event_loop.set(event_loop);
        if debug {
            self.remember_stack()?;
        }
        Ok(())
    }

    /// Before 3.15 asyncio lets `__init__` run twice and starts over.
    fn clear_for_reuse(&self) {
        let dict = self.dict.take();
        self.clear();
        if let Some(dict) = dict {
            self.dict.set(dict);
        }
        self.native_loop.set(false);
        self.state.set(State::Pending);
        self.blocking.set(false);
        self.log_traceback.set(false);
    }

    /// Takes an exact loop of ours as the loop of a new future.
    #[inline(always)]
    pub(crate) fn adopt_loop(&self, event_loop: &LoopObject) {
        self.event_loop.fill(event_loop.object().own());
        self.native_loop.set(true);
    }

    /// An exception that was set counts as retrieved.
    pub(crate) fn forget_traceback(&self) {
        self.log_traceback.set(false);
    }

    /// Debug mode: keeps the stack where the future was made.
    #[cold]
    pub(crate) fn remember_stack(&self) -> Result<()> {
        let stack = call0(&names().extract_stack)?;
        self.rare.get_or_make().source_traceback.set(stack);
        Ok(())
    }

    /// Where the future stands.
    #[inline(always)]
    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    /// Whether the future is done, in whichever way.
    #[inline(always)]
    pub(crate) fn is_done(&self) -> bool {
        self.state.get() != State::Pending
    }

    /// The loop, or asyncio's error for an object whose `__init__` has not run.
    #[inline(always)]
    pub(crate) fn get_loop(&self) -> Result<&Object> {
        match self.event_loop.peek() {
            Some(event_loop) => Ok(event_loop),
            None => Err(Raised::runtime_error(format_args!("{UNINITIALISED}"))),
        }
    }

    /// The loop when it is ours.
    #[inline(always)]
    pub(crate) fn get_native_loop(&self) -> Option<&LoopObject> {
        if !self.native_loop.get() {
            return None;
        }
        // SAFETY: the flag is set together with the slot, after a check of the object's type.
        self.event_loop.peek().map(|event_loop| unsafe { event_loop.known_as::<LoopObject>() })
    }

    /// Reports an exception that nobody has retrieved. Runs when the future dies.
    pub(crate) fn last_words(&self) {
        if !self.log_traceback.get() {
            return;
        }
        let Some(exception) = self.outcome.get() else { return };
        self.log_traceback.set(false);
        let report = || -> Result<()> {
            let class = self.object().type_object().attribute(&names().name_attribute)?;
            let message = class.add(&names().never_retrieved)?;
            self.report(&message, &names().future, Some(&exception))
        };
        if let Err(raised) = report() {
            report_unraisable(raised, self.object());
        }
    }

    /// Calls the loop's exception handler with a message, this object under `role` and what is known.
    pub(crate) fn report(&self, message: &Object, role: &Object, exception: Option<&Object>) -> Result<()> {
        let context = crate::ffi::Dict::new()?;
        context.set(&names().message, message)?;
        if let Some(exception) = exception {
            context.set(&names().exception, exception)?;
        }
        context.set(role, self.object())?;
        if let Some(stack) = self.rare.get().and_then(|rare| rare.source_traceback.get()) {
            context.set(&names().source_traceback, &stack)?;
        }
        let event_loop = self.get_loop()?.own();
        call_method1(&event_loop, &names().call_exception_handler, context.object())?;
        Ok(())
    }
}
