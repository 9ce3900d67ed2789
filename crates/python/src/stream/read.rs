//! `StreamReader.read(n=-1)`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{
    Args, Collectable, Confined, Layout, Lazily, Owned, Result, Signature, Slot, Step, Visitor, bytes_of,
    call_method1, items_of, joined_bytes, list_append, list_of, names, none,
};

use super::amount::Amount;
use super::reader::StreamReaderObject;
use super::wait::{DataWait, WAIT_FOR_DATA};

/// `read(n=-1)`.
#[inline]
pub(super) fn read(reader: &StreamReaderObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> =
        Signature { function: "StreamReader.read", parameters: [c"n"], positional: 1, required: 0 };
    let amount = match (args.positional(), args.names()) {
        ([amount], None) => Some(*amount),
        _ => SIGNATURE.bind_method(args)?[0],
    };
    let coroutine = CoroutineObject::<Read>::new(|machine| {
        machine.reader.fill(reader.own());
        match amount {
            Some(amount) => machine.amount.fill(amount),
            None => machine.amount.fill_count(-1),
        }
    });
    coroutine.map(Owned::into_object)
}

/// Where the coroutine stands.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Fresh = 0,
    /// Some bytes are wanted.
    Some = 1,
    /// All bytes are wanted.
    All = 2,
}

/// The coroutine that `StreamReader.read()` returns.
pub(super) struct Read {
    reader: Slot<StreamReaderObject>,
    amount: Amount,
    wait: DataWait,
    phase: Cell<Phase>,
    blocks: Blocks,
}

machine!(
    Read, "StreamReader"."read",
    has_memory: true,
    awaits: |machine| machine.wait.target().or_else(|| machine.blocks.overridden.target()),
    callees: |machine| match machine.phase.get() {
        _ if !machine.wait.is_own() => &[],
        Phase::All => &[Self::QUALNAME, WAIT_FOR_DATA],
        _ => &[WAIT_FOR_DATA],
    },
    holds: [reader, amount, wait, blocks]
);

impl Read {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(reader) = self.reader.peek() else { return Ok(Step::Return(none())) };
        if self.phase.get() == Phase::Fresh {
            self.begin(reader)
        } else if self.phase.get() == Phase::Some {
            self.read_some(reader, thrown)
        } else if reader.is_plain() {
            self.read_all(reader, thrown)
        } else {
            self.blocks.read_overridden(reader, thrown)
        }
    }

    #[inline(always)]
    fn begin(&self, reader: &StreamReaderObject) -> Result<Step> {
        reader.check_exception()?;
        match self.amount.settle_sign()? {
            0 => return bytes_of(&[]).map(Step::Return),
            1.. => self.phase.set(Phase::Some),
            _ => {
                self.phase.set(Phase::All);
                return self.go_on(None);
            }
        }
        if reader.buffer.is_empty() && !reader.eof.get() {
            self.wait.begin(reader, "read")?;
            return self.read_some(reader, None);
        }
        self.take_some(reader)
    }

    #[inline(always)]
    fn read_some(&self, reader: &StreamReaderObject, thrown: Option<Owned>) -> Result<Step> {
        match self.wait.resume(reader, thrown)? {
            Step::Yield(future) => Ok(Step::Yield(future)),
            Step::Return(_) => self.take_some(reader),
        }
    }

    #[inline(always)]
    fn take_some(&self, reader: &StreamReaderObject) -> Result<Step> {
        let taken = reader.buffer.take(self.amount.within(reader.buffer.len())?)?;
        reader.resume_if_low()?;
        Ok(Step::Return(taken))
    }

    /// `read(limit)` again and again, until that returns nothing.
    fn read_all(&self, reader: &StreamReaderObject, thrown: Option<Owned>) -> Result<Step> {
        let mut thrown = thrown;
        loop {
            if self.wait.is_active() {
                if let Step::Yield(future) = self.wait.resume(reader, thrown.take())? {
                    return Ok(Step::Yield(future));
                }
            } else {
                reader.check_exception()?;
                if reader.buffer.is_empty() && !reader.eof.get() {
                    self.wait.begin(reader, "read")?;
                    continue;
                }
            }
            let count = reader.limit.bytes().min(reader.buffer.len());
            if count > 0 {
                self.blocks.push(reader.buffer.take(count)?);
            }
            // The read that finds the end resumes as well: whoever emptied the buffer before may have left it paused.
            reader.maybe_resume()?;
            if count == 0 {
                return self.blocks.join().map(Step::Return);
            }
        }
    }
}

/// What `read(-1)` has got so far.
struct Blocks {
    own: Lazily<Confined<Vec<Owned>>>,
    /// The `read(limit)` of a subclass that may have overridden it, and a list of what that has returned.
    overridden: Delegate,
    returned: Slot,
}

impl Blocks {
    fn push(&self, block: Owned) {
        self.own.get_or_make().with(|blocks| blocks.push(block));
    }

    fn join(&self) -> Result<Owned> {
        let blocks = self.own.get().map(|blocks| blocks.with(std::mem::take)).unwrap_or_default();
        joined_bytes(&blocks)
    }

    #[cold]
    fn read_overridden(&self, reader: &StreamReaderObject, thrown: Option<Owned>) -> Result<Step> {
        let mut thrown = thrown;
        if self.returned.is_empty() {
            self.returned.set(list_of(std::iter::empty())?);
        }
        loop {
            if !self.overridden.is_active() {
                let next = call_method1(reader.object(), &names().read, &*reader.limit.get()?)?;
                self.overridden.begin(&next)?;
            }
            let block = match self.overridden.resume(thrown.take())? {
                Step::Yield(future) => return Ok(Step::Yield(future)),
                Step::Return(block) => block,
            };
            let Some(returned) = self.returned.get() else { return bytes_of(&[]).map(Step::Return) };
            if !block.is_true()? {
                return join_returned(&items_of(&returned)?).map(Step::Return);
            }
            list_append(&returned, &block)?;
        }
    }
}

/// `b"".join(blocks)`, for what an overridden method returned.
fn join_returned(blocks: &[Owned]) -> Result<Owned> {
    if blocks.iter().all(|block| block.exact_bytes().is_some()) {
        return joined_bytes(blocks);
    }
    let list = list_of(blocks.iter().cloned())?;
    call_method1(&*bytes_of(&[])?, &names().join, &list)
}

impl Collectable for Blocks {
    fn traverse(&self, visitor: &mut Visitor) {
        self.overridden.traverse(visitor);
        visitor.slot(&self.returned);
    }

    fn clear(&self) {
        self.overridden.clear();
        self.returned.clear();
        if let Some(own) = self.own.get() {
            drop(own.with(std::mem::take));
        }
    }
}
