//! Datagrams: one system call for several of them, in both directions.
//!
//! Invariants:
//!
//! * No call here blocks, whatever mode the socket is in (`MSG_DONTWAIT`), and none raises `SIGPIPE`.
//! * A batch ends at the first datagram that would block or fails. If it is not the first of the batch, then the call
//!   succeeds with what went before: the kernel keeps a pending error of the socket for the next receiving call, and
//!   a datagram that can't be sent fails again when it is the first of the next batch.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr;

use super::address::{ADDRESS_ROOM, Address};

/// How many datagrams one system call carries at most.
pub const BATCH: usize = 32;

/// The largest datagram that is received whole: what asyncio asks for. UDP stays below 64 KiB, Unix sockets don't.
const LARGEST: usize = 256 * 1024;

/// From one datagram's room to the next. Not a power of two: rooms at equal offsets of their pages would share a
/// few sets of the caches, and small datagrams use nothing but the beginning of theirs.
const STRIDE: usize = LARGEST + 5 * 64;

/// Room for one batch of received datagrams.
///
/// Most of its 8 MiB are never touched and hence never resident: a page for each datagram, if they are small.
pub struct Inbox {
    memory: Box<[MaybeUninit<u8>]>,
    addresses: [Address; BATCH],
    /// The lengths of the datagrams of the last batch, then of older ones.
    lengths: [usize; BATCH],
    count: usize,
}

impl Inbox {
    /// Empty room.
    pub fn new() -> Self {
        Self {
            memory: Box::new_uninit_slice(BATCH * STRIDE),
            addresses: [Address::none(); BATCH],
            lengths: [0; BATCH],
            count: 0,
        }
    }

    /// Receives the datagrams that wait at `fd`, `limit` of them at most, in place of those received before. Returns
    /// how many came. Errors: `WouldBlock` when none waits, and what the socket has to report.
    pub fn receive(&mut self, fd: RawFd, limit: usize) -> io::Result<usize> {
        self.count = 0;
        let limit = limit.clamp(1, BATCH);
        let mut vectors = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
        let rooms = self.memory.chunks_exact_mut(STRIDE).zip(&mut self.addresses);
        for ((header, vector), (room, address)) in headers.iter_mut().zip(&mut vectors).zip(rooms).take(limit)
        {
            let vector = vector.write(libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: LARGEST });
            header.write(header_of(address.pointer_mut(), ADDRESS_ROOM as u32, vector));
        }
        // SAFETY: the first `limit` headers are initialised; each points at its own vector, at room for LARGEST bytes
        // and at an address's storage, all of which outlive the call; any bytes are valid in them.
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
        let places = self.lengths.iter_mut().zip(&mut self.addresses);
        for (header, (length, address)) in headers.iter().zip(places).take(self.count) {
            // SAFETY: the kernel reports no more datagrams than there were headers.
            let header = unsafe { header.assume_init_ref() };
            *length = (header.msg_len as usize).min(LARGEST);
            address.set_length(header.msg_hdr.msg_namelen);
        }
        Ok(self.count)
    }

    /// The datagrams of the last batch with their senders, in the order in which they came.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = (&[u8], &Address)> {
        let rooms = self.memory.chunks_exact(STRIDE).zip(&self.lengths);
        rooms.zip(&self.addresses).take(self.count).map(|((room, length), address)| {
            let filled = room.get(..*length).unwrap_or_default();
            // SAFETY: the kernel has written as many bytes as it said; `u8` and `MaybeUninit<u8>` have one layout.
            (unsafe { &*(ptr::from_ref(filled) as *const [u8]) }, address)
        })
    }
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

/// Sends one datagram to `address`, or to the socket's peer. Errors: `WouldBlock` when the socket's buffer is full,
/// and whatever the kernel has against this datagram.
#[inline]
pub fn send_datagram(fd: RawFd, data: &[u8], address: Option<&Address>) -> io::Result<()> {
    let (name, length) = address.map_or((ptr::null(), 0), |address| (address.pointer(), address.length()));
    // SAFETY: `data` and the address are valid for reads of their lengths during the call.
    let sent = unsafe { libc::sendto(fd, data.as_ptr().cast(), data.len(), SENDING, name, length) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sends the first datagrams of `messages`, [`BATCH`] at most, and returns how many the kernel has taken: at least
/// one, unless there was none. Errors are those of the first one.
pub fn send_datagrams<'a>(
    fd: RawFd,
    messages: impl Iterator<Item = (&'a [u8], Option<&'a Address>)>,
) -> io::Result<usize> {
    let mut vectors = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH];
    let mut count = 0_u32;
    for ((header, vector), (data, address)) in headers.iter_mut().zip(&mut vectors).zip(messages) {
        let base = data.as_ptr().cast_mut().cast();
        let vector = vector.write(libc::iovec { iov_base: base, iov_len: data.len() });
        let (name, length) =
            address.map_or((ptr::null(), 0), |address| (address.pointer(), address.length()));
        header.write(header_of(name.cast_mut(), length, vector));
        count += 1;
    }
    if count == 0 {
        return Ok(0);
    }
    // SAFETY: the first `count` headers are initialised and point at vectors, data and addresses that outlive the
    // call, which reads them only (it writes each header's count of bytes).
    let sent = unsafe { libc::sendmmsg(fd, headers.as_mut_ptr().cast(), count, SENDING as _) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

const SENDING: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

fn header_of(name: *mut libc::sockaddr, length: u32, vector: *mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: null pointers, zero lengths and no flags are a valid header.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_name = name.cast();
    header.msg_hdr.msg_namelen = length;
    header.msg_hdr.msg_iov = vector;
    header.msg_hdr.msg_iovlen = 1;
    header
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::sys::AddressKind;
    use std::io::ErrorKind;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixDatagram;

    fn received(inbox: &Inbox) -> Vec<Vec<u8>> {
        inbox.datagrams().map(|(data, _)| data.to_vec()).collect()
    }

    #[test]
    fn a_batch_comes_in_order_with_its_senders() {
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let target = Address::from(two.local_addr().unwrap());
        let texts: Vec<Vec<u8>> = (0..40_u8).map(|number| vec![number; usize::from(number)]).collect();
        let mut rest = texts.iter().map(|text| (text.as_slice(), Some(&target)));
        assert_eq!(send_datagrams(one.as_raw_fd(), rest.by_ref().take(BATCH)).unwrap(), BATCH);
        assert_eq!(send_datagrams(one.as_raw_fd(), rest).unwrap(), 8);
        let mut inbox = Inbox::new();
        assert_eq!(inbox.receive(two.as_raw_fd(), 3).unwrap(), 3);
        assert_eq!(received(&inbox), texts[..3]);
        assert_eq!(inbox.receive(two.as_raw_fd(), usize::MAX).unwrap(), BATCH);
        assert_eq!(received(&inbox), texts[3..35]);
        assert_eq!(inbox.receive(two.as_raw_fd(), BATCH).unwrap(), 5);
        assert_eq!(received(&inbox), texts[35..]);
        let sender = AddressKind::Internet(one.local_addr().unwrap());
        assert!(inbox.datagrams().all(|(_, address)| address.kind() == sender));
        let blocked = inbox.receive(two.as_raw_fd(), BATCH).unwrap_err();
        assert_eq!(blocked.kind(), ErrorKind::WouldBlock, "though the socket blocks");
        assert_eq!(received(&inbox).len(), 0);
    }

    #[test]
    fn large_and_empty_datagrams_come_whole() {
        let (one, two) = UnixDatagram::pair().unwrap();
        let large: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        for text in [&large[..], b"", b"x"] {
            send_datagram(one.as_raw_fd(), text, None).unwrap();
        }
        let mut inbox = Inbox::new();
        assert_eq!(inbox.receive(two.as_raw_fd(), BATCH).unwrap(), 3);
        assert_eq!(received(&inbox), [large, vec![], vec![b'x']]);
        assert!(inbox.datagrams().all(|(_, address)| address.kind() == AddressKind::None));
    }

    #[test]
    fn a_full_buffer_blocks_and_what_went_before_counts() {
        let (one, two) = UnixDatagram::pair().unwrap();
        let mut sent = 0;
        let blocked = loop {
            match send_datagrams(one.as_raw_fd(), std::iter::repeat_n((&b"datagram"[..], None), 7)) {
                Ok(count) => sent += count,
                Err(error) => break error,
            }
        };
        assert_eq!(blocked.kind(), ErrorKind::WouldBlock);
        let (mut inbox, mut came) = (Inbox::new(), 0);
        while let Ok(count) = inbox.receive(two.as_raw_fd(), BATCH) {
            came += count;
        }
        assert_eq!(came, sent);
    }

    #[test]
    fn a_datagram_that_can_not_be_sent_fails_when_it_is_the_first() {
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let target = Address::from(two.local_addr().unwrap());
        let too_large = vec![0; 70_000];
        let messages = [(&b"a"[..], Some(&target)), (&too_large[..], Some(&target)), (b"b", Some(&target))];
        assert_eq!(send_datagrams(one.as_raw_fd(), messages.into_iter()).unwrap(), 1);
        let refused = send_datagrams(one.as_raw_fd(), messages.into_iter().skip(1)).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EMSGSIZE));
        assert_eq!(send_datagrams(one.as_raw_fd(), messages.into_iter().skip(2)).unwrap(), 1);
        let mut inbox = Inbox::new();
        assert_eq!(inbox.receive(two.as_raw_fd(), BATCH).unwrap(), 2);
    }

    #[test]
    fn a_dead_port_is_reported_to_the_next_call() {
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        one.connect(two.local_addr().unwrap()).unwrap();
        drop(two);
        send_datagram(one.as_raw_fd(), b"anybody?", None).unwrap();
        let refused = Inbox::new().receive(one.as_raw_fd(), BATCH).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn numbers_that_name_no_socket_are_refused() {
        assert_eq!(Inbox::new().receive(-1, 1).unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(send_datagram(-1, b"", None).unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(send_datagrams(-1, std::iter::empty()).unwrap(), 0);
    }
}
