//! The Python type `Future`.

use std::mem::offset_of;

use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, TypeBuilder, call1, copy_context,
    list_of, names, none, tuple_of,
};
use crate::task::TaskObject;

use super::{FutureIterator, FutureObject, State, Waiter};
use super::{GatheringFuture, register_observers};

/// `__class__` of an object whose type is exactly ours: asyncio's class, so that
/// `isinstance(future, asyncio.Future)` holds. A subclass shows its real type.
pub(crate) fn disguise(object: &Object, exact: bool, stdlib: &Object) -> Owned {
    if exact { stdlib.own() } else { object.type_object().own() }
}

/// Makes the types `Future` and `FutureIter`.
pub(crate) fn register(module: &Object) -> Result<()> {
    FutureIterator::register(module)?;
    let builder = TypeBuilder::<FutureObject>::new(
        c"aioxide._native.Future",
        c"Future(*, loop=None)\n--\n\nA result that is not there yet. Not thread-safe; see asyncio.Future.",
    )
    .subclassable(FutureObject::initialise)
    .immutable()
    .generic()
    .dies_recycled()
    .finalizer(FutureObject::last_words)
    .weak_references(offset_of!(FutureObject, weak), Some(offset_of!(FutureObject, dict)))
    .awaited_itself(FutureIterator::new, FutureObject::resume)
    .repr(|future: &FutureObject| {
        future.get_loop().and_then(|_| call1(&names().future_repr, future.object()))
    });
    attributes(methods(builder)).add_to(module)?;
    GatheringFuture::register(module)?;
    register_observers(module)
}

fn methods(builder: TypeBuilder<FutureObject>) -> TypeBuilder<FutureObject> {
    builder
        .method(c"result", FutureObject::result, c"result($self, /)\n--\n\nReturn the result, or raise the exception.\n\nRaises CancelledError if the future was cancelled, InvalidStateError if it is not done.")
        .method(c"exception", FutureObject::exception, c"exception($self, /)\n--\n\nReturn the exception, or None if there is a result.\n\nRaises CancelledError if the future was cancelled, InvalidStateError if it is not done.")
        .method1(c"set_result", |future: &FutureObject, result: &Object| future.resolve(result.own()), c"set_result($self, result, /)\n--\n\nMake the future done with a result.\n\nRaises InvalidStateError if it is done already.")
        .method1(c"set_exception", |future: &FutureObject, exception: &Object| future.reject(exception), c"set_exception($self, exception, /)\n--\n\nMake the future done with an exception (an instance, or a class to make one of).\n\nRaises InvalidStateError if it is done already.")
        .method_fast(c"add_done_callback", FutureObject::add_done_callback, c"add_done_callback($self, fn, /, *, context=None)\n--\n\nCall fn(future) in context, through the loop, when the future is done; soon if it is already.")
        .method1(c"remove_done_callback", |future: &FutureObject, callback: &Object| future.get_loop().and_then(|_| future.remove_waiters(callback)), c"remove_done_callback($self, fn, /)\n--\n\nForget every callback that equals fn; return how many there were.")
        .method_fast(c"cancel", |future: &FutureObject, args: Args<'_>| cancel_message(args).and_then(|message| future.cancel(message)), c"cancel($self, /, msg=None)\n--\n\nCancel the future and queue its callbacks. Return False if it is done already.")
        .method(c"cancelled", |future: &FutureObject| future.state() == State::Cancelled, c"cancelled($self, /)\n--\n\nReturn True if the future was cancelled.")
        .method(c"done", FutureObject::is_done, c"done($self, /)\n--\n\nReturn True if the future is done: it has a result or an exception, or was cancelled.")
        .method(c"get_loop", |future: &FutureObject| future.get_loop().map(Object::own), c"get_loop($self, /)\n--\n\nReturn the event loop that the future belongs to.")
        .method(c"_make_cancelled_error", FutureObject::make_cancelled_error, c"_make_cancelled_error($self, /)\n--\n\nReturn the CancelledError to raise for this future, once with what led to it.")
}

/// The `msg` argument of `cancel(msg=None)`.
pub(crate) fn cancel_message(args: Args<'_>) -> Result<Option<&Object>> {
    const SIGNATURE: Signature<1> =
        Signature { function: "cancel", parameters: [c"msg"], positional: 1, required: 0 };
    let [message] = SIGNATURE.bind(args)?;
    Ok(message)
}

/// The attributes that asyncio's own code, debuggers and libraries read.
fn attributes(builder: TypeBuilder<FutureObject>) -> TypeBuilder<FutureObject> {
    let builder = builder
        .getter(c"__class__", |future: &FutureObject| {
            disguise(
                future.object(),
                future.object().exactly::<FutureObject>().is_some(),
                &names().stdlib_future,
            )
        })
        .getter(c"_loop", |future: &FutureObject| future.event_loop.get())
        .getter(c"_state", |future: &FutureObject| future.get_loop().map(|_| future.state_name()))
        .getter(c"_callbacks", |future: &FutureObject| future.get_loop().and_then(|_| future.callbacks()))
        .getter(c"_result", |future: &FutureObject| {
            future.get_loop().map(|_| future.peek_outcome(State::Returned))
        })
        .getter(c"_exception", |future: &FutureObject| {
            future.get_loop().map(|_| future.peek_outcome(State::Failed))
        })
        .getter(c"_source_traceback", |future: &FutureObject| {
            future.rare.get().and_then(|rare| rare.source_traceback.get())
        })
        .property(c"_asyncio_future_blocking", FutureObject::get_blocking, FutureObject::set_blocking)
        .property(
            c"_log_traceback",
            |future: &FutureObject| future.log_traceback.get(),
            FutureObject::set_log_traceback,
        )
        .property(
            c"_cancel_message",
            FutureObject::cancel_message,
            |future: &FutureObject, message: Option<&Object>| {
                let message =
                    message.ok_or_else(|| Raised::cannot_delete(future.object(), "_cancel_message"))?;
                future.set_cancel_message(Some(message));
                Ok(())
            },
        );
    if cfg!(Py_3_14) { builder.getter(c"_asyncio_awaited_by", FutureObject::awaited_by) } else { builder }
}

impl FutureObject {
    /// This future as a task, when it is one.
    #[inline]
    pub(crate) fn as_task(&self) -> Option<&TaskObject> {
        self.object().cast::<TaskObject>()
    }

    /// `add_done_callback(fn, *, context=None)`.
    fn add_done_callback(&self, args: Args<'_>) -> Result<()> {
        let context = args.only_keyword("add_done_callback", c"context")?;
        let [callback] = args.positional() else {
            return Err(Raised::type_error(format_args!(
                "add_done_callback() takes exactly 1 positional argument ({} given)",
                args.positional().len()
            )));
        };
        self.add_callback(callback, context)
    }

    /// Registers a done-callback; the current context is copied when none is given.
    pub(crate) fn add_callback(&self, callback: &Object, context: Option<&Object>) -> Result<()> {
        if self.event_loop.is_empty() {
            return Err(Raised::runtime_error(format_args!("uninitialized Future object")));
        }
        let context = match context {
            Some(context) => context.own(),
            None => copy_context()?,
        };
        if self.is_done() && self.get_native_loop().is_some_and(LoopObject::debug) {
            // Debug mode checks each callback when it is queued.
            return crate::event_loop::call_soon(
                self.get_loop()?,
                callback,
                Some(self.object()),
                Some(&context),
            );
        }
        self.add_waiter(Waiter::Callback { callback: callback.own(), context })
    }

    fn state_name(&self) -> &'static str {
        match self.state() {
            State::Pending => "PENDING",
            State::Cancelled => "CANCELLED",
            State::Returned | State::Failed => "FINISHED",
        }
    }

    /// `_callbacks`: `None`, or a new list of `(callback, context)`.
    fn callbacks(&self) -> Result<Owned> {
        let waiters = self.waiters();
        if waiters.is_empty() {
            return Ok(none());
        }
        let mut pairs = Vec::with_capacity(waiters.len());
        for waiter in waiters {
            let (callback, context) = waiter.as_callback()?;
            pairs.push(tuple_of(&[&*callback, &*context])?);
        }
        list_of(pairs.into_iter())
    }

    fn get_blocking(&self) -> Result<Owned> {
        (!self.event_loop.is_empty() && self.blocking.get()).into_owned()
    }

    fn set_blocking(&self, value: Option<&Object>) -> Result<()> {
        self.get_loop()?;
        let value = value.ok_or_else(|| Raised::cannot_delete(self.object(), "_asyncio_future_blocking"))?;
        self.blocking.set(value.is_true()?);
        Ok(())
    }

    fn set_log_traceback(&self, value: Option<&Object>) -> Result<()> {
        let value = value.ok_or_else(|| Raised::cannot_delete(self.object(), "_log_traceback"))?;
        if value.is_true()? {
            return Err(Raised::value_error(format_args!("_log_traceback can only be set to False")));
        }
        self.log_traceback.set(false);
        Ok(())
    }
}
