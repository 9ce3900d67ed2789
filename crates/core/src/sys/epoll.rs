//! Linux's selector: epoll, level-triggered.
//!
//! A source that stays ready is reported by every wait until somebody reads or writes it, as asyncio's
//! `add_reader` promises. The one exception is the wake fd (see [`Selector::add_wake`]).
//!
//! Invariants:
//!
//! * A wait never ends early by rounding. Whole milliseconds go to `epoll_pwait`, which counts in them; finer
//!   timeouts go to `epoll_pwait2` (Linux 5.11), which counts in nanoseconds. Where that call is missing
//!   (`ENOSYS`) or forbidden (`EPERM`, container filters of 2020), the selector says so to itself once, and from
//!   then on rounds up to the next millisecond.
//! * Every method takes `&self`: the kernel object is its own lock. One thread may wait while another adds
//!   and removes sources, and the wait sees the change.

use std::ffi::c_void;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;

use super::borrow::borrow;
use super::{Interest, Readiness};

/// An epoll instance. The descriptor is closed when the selector is dropped.
#[derive(Debug)]
pub struct Selector {
    epoll: OwnedFd,
    /// Cleared for good when the kernel refuses `epoll_pwait2`.
    counts_nanoseconds: AtomicBool,
}

impl Selector {
    /// Opens a selector; its descriptor is not inherited across `exec`.
    pub fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, counts_nanoseconds: AtomicBool::new(true) })
    }

    /// Starts to watch `fd`; `token` comes back with every event of it.
    ///
    /// Errors: `EEXIST` when the same file is watched under the same number, `EPERM` when it can't be
    /// watched at all (a regular file), `EBADF` when the number names no open file.
    pub fn add(&self, fd: RawFd, interest: Interest, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, borrow(&fd)?, EventData::new_u64(token), flags_of(interest))?)
    }

    /// Changes what `fd` is watched for, and its token. Errors: `ENOENT` when it isn't watched, `EBADF`.
    pub fn modify(&self, fd: RawFd, interest: Interest, token: u64) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, borrow(&fd)?, EventData::new_u64(token), flags_of(interest))?)
    }

    /// Stops watching `fd`. Errors: `ENOENT` when it isn't watched, `EBADF`.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, borrow(&fd)?)?)
    }

    /// Watches a wake fd for the program's life, edge-triggered: each write ends one wait, and nobody needs
    /// to read the counter back, which saves a system call for every wake-up.
    pub fn add_wake(&self, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, EventData::new_u64(token), EventFlags::IN | EventFlags::ET)?)
    }

    /// Blocks until a source is ready, the timeout has passed (`None`: for ever) or a signal was handled, and
    /// says how many events it put into `events`, which it empties first.
    ///
    /// A signal gives no events and no error: the caller looks at its signals and its clock after every
    /// wait anyway.
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<usize> {
        events.buffer.clear();
        match self.wait_into(events, timeout) {
            Ok(count) => Ok(count),
            Err(Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn wait_into(&self, events: &mut Events, timeout: Option<Duration>) -> Result<usize, Errno> {
        if let Some(timeout) =
            timeout.filter(|timeout| timeout.subsec_nanos() % NANOSECONDS_PER_MILLISECOND != 0)
        {
            if self.counts_nanoseconds.load(Ordering::Relaxed) {
                match self.wait_nanoseconds(events, timeout) {
                    Err(Errno::NOSYS | Errno::PERM) => {
                        self.counts_nanoseconds.store(false, Ordering::Relaxed)
                    }
                    outcome => return outcome,
                }
            }
        }
        // rustix rounds up to milliseconds, and turns to epoll_pwait2 only above 24 days of them.
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout.min(LONGEST_TIMEOUT))).transpose();
        let timeout = timeout.map_err(|_| Errno::INVAL)?;
        epoll::wait(&self.epoll, spare_capacity(&mut events.buffer), timeout.as_ref())
    }

    /// rustix doesn't reach this call for short timeouts, hence the bare number.
    fn wait_nanoseconds(&self, events: &mut Events, timeout: Duration) -> Result<usize, Errno> {
        /// The kernel's 64-bit `timespec`, the same on every architecture.
        #[repr(C)]
        struct KernelTimespec {
            seconds: i64,
            nanoseconds: i64,
        }
        let timeout = timeout.min(LONGEST_TIMEOUT);
        let timeout =
            KernelTimespec { seconds: timeout.as_secs() as i64, nanoseconds: timeout.subsec_nanos().into() };
        let room = events.buffer.spare_capacity_mut();
        // SAFETY: `room` is valid for writes of `room.len()` events in the kernel's layout, which is that of
        // rustix's `Event`; `timeout` lives on this stack; a null signal mask is allowed and makes the
        // size argument irrelevant.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll.as_raw_fd(),
                room.as_mut_ptr().cast::<c_void>(),
                i32::try_from(room.len()).unwrap_or(i32::MAX),
                &raw const timeout,
                std::ptr::null::<c_void>(),
                0_usize,
            )
        };
        let Ok(count) = usize::try_from(count) else {
            return Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL));
        };
        // SAFETY: the buffer was empty, and the kernel has initialised its first `count` elements, no more than
        // the room it was given.
        unsafe { events.buffer.set_len(count) };
        Ok(count)
    }
}

impl AsFd for Selector {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// Where a wait puts what it found: a buffer to be kept from wait to wait.
///
/// More ready sources than there is room for come with the next wait: the kernel puts those it has
/// reported at the end of its list, so none starves.
#[derive(Default)]
pub struct Events {
    buffer: Vec<Event>,
}

impl Events {
    /// Room for `capacity` events, at least one.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { buffer: Vec::with_capacity(capacity.max(1)) }
    }

    /// How many events a wait can report at once. Zero for the default value, which no wait accepts.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// The event at `position` of the last wait, if there were so many.
    ///
    /// A hang-up or an error makes a source both readable and writable, so that whoever watches it tries,
    /// and finds out: asyncio's mapping.
    #[inline]
    pub fn get(&self, position: usize) -> Option<Readiness> {
        let Event { flags, data, .. } = *self.buffer.get(position)?;
        Some(Readiness {
            token: data.u64(),
            readable: !flags.difference(EventFlags::OUT).is_empty(),
            writable: !flags.difference(EventFlags::IN).is_empty(),
        })
    }

    /// Forgets what the last wait reported.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }
}

// SAFETY: rustix's event is a union of a number and a pointer, and the pointer alone keeps it from being shared. Here
// it only ever holds the number: registrations are made with `EventData::new_u64`.
unsafe impl Send for Events {}

// SAFETY: as for `Send`; a shared reference gives out copies and nothing else.
unsafe impl Sync for Events {}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries((0..).map_while(|position| self.get(position))).finish()
    }
}

const NANOSECONDS_PER_MILLISECOND: u32 = 1_000_000;

/// `epoll_pwait` takes milliseconds in a C `int`.
const LONGEST_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

fn flags_of(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, interest.readable);
    flags.set(EventFlags::OUT, interest.writable);
    flags
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn timeouts_wait_at_least_as_long_as_asked() {
        let (selector, mut events) = (Selector::new().unwrap(), Events::with_capacity(8));
        for counts_nanoseconds in [true, false] {
            selector.counts_nanoseconds.store(counts_nanoseconds, Ordering::Relaxed);
            for microseconds in [0, 1, 10, 130, 999, 1000, 1001, 2500] {
                let timeout = Duration::from_micros(microseconds);
                let start = Instant::now();
                assert_eq!(selector.wait(&mut events, Some(timeout)).unwrap(), 0);
                assert!(start.elapsed() >= timeout, "{microseconds} us ended after {:?}", start.elapsed());
            }
        }
    }

    #[test]
    fn numbers_that_name_no_file_are_refused() {
        let selector = Selector::new().unwrap();
        for fd in [-1, RawFd::MIN, RawFd::MAX] {
            let error = selector.add(fd, Interest::READ, 0).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EBADF), "{fd}");
        }
    }

    #[test]
    fn an_unfitting_timeout_is_cut_and_not_refused() {
        let (selector, mut events) = (Selector::new().unwrap(), Events::with_capacity(1));
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&writer, b"x").unwrap();
        selector.add(reader.as_raw_fd(), Interest::READ, 7).unwrap();
        for timeout in
            [Duration::MAX, Duration::from_secs(u64::MAX), LONGEST_TIMEOUT + Duration::from_nanos(1)]
        {
            assert_eq!(selector.wait(&mut events, Some(timeout)).unwrap(), 1);
        }
        assert_eq!(events.get(0), Some(Readiness { token: 7, readable: true, writable: false }));
        assert_eq!(events.get(1), None);
    }
}
