//! Which descriptors are watched, and for whom.
//!
//! A slab whose slots are the descriptor numbers themselves: the kernel hands out the lowest free one, so they are
//! as dense as any slab's, and finding a source is one look into a vector. Each descriptor has two halves, its
//! reader and its writer, as `add_reader` and `add_writer` see it.
//!
//! Invariants:
//!
//! * The kernel watches a descriptor for exactly the halves that are set, unless the program closed it
//!   behind the loop's back.
//! * A token is a slot and the slot's generation. The generation changes whenever the kernel's registration ends
//!   or is found to have been of another file, so an event that was on its way then finds nobody.
//! * A payload leaves through a return value; none is dropped in here.
//!
//! Programs close descriptors that are still watched, and the number comes back as another file. The kernel
//! forgets the old registration at the close, unless a duplicate keeps the file open. So "modify" may find nothing
//! (`ENOENT`: then add), "add" may find something (`EEXIST`: then modify), and a removal may find the descriptor
//! closed (`EBADF`) or its registration gone: both are what the caller wanted.

use std::io;
use std::os::fd::RawFd;

use super::Event;
use crate::sys::{Interest, Readiness, Selector};

/// The watched descriptors with their payloads.
#[derive(Debug)]
pub struct Registry<T> {
    /// Indexed by descriptor number.
    sources: Vec<Source<T>>,
    /// How many waits have begun.
    waits: u64,
}

#[derive(Debug)]
struct Source<T> {
    reader: Option<T>,
    writer: Option<T>,
    generation: u32,
    /// The number of waits that had begun when the last generation ended.
    retired_at: u64,
}

#[derive(Clone, Copy)]
enum Half {
    Reader,
    Writer,
}

impl<T> Registry<T> {
    /// Nothing watched.
    pub const fn new() -> Self {
        Self { sources: Vec::new(), waits: 0 }
    }

    /// Who is called for when `fd` is readable.
    #[inline]
    pub fn reader(&self, fd: RawFd) -> Option<&T> {
        self.source(fd)?.reader.as_ref()
    }

    /// Who is called for when `fd` is writable.
    #[inline]
    pub fn writer(&self, fd: RawFd) -> Option<&T> {
        self.source(fd)?.writer.as_ref()
    }

    /// True when `fd` has a reader or a writer.
    pub fn contains(&self, fd: RawFd) -> bool {
        !self.interest(fd).is_none()
    }

    /// The directions in which `fd` is watched.
    pub fn interest(&self, fd: RawFd) -> Interest {
        self.source(fd).map_or(Interest::NONE, Source::interest)
    }

    /// Every reader and writer with its descriptor, in the order of the descriptors.
    pub fn iter(&self) -> impl Iterator<Item = (RawFd, &T)> {
        (0..).zip(&self.sources).flat_map(|(fd, source)| {
            source.reader.iter().chain(&source.writer).map(move |payload| (fd, payload))
        })
    }

    pub(super) fn set_reader(&mut self, selector: &Selector, fd: RawFd, reader: T) -> io::Result<Option<T>> {
        self.set(selector, fd, Half::Reader, reader)
    }

    pub(super) fn set_writer(&mut self, selector: &Selector, fd: RawFd, writer: T) -> io::Result<Option<T>> {
        self.set(selector, fd, Half::Writer, writer)
    }

    pub(super) fn remove_reader(&mut self, selector: &Selector, fd: RawFd) -> Option<T> {
        self.remove(selector, fd, Half::Reader)
    }

    pub(super) fn remove_writer(&mut self, selector: &Selector, fd: RawFd) -> Option<T> {
        self.remove(selector, fd, Half::Writer)
    }

    /// What an event of the kernel means: nothing, if its generation has ended or nobody watches that direction.
    #[inline]
    pub(super) fn resolve(&self, readiness: Readiness) -> Option<Event> {
        let (fd, generation) = parts_of(readiness.token);
        let source = self.source(fd).filter(|source| source.generation == generation)?;
        let interest = source.interest();
        let readable = readiness.readable && interest.readable;
        let writable = readiness.writable && interest.writable;
        (readable || writable).then_some(Event { fd, readable, writable })
    }

    /// Remembers that a wait begins: what the kernel reports from now on was registered then or later.
    pub(super) fn begin_wait(&mut self) {
        self.waits += 1;
    }

    /// True when an event that came with the last wait carries a generation that had ended before the wait
    /// began. The kernel holds a registration that no descriptor number leads to; it will be reported by
    /// every wait from now on, and only leaving the selector ends that.
    pub(super) fn is_orphan(&self, token: u64) -> bool {
        let (fd, generation) = parts_of(token);
        self.source(fd)
            .is_some_and(|source| source.generation != generation && source.retired_at < self.waits)
    }

    /// Registers everything with a new selector. What can't be watched any more is left out.
    pub(super) fn register_all(&self, selector: &Selector) {
        for (fd, source) in (0..).zip(&self.sources) {
            let interest = source.interest();
            if !interest.is_none() {
                let _ = selector.add(fd, interest, token_of(fd, source.generation));
            }
        }
    }

    /// Takes out every payload. The kernel's registrations end with the selector, which the caller closes.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let sources = std::mem::take(&mut self.sources);
        sources.into_iter().flat_map(|source| source.reader.into_iter().chain(source.writer)).collect()
    }

    fn set(&mut self, selector: &Selector, fd: RawFd, half: Half, payload: T) -> io::Result<Option<T>> {
        let before = self.interest(fd);
        let after = before.with(half, true);
        let generation = self.source(fd).map_or(0, |source| source.generation);
        let mut became_another_file = false;
        // Even where nothing changes the kernel is asked: the number may have become another file.
        if before.is_none() {
            register(selector, fd, after, generation)?;
        } else if let Err(error) = selector.modify(fd, after, token_of(fd, generation)) {
            if error.raw_os_error() != Some(libc::ENOENT) {
                return Err(error);
            }
            register(selector, fd, after, generation.wrapping_add(1))?;
            became_another_file = true;
        }
        let waits = self.waits;
        let source = self.source_or_new(fd).ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))?;
        if became_another_file {
            source.retire(waits);
        }
        Ok(source.half(half).replace(payload))
    }

    fn remove(&mut self, selector: &Selector, fd: RawFd, half: Half) -> Option<T> {
        let waits = self.waits;
        let source = self.source_mut(fd)?;
        let payload = source.half(half).take()?;
        let interest = source.interest();
        let still_watched = if interest.is_none() {
            // Should this fail, then the descriptor was closed, and its registration with it or out of reach.
            let _ = selector.remove(fd);
            false
        } else {
            selector.modify(fd, interest, token_of(fd, source.generation)).is_ok()
        };
        if !still_watched {
            source.retire(waits);
        }
        Some(payload)
    }

    #[inline]
    fn source(&self, fd: RawFd) -> Option<&Source<T>> {
        self.sources.get(usize::try_from(fd).ok()?)
    }

    fn source_mut(&mut self, fd: RawFd) -> Option<&mut Source<T>> {
        self.sources.get_mut(usize::try_from(fd).ok()?)
    }

    /// Only for numbers that the kernel has accepted: they are bounded by the limit of open files.
    fn source_or_new(&mut self, fd: RawFd) -> Option<&mut Source<T>> {
        let slot = usize::try_from(fd).ok()?;
        if slot >= self.sources.len() {
            self.sources.resize_with(slot + 1, Source::default);
        }
        self.sources.get_mut(slot)
    }
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Source<T> {
    #[inline]
    fn interest(&self) -> Interest {
        Interest { readable: self.reader.is_some(), writable: self.writer.is_some() }
    }

    /// Ends the generation: events that still carry it find nobody.
    fn retire(&mut self, waits: u64) {
        self.generation = self.generation.wrapping_add(1);
        self.retired_at = waits;
    }

    fn half(&mut self, half: Half) -> &mut Option<T> {
        match half {
            Half::Reader => &mut self.reader,
            Half::Writer => &mut self.writer,
        }
    }
}

impl<T> Default for Source<T> {
    fn default() -> Self {
        Self { reader: None, writer: None, generation: 0, retired_at: 0 }
    }
}

impl Interest {
    const fn with(mut self, half: Half, watched: bool) -> Self {
        match half {
            Half::Reader => self.readable = watched,
            Half::Writer => self.writable = watched,
        }
        self
    }
}

fn register(selector: &Selector, fd: RawFd, interest: Interest, generation: u32) -> io::Result<()> {
    let token = token_of(fd, generation);
    match selector.add(fd, interest, token) {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => selector.modify(fd, interest, token),
        outcome => outcome,
    }
}

const fn token_of(fd: RawFd, generation: u32) -> u64 {
    (generation as u64) << 32 | fd as u32 as u64
}

const fn parts_of(token: u64) -> (RawFd, u32) {
    (token as u32 as RawFd, (token >> 32) as u32)
}
