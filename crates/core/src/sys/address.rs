//! The address of a socket, as the kernel reads and writes it.
//!
//! Kept in the kernel's own form, so that a datagram's sender costs nothing but a copy, and an answer to it no
//! translation. What the bytes mean is told by [`Address::kind`], for the families that transports speak natively.
//!
//! Invariant: every byte of the storage is initialised, and the length never exceeds it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Room for an address of any family: `sizeof(struct sockaddr_storage)`.
pub(super) const ADDRESS_ROOM: usize = 128;

/// The longest path of a Unix socket, with the zero that ends it.
const UNIX_PATH_ROOM: usize = 108;

/// Where the family's own fields begin.
const FIELDS: usize = 2;

/// An address of any family, or none at all (a Unix socket that was not bound).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Address {
    storage: Storage,
    length: u32,
}

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Storage([u8; ADDRESS_ROOM]);

/// What an address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind<'a> {
    /// IPv4 or IPv6.
    Internet(SocketAddr),
    /// The path of a Unix socket, as bytes of the file system; empty for an unnamed one.
    Path(&'a [u8]),
    /// A name in Linux's abstract namespace of Unix sockets, with the zero that it begins with.
    Abstract(&'a [u8]),
    /// No address came.
    None,
    /// A family that this module does not read.
    Other,
}

impl Address {
    /// No address.
    pub const fn none() -> Self {
        Self { storage: Storage([0; ADDRESS_ROOM]), length: 0 }
    }

    /// The address of a Unix socket: a path, an abstract name that begins with a zero byte, or nothing (which lets
    /// the kernel choose). `None` when it is too long, or has a zero byte where none may be.
    pub fn unix(path: &[u8]) -> Option<Self> {
        let is_abstract = path.first() == Some(&0);
        if path.len() > UNIX_PATH_ROOM || (!is_abstract && path.len() == UNIX_PATH_ROOM) {
            return None;
        }
        if !is_abstract && path.contains(&0) {
            return None;
        }
        let mut address = Self::of_family(libc::AF_UNIX, FIELDS + path.len());
        address.write(FIELDS, path);
        Some(address)
    }

    /// What the address says.
    pub fn kind(&self) -> AddressKind<'_> {
        let bytes = self.bytes();
        let Some(family) = bytes.first_chunk::<2>() else { return AddressKind::None };
        match i32::from(u16::from_ne_bytes(*family)) {
            libc::AF_INET => self.internet4().map_or(AddressKind::Other, AddressKind::Internet),
            libc::AF_INET6 => self.internet6().map_or(AddressKind::Other, AddressKind::Internet),
            libc::AF_UNIX => match bytes.get(FIELDS..).unwrap_or_default() {
                name @ [0, ..] => AddressKind::Abstract(name),
                path => AddressKind::Path(path.split(|byte| *byte == 0).next().unwrap_or_default()),
            },
            _ => AddressKind::Other,
        }
    }

    /// The bytes that count.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.storage.0.get(..self.length as usize).unwrap_or_default()
    }

    /// For a system call that reads the address.
    #[inline]
    pub(super) fn pointer(&self) -> *const libc::sockaddr {
        self.storage.0.as_ptr().cast()
    }

    /// For a system call that writes an address of up to [`ADDRESS_ROOM`] bytes: any bytes are valid.
    #[inline]
    pub(super) fn pointer_mut(&mut self) -> *mut libc::sockaddr {
        self.storage.0.as_mut_ptr().cast()
    }

    /// How many bytes count.
    #[inline]
    pub(super) fn length(&self) -> u32 {
        self.length
    }

    /// Says how many bytes a system call has written.
    #[inline]
    pub(super) fn set_length(&mut self, length: u32) {
        self.length = length.min(ADDRESS_ROOM as u32);
    }

    fn of_family(family: i32, length: usize) -> Self {
        let mut address = Self::none();
        address.set_length(u32::try_from(length).unwrap_or(0));
        address.write(0, &u16::try_from(family).unwrap_or(0).to_ne_bytes());
        address
    }

    fn write(&mut self, start: usize, bytes: &[u8]) {
        for (place, byte) in self.storage.0.iter_mut().skip(start).zip(bytes) {
            *place = *byte;
        }
    }

    fn field<const N: usize>(&self, start: usize) -> Option<[u8; N]> {
        self.bytes().get(start..)?.first_chunk::<N>().copied()
    }

    fn internet4(&self) -> Option<SocketAddr> {
        let (port, host) = (self.field(2)?, self.field::<4>(4)?);
        Some(SocketAddrV4::new(Ipv4Addr::from(host), u16::from_be_bytes(port)).into())
    }

    fn internet6(&self) -> Option<SocketAddr> {
        let (port, host) = (self.field(2)?, self.field::<16>(8)?);
        let (flow, scope) = (u32::from_be_bytes(self.field(4)?), u32::from_ne_bytes(self.field(24)?));
        Some(SocketAddrV6::new(Ipv6Addr::from(host), u16::from_be_bytes(port), flow, scope).into())
    }
}

impl From<SocketAddr> for Address {
    fn from(internet: SocketAddr) -> Self {
        match internet {
            SocketAddr::V4(v4) => {
                let mut address = Self::of_family(libc::AF_INET, size_of::<libc::sockaddr_in>());
                address.write(2, &v4.port().to_be_bytes());
                address.write(4, &v4.ip().octets());
                address
            }
            SocketAddr::V6(v6) => {
                let mut address = Self::of_family(libc::AF_INET6, size_of::<libc::sockaddr_in6>());
                address.write(2, &v6.port().to_be_bytes());
                address.write(4, &v6.flowinfo().to_be_bytes());
                address.write(8, &v6.ip().octets());
                address.write(24, &v6.scope_id().to_ne_bytes());
                address
            }
        }
    }
}

impl PartialEq for Address {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Address {}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(formatter)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn internet_addresses_come_back_as_they_went_in() {
        for text in ["127.0.0.1:53", "255.255.255.255:65535", "[::1]:0", "[fe80::1]:9"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Address::from(address).kind(), AddressKind::Internet(address));
        }
        let scoped = SocketAddrV6::new("fe80::2".parse().unwrap(), 7, 0x000a_bcde, 3).into();
        assert_eq!(Address::from(scoped).kind(), AddressKind::Internet(scoped));
    }

    #[test]
    fn the_layout_is_the_kernels() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let bound = Address::from(socket.local_addr().unwrap());
        assert_eq!(bound.length() as usize, size_of::<libc::sockaddr_in>());
        // SAFETY: `bound` is a whole sockaddr_in, initialised and aligned to 8.
        let seen = unsafe { bound.pointer().cast::<libc::sockaddr_in>().read() };
        assert_eq!(u16::from_be(seen.sin_port), socket.local_addr().unwrap().port());
        assert_eq!(u32::from_be(seen.sin_addr.s_addr), u32::from(Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn unix_names_are_paths_abstract_or_empty() {
        assert_eq!(Address::unix(b"/run/x").unwrap().kind(), AddressKind::Path(b"/run/x"));
        assert_eq!(Address::unix(b"\0x\0y").unwrap().kind(), AddressKind::Abstract(b"\0x\0y"));
        assert_eq!(Address::unix(b"").unwrap().kind(), AddressKind::Path(b""));
        assert_eq!(Address::none().kind(), AddressKind::None);
    }

    #[test]
    fn unix_names_that_do_not_fit_are_refused() {
        assert!(Address::unix(&[b'x'; UNIX_PATH_ROOM - 1]).is_some());
        assert!(Address::unix(&[b'x'; UNIX_PATH_ROOM]).is_none());
        assert!(Address::unix(&[0; UNIX_PATH_ROOM]).is_some());
        assert!(Address::unix(&[0; UNIX_PATH_ROOM + 1]).is_none());
        assert!(Address::unix(b"a\0b").is_none());
    }

    #[test]
    fn a_family_that_is_not_read_says_so() {
        assert_eq!(Address::of_family(libc::AF_NETLINK, 12).kind(), AddressKind::Other);
        assert_eq!(Address::of_family(libc::AF_INET, 3).kind(), AddressKind::Other, "cut off");
    }
}
