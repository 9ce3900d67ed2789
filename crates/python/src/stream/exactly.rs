//! `StreamReader.readexactly(n)`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{Args, Layout, Object, Owned, Raised, Result, Slot, Step, bytes_of, call2, names, none};

use super::amount::Amount;
use super::reader::StreamReaderObject;
use super::wait::{DataWait, WAIT_FOR_DATA};

/// `readexactly(n)`.
#[inline]
pub(super) fn read_exactly(reader: &StreamReaderObject, args: Args<'_>) -> Result<Owned> {
    let amount = args.only("StreamReader.readexactly", c"n")?;
    let coroutine = CoroutineObject::<ReadExactly>::new(|machine| {
        machine.reader.fill(reader.own());
        machine.amount.fill(amount);
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `StreamReader.readexactly()` returns.
pub(super) struct ReadExactly {
    reader: Slot<StreamReaderObject>,
    amount: Amount,
    wait: DataWait,
    begun: Cell<bool>,
}

machine!(
    ReadExactly, "StreamReader"."readexactly",
    at_once: Self::read_at_once,
    awaits: |machine| machine.wait.target(),
    callees: |machine| if machine.wait.is_own() { &[WAIT_FOR_DATA] } else { &[] },
    holds: [reader, amount, wait]
);

impl ReadExactly {
    /// Takes what has arrived already.
    #[inline(always)]
    fn read_at_once(&self) -> Option<Result<Owned>> {
        let reader = self.reader.peek()?;
        let count = usize::try_from(self.amount.plain()?).ok()?;
        let is_simple = reader.is_plain() && reader.exception.is_empty() && !reader.resumes_after(count);
        if is_simple && count > 0 { reader.buffer.take_at_once(count) } else { None }
    }

    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(reader) = self.reader.peek() else { return Ok(Step::Return(none())) };
        if !self.begun.replace(true) {
            let count = self.amount.settle()?;
            if count < 0 {
                return Err(Raised::value_error(format_args!("readexactly size can not be less than zero")));
            }
            reader.check_exception()?;
            if count == 0 {
                return bytes_of(&[]).map(Step::Return);
            }
        }
        let mut thrown = thrown;
        loop {
            if self.wait.is_active() {
                let resumed = self.wait.resume(reader, thrown.take());
                if let Ok(Step::Yield(future)) = resumed {
                    return Ok(Step::Yield(future));
                }
                reader.buffer.wanted.set(0);
                resumed?;
            }
            if reader.buffer.len() >= self.amount.get() {
                let taken = reader.buffer.take(self.amount.get())?;
                reader.resume_if_low()?;
                return Ok(Step::Return(taken));
            }
            if reader.eof.get() {
                return Err(incomplete(reader, &self.amount.given()));
            }
            self.wait.begin(reader, "readexactly")?;
            reader.buffer.wanted.set(self.amount.get());
        }
    }
}

/// `raise IncompleteReadError(everything that is left, expected)`.
#[cold]
pub(super) fn incomplete(reader: &StreamReaderObject, expected: &Object) -> Raised {
    let made = reader
        .buffer
        .take_all()
        .and_then(|partial| call2(&names().incomplete_read_error, &partial, expected));
    match made {
        Ok(error) => Raised::raise(&error),
        Err(raised) => raised,
    }
}
