//! What has arrived and was not read.

use std::cell::Cell;

use aioxide_core::stream::ByteQueue;

use crate::ffi::{
    self, Collectable, Confined, Layout, Lazily, Object, Owned, Raised, Result, Slot, Visitor, byte_array_of,
    bytes_of, call_method1, exact_bytes, extend_byte_array, has_buffer, is_byte_array, names,
    skip_in_byte_array, with_byte_array,
};

/// Where the bytes are.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Form {
    /// In the queue, or nowhere. Zero, so that a new object's memory says so.
    Queue = 0,
    /// In the one `bytes` object that has arrived, from `offset` on.
    Piece = 1,
    /// In a `bytearray`, which Python code has seen.
    Shown = 2,
}

/// A reader's bytes. An empty buffer of which nobody has read anything holds no memory.
///
/// Most of what arrives is read before more does. So one `bytes` object is kept as it is, and given out as
/// it is when it is read whole; it is copied once more arrives. asyncio's buffer is a `bytearray`
/// that programs and its own `start_tls` reach into: once Python code has looked, ours is one too.
pub(super) struct Buffer {
    form: Cell<Form>,
    offset: Cell<usize>,
    held: Slot,
    queue: Lazily<Confined<ByteQueue>>,
}

impl Buffer {
    /// How many bytes there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.with(<[u8]>::len)
    }

    /// Whether there are none.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs `work`, which must not run Python, on the bytes.
    #[inline(always)]
    pub(super) fn with<R>(&self, work: impl FnOnce(&[u8]) -> R) -> R {
        match (self.form.get(), self.held.peek()) {
            (Form::Piece, Some(piece)) => {
                work(exact_bytes(piece).and_then(|bytes| bytes.get(self.offset.get()..)).unwrap_or_default())
            }
            (Form::Shown, Some(array)) => with_byte_array(array, work),
            _ => match self.queue.get() {
                Some(queue) => queue.with(|queue| work(queue.as_slice())),
                None => work(&[]),
            },
        }
    }

    /// Adds what an exact `bytes` object holds.
    #[inline(always)]
    pub(super) fn push_piece(&self, piece: &Object) -> Result<()> {
        if self.form.get() != Form::Shown && self.is_empty() {
            self.hold(piece.own());
            return Ok(());
        }
        exact_bytes(piece).map_or(Ok(()), |bytes| self.append(bytes))
    }

    /// Adds bytes.
    #[inline(always)]
    pub(super) fn push(&self, bytes: &[u8]) -> Result<()> {
        if self.form.get() != Form::Shown && self.is_empty() {
            self.hold(bytes_of(bytes)?);
            return Ok(());
        }
        self.append(bytes)
    }

    /// Adds what `bytearray.extend(data)` takes.
    pub(super) fn push_any(&self, data: &Object) -> Result<()> {
        if has_buffer(data) {
            let piece = bytes_of(ffi::Buffer::readable(data)?.bytes())?;
            return self.push_piece(&piece);
        }
        let array = byte_array_of(&[])?;
        call_method1(&array, &names().extend, data)?;
        let piece = with_byte_array(&array, bytes_of)?;
        self.push_piece(&piece)
    }

    /// The first `count` bytes, which are there, as a `bytes` object; they are gone from the buffer.
    #[inline(always)]
    pub(super) fn take(&self, count: usize) -> Result<Owned> {
        if self.form.get() == Form::Piece && self.offset.get() == 0 && count == self.len() {
            if let Some(piece) = self.held.take() {
                self.form.set(Form::Queue);
                return Ok(piece);
            }
        }
        let taken = self.with(|bytes| bytes_of(bytes.get(..count).unwrap_or(bytes)))?;
        self.skip(count)?;
        Ok(taken)
    }

    /// Everything, as a `bytes` object.
    pub(super) fn take_all(&self) -> Result<Owned> {
        self.take(self.len())
    }

    /// Drops the first `count` bytes, or all if there are fewer.
    #[inline(always)]
    pub(super) fn skip(&self, count: usize) -> Result<()> {
        match self.form.get() {
            Form::Piece if count < self.len() => self.offset.set(self.offset.get() + count),
            Form::Piece => self.let_go(),
            Form::Queue => {
                if let Some(queue) = self.queue.get() {
                    queue.with(|queue| queue.skip(count));
                }
            }
            Form::Shown => return self.held.get().map_or(Ok(()), |array| skip_in_byte_array(&array, count)),
        }
        Ok(())
    }

    /// Drops everything.
    pub(super) fn empty(&self) -> Result<()> {
        self.skip(self.len())
    }

    /// `_buffer`: from now on the bytes are in the `bytearray` that this returns.
    pub(super) fn show(&self) -> Result<Owned> {
        if let (Form::Shown, Some(array)) = (self.form.get(), self.held.get()) {
            return Ok(array);
        }
        let array = self.with(byte_array_of)?;
        self.show_in(array.clone());
        Ok(array)
    }

    /// `_buffer = array`.
    pub(super) fn assign(&self, array: Option<&Object>) -> Result<()> {
        match array {
            Some(array) if is_byte_array(array) => {
                self.show_in(array.own());
                Ok(())
            }
            Some(other) => Err(Raised::type_error(format_args!(
                "a stream's buffer must be a bytearray, not '{}'",
                other.type_name()
            ))),
            None => Err(Raised::attribute_error(format_args!("cannot delete attribute"))),
        }
    }

    fn show_in(&self, array: Owned) {
        if let Some(queue) = self.queue.get() {
            queue.with(ByteQueue::clear);
        }
        self.form.set(Form::Shown);
        self.held.set(array);
    }

    #[inline(always)]
    fn hold(&self, piece: Owned) {
        self.offset.set(0);
        self.form.set(Form::Piece);
        self.held.set(piece);
    }

    #[inline(always)]
    fn let_go(&self) {
        self.form.set(Form::Queue);
        self.held.clear();
    }

    /// Adds bytes behind others that are there.
    fn append(&self, bytes: &[u8]) -> Result<()> {
        if self.form.get() == Form::Shown {
            return self.held.get().map_or(Ok(()), |array| extend_byte_array(&array, bytes));
        }
        let queue = self.queue.get_or_make();
        if self.form.get() == Form::Piece {
            self.with(|piece| queue.with(|queue| queue.push(piece)));
            self.let_go();
        }
        queue.with(|queue| queue.push(bytes));
        Ok(())
    }
}

impl Collectable for Buffer {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.held);
    }

    fn clear(&self) {
        if self.form.get() == Form::Shown {
            self.let_go();
        }
    }
}
