//! `StreamReader.readline()` and `async for line in reader`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, Machine, machine};
use crate::ffi::{
    Layout, Object, Owned, Raised, Result, Slot, Step, bytes_of, call_method0, call_method1, item_at, names,
    none, while_handling,
};

use super::reader::StreamReaderObject;
use super::separators::{Separators, newline};
use super::until::{Excess, Progress, ReadUntil, Record};
use super::wait::WAIT_FOR_DATA;

/// The coroutine function of asyncio's that `readline()` awaits.
const READ_UNTIL: &str = <ReadUntil as Machine>::QUALNAME;

/// `readline()`.
#[inline]
pub(super) fn read_line(reader: &StreamReaderObject) -> Result<Owned> {
    CoroutineObject::<ReadLine>::new(|machine| machine.reader.fill(reader.own())).map(Owned::into_object)
}

/// `__anext__()`.
#[inline]
pub(super) fn next_line(reader: &StreamReaderObject) -> Result<Owned> {
    let coroutine = CoroutineObject::<ReadLine>::new(|machine| {
        machine.reader.fill(reader.own());
        machine.is_next.set(true);
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `StreamReader.readline()` returns, and `__anext__()`.
pub(super) struct ReadLine {
    reader: Slot<StreamReaderObject>,
    /// Empty: a newline.
    separators: Separators,
    record: Record,
    /// A method of a subclass that may have overridden it.
    overridden: Delegate,
    begun: Cell<bool>,
    /// Whether it is `__anext__`, which ends where there is no line.
    is_next: Cell<bool>,
}

machine!(
    ReadLine, "StreamReader"."readline",
    named: |machine| if machine.is_next.get() { "StreamReader.__anext__" } else { Self::QUALNAME },
    awaits: |machine| machine.record.target().or_else(|| machine.overridden.target()),
    callees: |machine| match (machine.record.waits_itself(), machine.is_next.get()) {
        (false, _) => &[],
        (true, false) => &[READ_UNTIL, WAIT_FOR_DATA],
        (true, true) => &[Self::QUALNAME, READ_UNTIL, WAIT_FOR_DATA],
    },
    holds: [reader, separators, record, overridden]
);

impl ReadLine {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(reader) = self.reader.peek() else { return Ok(Step::Return(none())) };
        if self.overridden.is_active() || !reader.is_plain() {
            return self.through_overridden(reader, thrown);
        }
        if !self.begun.replace(true) {
            reader.check_exception()?;
        }
        match self.record.go_on(reader, &self.separators, thrown)? {
            Progress::Waiting(future) => Ok(Step::Yield(future)),
            Progress::Complete(line) => Ok(Step::Return(line)),
            Progress::Ended => {
                let rest = reader.buffer.take_all()?;
                self.line_or_end(rest)
            }
            Progress::Exceeds(excess) => Err(too_long(reader, excess)),
        }
    }

    /// The last line, which may be empty: then an `async for` is over.
    fn line_or_end(&self, line: Owned) -> Result<Step> {
        if self.is_next.get() && is_empty_line(&line)? {
            return Err(Raised::without_message(&names().stop_async_iteration));
        }
        Ok(Step::Return(line))
    }

    /// `await self.readline()`, for `__anext__`; `await self.readuntil(b"\n")`, for `readline`.
    #[cold]
    fn through_overridden(&self, reader: &StreamReaderObject, thrown: Option<Owned>) -> Result<Step> {
        if !self.overridden.is_active() {
            let method = if self.is_next.get() {
                call_method0(reader.object(), &names().readline)?
            } else {
                call_method1(reader.object(), &names().readuntil, newline().unwrap_or(&none()))?
            };
            self.overridden.begin(&method)?;
        }
        match self.overridden.resume(thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(line)) => self.line_or_end(line),
            Err(raised) if self.is_next.get() => Err(raised),
            Err(raised) if raised.matches(&names().incomplete_read_error) => {
                raised.take().attribute(&names().partial_attribute).map(Step::Return)
            }
            Err(raised) if raised.matches(&names().limit_overrun_error) => {
                let error = raised.take();
                Err(drop_line(reader, &error).err().unwrap_or_else(|| refused(&error)))
            }
            Err(raised) => Err(raised),
        }
    }
}

/// `line == b""`.
fn is_empty_line(line: &Object) -> Result<bool> {
    match line.exact_bytes() {
        Some(bytes) => Ok(bytes.is_empty()),
        None => line.equals(&*bytes_of(&[])?),
    }
}

/// A line that is longer than the limit is dropped, up to its end or as far as it has arrived.
#[cold]
fn too_long(reader: &StreamReaderObject, excess: Excess) -> Raised {
    let dropped = excess.error().and_then(|error| {
        let count = if excess.is_whole { excess.length + 1 } else { reader.buffer.len() };
        reader.buffer.skip(count)?;
        reader.resume_if_low()?;
        Ok(error)
    });
    match dropped {
        Ok(error) => refused(&error),
        Err(raised) => raised,
    }
}

/// The same for the error of an overridden `readuntil`.
fn drop_line(reader: &StreamReaderObject, error: &Object) -> Result<()> {
    let consumed = usize::try_from(error.attribute(&names().consumed)?.to_slice_bound()?).unwrap_or(0);
    let is_whole = reader.buffer.with(|bytes| bytes.get(consumed) == Some(&b'\n'));
    reader.buffer.skip(if is_whole { consumed + 1 } else { reader.buffer.len() })?;
    reader.resume_if_low()
}

/// `raise ValueError(error.args[0])`, inside `except LimitOverrunError as error`.
fn refused(error: &Object) -> Raised {
    while_handling(error, || {
        let message = error.attribute(&names().args).and_then(|args| item_at(&args, 0));
        match message.and_then(|message| crate::ffi::call1(&names().value_error, &message)) {
            Ok(refusal) => Raised::raise(&refusal),
            Err(raised) => raised,
        }
    })
}
