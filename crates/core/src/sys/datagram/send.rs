//! Sending: one datagram, or a batch in which neighbours that are alike go as one message.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr;

use super::header_of;
use crate::sys::address::Address;

/// How many datagrams one system call sends at most; also, in any kernel, how many one message can be cut into.
pub const SEND_BATCH: usize = 64;

/// What passes nearly every network in one piece, in bytes: larger datagrams may have to be cut by the network layer, which
/// it does with none that are themselves part of a message.
pub const LARGEST_SEGMENT: usize = 1400;

/// So many bytes fit into one message, with room for all headers.
const LARGEST_MESSAGE: usize = 65_000;

const SENDING: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// Whether the kernel is to be given several datagrams as one message. It takes one refusal to stop that: network
/// devices without check sums refuse, some old kernels, and some that only pretend to be Linux.
#[derive(Debug)]
pub struct Segmentation {
    is_possible: Cell<bool>,
}

impl Segmentation {
    /// For a socket of `family`.
    pub fn of_family(family: i32) -> Self {
        Self { is_possible: Cell::new(matches!(family, libc::AF_INET | libc::AF_INET6)) }
    }

    /// Each datagram on its own.
    pub fn none() -> Self {
        Self { is_possible: Cell::new(false) }
    }

    /// Whether there is still hope.
    pub(super) fn is_possible(&self) -> bool {
        self.is_possible.get()
    }

    /// Stops it if this error says that it does not work here.
    fn learn(&self, error: &io::Error) {
        let refusals = [libc::EINVAL, libc::EIO, libc::EMSGSIZE, libc::EOPNOTSUPP, libc::ENOPROTOOPT];
        if error.raw_os_error().is_some_and(|number| refusals.contains(&number)) {
            self.is_possible.set(false);
        }
    }
}

/// Sends one datagram to `address`, or to the socket's peer. Errors: `WouldBlock` when the socket's buffer is full,
/// and whatever the kernel has against this datagram.
#[inline]
pub fn send_datagram(fd: RawFd, data: &[u8], address: Option<&Address>) -> io::Result<()> {
    let (name, length) = address.map_or((ptr::null(), 0), |address| (address.pointer(), address.length()));
    // SAFETY: `data` and the address are valid for reads of their lengths during the call.
    let sent = unsafe { libc::sendto(fd, data.as_ptr().cast(), data.len(), SENDING, name, length) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sends the first datagrams of `messages`, [`SEND_BATCH`] at most, and returns how many the kernel has taken: at least
/// one, unless there was none. Errors are those of the first one.
pub fn send_datagrams<'a>(
    fd: RawFd,
    messages: impl Iterator<Item = (&'a [u8], Option<&'a Address>)>,
    segmentation: &Segmentation,
) -> io::Result<usize> {
    let (mut batch, mut count) = ([(&[][..], None); SEND_BATCH], 0);
    for (place, message) in batch.iter_mut().zip(messages) {
        *place = message;
        count += 1;
    }
    let batch = batch.get(..count).unwrap_or_default();
    if segmentation.is_possible() && alike(batch) > 1 {
        match submit(fd, batch, alike) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                // It may be about the message or about its first datagram, which this tells apart.
                let sent = submit(fd, batch, |_| 1)?;
                segmentation.learn(&error);
                Ok(sent)
            }
            sent => sent,
        }
    } else {
        submit(fd, batch, |_| 1)
    }
}

type Batch<'a, 'b> = &'b [(&'a [u8], Option<&'a Address>)];

/// How many of the first datagrams can go as one message: all have one size, but for the last, and one address.
fn alike(batch: Batch<'_, '_>) -> usize {
    let Some((first, address)) = batch.first() else { return 0 };
    if first.is_empty() || first.len() > LARGEST_SEGMENT {
        return 1;
    }
    let most = LARGEST_MESSAGE / first.len();
    let same = |(data, other): &&(&[u8], Option<&Address>)| data.len() == first.len() && other == address;
    let count = batch.iter().take(most).take_while(same).count();
    let ends = |(data, other): &(&[u8], Option<&Address>)| {
        !data.is_empty() && data.len() < first.len() && other == address
    };
    if count < most && batch.get(count).is_some_and(ends) { count + 1 } else { count }
}

/// Sends a batch as messages of as many datagrams as `message` says of what is left; returns how many have left.
fn submit(fd: RawFd, batch: Batch<'_, '_>, message: impl Fn(Batch<'_, '_>) -> usize) -> io::Result<usize> {
    let mut vectors = [const { MaybeUninit::<libc::iovec>::uninit() }; SEND_BATCH];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; SEND_BATCH];
    let mut controls = [[0_u64; CONTROL_WORDS]; SEND_BATCH];
    let mut counts = [0; SEND_BATCH];
    let (mut left, mut free_vectors, mut used) = (batch, vectors.as_mut_slice(), 0_u32);
    for ((header, control), count) in headers.iter_mut().zip(&mut controls).zip(&mut counts) {
        let Some((first, address)) = left.first() else { break };
        *count = message(left);
        let (own, others) = left.split_at(*count);
        let (own_vectors, other_vectors) = std::mem::take(&mut free_vectors).split_at_mut(*count);
        for (vector, (data, _)) in own_vectors.iter_mut().zip(own) {
            vector.write(libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() });
        }
        let (name, length) =
            address.map_or((ptr::null(), 0), |address| (address.pointer(), address.length()));
        let header =
            header.write(header_of(name.cast_mut(), length, own_vectors.as_mut_ptr().cast(), own.len()));
        if own.len() > 1 {
            cut_into(&mut header.msg_hdr, control, first.len());
        }
        (left, free_vectors, used) = (others, other_vectors, used + 1);
    }
    if used == 0 {
        return Ok(0);
    }
    // SAFETY: the first `used` headers are initialised; each points at its own initialised vectors, and those and it at
    // data, an address and control messages that outlive the call, which reads them only (it writes each header's
    // count of bytes).
    let sent = unsafe { libc::sendmmsg(fd, headers.as_mut_ptr().cast(), used, SENDING as _) };
    let sent = usize::try_from(sent).map_err(|_| io::Error::last_os_error())?;
    Ok(counts.iter().take(sent).sum())
}

/// Room for one control message with a number of 16 bits, in words.
const CONTROL_WORDS: usize = 3;

/// Has the kernel cut a message into datagrams of `size` bytes.
fn cut_into(header: &mut libc::msghdr, control: &mut [u64; CONTROL_WORDS], size: usize) {
    let content = size_of::<u16>() as libc::c_uint;
    header.msg_control = control.as_mut_ptr().cast();
    // SAFETY: the macros compute sizes and, from a header whose control room is set and large enough for one message of
    // two bytes (16 bytes of header, 8 with its padding), pointers into that room.
    unsafe {
        header.msg_controllen = libc::CMSG_SPACE(content) as _;
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::SOL_UDP;
        (*message).cmsg_type = libc::UDP_SEGMENT;
        (*message).cmsg_len = libc::CMSG_LEN(content) as _;
        libc::CMSG_DATA(message).cast::<u16>().write_unaligned(size as u16);
    }
}
