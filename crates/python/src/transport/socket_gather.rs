//! Gathering: what a protocol writes within moments leaves in one system call, at the end of the loop's turn.
//!
//! A server that writes the header of an answer and then its body pays for two sends, each of which wakes the peer. Of a
//! connection with that habit ([`WriteHabit`]) a write waits for the next one: until the turn is over, or [`MOST`] bytes
//! have come together, or more than [`MOMENTS`] lie between it and the next one. Connections that write once in a turn
//! are not concerned: their writes leave at once, as do all when the loop is not in a turn.
//!
//! For whoever looks, what waits here has left: it counts for no water mark, and whatever is done to the transport but
//! another write (`close`, `abort`, `write_eof`, a question for the buffer's size, `drain`) sends it first. What a
//! program can see is that an error of the network shows up at the end of the turn, and that the bytes stay if it
//! blocks the loop in the middle of one.

use std::cell::Cell;
use std::time::Duration;

use aioxide_core::sys::clock;
use aioxide_core::transport::WriteHabit;

use crate::event_loop::{Direction, forks};
use crate::ffi::{Result, names};

use super::socket::{Piece, SocketTransport};

/// More bytes are not kept waiting: the system call is the least of their costs.
const MOST: usize = 16 * 1024;

/// What belongs together is written without a pause: whoever takes longer does something else in between.
const MOMENTS: Duration = Duration::from_micros(100);

/// What a transport knows of its gathering. All zero bytes: nothing waits.
pub(super) struct Gathering {
    habit: Cell<WriteHabit>,
    /// Whether the queue holds what would have left already, had it not been gathered.
    is_begun: Cell<bool>,
    /// The number of forks that this process is away from its first ancestor, when it began.
    forks: Cell<u32>,
}

impl SocketTransport {
    /// Whether a write of so many bytes is to wait for others.
    #[inline]
    pub(super) fn gathers(&self, length: usize) -> bool {
        let gathering = &self.gathering;
        gathering.is_begun.get() || (gathering.habit.get().writes_several() && self.may_begin(length))
    }

    fn may_begin(&self, length: usize) -> bool {
        length <= MOST
            && self.event_loop.peek().is_some_and(|event_loop| event_loop.turn().is_some())
            && self.with_stream(|stream| stream.lost() == 0 && stream.queued().is_empty())
    }

    /// A write has left alone.
    #[inline]
    pub(super) fn note_alone(&self) {
        let Some(turn) = self.event_loop.peek().and_then(|event_loop| event_loop.turn()) else { return };
        let mut habit = self.gathering.habit.get();
        habit.note_alone(turn, clock::ticks(), clock::ticks_in(MOMENTS));
        self.gathering.habit.set(habit);
    }

    /// Lets a write wait for others.
    pub(super) fn gather(&self, piece: Piece) -> Result<()> {
        let gathering = &self.gathering;
        let (now, mut habit) = (clock::ticks(), gathering.habit.get());
        let may_wait = if gathering.is_begun.replace(true) {
            habit.note_next(now, clock::ticks_in(MOMENTS))
        } else {
            habit.note_first(now);
            gathering.forks.set(forks());
            self.event_loop()?.call_after_turn(&self.base);
            true
        };
        gathering.habit.set(habit);
        self.with_stream(|stream| stream.gather(piece));
        let is_much = self.with_stream(|stream| stream.queued().size()) > MOST;
        if may_wait && !is_much { Ok(()) } else { self.send_gathered() }
    }

    /// Sends what waits for others; what the socket does not take is queued from now on.
    #[inline]
    pub(crate) fn send_gathered(&self) -> Result<()> {
        if self.gathering.is_begun.replace(false) { self.send_together() } else { Ok(()) }
    }

    /// What waits leaves in another way.
    #[cfg(Py_3_12)]
    pub(super) fn forget_gathering(&self) {
        self.gathering.is_begun.set(false);
    }

    #[inline(never)]
    fn send_together(&self) -> Result<()> {
        if self.gathering.forks.get() != forks() {
            // They are the parent's to send.
            drop(self.with_stream(|stream| stream.forget_queued()));
            return Ok(());
        }
        let mut habit = self.gathering.habit.get();
        habit.note_together(self.with_stream(|stream| stream.queued().len()));
        self.gathering.habit.set(habit);
        self.flush_or_wait()
    }

    /// Sends what was just queued, and waits for room if there is not enough.
    pub(super) fn flush_or_wait(&self) -> Result<()> {
        self.flush()?;
        if self.is_empty() {
            return Ok(());
        }
        self.watch(Direction::Writing)?;
        if self.with_stream(|stream| stream.rose()) { self.tell(&names().pause_writing) } else { Ok(()) }
    }

    /// Whether something waits for others.
    #[inline]
    pub(crate) fn has_gathered(&self) -> bool {
        self.gathering.is_begun.get()
    }
}
