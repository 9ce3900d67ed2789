//! `StreamReader.readuntil(separator=b"\n")`, and the search that `readline` shares with it.

use std::cell::Cell;

use aioxide_core::stream::{Outcome, Search};

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{
    Args, IntoOwned, Layout, Owned, Raised, Result, Signature, Slot, Step, call2, collectable, names, none,
};

use super::exactly::incomplete;
use super::reader::StreamReaderObject;
use super::separators::Separators;
use super::wait::{DataWait, WAIT_FOR_DATA};

/// `readuntil(separator=b"\n")`.
#[inline]
pub(super) fn read_until(reader: &StreamReaderObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> = Signature {
        function: "StreamReader.readuntil",
        parameters: [c"separator"],
        positional: 1,
        required: 0,
    };
    let separator = match (args.positional(), args.names()) {
        ([separator], None) => Some(*separator),
        _ => SIGNATURE.bind_method(args)?[0],
    };
    let coroutine = CoroutineObject::<ReadUntil>::new(|machine| {
        machine.reader.fill(reader.own());
        if let Some(separator) = separator {
            machine.separators.fill(separator);
        }
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `StreamReader.readuntil()` returns.
pub(super) struct ReadUntil {
    reader: Slot<StreamReaderObject>,
    separators: Separators,
    record: Record,
    begun: Cell<bool>,
}

machine!(
    ReadUntil, "StreamReader"."readuntil",
    awaits: |machine| machine.record.target(),
    callees: |machine| if machine.record.waits_itself() { &[WAIT_FOR_DATA] } else { &[] },
    holds: [reader, separators, record]
);

impl ReadUntil {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(reader) = self.reader.peek() else { return Ok(Step::Return(none())) };
        if !self.begun.replace(true) {
            self.separators.settle()?;
            reader.check_exception()?;
        }
        match self.record.go_on(reader, &self.separators, thrown)? {
            Progress::Waiting(future) => Ok(Step::Yield(future)),
            Progress::Complete(record) => Ok(Step::Return(record)),
            Progress::Ended => Err(incomplete(reader, &none())),
            Progress::Exceeds(excess) => Err(match excess.error() {
                Ok(error) => Raised::raise(&error),
                Err(raised) => raised,
            }),
        }
    }
}

/// What has become of a record.
pub(super) enum Progress {
    /// More has to arrive: this has to be yielded.
    Waiting(Owned),
    /// The record, with its separator.
    Complete(Owned),
    /// It will never be complete. What there is of it is still in the buffer.
    Ended,
    /// It is longer than the limit. It is still in the buffer.
    Exceeds(Excess),
}

/// A record that is too long.
#[derive(Clone, Copy)]
pub(super) struct Excess {
    /// How many bytes belong to no separator.
    pub(super) length: usize,
    /// Whether a separator follows them.
    pub(super) is_whole: bool,
}

impl Excess {
    /// asyncio's words for it.
    pub(super) fn message(self) -> &'static str {
        if self.is_whole {
            "Separator is found, but chunk is longer than limit"
        } else {
            "Separator is not found, and chunk exceed the limit"
        }
    }

    /// `LimitOverrunError(message, length)`.
    pub(super) fn error(self) -> Result<Owned> {
        call2(
            &names().limit_overrun_error,
            &*self.message().into_owned()?,
            &*(self.length as u64).into_owned()?,
        )
    }
}

/// The bytes up to a separator, on their way.
pub(super) struct Record {
    search: Cell<Search>,
    wait: DataWait,
}

collectable!(Record, holds: [wait]);

impl Record {
    /// Goes on looking and waiting.
    #[inline(always)]
    pub(super) fn go_on(
        &self,
        reader: &StreamReaderObject,
        separators: &Separators,
        thrown: Option<Owned>,
    ) -> Result<Progress> {
        let mut thrown = thrown;
        loop {
            if self.wait.is_active() {
                if let Step::Yield(future) = self.wait.resume(reader, thrown.take())? {
                    return Ok(Progress::Waiting(future));
                }
            }
            let mut search = self.search.get();
            let limit = reader.limit.bytes();
            let outcome = if reader.buffer.is_vacant() {
                Outcome::NotYet
            } else {
                reader.buffer.with(|bytes| separators.look(&mut search, bytes, limit))?
            };
            match outcome {
                Outcome::Found(end) => {
                    let record = reader.buffer.take(end)?;
                    reader.resume_if_low()?;
                    return Ok(Progress::Complete(record));
                }
                Outcome::TooFar(length) => return Ok(Progress::Exceeds(Excess { length, is_whole: true })),
                Outcome::TooLong(length) => return Ok(Progress::Exceeds(Excess { length, is_whole: false })),
                Outcome::NotYet if reader.eof.get() => return Ok(Progress::Ended),
                Outcome::NotYet => self.search.set(search),
            }
            self.wait.begin(reader, "readuntil")?;
        }
    }

    /// Whether it waits itself, and not in a coroutine of an overridden method.
    pub(super) fn waits_itself(&self) -> bool {
        self.wait.is_own()
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.wait.target()
    }
}
