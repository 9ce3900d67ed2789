//! Sending a file without the kernel's help: a block is read in a thread, then sent, then the next one.

use std::cell::Cell;

use crate::awaitable::Delegate;
use crate::ffi::{
    IntoOwned, Layout, Object, Owned, Raised, Result, Slot, Step, call_keywords, call_method1, call1,
    collectable, memory_view, names, none, slice_to, while_handling,
};

use super::request::Request;

/// A file on its way, block by block. All zero bytes: not begun.
pub(super) struct Copying {
    /// What the thread reads into, a `bytearray`.
    memory: Slot,
    /// The part of it for the block that is being read or sent.
    block: Slot,
    /// How large a block may be.
    limit: Cell<u64>,
    /// How many bytes the block has that is being sent.
    length: Cell<u64>,
    sent: Cell<u64>,
    reading: Delegate,
    sending: Delegate,
}

collectable!(Copying, holds: [memory, block, reading, sending]);

impl Copying {
    /// Seeks to the offset and makes room for blocks of `limit` bytes at most. `count` 0 means up to the end.
    pub(super) fn begin(&self, request: &Request, limit: u64, count: u64) -> Result<()> {
        seek_first(&*request.file()?, &*request.offset()?)?;
        let limit = if count == 0 { limit } else { limit.min(count) };
        self.memory.set(call1(&names().byte_array, &*limit.into_owned()?)?);
        self.limit.set(limit);
        Ok(())
    }

    /// Whether [`Copying::begin`] was called.
    pub(super) fn has_begun(&self) -> bool {
        !self.memory.is_empty()
    }

    /// Goes on, and returns how many bytes were sent at the end. `send` begins to send a block and gives what to await
    /// until the next one may be read. However it ends, the file's next reader begins behind what was sent.
    pub(super) fn go_on(
        &self,
        request: &Request,
        thrown: Option<Owned>,
        send: impl Fn(&Object) -> Result<Owned>,
    ) -> Result<Step> {
        match self.copy(request, thrown, send) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(sent)) => self.finish(request).map(|()| Step::Return(sent)),
            Err(raised) => {
                let exception = raised.take();
                while_handling(&exception, || self.finish(request))?;
                Err(Raised::restore(exception))
            }
        }
    }

    fn copy(
        &self,
        request: &Request,
        mut thrown: Option<Owned>,
        send: impl Fn(&Object) -> Result<Owned>,
    ) -> Result<Step> {
        loop {
            if self.sending.is_active() {
                if let Step::Yield(value) = self.sending.resume(thrown.take())? {
                    return Ok(Step::Yield(value));
                }
                self.sent.set(self.sent.get() + self.length.get());
            }
            if !self.reading.is_active() && !self.begin_reading(request)? {
                break;
            }
            let read = match self.reading.resume(thrown.take())? {
                Step::Yield(value) => return Ok(Step::Yield(value)),
                Step::Return(read) => read,
            };
            if !read.is_true()? {
                break;
            }
            let length = u64::try_from(read.to_slice_bound()?).unwrap_or(0);
            let block = self.block.get().unwrap_or_else(none);
            self.sending.begin(&*send(&*slice_to(&block, length)?)?)?;
            self.length.set(length);
        }
        self.sent.get().into_owned().map(Step::Return)
    }

    /// Has a thread read the next block; false when all was sent that was asked for.
    fn begin_reading(&self, request: &Request) -> Result<bool> {
        let (limit, sent) = (self.limit.get(), self.sent.get());
        let size = match request.numbers() {
            Some((_, count)) if count > 0 => limit.min(count.saturating_sub(sent)),
            _ => limit,
        };
        if size == 0 {
            return Ok(false);
        }
        let memory = self.memory.get().unwrap_or_else(none);
        let block = slice_to(&*memory_view(&memory)?, size)?;
        let read_into = request.file()?.attribute(&names().readinto)?;
        let run = request.event_loop()?.object().attribute(&names().run_in_executor)?;
        self.reading.begin(&*call_keywords(&run, &[&none(), &read_into, &block], 3, None)?)?;
        self.block.set(block);
        Ok(true)
    }

    /// Leaves the file's position behind what was sent.
    fn finish(&self, request: &Request) -> Result<()> {
        if self.sent.get() == 0 {
            return Ok(());
        }
        let end = request.offset()?.add(&*self.sent.get().into_owned()?)?;
        seek(&*request.file()?, &end)
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.reading.target().or_else(|| self.sending.target())
    }
}

/// Goes to where sending begins. Up to Python 3.12 that is where the file stands, for an offset of 0.
fn seek_first(file: &Object, offset: &Object) -> Result<()> {
    if cfg!(Py_3_13) {
        seek(file, offset)
    } else if offset.is_true()? {
        call_method1(file, &names().seek, offset).map(drop)
    } else {
        Ok(())
    }
}

/// `file.seek(position)`, if it has that method.
fn seek(file: &Object, position: &Object) -> Result<()> {
    match file.optional_attribute(&names().seek)? {
        Some(_) => call_method1(file, &names().seek, position).map(drop),
        None => Ok(()),
    }
}
