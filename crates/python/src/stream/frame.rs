//! A large read that waits: its bytes come straight into the object that it will return.
//!
//! `readexactly(1_000_000)` gets its bytes in some ten receives. Kept as pieces, they would be copied together in the end.
//! Instead a transport of ours receives into a *frame*, a `bytes` object of the size that is waited for. Only whoever
//! waits for exactly that many gets the object; anybody else finds the bytes that are there, copied.

use std::mem::MaybeUninit;

use aioxide_core::transport::expect_frames;

use crate::ffi::Filling;

use super::buffer::{Buffer, Form, More};

/// From so many bytes on a frame pays: two receives of a stream.
const SMALLEST: usize = 128 * 1024;

/// A frame's memory is there before its bytes are; what a peer announces and never sends must not take much of it.
const LARGEST: usize = 16 * 1024 * 1024;

impl Buffer {
    /// Has `write` put bytes into a frame of as many as somebody waits for, `most` of them at a time: it returns how many,
    /// and what else it has to say. `None`: no frame is worth it.
    pub(super) fn receive_into_frame<R>(
        &self,
        most: usize,
        write: impl FnOnce(&mut [MaybeUninit<u8>]) -> (usize, R),
    ) -> Option<R> {
        if !self.has_frame() && !self.begin_frame() {
            return None;
        }
        let (outcome, is_full) = self.with_frame(|frame| Some((frame.add(most, write), frame.is_full())))?;
        if is_full {
            self.end_frame();
        }
        Some(outcome)
    }

    /// Whether the bytes are in the frame that is waited for, and not in one that somebody has ceased to wait for.
    fn has_frame(&self) -> bool {
        let wanted = self.wanted.get();
        self.form.get() == Form::Frame && self.with_frame(|frame| Some(frame.length())) == Some(wanted)
    }

    fn begin_frame(&self) -> bool {
        let wanted = self.wanted.get();
        let is_fit = (SMALLEST..=LARGEST).contains(&wanted) && wanted > self.len();
        if !is_fit || self.form.get() != Form::Pieces {
            return false;
        }
        expect_frames();
        let mut frame = match Filling::new(wanted) {
            Ok(frame) => frame,
            Err(no_memory) => {
                no_memory.forget();
                return false;
            }
        };
        self.first(|first| frame.copy(first).len());
        self.more.get_or_make().with(|more| {
            for bytes in more.pieces.iter().filter_map(|piece| piece.exact_bytes()) {
                frame.copy(bytes);
            }
        });
        self.drop_more();
        self.held.clear();
        self.more.get_or_make().with(|more| more.frame = Some(frame));
        self.form.set(Form::Frame);
        true
    }

    /// Adds what arrives another way; what is too much for the frame is returned.
    pub(super) fn copy_into_frame<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let copied = self.with_frame(|frame| Some((frame.copy(bytes), frame.is_full())));
        let Some((rest, is_full)) = copied else { return bytes };
        if is_full {
            self.end_frame();
        }
        rest
    }

    /// How many bytes the frame has got.
    pub(super) fn length_of_frame(&self) -> usize {
        self.with_frame(|frame| Some(frame.bytes().len())).unwrap_or(0)
    }

    /// A full frame becomes a piece like any other. Of another one the bytes are kept, and the object is dropped.
    #[cold]
    pub(super) fn end_frame(&self) {
        let more = self.more.get_or_make();
        let Some(frame) = more.with(|more| more.frame.take()) else { return };
        self.form.set(Form::Pieces);
        match frame.into_full() {
            Ok(object) => {
                self.offset.set(0);
                self.held.set(object);
            }
            Err(part) => self.push_to_queue(part.bytes()),
        }
    }

    fn with_frame<R>(&self, work: impl FnOnce(&mut Filling) -> Option<R>) -> Option<R> {
        self.more.get()?.with(|more: &mut More| work(more.frame.as_mut()?))
    }
}
