//! What has arrived and was not read.

use std::cell::Cell;
use std::collections::VecDeque;

use aioxide_core::stream::ByteQueue;

use crate::ffi::{
    self, Collectable, Confined, Filling, Layout, Lazily, Object, Owned, Raised, Result, Slot, Visitor,
    assigned, byte_array_of, bytes_of, call_method1, extend_byte_array, has_buffer, is_byte_array,
    joined_slices, names, skip_in_byte_array, with_byte_array,
};

/// Pieces this long on average are kept as they are; shorter ones cost more as objects than the copy costs.
const WORTH_KEEPING: usize = 2048;

/// Where the bytes are.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    /// In `bytes` objects, as they have arrived, or nowhere. Zero, so that a new object's memory says so.
    Pieces = 0,
    /// In the queue, in one piece of memory.
    Queue = 1,
    /// In a `bytearray`, which Python code has seen.
    Shown = 2,
    /// In a frame, of which a part is still to come (`frame.rs`).
    Frame = 3,
}

/// A reader's bytes. An empty buffer of which nobody has read anything holds no memory.
///
/// Most of what arrives is read before more does, and then given out as the object that it came in; a
/// read that takes more than one piece copies each byte once. Only a search needs everything in one piece
/// of memory, and many short pieces are better kept there. asyncio's buffer is a `bytearray` that programs
/// and its own `start_tls` reach into: once Python code has looked, ours is one too.
pub(super) struct Buffer {
    pub(super) form: Cell<Form>,
    /// The first piece, of which `offset` bytes were read, or the `bytearray`.
    pub(super) held: Slot,
    pub(super) offset: Cell<usize>,
    /// The pieces behind the first one.
    pub(super) more: Lazily<Confined<More>>,
    queue: Lazily<Confined<ByteQueue>>,
    /// How many bytes somebody waits for who will take them in one piece; 0 when nobody does.
    pub(super) wanted: Cell<usize>,
}

/// Pieces in their order, and how many bytes they have together; or a frame.
#[derive(Default)]
pub(super) struct More {
    pub(super) pieces: VecDeque<Owned>,
    pub(super) length: usize,
    pub(super) frame: Option<Filling>,
}

impl Buffer {
    /// How many bytes there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        match self.form.get() {
            Form::Pieces => self.first(<[u8]>::len) + self.length_of_more(),
            Form::Queue => self.queue.get().map_or(0, |queue| queue.with(|queue| queue.len())),
            Form::Shown => self.held.peek().map_or(0, |array| with_byte_array(array, <[u8]>::len)),
            Form::Frame => self.length_of_frame(),
        }
    }

    /// Whether there are none.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is as at its beginning, for certain: the quickest look at what a reader mostly waits with.
    #[inline(always)]
    pub(super) fn is_vacant(&self) -> bool {
        self.form.get() == Form::Pieces && self.held.is_empty()
    }

    /// Runs `work`, which must not run Python, on all the bytes in one piece.
    #[inline(always)]
    pub(super) fn with<R>(&self, work: impl FnOnce(&[u8]) -> R) -> R {
        if self.form.get() == Form::Frame {
            self.end_frame();
        }
        if self.form.get() == Form::Pieces && self.length_of_more() > 0 {
            self.move_to_queue();
        }
        match (self.form.get(), self.held.peek()) {
            (Form::Pieces, _) => self.first(work),
            (Form::Shown, Some(array)) => with_byte_array(array, work),
            _ => match self.queue.get() {
                Some(queue) => queue.with(|queue| work(queue.as_slice())),
                None => work(&[]),
            },
        }
    }

    /// Adds an exact `bytes` object.
    #[inline(always)]
    pub(super) fn push_piece(&self, piece: &Object) -> Result<()> {
        let length = piece.exact_bytes().map_or(0, <[u8]>::len);
        if self.keeps_pieces(length) {
            self.keep(piece.own(), length);
            return Ok(());
        }
        piece.exact_bytes().map_or(Ok(()), |bytes| self.append(bytes))
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
        if self.form.get() == Form::Pieces {
            let length = self.first(<[u8]>::len);
            if count == length && self.offset.get() == 0 {
                if let Some(piece) = self.held.take() {
                    self.advance();
                    return Ok(piece);
                }
                return bytes_of(&[]);
            }
            if count > length {
                return self.gather(count);
            }
        }
        let taken = self.with_first(|bytes| bytes_of(bytes.get(..count).unwrap_or(bytes)))?;
        self.skip(count)?;
        Ok(taken)
    }

    /// As [`Buffer::take`], if that many have arrived and the first piece has more than that.
    #[inline(always)]
    pub(super) fn take_at_once(&self, count: usize) -> Option<Result<Owned>> {
        if self.form.get() != Form::Pieces {
            return None;
        }
        let end = self.offset.get() + count;
        let taken =
            self.first(|bytes| if count < bytes.len() { bytes.get(..count).map(bytes_of) } else { None })?;
        self.offset.set(end);
        Some(taken)
    }

    /// Everything, as a `bytes` object.
    pub(super) fn take_all(&self) -> Result<Owned> {
        self.take(self.len())
    }

    /// Drops the first `count` bytes, or all if there are fewer.
    #[inline(always)]
    pub(super) fn skip(&self, count: usize) -> Result<()> {
        match self.form.get() {
            Form::Pieces => self.skip_in_pieces(count),
            Form::Queue => {
                if let Some(queue) = self.queue.get() {
                    queue.with(|queue| queue.skip(count));
                }
            }
            Form::Shown => return self.held.get().map_or(Ok(()), |array| skip_in_byte_array(&array, count)),
            Form::Frame => {
                self.end_frame();
                return self.skip(count);
            }
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
        let array = assigned(array)?;
        if !is_byte_array(array) {
            return Err(Raised::type_error(format_args!(
                "a stream's buffer must be a bytearray, not '{}'",
                array.type_name()
            )));
        }
        self.show_in(array.own());
        Ok(())
    }

    fn show_in(&self, array: Owned) {
        self.drop_more();
        if let Some(queue) = self.queue.get() {
            queue.with(ByteQueue::clear);
        }
        self.form.set(Form::Shown);
        self.held.set(array);
    }

    /// Runs `work`, which must not run Python, on what is left of the first piece.
    #[inline(always)]
    pub(super) fn first<R>(&self, work: impl FnOnce(&[u8]) -> R) -> R {
        let piece = self.held.peek().and_then(Object::exact_bytes);
        work(piece.and_then(|bytes| bytes.get(self.offset.get()..)).unwrap_or_default())
    }

    /// The same; on all the bytes where they are in one piece of memory.
    #[inline(always)]
    fn with_first<R>(&self, work: impl FnOnce(&[u8]) -> R) -> R {
        if self.form.get() == Form::Pieces { self.first(work) } else { self.with(work) }
    }

    #[inline(always)]
    fn length_of_more(&self) -> usize {
        self.more.get().map_or(0, |more| more.with(|more| more.length))
    }

    /// Whether a piece that has arrived is kept as it is.
    #[inline(always)]
    fn keeps_pieces(&self, length: usize) -> bool {
        match self.form.get() {
            Form::Pieces if self.held.is_empty() || length >= WORTH_KEEPING => true,
            Form::Pieces => {
                let others = self.more.get().map_or(0, |more| more.with(|more| more.pieces.len()));
                (others + 2) * WORTH_KEEPING <= self.len() + length
            }
            Form::Queue => self.is_empty(),
            Form::Shown | Form::Frame => false,
        }
    }

    /// Puts a piece behind the others.
    #[inline(always)]
    fn keep(&self, piece: Owned, length: usize) {
        self.form.set(Form::Pieces);
        if self.held.is_empty() {
            self.offset.set(0);
            self.held.set(piece);
            return;
        }
        self.more.get_or_make().with(|more| {
            more.pieces.push_back(piece);
            more.length += length;
        });
    }

    /// The first piece was read: the next one is the first.
    #[inline(always)]
    fn advance(&self) {
        self.offset.set(0);
        let next = self.more.get().and_then(|more| {
            more.with(|more| {
                let next = more.pieces.pop_front()?;
                more.length -= next.exact_bytes().map_or(0, <[u8]>::len);
                Some(next)
            })
        });
        match next {
            Some(next) => self.held.set(next),
            None => self.held.clear(),
        }
    }

    fn skip_in_pieces(&self, count: usize) {
        let mut count = count;
        while !self.held.is_empty() {
            let length = self.first(<[u8]>::len);
            if count < length {
                self.offset.set(self.offset.get() + count);
                return;
            }
            count -= length;
            self.advance();
        }
    }

    /// `count` bytes, which are more than the first piece has, copied together.
    fn gather(&self, count: usize) -> Result<Owned> {
        let gathered = self.first(|first| {
            self.more.get_or_make().with(|more| {
                let mut slices = vec![first];
                let mut missing = count - first.len();
                for bytes in more.pieces.iter().filter_map(|piece| piece.exact_bytes()) {
                    let part = bytes.get(..missing).unwrap_or(bytes);
                    missing -= part.len();
                    slices.push(part);
                    if missing == 0 {
                        break;
                    }
                }
                joined_slices(&slices)
            })
        })?;
        self.skip_in_pieces(count);
        Ok(gathered)
    }

    /// Adds bytes to others, in one piece of memory with them.
    fn append(&self, bytes: &[u8]) -> Result<()> {
        if self.form.get() == Form::Shown {
            return self.held.get().map_or(Ok(()), |array| extend_byte_array(&array, bytes));
        }
        if self.form.get() == Form::Frame {
            let rest = self.copy_into_frame(bytes);
            return if rest.is_empty() { Ok(()) } else { self.push_piece(&*bytes_of(rest)?) };
        }
        self.push_to_queue(bytes);
        Ok(())
    }

    /// Adds bytes in one piece of memory with those that are in pieces, or there already.
    pub(super) fn push_to_queue(&self, bytes: &[u8]) {
        self.move_to_queue();
        self.queue.get_or_make().with(|queue| queue.push(bytes));
    }

    /// Brings all pieces into one piece of memory.
    #[cold]
    fn move_to_queue(&self) {
        if self.form.get() != Form::Pieces {
            return;
        }
        let queue = self.queue.get_or_make();
        self.first(|first| queue.with(|queue| queue.push(first)));
        if let Some(more) = self.more.get() {
            more.with(|more| {
                let pieces = more.pieces.iter().filter_map(|piece| piece.exact_bytes());
                queue.with(|queue| pieces.for_each(|piece| queue.push(piece)));
            });
        }
        self.form.set(Form::Queue);
        self.drop_more();
        self.held.clear();
    }

    pub(super) fn drop_more(&self) {
        if let Some(more) = self.more.get() {
            drop(more.with(std::mem::take));
        }
    }
}

impl Collectable for Buffer {
    /// A `bytearray` of a subclass may be part of a cycle; `bytes` are not.
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.held);
    }

    fn clear(&self) {
        if self.form.get() == Form::Shown {
            self.form.set(Form::Pieces);
            self.held.clear();
        }
    }
}
