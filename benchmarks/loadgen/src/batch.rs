//! Many datagrams in one system call, in memory that is reused: `recvmmsg` and `sendmmsg`.
//!
//! The one place of this crate with `unsafe`: rustix has no `recvmmsg`. A batch owns its buffers, its addresses
//! and the headers that point at them, and points them anew before each call.

use std::mem::zeroed;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::Errno;

/// Room for a number of datagrams of a limited size.
pub struct Batch {
    headers: Vec<libc::mmsghdr>,
    pieces: Vec<libc::iovec>,
    addresses: Vec<libc::sockaddr_storage>,
    buffers: Vec<u8>,
    size: usize,
    addressed: bool,
}

impl Batch {
    /// Room for `count` datagrams of at most `size` bytes. With `addressed`, a batch that was received knows where
    /// each one came from and sends it back there; without, the socket has to be connected.
    #[must_use]
    pub fn new(count: usize, size: usize, addressed: bool) -> Self {
        // SAFETY: initialised. All zeros is a value of these C structures, which hold integers and raw pointers.
        let (header, piece, address) = unsafe {
            (zeroed::<libc::mmsghdr>(), zeroed::<libc::iovec>(), zeroed::<libc::sockaddr_storage>())
        };
        Self {
            headers: vec![header; count],
            pieces: vec![piece; count],
            addresses: vec![address; count],
            buffers: vec![0; count * size],
            size,
            addressed,
        }
    }

    /// Receive what is there, without waiting; how many datagrams that were.
    pub fn receive(&mut self, socket: impl AsFd) -> Result<usize, Errno> {
        let size = self.size;
        self.point(size_of::<libc::sockaddr_storage>() as libc::socklen_t, |_| size);
        // SAFETY: alive. The headers were pointed into this batch, which stays borrowed, with the lengths of the
        // buffers and addresses behind them.
        let received = unsafe {
            libc::recvmmsg(
                socket.as_fd().as_raw_fd(),
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        usize::try_from(received).map_err(|_| last_error())
    }

    /// The datagram that was received at this place.
    #[must_use]
    pub fn received(&self, place: usize) -> &[u8] {
        let length = self.headers.get(place).map_or(0, |header| header.msg_len as usize);
        let begin = place * self.size;
        self.buffers.get(begin..begin + length.min(self.size)).unwrap_or_default()
    }

    /// The whole buffer at this place, to be filled before it is sent.
    pub fn buffer(&mut self, place: usize) -> &mut [u8] {
        let begin = place * self.size;
        self.buffers.get_mut(begin..begin + self.size).unwrap_or_default()
    }

    /// Send full buffers from the first places; how many were taken.
    pub fn send(&mut self, socket: impl AsFd, count: usize) -> Result<usize, Errno> {
        let size = self.size;
        self.point(0, |_| size);
        self.submit(socket, 0, count)
    }

    /// Send back what was received, from `first` up to `end`; how many were taken.
    pub fn send_back(&mut self, socket: impl AsFd, first: usize, end: usize) -> Result<usize, Errno> {
        let size = self.size;
        let kept = self.headers.iter().map(|header| header.msg_hdr.msg_namelen).max().unwrap_or(0);
        self.point(kept, |header| size.min(header.msg_len as usize));
        self.submit(socket, first, end)
    }

    /// Send `text` to where the datagram at this place came from; it must fit into its buffer.
    pub fn answer(&mut self, socket: impl AsFd, place: usize, text: &[u8]) -> Result<(), Errno> {
        self.buffer(place).get_mut(..text.len()).ok_or(Errno::MSGSIZE)?.copy_from_slice(text);
        if let Some(header) = self.headers.get_mut(place) {
            header.msg_len = text.len() as libc::c_uint;
        }
        self.send_back(socket, place, place + 1).map(drop)
    }

    /// Point each header at its buffer and its address, with the lengths that hold for this call.
    fn point(&mut self, address_length: libc::socklen_t, length: impl Fn(&libc::mmsghdr) -> usize) {
        let buffers = self.buffers.chunks_mut(self.size.max(1));
        let parts = self.headers.iter_mut().zip(&mut self.pieces).zip(&mut self.addresses).zip(buffers);
        for (((header, piece), address), buffer) in parts {
            piece.iov_base = buffer.as_mut_ptr().cast();
            piece.iov_len = length(header);
            header.msg_hdr.msg_iov = piece;
            header.msg_hdr.msg_iovlen = 1;
            if self.addressed {
                header.msg_hdr.msg_name = (&raw mut *address).cast();
                header.msg_hdr.msg_namelen = address_length;
            }
        }
    }

    fn submit(&mut self, socket: impl AsFd, first: usize, end: usize) -> Result<usize, Errno> {
        let Some(headers) = self.headers.get_mut(first..end) else { return Err(Errno::INVAL) };
        // SAFETY: alive. As in `receive`.
        let sent = unsafe {
            libc::sendmmsg(
                socket.as_fd().as_raw_fd(),
                headers.as_mut_ptr(),
                headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        usize::try_from(sent).map_err(|_| last_error())
    }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_batch_is_received_sent_back_and_received_again() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local_addr().unwrap()).unwrap();

        let mut ours = Batch::new(3, 8, false);
        assert_eq!(ours.receive(&client), Err(Errno::AGAIN));
        for place in 0..3 {
            ours.buffer(place).fill(b'a' + place as u8);
        }
        assert_eq!(ours.send(&client, 3), Ok(3));
        client.send(b"four").unwrap();

        let mut theirs = Batch::new(5, 16, true);
        assert_eq!(theirs.receive(&server), Ok(4));
        assert_eq!(theirs.received(1), b"bbbbbbbb");
        assert_eq!(theirs.received(3), b"four");
        assert_eq!(theirs.send_back(&server, 1, 4), Ok(3));

        assert_eq!(ours.receive(&client), Ok(3));
        assert_eq!((ours.received(0), ours.received(2)), (&b"bbbbbbbb"[..], &b"four"[..]));
        assert_eq!(ours.send_back(&client, 2, 4), Err(Errno::INVAL));

        assert_eq!(theirs.answer(&server, 2, b"seven"), Ok(()));
        assert_eq!(ours.receive(&client), Ok(1));
        assert_eq!(ours.received(0), b"seven");
        assert_eq!(theirs.answer(&server, 2, &[0; 17]), Err(Errno::MSGSIZE));
    }
}
