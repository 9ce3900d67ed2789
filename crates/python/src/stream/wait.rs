//! Waiting for data.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_method1, collectable,
    failed_assertion, names, none,
};
use crate::group::create_future_on;

use super::reader::StreamReaderObject;

/// The coroutine function of asyncio's that waits.
pub(super) const WAIT_FOR_DATA: &str = "StreamReader._wait_for_data";

/// One wait of a read: until more has arrived, or everything has.
pub(super) struct DataWait {
    waiting: Delegate,
    /// Whether the reader's waiter is this wait's own future, and not one of an overridden method.
    owns_waiter: Cell<bool>,
}

collectable!(DataWait, holds: [waiting]);

impl DataWait {
    /// Begins to wait, for the method `reading`; [`DataWait::resume`] does the rest.
    #[inline(always)]
    pub(super) fn begin(&self, reader: &StreamReaderObject, reading: &str) -> Result<()> {
        if reader.is_plain() {
            self.begin_own(reader, reading)
        } else {
            self.begin_overridden(reader, reading)
        }
    }

    /// `await self._wait_for_data(reading)`.
    #[cold]
    fn begin_overridden(&self, reader: &StreamReaderObject, reading: &str) -> Result<()> {
        let coroutine = call_method1(reader.object(), &names().wait_for_data, &*reading.into_owned()?)?;
        self.waiting.begin(&coroutine)
    }

    #[inline(always)]
    fn begin_own(&self, reader: &StreamReaderObject, reading: &str) -> Result<()> {
        if !reader.waiter.is_empty() {
            return Err(Raised::runtime_error(format_args!(
                "{reading}() called while another coroutine is already waiting for incoming data"
            )));
        }
        if reader.eof.get() {
            failed_assertion("_wait_for_data after EOF")?;
        }
        // What is there was not enough, however much it is: a transport that stays stopped would leave
        // everybody waiting for ever.
        if reader.paused.get() {
            reader.resume()?;
        }
        let waiter = create_future_on(&*reader.event_loop()?)?;
        reader.waiter.set(waiter.clone());
        self.owns_waiter.set(true);
        self.waiting.begin_owned(waiter)
    }

    /// Whether it waits itself, and not in a coroutine of an overridden method.
    pub(super) fn is_own(&self) -> bool {
        self.owns_waiter.get()
    }

    /// Whether something is being waited for.
    #[inline(always)]
    pub(super) fn is_active(&self) -> bool {
        self.waiting.is_active()
    }

    /// Goes on waiting: yields, or returns when there is something to look at.
    #[inline(always)]
    pub(super) fn resume(&self, reader: &StreamReaderObject, thrown: Option<Owned>) -> Result<Step> {
        match self.waiting.resume(thrown) {
            Ok(Step::Yield(future)) => Ok(Step::Yield(future)),
            Ok(step) => {
                if self.owns_waiter.replace(false) {
                    reader.waiter.clear();
                }
                Ok(step)
            }
            Err(raised) => Err(self.failed(reader, raised)),
        }
    }

    #[cold]
    fn failed(&self, reader: &StreamReaderObject, raised: Raised) -> Raised {
        let exception = raised.take();
        if self.owns_waiter.replace(false) {
            reader.waiter.clear();
        }
        Raised::restore(exception)
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.waiting.target()
    }
}

/// `_wait_for_data(func_name)`.
pub(super) fn wait_for_data(reader: &StreamReaderObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> = Signature {
        function: "StreamReader._wait_for_data",
        parameters: [c"func_name"],
        positional: 1,
        required: 1,
    };
    let [reading] = SIGNATURE.bind_method(args)?;
    let coroutine = CoroutineObject::<WaitForData>::new(|machine| {
        machine.reader.fill(reader.own());
        if let Some(reading) = reading {
            machine.reading.fill(reading.own());
        }
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `StreamReader._wait_for_data()` returns.
pub(super) struct WaitForData {
    reader: Slot<StreamReaderObject>,
    reading: Slot,
    wait: DataWait,
}

machine!(WaitForData, "StreamReader"."_wait_for_data", awaits: |machine| machine.wait.target(), holds: [reader, reading, wait]);

impl WaitForData {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(reader) = self.reader.peek() else { return Ok(Step::Return(none())) };
        if let Some(reading) = self.reading.take() {
            self.wait.begin_own(reader, &Object::to_text(&reading)?)?;
        }
        match self.wait.resume(reader, thrown)? {
            Step::Yield(future) => Ok(Step::Yield(future)),
            Step::Return(_) => Ok(Step::Return(none())),
        }
    }
}
