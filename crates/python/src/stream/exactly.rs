//! `StreamReader.readexactly(n)`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, bytes_of, call2, names, none,
};

use super::amount::Amount;
use super::reader::StreamReaderObject;
use super::wait::{DataWait, WAIT_FOR_DATA};

/// `readexactly(n)`.
#[inline]
pub(super) fn read_exactly(reader: &StreamReaderObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> =
        Signature { function: "StreamReader.readexactly", parameters: [c"n"], positional: 1, required: 1 };
    let amount = match (args.positional(), args.names()) {
        ([amount], None) => Some(*amount),
        _ => SIGNATURE.bind_method(args)?[0],
    };
    let coroutine = CoroutineObject::<ReadExactly>::new(|machine| {
        machine.reader.fill(reader.own());
        if let Some(amount) = amount {
            machine.amount.fill(amount);
        }
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

machine!(ReadExactly, "StreamReader"."readexactly",
    awaits: |machine| machine.wait.target(),
    callees: |machine| if machine.wait.is_own() { &[WAIT_FOR_DATA] } else { &[] },
    holds: [reader, amount, wait]
);

impl ReadExactly {
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
                if let Step::Yield(future) = self.wait.resume(reader, thrown.take())? {
                    return Ok(Step::Yield(future));
                }
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
