//! Receiving a batch: into memory of its own, each message with room for whatever the kernel says about it.

use std::fmt;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::RawFd;
use std::ptr;

use super::header_of;
use crate::sys::address::{ADDRESS_ROOM, Address};

/// How many messages one system call receives at most.
const BATCH: usize = 32;

/// The largest datagram that is received whole: what asyncio asks for. UDP stays below 64 KiB, Unix sockets don't.
const LARGEST: usize = 256 * 1024;

/// From one message's room to the next. Not a power of two: rooms at equal offsets of their pages would share a
/// few sets of the caches, and small datagrams use nothing but the beginning of theirs.
const STRIDE: usize = LARGEST + 5 * 64;

/// Room for the control messages of one message, in words: the size that was coalesced comes after the time stamps and
/// marks that a program may have asked for, and is lost if those take all of the room.
const CONTROL_WORDS: usize = 32;

/// Room for one batch of received datagrams.
///
/// Most of its 8 MiB are never touched and hence never resident: a page for each message, if they are small.
pub struct Inbox {
    memory: Box<[MaybeUninit<u8>]>,
    controls: Box<[[u64; CONTROL_WORDS]; BATCH]>,
    addresses: [Address; BATCH],
    /// The messages of the last batch, then older ones.
    messages: [Message; BATCH],
    count: usize,
}

/// What came in one piece.
#[derive(Clone, Copy)]
struct Message {
    length: usize,
    /// The length of each datagram in it but the last, which may be shorter.
    each: usize,
}

impl Inbox {
    /// How many messages one call receives at most.
    pub const BATCH: usize = BATCH;

    /// Empty room.
    pub fn new() -> Self {
        Self {
            memory: Box::new_uninit_slice(BATCH * STRIDE),
            controls: Box::new([[0; CONTROL_WORDS]; BATCH]),
            addresses: [Address::none(); BATCH],
            messages: [Message { length: 0, each: 0 }; BATCH],
            count: 0,
        }
    }

    /// Receives the messages that wait at `fd`, `limit` of them at most, in place of those received before, and returns how
    /// many came. Each is one datagram, unless the socket `is_coalescing`. Errors: `WouldBlock` when none waits, and
    /// what the socket has to report.
    pub fn receive(&mut self, fd: RawFd, limit: usize, is_coalescing: bool) -> io::Result<usize> {
        self.count = 0;
        let limit = limit.clamp(1, BATCH);
        let mut vectors = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
        let rooms =
            self.memory.chunks_exact_mut(STRIDE).zip(&mut self.addresses).zip(self.controls.iter_mut());
        let places = headers.iter_mut().zip(&mut vectors).zip(rooms).take(limit);
        for ((header, vector), ((room, address), control)) in places {
            let vector = vector.write(libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: LARGEST });
            let header = header.write(header_of(address.pointer_mut(), ADDRESS_ROOM as u32, vector, 1));
            if is_coalescing {
                // Nobody else has room here: descriptors that a Unix socket's peer passes on would be received with it.
                header.msg_hdr.msg_control = control.as_mut_ptr().cast();
                header.msg_hdr.msg_controllen = size_of_val(control) as _;
            }
        }
        // SAFETY: the first `limit` headers are initialised; each points at its own vector, at room for LARGEST bytes,
        // at an address's storage and perhaps at its own room for control messages, all of which outlive the call;
        // any bytes are valid in them.
        let received = unsafe {
            libc::recvmmsg(
                fd,
                headers.as_mut_ptr().cast(),
                limit as u32,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        self.count = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        let places = self.messages.iter_mut().zip(&mut self.addresses);
        for (header, (message, address)) in headers.iter().zip(places).take(self.count) {
            // SAFETY: the kernel reports no more messages than there were headers.
            let header = unsafe { header.assume_init_ref() };
            let length = (header.msg_len as usize).min(LARGEST);
            let each = if is_coalescing { coalesced(&header.msg_hdr) } else { None };
            *message = Message { length, each: each.unwrap_or(length) };
            address.set_length(header.msg_hdr.msg_namelen);
        }
        Ok(self.count)
    }

    /// The datagrams of the last batch with their senders, in the order in which they came.
    pub fn datagrams(&self) -> impl Iterator<Item = (&[u8], &Address)> {
        let rooms = self.memory.chunks_exact(STRIDE).zip(&self.messages);
        rooms.zip(&self.addresses).take(self.count).flat_map(|((room, message), address)| {
            let filled = room.get(..message.length).unwrap_or_default();
            // SAFETY: the kernel has written as many bytes as it said; `u8` and `MaybeUninit<u8>` have one layout.
            let filled = unsafe { &*(ptr::from_ref(filled) as *const [u8]) };
            message.cut(filled).map(move |datagram| (datagram, address))
        })
    }
}

impl Message {
    /// The datagrams in it. One that is empty came alone.
    fn cut(self, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        let each = self.each.max(1);
        (0..bytes.len().div_ceil(each).max(1)).map(move |place| {
            let rest = bytes.get(place * each..).unwrap_or_default();
            rest.get(..each).unwrap_or(rest)
        })
    }
}

/// The length of each datagram in a message that the kernel has put together.
fn coalesced(header: &libc::msghdr) -> Option<usize> {
    // SAFETY: the kernel has filled the room for control messages, which is alive, and has set its length: the macros
    // stay inside of it, and a message of this type holds a C integer.
    let size = unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        loop {
            let found = control.as_ref()?;
            if (found.cmsg_level, found.cmsg_type) == (libc::SOL_UDP, libc::UDP_GRO) {
                break libc::CMSG_DATA(control).cast::<libc::c_int>().read_unaligned();
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    };
    usize::try_from(size).ok().filter(|size| *size > 0)
}

/// Lets the kernel hand over datagrams of one size that came from one sender as one message, from now on. Only who
/// receives with an [`Inbox`] can take them apart. Errors: no socket for UDP, or no Linux from 5.0 on.
pub fn coalesce(fd: RawFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option takes a C integer, which outlives the call.
    let outcome =
        unsafe { libc::setsockopt(fd, libc::SOL_UDP, libc::UDP_GRO, (&raw const on).cast(), length) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether a socket for UDP may hand over several datagrams as one message: ours by [`coalesce`], others because
/// their program wanted it.
pub fn is_coalescing(fd: RawFd) -> bool {
    let mut is_on: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option is a C integer, for which there is room, and says so.
    let outcome = unsafe {
        libc::getsockopt(fd, libc::SOL_UDP, libc::UDP_GRO, (&raw mut is_on).cast(), &raw mut length)
    };
    outcome == 0 && is_on != 0
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.datagrams()).finish()
    }
}
