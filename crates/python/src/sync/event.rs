//! `Event`: a flag that tasks wait for.

use std::cell::Cell;
use std::mem::offset_of;

use pyo3::ffi;

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, TypeBuilder, allocate,
    native_type,
};
use crate::future::any::is_done;

use super::wait::wake;
use super::{Line, LoopBound, Wait, represent};

/// An event.
#[repr(C)]
pub(crate) struct EventObject {
    head: ffi::PyObject,
    bound: LoopBound,
    waiters: Line,
    dict: Slot,
    weak: Slot,
    value: Cell<bool>,
}

native_type!(EventObject, holds: [bound, waiters, dict]);

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<EventWait>::register(module)?;
    TypeBuilder::<EventObject>::new(
        c"aioxide.locks.Event",
        c"Event()\n--\n\nA flag that tasks can wait for; it is not set at first.",
    )
    .like_python_class()
    .subclassable(EventObject::initialise)
    .dies()
    .weak_references(offset_of!(EventObject, weak), Some(offset_of!(EventObject, dict)))
    .visible_dict()
    .method(c"is_set", EventObject::is_set, c"is_set($self, /)\n--\n\nReturn True if the flag is set.")
    .method(
        c"set",
        EventObject::set,
        c"set($self, /)\n--\n\nSet the flag and wake every task that waits for it.",
    )
    .method(
        c"clear",
        EventObject::unset,
        c"clear($self, /)\n--\n\nTake the flag back: whoever waits from now on waits for the next set().",
    )
    .method(c"wait", EventObject::wait, c"wait($self, /)\n--\n\nReturn True as soon as the flag is set.")
    .method(
        c"_get_loop",
        |event: &EventObject| event.bound.get_loop(event.object()),
        c"_get_loop($self, /)\n--\n\nReturn the running loop, to which the event is bound from then on.",
    )
    .property(
        c"_loop",
        |event: &EventObject| event.bound.get(),
        |event: &EventObject, value| event.bound.assign(value),
    )
    .property(
        c"_waiters",
        |event: &EventObject| event.waiters.show(),
        |event: &EventObject, value| event.waiters.assign(value),
    )
    .flag(c"_value", |event: &EventObject| &event.value)
    .repr(|event: &EventObject| {
        represent(event.object(), if event.value.get() { "set" } else { "unset" }, &event.waiters)
    })
    .add_to(module)
}

impl EventObject {
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<0> =
            Signature { function: "Event.__init__", parameters: [], positional: 0, required: 0 };
        SIGNATURE.bind_method(args)?;
        self.waiters.replace(None);
        self.value.set(false);
        Ok(())
    }

    /// A new one, set or not.
    pub(crate) fn new(value: bool) -> Result<Owned<Self>> {
        let event = allocate::<Self>()?;
        event.value.set(value);
        Ok(event)
    }

    /// `is_set()`.
    pub(crate) fn is_set(&self) -> bool {
        self.value.get()
    }

    /// `set()`.
    pub(crate) fn set(&self) -> Result<()> {
        self.bound.check_thread()?;
        if self.value.replace(true) {
            return Ok(());
        }
        let mut index = 0;
        while let Some(waiter) = self.waiters.at(index)? {
            if !is_done(&waiter)? {
                wake(&waiter, true.into_owned()?)?;
            }
            index += 1;
        }
        Ok(())
    }

    /// `clear()`.
    pub(crate) fn unset(&self) -> Result<()> {
        self.bound.check_thread()?;
        self.value.set(false);
        Ok(())
    }

    /// `wait()`.
    #[inline]
    pub(crate) fn wait(&self) -> Result<Owned> {
        CoroutineObject::<EventWait>::new(|machine| machine.event.fill(self.own())).map(Owned::into_object)
    }
}

/// The coroutine that `Event.wait()` returns.
struct EventWait {
    event: Slot<EventObject>,
    wait: Wait,
}

machine!(EventWait, "Event"."wait", awaits: |machine| machine.wait.target(), holds: [event, wait]);

impl EventWait {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(event) = self.event.peek() else { return true.into_owned().map(Step::Return) };
        if !self.wait.is_active() {
            if event.value.get() {
                return true.into_owned().map(Step::Return);
            }
            self.wait.begin(event.object(), &event.bound, &event.waiters)?;
        }
        match self.wait.resume(thrown) {
            Ok(Step::Yield(future)) => Ok(Step::Yield(future)),
            Ok(Step::Return(_)) => {
                self.wait.leave(&event.waiters)?;
                true.into_owned().map(Step::Return)
            }
            Err(raised) => {
                let exception = raised.take();
                self.wait.leave(&event.waiters)?;
                Err(Raised::restore(exception))
            }
        }
    }
}
