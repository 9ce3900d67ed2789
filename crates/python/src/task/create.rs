//! From a coroutine to a task in the ready queue, or, eagerly, to its first step.

use pyo3::ffi;

use crate::awaitable::{adopt, is_native_awaitable};
use crate::event_loop::{Later, LoopObject, Share};
use crate::ffi::{
    Args, Entered, Layout, Object, Owned, Raised, Result, Signature, allocate_recycled, call_method0, call1,
    copy_context, is_context, is_plain_container, names,
};
use crate::future::as_plain_future;

use super::{TaskObject, swap};

/// Raises asyncio's error unless `object` is a coroutine.
#[inline(always)]
pub(crate) fn check_coroutine(object: &Object) -> Result<()> {
    if is_plain_coroutine(object) { Ok(()) } else { check_other_coroutine(object) }
}

/// Whether `object` is the interpreter's own coroutine or one of ours.
#[inline(always)]
pub(crate) fn is_plain_coroutine(object: &Object) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyCoro_CheckExact(object.pointer()) != 0 || is_native_awaitable(object) }
}

/// `asyncio.iscoroutine(object)`.
#[inline(always)]
pub(crate) fn is_coroutine(object: &Object) -> Result<bool> {
    if is_plain_coroutine(object) {
        return Ok(true);
    }
    // asyncio asks the abstract base class; for our own futures and for containers the answer is known.
    Ok(as_plain_future(object).is_none()
        && !is_plain_container(object)
        && call1(&names().is_coroutine, object)?.is_true()?)
}

#[cold]
fn check_other_coroutine(object: &Object) -> Result<()> {
    if call1(&names().is_coroutine, object)?.is_true()? {
        return Ok(());
    }
    Err(Raised::formatted(&names().type_error, c"a coroutine was expected, got %R", object, object))
}

/// What `Task.__init__` takes, as the running version has it.
#[cfg(Py_3_12)]
const SIGNATURE: Signature<5> = Signature {
    function: "Task",
    parameters: [c"coro", c"loop", c"name", c"context", c"eager_start"],
    positional: 1,
    required: 1,
};
#[cfg(not(Py_3_12))]
const SIGNATURE: Signature<4> = Signature {
    function: "Task",
    parameters: [c"coro", c"loop", c"name", c"context"],
    positional: 1,
    required: 1,
};

impl TaskObject {
    /// A task of `event_loop`, as `loop.create_task(coroutine)` makes it when no factory is set.
    #[inline]
    pub(crate) fn spawn(
        event_loop: &LoopObject,
        coroutine: &Object,
        name: Option<&Object>,
        context: Option<&Object>,
    ) -> Result<Owned<Self>> {
        check_coroutine(coroutine)?;
        let context = match context {
            None => event_loop.context_for_later(None)?,
            given => Later::own(own_or_copied(given)?),
        };
        adopt(coroutine);
        let task = allocate_recycled::<Self>(|task| {
            task.adopt_loop(event_loop);
            task.coroutine.fill(coroutine.own());
            context.fill(&task.context, &task.share);
            task.awaiters.mark();
        })?;
        task.give_name(name)?;
        if event_loop.debug() {
            task.remember_stack()?;
        }
        task.list();
        task.queue_step(None)?;
        Ok(task)
    }

    /// `Task.__init__(coro, *, loop=None, name=None, context=None, eager_start=False)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        #[cfg(Py_3_12)]
        let [coroutine, event_loop, name, context, eager] = SIGNATURE.bind(args)?;
        #[cfg(not(Py_3_12))]
        let ([coroutine, event_loop, name, context], eager) = (SIGNATURE.bind(args)?, None::<&Object>);
        let Some(coroutine) = coroutine else { return Ok(()) };
        self.bind_to_loop(event_loop)?;
        self.forget_earlier_life();
        // Nothing is lost with a task that never came to be.
        self.quiet.set(true);
        check_coroutine(coroutine)?;
        self.context.set(own_or_copied(context.filter(|context| !context.is_none()))?);
        self.share.set(Share::Own);
        self.quiet.set(false);
        adopt(coroutine);
        self.coroutine.set(coroutine.own());
        self.awaiters.mark();
        self.give_name(name.filter(|name| !name.is_none()))?;
        let eager = eager.map_or(Ok(false), Object::is_true)?;
        if eager && self.loop_is_running()? {
            let started = self.start_eagerly();
            self.quiet.set(started.is_err() && cfg!(any(all(Py_3_13, not(Py_3_14)), Py_3_15)));
            return started;
        }
        self.list();
        self.queue_step(None)
    }

    fn forget_earlier_life(&self) {
        self.fut_waiter.clear();
        self.coroutine.clear();
        self.cancel_requests.set(0);
        self.must_cancel.set(false);
    }

    #[inline(always)]
    fn give_name(&self, name: Option<&Object>) -> Result<()> {
        match name {
            Some(name) => self.name.set(name),
            None => self.name.count(),
        }
    }

    fn loop_is_running(&self) -> Result<bool> {
        let event_loop = self.get_loop()?;
        match event_loop.cast::<LoopObject>() {
            Some(ours) => Ok(ours.is_running()),
            None => call_method0(&event_loop.own(), &names().is_running)?.is_true(),
        }
    }

    /// Runs the first step now, as the current task, inside whatever runs at the moment.
    fn start_eagerly(&self) -> Result<()> {
        let event_loop = self.get_loop()?.own();
        let context = self.context_or_none()?;
        let previous = swap(&event_loop, Some(self.object()))?;
        self.list();
        let stepped = Entered::new(&context).and_then(|_entered| self.step(None));
        let restored = restore_current(&event_loop, previous.as_deref(), stepped.is_err());
        if self.is_done() {
            self.coroutine.clear();
        }
        stepped.and(restored)
    }
}

/// Puts the previous task back; the error of a failed step, if there is one, stays as it is.
fn restore_current(event_loop: &Object, previous: Option<&Object>, step_failed: bool) -> Result<()> {
    if !step_failed {
        return swap(event_loop, previous).map(drop);
    }
    let raised = Raised::already().take();
    let restored = swap(event_loop, previous);
    if let Err(second) = restored {
        second.forget();
    }
    Err(Raised::restore(raised))
}

/// The context that a task runs in: the given one, or a copy of the current one. What is no context is
/// refused where the running Python does so; elsewhere the first step fails.
#[inline(always)]
fn own_or_copied(context: Option<&Object>) -> Result<Owned> {
    match context {
        None => copy_context(),
        Some(context) if is_context(context) || !cfg!(any(all(Py_3_13, not(Py_3_14)), Py_3_15)) => {
            Ok(context.own())
        }
        Some(other) => Err(Raised::formatted(
            &names().type_error,
            c"a contextvars.Context was expected, got %S",
            &*other.type_object().attribute(&names().name_attribute)?,
            other,
        )),
    }
}
