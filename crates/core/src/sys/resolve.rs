//! The C library's resolver: host and service to addresses, and back. Every call here may block.
//!
//! Invariant: a list that the resolver has allocated is read and freed before the call returns.

use std::ffi::CStr;
use std::io;
use std::ptr;

use super::address::Address;

/// What is asked of the resolver besides host and service: `getaddrinfo(3)`'s hints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// An address family, or 0 for any.
    pub family: i32,
    /// A kind of socket, or 0 for any.
    pub kind: i32,
    /// A protocol, or 0 for any.
    pub protocol: i32,
    /// `AI_*`.
    pub flags: i32,
}

/// One address that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its family.
    pub family: i32,
    /// The kind of socket to use it with.
    pub kind: i32,
    /// The protocol of that socket.
    pub protocol: i32,
    /// The host's official name, if it was asked for.
    pub canonical_name: Vec<u8>,
    /// The address itself.
    pub address: Address,
}

/// Why nothing was found.
#[derive(Debug)]
pub enum Unresolved {
    /// `EAI_*`, with the C library's words for it.
    Resolver(i32, String),
    /// A system call failed (`EAI_SYSTEM`).
    System(io::Error),
}

/// The addresses of `host` and `service`.
pub fn addresses_of(
    host: Option<&CStr>,
    service: Option<&CStr>,
    hints: Hints,
) -> Result<Vec<Found>, Unresolved> {
    let asked = libc::addrinfo {
        ai_flags: hints.flags,
        ai_family: hints.family,
        ai_socktype: hints.kind,
        ai_protocol: hints.protocol,
        ai_addrlen: 0,
        ai_addr: ptr::null_mut(),
        ai_canonname: ptr::null_mut(),
        ai_next: ptr::null_mut(),
    };
    let mut list = List(ptr::null_mut());
    // SAFETY: terminated strings or null; `list` gets what the resolver allocates, and frees it.
    let code = unsafe {
        libc::getaddrinfo(
            host.map_or(ptr::null(), CStr::as_ptr),
            service.map_or(ptr::null(), CStr::as_ptr),
            &raw const asked,
            &raw mut list.0,
        )
    };
    check(code)?;
    Ok(list.read())
}

/// The host's and the service's name of `address`; `flags` are `NI_*`.
pub fn names_of(address: &Address, flags: i32) -> Result<(Vec<u8>, Vec<u8>), Unresolved> {
    // The sizes that the socket module of Python gives: NI_MAXHOST and NI_MAXSERV.
    let (mut host, mut service) = ([0_u8; 1025], [0_u8; 32]);
    // SAFETY: the address is valid for its length, and both texts have as much room as is said.
    let code = unsafe {
        libc::getnameinfo(
            address.pointer(),
            address.length(),
            host.as_mut_ptr().cast(),
            host.len() as u32,
            service.as_mut_ptr().cast(),
            service.len() as u32,
            flags,
        )
    };
    check(code)?;
    Ok((text_in(&host), text_in(&service)))
}

/// The resolver's list of addresses.
struct List(*mut libc::addrinfo);

impl List {
    fn read(&self) -> Vec<Found> {
        let mut found = Vec::new();
        let mut next = self.0;
        // SAFETY: the resolver's list: each node is valid until it is freed, and points at the next one or null.
        while let Some(node) = unsafe { next.as_ref() } {
            next = node.ai_next;
            found.push(Found {
                family: node.ai_family,
                kind: node.ai_socktype,
                protocol: node.ai_protocol,
                canonical_name: text_at(node.ai_canonname),
                address: address_at(node.ai_addr, node.ai_addrlen),
            });
        }
        found
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: allocated by the resolver, freed once.
            unsafe { libc::freeaddrinfo(self.0) }
        }
    }
}

/// A copy of a node's address.
fn address_at(pointer: *const libc::sockaddr, length: libc::socklen_t) -> Address {
    let mut address = Address::none();
    if !pointer.is_null() {
        address.set_length(length);
        // SAFETY: the resolver's address is `length` bytes long; the storage has room for what `set_length` allows.
        unsafe {
            let length = address.length() as usize;
            ptr::copy_nonoverlapping(pointer.cast::<u8>(), address.pointer_mut().cast::<u8>(), length);
        }
    }
    address
}

fn text_at(pointer: *const libc::c_char) -> Vec<u8> {
    if pointer.is_null() {
        return Vec::new();
    }
    // SAFETY: a terminated text of the C library's.
    unsafe { CStr::from_ptr(pointer) }.to_bytes().to_vec()
}

fn text_in(room: &[u8]) -> Vec<u8> {
    CStr::from_bytes_until_nul(room).unwrap_or_default().to_bytes().to_vec()
}

fn check(code: i32) -> Result<(), Unresolved> {
    match code {
        0 => Ok(()),
        libc::EAI_SYSTEM => Err(Unresolved::System(io::Error::last_os_error())),
        _ => {
            // SAFETY: a static text for any number.
            let words = text_at(unsafe { libc::gai_strerror(code) });
            Err(Unresolved::Resolver(code, String::from_utf8_lossy(&words).into_owned()))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::sys::{AddressKind, family};
    use std::net::SocketAddr;

    const STREAM: Hints = Hints { family: 0, kind: libc::SOCK_STREAM, protocol: 0, flags: 0 };

    #[test]
    fn literals_are_found_without_any_service() {
        for (host, port, expected) in
            [(c"127.0.0.1", c"80", "127.0.0.1:80"), (c"::1", c"0", "[::1]:0"), (c"1.2", c"7", "1.0.0.2:7")]
        {
            let found = addresses_of(Some(host), Some(port), STREAM).unwrap();
            let [one] = found.as_slice() else { panic!("{found:?}") };
            let expected = expected.parse::<SocketAddr>().unwrap();
            assert_eq!(one.address.kind(), AddressKind::Internet(expected));
            assert_eq!((one.kind, one.protocol), (libc::SOCK_STREAM, libc::IPPROTO_TCP));
            assert_eq!(one.family == family::INET6, expected.is_ipv6());
        }
    }

    #[test]
    fn the_canonical_name_comes_with_the_first_address() {
        let hints = Hints { flags: libc::AI_CANONNAME, ..STREAM };
        let found = addresses_of(Some(c"127.0.0.1"), None, hints).unwrap();
        assert_eq!(found.first().unwrap().canonical_name, b"127.0.0.1");
    }

    #[test]
    fn what_is_not_found_has_a_number_and_words() {
        let hints = Hints { flags: libc::AI_NUMERICHOST, ..STREAM };
        let Err(Unresolved::Resolver(code, words)) = addresses_of(Some(c"name"), None, hints) else {
            panic!("it is no literal")
        };
        assert_eq!((code, words.as_str()), (libc::EAI_NONAME, "Name or service not known"));
    }

    #[test]
    fn names_of_numbers() {
        let address = "127.0.0.1:7".parse::<SocketAddr>().unwrap().into();
        let flags = libc::NI_NUMERICHOST | libc::NI_NUMERICSERV;
        assert_eq!(names_of(&address, flags).unwrap(), (b"127.0.0.1".to_vec(), b"7".to_vec()));
        assert!(matches!(names_of(&Address::none(), flags), Err(Unresolved::Resolver(..))));
    }
}
