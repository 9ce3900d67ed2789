//! Whether a host is surely a name, or anything else that asyncio asks `getaddrinfo` about.
//!
//! asyncio tells by trying: it converts the port, decodes the host and has `inet_pton` read it, and whatever these raise
//! for unusual arguments leaves `_ensure_resolved`. Only arguments for which they raise nothing are judged here.

use std::net::IpAddr;

use aioxide_core::sys::family;
use aioxide_core::sys::socket::{DGRAM, STREAM, TCP, UDP};

use crate::ffi::{Object, is_plain_container, tuple_items};

use super::ensured::{Hints, is_number};

/// Whether asyncio would ask for `address`, a tuple of host, port and perhaps flow and scope. No means that its own code
/// has to tell.
pub(super) fn has_to_be_asked(address: &Object, hints: &Hints<'_>) -> bool {
    let items = tuple_items(address);
    let ([host, port] | [host, port, _] | [host, port, _, _], true) =
        (items.as_slice(), is_plain_container(address))
    else {
        return false;
    };
    let small = |number: &Object| number.int_value().and_then(|number| i32::try_from(number).ok());
    let (Some(family), Some(kind), Some(protocol)) =
        (small(hints.family), small(hints.kind), small(hints.protocol))
    else {
        return false;
    };
    host.is_none()
        || !matches!(protocol, 0 | TCP | UDP)
        || !matches!(kind, STREAM | DGRAM)
        || is_service(port)
        || (is_plain_port(port) && is_name(host, family))
}

/// Whether a port is surely no number, like `"http"`.
fn is_service(port: &Object) -> bool {
    let text = port.exact_text().map(str::as_bytes).or_else(|| port.exact_bytes());
    text.is_some_and(|text| text.iter().any(u8::is_ascii_alphabetic))
}

/// Whether a port is nothing or a number, written in whichever way.
fn is_plain_port(port: &Object) -> bool {
    let text = port.exact_ascii().map(str::as_bytes).or_else(|| port.exact_bytes());
    port.is_none() || is_number(port) || text.is_some_and(|text| text.iter().all(u8::is_ascii_digit))
}

/// Whether a host is surely no address of `family` in digits.
fn is_name(host: &Object, family: i32) -> bool {
    let text = host.exact_text().or_else(|| {
        // What is encoded by IDNA has to be decoded first.
        let text = std::str::from_utf8(host.exact_bytes()?).ok().filter(|text| text.is_ascii())?;
        (!text.to_ascii_lowercase().contains("xn--")).then_some(text)
    });
    let Some(text) = text.filter(|text| !text.contains('\0')) else { return false };
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => !matches!(family, family::UNSPECIFIED | family::INET),
        Ok(IpAddr::V6(_)) => !matches!(family, family::UNSPECIFIED | family::INET6),
        Err(_) => true,
    }
}
