//! The loop's tie to the world outside: which descriptors are watched, how the loop sleeps and who wakes it.
//! BYTES IN begins here, BYTES OUT comes back here when the kernel's buffer is full, and A THREAD ends its
//! way by waking the loop here.
//!
//! A wait is split in three, because the binding lets go of the interpreter while it blocks and other threads may
//! call `add_reader` meanwhile:
//!
//! 1. [`Reactor::begin_wait`] takes the event buffer and a share of the selector out of the reactor,
//! 2. [`Wait::block`] blocks without borrowing the reactor,
//! 3. [`Reactor::finish_wait`] puts the buffer back, and [`Reactor::next_event`] gives the events one by one.
//!
//! Invariants:
//!
//! * An event reaches the payload that was registered when the kernel reported it, or nobody: tokens carry
//!   generations ([`Registry`]).
//! * A registration that the kernel still holds but nobody can name any more (its descriptor was closed while a
//!   duplicate lived on) doesn't spin the loop: the reactor moves to a new selector when it reports such a one.
//! * The child of a fork shares nothing with its parent after [`Reactor::after_fork`].
//! * Descriptors of the reactor are closed once: they are owned, and closing is dropping.
//!
//! Read next: [`Registry`], [`Waker`], [`PollPolicy`].

mod poll;
mod registry;
mod waker;

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

pub use crate::sys::Interest;
pub use poll::PollPolicy;
pub use registry::Registry;
pub use waker::Waker;

use crate::sys::{Events, Selector};

/// How many events one wait reports at most: 6 KiB of buffer. What is left comes with the next wait.
const EVENTS_PER_WAIT: usize = 512;

/// The token of the wake fd. No source has it: it would be descriptor 2^32 - 1.
const WAKE_TOKEN: u64 = u64::MAX;

/// One ready descriptor, with at least one direction set in which it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The descriptor.
    pub fd: RawFd,
    /// It has a reader, which would not block.
    pub readable: bool,
    /// It has a writer, which would not block.
    pub writable: bool,
}

/// The selector, the watched descriptors with their payloads `T`, and the wake fd of one loop.
#[derive(Debug)]
pub struct Reactor<T> {
    /// `None` when closed.
    selector: Option<Arc<Selector>>,
    registry: Registry<T>,
    waker: Waker,
    events: Events,
    next_event: usize,
}

impl<T> Reactor<T> {
    /// Opens a selector and a wake fd.
    pub fn new() -> io::Result<Self> {
        let waker = Waker::new()?;
        let selector = Some(Arc::new(open_selector(&waker)?));
        Ok(Self { selector, registry: Registry::new(), waker, events: Events::default(), next_event: 0 })
    }

    /// What other threads wake this loop with; clones of it are as good.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// The selector's descriptor number, which is itself readable when an event is there. `None` when closed.
    pub fn fd(&self) -> Option<RawFd> {
        self.selector.as_ref().map(|selector| selector.as_fd().as_raw_fd())
    }

    /// Takes out what a wait needs. Errors: `EBADF` when the reactor is closed.
    pub fn begin_wait(&mut self) -> io::Result<Wait> {
        let selector = Arc::clone(open(&self.selector)?);
        self.registry.begin_wait();
        let mut events = std::mem::take(&mut self.events);
        if events.capacity() == 0 {
            events = Events::with_capacity(EVENTS_PER_WAIT);
        }
        Ok(Wait { selector, events })
    }

    /// Takes back what [`begin_wait`](Self::begin_wait) gave, with what the wait has found.
    ///
    /// Events of an earlier wait that nobody has read are forgotten: they are level-triggered and come again.
    pub fn finish_wait(&mut self, wait: Wait) {
        let Wait { selector, mut events } = wait;
        // Closed, or moved to another selector, during the wait: its tokens mean nothing now.
        if !self.selector.as_ref().is_some_and(|current| Arc::ptr_eq(current, &selector)) {
            events.clear();
        }
        self.events = events;
        self.next_event = 0;
    }

    /// The next ready descriptor of the last wait that somebody still watches.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(readiness) = self.events.get(self.next_event) {
            self.next_event += 1;
            if readiness.token == WAKE_TOKEN {
                continue;
            }
            if let Some(event) = self.registry.resolve(readiness) {
                return Some(event);
            }
            if self.registry.is_orphan(readiness.token) {
                self.leave_orphans_behind();
            }
        }
        None
    }

    /// Calls for `reader` when `fd` is readable, and returns the reader it replaces.
    ///
    /// Errors: `EBADF` when the number names no open file or the reactor is closed, `EPERM` when the file can't be
    /// watched (regular files, directories). Then nothing has changed, and `reader` is dropped in here: a caller
    /// whose payload's end may run a user's code keeps another reference to it.
    pub fn set_reader(&mut self, fd: RawFd, reader: T) -> io::Result<Option<T>> {
        self.registry.set_reader(open(&self.selector)?, fd, reader)
    }

    /// Calls for `writer` when `fd` is writable; otherwise like [`set_reader`](Self::set_reader).
    pub fn set_writer(&mut self, fd: RawFd, writer: T) -> io::Result<Option<T>> {
        self.registry.set_writer(open(&self.selector)?, fd, writer)
    }

    /// Stops watching `fd` for reading and returns its reader, if it had one. A descriptor that was closed
    /// meanwhile is no error.
    pub fn remove_reader(&mut self, fd: RawFd) -> Option<T> {
        self.registry.remove_reader(self.selector.as_deref()?, fd)
    }

    /// Stops watching `fd` for writing and returns its writer; otherwise like
    /// [`remove_reader`](Self::remove_reader).
    pub fn remove_writer(&mut self, fd: RawFd) -> Option<T> {
        self.registry.remove_writer(self.selector.as_deref()?, fd)
    }

    /// The watched descriptors and their payloads.
    pub fn registry(&self) -> &Registry<T> {
        &self.registry
    }

    /// Makes the reactor of a fork's child its own: a new selector and a new wake fd, with every descriptor
    /// watched as before. To be called in the child before anything else of this reactor.
    ///
    /// The parent's selector is not touched: a removal in the child would remove for both. A descriptor that
    /// can no longer be watched (it was closed in the child) keeps its payloads and gives no events.
    pub fn after_fork(&mut self) -> io::Result<()> {
        if self.selector.is_none() {
            return Ok(());
        }
        self.waker.after_fork()?;
        self.move_to_new_selector()
    }

    /// Closes the selector, lets go of the wake fd, and returns the payloads of all watched descriptors for the
    /// caller to drop. Closing twice does nothing.
    ///
    /// A wait that is under way in another thread keeps the selector open until it ends.
    pub fn close(&mut self) -> Vec<T> {
        self.selector = None;
        self.events.clear();
        self.registry.drain()
    }

    /// True after [`close`](Self::close).
    pub fn is_closed(&self) -> bool {
        self.selector.is_none()
    }

    fn move_to_new_selector(&mut self) -> io::Result<()> {
        let selector = open_selector(&self.waker)?;
        self.registry.register_all(&selector);
        self.selector = Some(Arc::new(selector));
        self.events.clear();
        Ok(())
    }

    /// Out of line: this happens after a program's mistake, at most once for each.
    #[cold]
    fn leave_orphans_behind(&mut self) {
        // Without descriptors for a new selector the old one stays: a busy loop, but a working one.
        let _ = self.move_to_new_selector();
    }
}

/// The part of the reactor that blocks: an event buffer and a share of the selector.
#[derive(Debug)]
pub struct Wait {
    selector: Arc<Selector>,
    events: Events,
}

impl Wait {
    /// Blocks until something is ready, somebody wakes the loop, a signal was handled, or `timeout` has
    /// passed, never less; `None` waits for ever. Returns the number of events, the wake fd's included.
    pub fn block(&mut self, timeout: Option<Duration>) -> io::Result<usize> {
        self.selector.wait(&mut self.events, timeout)
    }
}

fn open(selector: &Option<Arc<Selector>>) -> io::Result<&Arc<Selector>> {
    selector.as_ref().ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
}

fn open_selector(waker: &Waker) -> io::Result<Selector> {
    let selector = Selector::new()?;
    selector.add_wake(waker.as_fd(), WAKE_TOKEN)?;
    Ok(selector)
}
