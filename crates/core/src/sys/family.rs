//! Address families by number, and the texts of their addresses.

use std::ffi::CStr;
use std::net::Ipv6Addr;

/// IPv4.
pub const INET: i32 = libc::AF_INET;
/// Any family.
pub const UNSPECIFIED: i32 = libc::AF_UNSPEC;
/// IPv6.
pub const INET6: i32 = libc::AF_INET6;
/// Unix sockets.
pub const UNIX: i32 = libc::AF_UNIX;

unsafe extern "C" {
    // Not in the libc crate.
    fn inet_ntop(
        family: libc::c_int,
        address: *const libc::c_void,
        text: *mut libc::c_char,
        room: libc::socklen_t,
    ) -> *const libc::c_char;
}

/// An IPv6 address as the C library writes it, which differs from Rust's way for some that embed an IPv4 one.
pub fn text_of(address: Ipv6Addr) -> String {
    let octets = address.octets();
    let mut room = [0_u8; 46];
    // SAFETY: reads 16 bytes, and writes a terminated text of at most as many bytes as it is told (INET6_ADDRSTRLEN).
    unsafe { inet_ntop(INET6, octets.as_ptr().cast(), room.as_mut_ptr().cast(), room.len() as u32) };
    CStr::from_bytes_until_nul(&room).unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn texts_mean_the_address_that_they_were_made_of() {
        for text in ["::", "::1", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::8", "::1.2.3.4"] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(text_of(address), text);
        }
    }
}
