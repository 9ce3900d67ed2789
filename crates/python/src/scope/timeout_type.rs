//! The Python type `Timeout`, `timeout()` and `timeout_at()`.

use std::mem::offset_of;

use crate::awaitable::CoroutineObject;
use crate::event_loop::running_native_loop;
use crate::ffi::{
    Args, IntoOwned, Layout, Native, Object, Owned, Raised, Result, Signature, TypeBuilder,
    allocate_recycled, call1, call2, names, none,
};

use super::prompt::{Prompt, work};
use super::timeout::{ON_TIMEOUT, State, TimeoutObject};

/// Makes the type `Timeout` and those of its coroutines.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<Prompt<Enter>>::register(module)?;
    CoroutineObject::<Prompt<Exit>>::register(module)?;
    let builder = TypeBuilder::<TimeoutObject>::new(
        c"aioxide._native.Timeout",
        c"Timeout(when)\n--\n\nA limit in time for the block that it is entered for; see asyncio.Timeout. Made by timeout().",
    )
    .subclassable(TimeoutObject::initialise)
    .dies_recycled()
    .weak_references(offset_of!(TimeoutObject, weak), Some(offset_of!(TimeoutObject, dict)))
    .repr(TimeoutObject::represent)
    .method(c"__aenter__", |timeout: &TimeoutObject| Prompt::<Enter>::coroutine(timeout.own(), None, None), c"__aenter__($self, /)\n--\n\nStart the clock.")
    .method_fast(c"__aexit__", TimeoutObject::leave, c"__aexit__($self, exc_type, exc_val, exc_tb, /)\n--\n\nStop the clock; raise TimeoutError if it had run out.")
    .method(c"when", |timeout: &TimeoutObject| timeout.deadline.get(), c"when($self, /)\n--\n\nReturn the deadline on the loop's clock, in seconds; None if there is none.")
    .method_fast(c"reschedule", TimeoutObject::reschedule_from_python, c"reschedule($self, /, when)\n--\n\nMove the deadline to when, on the loop's clock in seconds; None takes it away.\n\nRaises RuntimeError outside the block, and once the deadline has passed.")
    .method(c"expired", TimeoutObject::is_expired, c"expired($self, /)\n--\n\nReturn True if the deadline passed while the block ran.")
    .method(c"_on_timeout", TimeoutObject::expire, c"_on_timeout($self, /)\n--\n\nThe deadline has passed.");
    attributes(builder).add_to(module)?;
    if let Some(class) = TimeoutObject::type_cell().object() {
        ON_TIMEOUT.keep(class.attribute(&names().on_timeout)?);
    }
    Ok(())
}

/// The attributes that debuggers and libraries read.
fn attributes(builder: TypeBuilder<TimeoutObject>) -> TypeBuilder<TimeoutObject> {
    let builder = builder
        .getter(c"_state", TimeoutObject::state_member)
        .getter(c"_task", |timeout: &TimeoutObject| timeout.task.get())
        .getter(c"_timeout_handler", |timeout: &TimeoutObject| timeout.handle.get())
        .getter(c"_when", |timeout: &TimeoutObject| timeout.deadline.get())
        .getter(c"_cancelling", TimeoutObject::cancelling_on_entry);
    #[cfg(Py_3_13)]
    let builder = builder.method1(
        c"_insert_timeout_error",
        |_: &TimeoutObject, exception: &Object| super::timeout::insert_timeout_error(exception),
        c"Put a TimeoutError before the CancelledError in an exception's history.",
    );
    builder
}

work!(Enter, "Timeout"."__aenter__", of: TimeoutObject);

impl Enter {
    #[inline(always)]
    fn work(
        timeout: &Owned<TimeoutObject>,
        _kind: Option<&Object>,
        _exception: Option<&Object>,
    ) -> Result<Owned> {
        timeout.enter()?;
        Ok(timeout.clone().into_object())
    }
}

work!(Exit, "Timeout"."__aexit__", of: TimeoutObject);

impl Exit {
    #[inline(always)]
    fn work(
        timeout: &Owned<TimeoutObject>,
        kind: Option<&Object>,
        exception: Option<&Object>,
    ) -> Result<Owned> {
        timeout.exit(kind, exception)?;
        Ok(none())
    }
}

/// `timeout(delay)`.
#[inline]
pub(super) fn timeout(args: Args<'_>) -> Result<Owned<TimeoutObject>> {
    const SIGNATURE: Signature<1> =
        Signature { function: "timeout", parameters: [c"delay"], positional: 1, required: 1 };
    let [delay] = SIGNATURE.bind(args)?;
    TimeoutObject::after(delay.unwrap_or(&none()))
}

/// `timeout_at(when)`.
pub(super) fn timeout_at(args: Args<'_>) -> Result<Owned<TimeoutObject>> {
    const SIGNATURE: Signature<1> =
        Signature { function: "timeout_at", parameters: [c"when"], positional: 1, required: 1 };
    let [when] = SIGNATURE.bind(args)?;
    allocate_recycled::<TimeoutObject>(|timeout| timeout.deadline.set(when.unwrap_or(&none())))
}

impl TimeoutObject {
    /// A timeout that ends `delay` seconds from now; never, for `None`.
    #[inline(always)]
    pub(super) fn after(delay: &Object) -> Result<Owned<Self>> {
        let event_loop = running_native_loop()?;
        let event_loop = event_loop.as_deref().map_err(|other| &**other);
        let timeout = allocate_recycled::<Self>(|_| {})?;
        timeout.deadline.set_from_now(event_loop, delay)?;
        Ok(timeout)
    }

    /// `Timeout.__init__(when)`.
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Timeout.__init__", parameters: [c"when"], positional: 1, required: 1 };
        let [when] = SIGNATURE.bind(args)?;
        self.deadline.set(when.unwrap_or(&none()));
        self.state.set(State::Created);
        self.handle.clear();
        self.task.clear();
        Ok(())
    }

    /// `__aexit__(exc_type, exc_val, exc_tb)`.
    #[inline]
    fn leave(&self, args: Args<'_>) -> Result<Owned> {
        let (kind, exception) = exit_arguments("Timeout.__aexit__", args)?;
        Prompt::<Exit>::coroutine(self.own(), kind, exception)
    }

    fn reschedule_from_python(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Timeout.reschedule", parameters: [c"when"], positional: 1, required: 1 };
        let [when] = SIGNATURE.bind(args)?;
        self.reschedule(when.unwrap_or(&none()))
    }

    fn is_expired(&self) -> bool {
        matches!(self.state.get(), State::Expiring | State::Expired)
    }

    /// `repr(timeout)`: `<Timeout [active] when=12.346>`.
    fn represent(&self) -> Result<Owned> {
        let word = self.state.get().word();
        if self.state.get() != State::Entered {
            return format!("<Timeout [{word}]>").as_str().into_owned();
        }
        let when = self.deadline.get()?;
        let when = if when.is_none() { when } else { call2(&names().round, &when, &*3_u64.into_owned()?)? };
        let active: Owned = format!("<Timeout [{word}] when=").as_str().into_owned()?;
        active.add(&*when.to_str()?)?.add(&*">".into_owned()?)
    }

    /// `_state`: the member of asyncio's enum.
    fn state_member(&self) -> Result<Owned> {
        call1(&names().timeout_state, &*self.state.get().word().into_owned()?)
    }

    /// `_cancelling`: there is none before the timeout is entered.
    fn cancelling_on_entry(&self) -> Result<u64> {
        if self.state.get() == State::Created {
            return Err(Raised::attribute_error(format_args!(
                "'Timeout' object has no attribute '_cancelling'"
            )));
        }
        Ok(self.cancelling.get())
    }
}

/// The class and the exception that `__aexit__(kind, exception, traceback)` was given.
#[inline(always)]
pub(super) fn exit_arguments<'a>(
    function: &'static str,
    args: Args<'a>,
) -> Result<(Option<&'a Object>, Option<&'a Object>)> {
    let (kind, exception) = match (args.positional(), args.names()) {
        ([kind, exception, _], None) => (Some(*kind), Some(*exception)),
        _ => bound_exit_arguments(function, args)?,
    };
    let given = |value: &&Object| !value.is_none();
    Ok((kind.filter(given), exception.filter(given)))
}

#[cold]
fn bound_exit_arguments<'a>(
    function: &'static str,
    args: Args<'a>,
) -> Result<(Option<&'a Object>, Option<&'a Object>)> {
    let signature =
        Signature { function, parameters: [c"exc_type", c"exc_val", c"exc_tb"], positional: 3, required: 3 };
    signature.bind(args).map(|[kind, exception, _]| (kind, exception))
}
