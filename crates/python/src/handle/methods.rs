//! The Python types `Handle` and `TimerHandle`.

use std::ffi::c_int;
use std::mem::offset_of;

use pyo3::ffi;

use crate::event_loop::Share;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, TypeBuilder, copy_context, names,
    none, not_implemented, tuple_of,
};
use crate::future::disguise;

use super::{HandleObject, TimerObject};

/// Makes both types.
pub(crate) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<HandleObject>::new(
        c"aioxide._native.Handle",
        c"Handle(callback, args, loop, context=None)\n--\n\nA callback that a loop was asked to call; see asyncio.Handle.",
    )
    .subclassable(HandleObject::initialise)
    .dies_recycled()
    .weak_references(offset_of!(HandleObject, weak), None)
    .repr(HandleObject::represent)
    .method(c"cancel", HandleObject::cancel_from_python, c"cancel($self, /)\n--\n\nDo not call the callback.")
    .method(c"cancelled", HandleObject::was_cancelled, c"cancelled($self, /)\n--\n\nReturn True if the handle was cancelled.")
    .method(c"_run", HandleObject::run_from_python, c"_run($self, /)\n--\n\nCall the callback in its context; report its exception to the loop.")
    .method(c"_repr_info", |handle: &HandleObject| crate::ffi::call1(&names().handle_info, handle.object()), c"_repr_info($self, /)\n--\n\nReturn the parts of the representation.");
    let builder = if cfg!(Py_3_12) {
        builder.method(
            c"get_context",
            HandleObject::get_context,
            c"get_context($self, /)\n--\n\nReturn the contextvars.Context that the callback runs in.",
        )
    } else {
        builder
    };
    attributes(builder).add_to(module)?;
    TypeBuilder::<TimerObject>::new(
        c"aioxide._native.TimerHandle",
        c"TimerHandle(when, callback, args, loop, context=None)\n--\n\nA handle with a deadline; see asyncio.TimerHandle.",
    )
    .adopted_base::<HandleObject>()
    .subclassable(TimerObject::initialise)
    .dies_recycled()
    .ordered(TimerObject::compare, TimerObject::hash)
    .method(c"cancel", TimerObject::cancel_timer, c"cancel($self, /)\n--\n\nDo not call the callback.")
    .method(c"when", TimerObject::get_when, c"when($self, /)\n--\n\nReturn the deadline on the loop's clock (loop.time()), in seconds.")
    .getter(c"__class__", |timer: &TimerObject| {
        disguise(timer.object(), timer.object().exactly::<TimerObject>().is_some(), &names().stdlib_timer_handle)
    })
    .property(
        c"_scheduled",
        |timer: &TimerObject| timer.scheduled.get(),
        |timer: &TimerObject, value: Option<&Object>| {
            timer.scheduled.set(value.map_or(Ok(false), Object::is_true)?);
            Ok(())
        },
    )
    .getter(c"_when", TimerObject::get_when)
    .add_to(module)
}

/// The attributes that asyncio's own code and debuggers read.
fn attributes(builder: TypeBuilder<HandleObject>) -> TypeBuilder<HandleObject> {
    builder
        .getter(c"__class__", |handle: &HandleObject| {
            disguise(
                handle.object(),
                handle.object().exactly::<HandleObject>().is_some(),
                handle.stdlib_class(),
            )
        })
        .property(
            c"_callback",
            |handle: &HandleObject| handle.callback.get(),
            |handle: &HandleObject, value: Option<&Object>| {
                match value.filter(|value| !value.is_none()) {
                    Some(value) => handle.callback.set(value.own()),
                    None => handle.callback.clear(),
                }
                Ok(())
            },
        )
        .property(c"_args", HandleObject::arguments_tuple, |handle: &HandleObject, value: Option<&Object>| {
            if let Some(value) = value {
                handle.set_arguments(value);
            }
            Ok(())
        })
        .property(
            c"_cancelled",
            HandleObject::is_cancelled,
            |handle: &HandleObject, value: Option<&Object>| {
                handle.cancelled.set(value.map_or(Ok(false), Object::is_true)?);
                Ok(())
            },
        )
        .getter(c"_context", HandleObject::get_context)
        .getter(c"_loop", |handle: &HandleObject| handle.event_loop.get())
        .getter(c"_repr", |handle: &HandleObject| {
            handle.rare.get().and_then(|rare| rare.representation.get())
        })
        .property(
            c"_source_traceback",
            HandleObject::source_traceback,
            |handle: &HandleObject, value: Option<&Object>| {
                let rare = handle.rare.get_or_make();
                match value.filter(|value| !value.is_none()) {
                    Some(value) => rare.source_traceback.set(value.own()),
                    None => rare.source_traceback.clear(),
                }
                Ok(())
            },
        )
}

impl HandleObject {
    /// asyncio's class of such a handle.
    #[cfg(Py_3_14)]
    fn stdlib_class(&self) -> &'static Object {
        if self.thread_safe.get() { &names().stdlib_thread_safe_handle } else { &names().stdlib_handle }
    }

    /// asyncio's class of such a handle.
    #[cfg(not(Py_3_14))]
    #[allow(clippy::unused_self, reason = "the same shape as on the versions that tell two apart")]
    fn stdlib_class(&self) -> &'static Object {
        &names().stdlib_handle
    }

    /// `cancel()`.
    fn cancel_from_python(&self) -> Result<()> {
        #[cfg(Py_3_14)]
        self.wait_for_others()?;
        self.cancel()
    }

    /// `cancelled()`.
    fn was_cancelled(&self) -> Result<bool> {
        #[cfg(Py_3_14)]
        self.wait_for_others()?;
        Ok(self.is_cancelled())
    }

    /// `Handle.__init__(callback, args, loop, context=None)`.
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<4> = Signature {
            function: "Handle.__init__",
            parameters: [c"callback", c"args", c"loop", c"context"],
            positional: 4,
            required: 3,
        };
        let [callback, arguments, event_loop, context] = SIGNATURE.bind(args)?;
        self.set_up([callback, arguments, event_loop, context])
    }

    fn set_up(&self, [callback, arguments, event_loop, context]: [Option<&Object>; 4]) -> Result<()> {
        let context = match context.filter(|context| !context.is_none()) {
            Some(context) => context.own(),
            None => copy_context()?,
        };
        let arguments = arguments.map_or_else(|| tuple_of(&[]), |given| Ok(given.own()))?;
        self.clear_fields();
        let none = none();
        // Clearing may have run Python code that has set this handle up itself: nothing is taken for empty.
        self.callback.set(callback.unwrap_or(&none).own());
        self.set_arguments(&arguments);
        self.context.set(context);
        self.share.set(Share::Own);
        self.event_loop.set(event_loop.unwrap_or(&none).own());
        if crate::ffi::call_method0(event_loop.unwrap_or(&none), &names().get_debug)?.is_true()? {
            self.remember_stack()?;
        }
        Ok(())
    }

    fn clear_fields(&self) {
        use crate::ffi::Collectable;
        self.clear();
        self.cancelled.set(false);
    }

    /// `_run()`: a subclass may override it, and a debugger may wrap it.
    fn run_from_python(&self) -> Result<()> {
        self.run(None)
    }
}

impl TimerObject {
    /// `TimerHandle.__init__(when, callback, args, loop, context=None)`.
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<5> = Signature {
            function: "TimerHandle.__init__",
            parameters: [c"when", c"callback", c"args", c"loop", c"context"],
            positional: 5,
            required: 4,
        };
        let [when, callback, arguments, event_loop, context] = SIGNATURE.bind(args)?;
        let Some(when) = when else { return Ok(()) };
        self.set_up([callback, arguments, event_loop, context])?;
        // Anything goes, as in asyncio: a handle made by hand is in no heap.
        self.when_given.set(when.own());
        self.scheduled.set(false);
        Ok(())
    }

    /// Timers are ordered by their deadlines; equal ones also have to be the same call.
    fn compare(&self, other: &Object, operation: c_int) -> Result<Owned> {
        let Some(other) = other.cast::<TimerObject>() else { return Ok(not_implemented()) };
        let (ours, theirs) = (self.get_when()?, other.get_when()?);
        let equal = || -> Result<bool> {
            Ok(ours.equals(&theirs)?
                && self.is_cancelled() == other.is_cancelled()
                && self.same_call(other)?)
        };
        let by_deadline = |operation: c_int| ours.compares(&theirs, operation);
        match operation {
            ffi::Py_LT | ffi::Py_GT => by_deadline(operation)?.into_owned(),
            ffi::Py_LE => (by_deadline(ffi::Py_LT)? || equal()?).into_owned(),
            ffi::Py_GE => (by_deadline(ffi::Py_GT)? || equal()?).into_owned(),
            ffi::Py_EQ => equal()?.into_owned(),
            _ => (!equal()?).into_owned(),
        }
    }

    fn same_call(&self, other: &Self) -> Result<bool> {
        let (ours, theirs) =
            (self.callback.get().unwrap_or_else(none), other.callback.get().unwrap_or_else(none));
        if !ours.equals(&theirs)? {
            return Ok(false);
        }
        let ours = self.arguments_tuple()?.unwrap_or_else(none);
        let theirs = other.arguments_tuple()?.unwrap_or_else(none);
        ours.equals(&theirs)
    }

    /// `hash(timer)`: its deadline's.
    fn hash(&self) -> Result<ffi::Py_hash_t> {
        let when = self.get_when()?;
        // SAFETY: a live object.
        match unsafe { ffi::PyObject_Hash(when.pointer()) } {
            -1 => Err(Raised::already()),
            hash => Ok(hash),
        }
    }
}
