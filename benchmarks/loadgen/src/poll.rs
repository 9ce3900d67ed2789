//! epoll, level-triggered, with a number for each socket: the ground under the client's loop and the limit's.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use crate::Outcome;

const EVENTS_AT_ONCE: usize = 512;

/// What a socket is ready for. Errors and hang-ups count as readable: the read says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The number under which the socket was added.
    pub number: usize,
    /// A read would tell something.
    pub read: bool,
    /// A write would.
    pub write: bool,
}

/// One epoll instance.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    /// An instance that watches nothing yet.
    pub fn new() -> Outcome<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS_AT_ONCE) })
    }

    /// Watch a socket for reading, and for writing when told so.
    pub fn add(&self, socket: impl AsFd, number: usize, write: bool) -> Outcome<()> {
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(number as u64), interest(true, write))?)
    }

    /// Watch it for something else.
    pub fn change(&self, socket: impl AsFd, number: usize, read: bool, write: bool) -> Outcome<()> {
        Ok(epoll::modify(&self.epoll, socket, EventData::new_u64(number as u64), interest(read, write))?)
    }

    /// Wait until something is ready, at most for `timeout` (without end when there is none), and fill `ready`.
    pub fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> Outcome<()> {
        let timeout = timeout.map(Timespec::try_from).transpose()?;
        self.events.clear();
        ready.clear();
        let found =
            epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), timeout.as_ref());
        match found {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.extend(self.events.iter().map(|event| {
            // The kernel's structure is packed: its fields are copied out, not borrowed.
            let (flags, number) = (event.flags, event.data);
            Ready {
                number: number.u64() as usize,
                read: flags.intersects(EventFlags::IN | EventFlags::ERR | EventFlags::HUP),
                write: flags.contains(EventFlags::OUT),
            }
        }));
        Ok(())
    }
}

fn interest(read: bool, write: bool) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, read);
    flags.set(EventFlags::OUT, write);
    flags
}
