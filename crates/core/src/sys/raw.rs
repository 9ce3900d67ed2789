//! Addressed and accepting calls on a socket that the caller owns and that may be in any mode.
//!
//! Invariants:
//!
//! * No call here blocks, whatever mode the socket is in, and none raises `SIGPIPE`. `connect` alone heeds the
//!   socket's mode, since the kernel has no other way to say it.
//! * A call that a signal interrupts is made again, except `connect`, which goes on in the background.
//! * A descriptor that comes out of here belongs to the caller, is not inherited across `exec` and does not block.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use super::address::{ADDRESS_ROOM, Address};
use super::socket;

/// Receives what is there, as much as fits into `room`, and returns it: nothing at the end of a stream.
/// Errors: `WouldBlock` when nothing is there.
#[inline]
pub fn receive(fd: RawFd, room: &mut [MaybeUninit<u8>]) -> io::Result<&[u8]> {
    let received = loop {
        match socket::receive(fd, room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            received => break received?.len(),
        }
    };
    Ok(initialised(room, received))
}

/// As [`receive`], with the address that the data came from ([`Address::none`] for a stream's).
pub fn receive_from(fd: RawFd, room: &mut [MaybeUninit<u8>]) -> io::Result<(&[u8], Address)> {
    let mut address = Address::none();
    let mut length = ADDRESS_ROOM as u32;
    let received = again_if_interrupted(|| {
        length = ADDRESS_ROOM as u32;
        // SAFETY: `room` is valid for writes of its length, and any bytes are valid in it; the address has room for as many bytes as its length says.
        unsafe {
            libc::recvfrom(
                fd,
                room.as_mut_ptr().cast(),
                room.len(),
                libc::MSG_DONTWAIT,
                address.pointer_mut(),
                &raw mut length,
            )
        }
    })?;
    address.set_length(length);
    Ok((initialised(room, received), address))
}

/// Sends `data` to `address` and returns how many bytes went. Errors: `WouldBlock` when there is no room.
pub fn send_to(fd: RawFd, data: &[u8], address: &Address) -> io::Result<usize> {
    // SAFETY: the data and the address are valid for reads of their lengths.
    again_if_interrupted(|| unsafe {
        libc::sendto(fd, data.as_ptr().cast(), data.len(), SENDING, address.pointer(), address.length())
    })
}

/// Begins to connect. Errors: `EINPROGRESS`, `EAGAIN` or `EINTR` when that goes on in the background.
pub fn connect(fd: RawFd, address: &Address) -> io::Result<()> {
    // SAFETY: the address is valid for reads of its length.
    match unsafe { libc::connect(fd, address.pointer(), address.length()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes the next connection off the backlog, with its peer's address. Errors: `WouldBlock` when none waits
/// (asked of a socket in blocking mode, this waits for one).
pub fn accept(fd: RawFd) -> io::Result<(OwnedFd, Address)> {
    let mut address = Address::none();
    let mut length = ADDRESS_ROOM as u32;
    let accepted = again_if_interrupted(|| {
        length = ADDRESS_ROOM as u32;
        // SAFETY: the address has room for as many bytes as its length says.
        let accepted = unsafe {
            let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
            libc::accept4(fd, address.pointer_mut(), &raw mut length, flags)
        };
        accepted as isize
    })?;
    address.set_length(length);
    let accepted = RawFd::try_from(accepted).map_err(io::Error::other)?;
    // SAFETY: the kernel has just opened it, and nobody else knows it.
    Ok((unsafe { OwnedFd::from_raw_fd(accepted) }, address))
}

/// The address that the socket is bound to.
pub fn local_address(fd: RawFd) -> io::Result<Address> {
    // SAFETY: the address has room for as many bytes as its length says.
    asked_address(|name, length| unsafe { libc::getsockname(fd, name, length) })
}

/// The address that the socket is connected to. Errors: `ENOTCONN` when it is not.
pub fn peer_address(fd: RawFd) -> io::Result<Address> {
    // SAFETY: the address has room for as many bytes as its length says.
    asked_address(|name, length| unsafe { libc::getpeername(fd, name, length) })
}

fn asked_address(ask: impl FnOnce(*mut libc::sockaddr, *mut u32) -> libc::c_int) -> io::Result<Address> {
    let (mut address, mut length) = (Address::none(), ADDRESS_ROOM as u32);
    if ask(address.pointer_mut(), &raw mut length) != 0 {
        return Err(io::Error::last_os_error());
    }
    address.set_length(length);
    Ok(address)
}

const SENDING: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// The first bytes of `room`, which a system call has written.
#[inline]
fn initialised(room: &[MaybeUninit<u8>], count: usize) -> &[u8] {
    let written = room.get(..count).unwrap_or_default();
    // SAFETY: the kernel has written as many bytes as it said; `u8` and `MaybeUninit<u8>` have one layout.
    unsafe { &*(std::ptr::from_ref(written) as *const [u8]) }
}

#[inline]
fn again_if_interrupted(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        if let Ok(count) = usize::try_from(call()) {
            return Ok(count);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::sys::AddressKind;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    fn room<const N: usize>() -> [MaybeUninit<u8>; N] {
        [const { MaybeUninit::uninit() }; N]
    }

    #[test]
    fn receiving_never_blocks_and_ends_with_nothing() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        assert_eq!(receive(ours.as_raw_fd(), &mut room::<8>()).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(socket::send(theirs.as_raw_fd(), b"a longer text").unwrap(), 13);
        assert_eq!(receive(ours.as_raw_fd(), &mut room::<8>()).unwrap(), b"a longer");
        assert_eq!(receive(ours.as_raw_fd(), &mut room::<8>()).unwrap(), b" text");
        drop(theirs);
        assert_eq!(receive(ours.as_raw_fd(), &mut room::<8>()).unwrap(), b"");
    }

    #[test]
    fn datagrams_come_with_their_senders() {
        let (one, other) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let (from, to) = (one.local_addr().unwrap(), other.local_addr().unwrap());
        assert_eq!(send_to(one.as_raw_fd(), b"hello", &to.into()).unwrap(), 5);
        let mut room = room::<8>();
        let (data, address) = receive_from(other.as_raw_fd(), &mut room).unwrap();
        assert_eq!((data, address.kind()), (&b"hello"[..], AddressKind::Internet(from)));
    }

    #[test]
    fn a_connection_is_accepted_without_blocking_and_knows_its_peer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(accept(listener.as_raw_fd()).unwrap_err().kind(), ErrorKind::WouldBlock);
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (connection, address) = accept(listener.as_raw_fd()).unwrap();
        assert_eq!(address.kind(), AddressKind::Internet(client.local_addr().unwrap()));
        assert_eq!(
            receive(connection.as_raw_fd(), &mut room::<8>()).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    }

    #[test]
    fn a_connection_knows_both_of_its_ends_and_a_fresh_socket_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ends = (local_address(client.as_raw_fd()).unwrap(), peer_address(client.as_raw_fd()).unwrap());
        assert_eq!(ends.0.kind(), AddressKind::Internet(client.local_addr().unwrap()));
        assert_eq!(ends.1.kind(), AddressKind::Internet(listener.local_addr().unwrap()));
        let (unnamed, _other) = UnixStream::pair().unwrap();
        assert_eq!(local_address(unnamed.as_raw_fd()).unwrap().kind(), AddressKind::Path(b""));
        let error = peer_address(listener.as_raw_fd()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTCONN));
    }

    #[test]
    fn a_closed_number_is_an_error() {
        assert_eq!(receive(-1, &mut room::<8>()).unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(accept(-1).unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}
