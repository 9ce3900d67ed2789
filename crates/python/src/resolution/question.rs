//! From Python's arguments to a question, or to the answer where it is certain.
//!
//! Only arguments of the plain kind get this far; `None` means that the `socket` module has to look at them, in the
//! executor, as asyncio lets it: it converts what is unusual and finds the words for what is wrong.

use std::ffi::CString;

use aioxide_core::blocking::{Question, literal};
use aioxide_core::sys::Address;
use aioxide_core::sys::family;
use aioxide_core::sys::resolve::{Found, Hints};

use crate::ffi::{Object, tuple_items};
use crate::sockets::address_from_python;

/// What can be done about a call of `getaddrinfo`.
pub(super) enum Asked {
    /// This is the answer.
    Known(Vec<Found>),
    /// The C library has to be asked.
    Open(Question),
}

/// `getaddrinfo(host, port, family, type, proto, flags)`.
pub(super) fn addresses(host: &Object, port: &Object, hints: [&Object; 4]) -> Option<Asked> {
    let hints = hints_of(hints)?;
    if let (Some(host), Some(port)) = (host.exact_ascii(), port_number(port)) {
        if let Some(found) = literal(host, port, hints) {
            return Some(Asked::Known(found));
        }
    }
    let host = if host.is_none() { None } else { Some(host_name(host)?) };
    let service = if port.is_none() { None } else { Some(service_name(port)?) };
    Some(Asked::Open(Question::Addresses(host, service, hints)))
}

/// `getnameinfo(sockaddr, flags)`.
pub(super) fn names(address: &Object, flags: &Object) -> Option<Question> {
    let flags = small(flags)?;
    let family =
        if tuple_items(address).first()?.exact_ascii()?.contains(':') { family::INET6 } else { family::INET };
    let address: Address = address_from_python(family, address)?;
    Some(Question::Names(address, flags))
}

fn hints_of(hints: [&Object; 4]) -> Option<Hints> {
    let [family, kind, protocol, flags] = hints;
    Some(Hints {
        family: small(family)?,
        kind: small(kind)?,
        protocol: small(protocol)?,
        flags: small(flags)?,
    })
}

fn small(number: &Object) -> Option<i32> {
    i32::try_from(number.int_value()?).ok()
}

/// The port of a literal's answer. No port is port 0.
fn port_number(port: &Object) -> Option<u16> {
    if port.is_none() {
        return Some(0);
    }
    if port.exact_int().is_some() {
        return u16::try_from(port.int_value()?).ok();
    }
    let digits = port.exact_ascii().map(str::as_bytes).or_else(|| port.exact_bytes())?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The host as the C library gets it: text goes through IDNA, which leaves ASCII as it is unless a label has an
/// impossible length.
fn host_name(host: &Object) -> Option<CString> {
    if let Some(bytes) = host.exact_bytes() {
        return CString::new(bytes).ok();
    }
    let text = host.exact_ascii()?;
    let (labels, last) = text.rsplit_once('.').unwrap_or(("", text));
    let fits = |label: &str| (1..64).contains(&label.len());
    let all_fit =
        last.len() < 64 && (labels.is_empty() && !text.starts_with('.') || labels.split('.').all(fits));
    if all_fit { CString::new(text).ok() } else { None }
}

/// The service as the C library gets it.
fn service_name(port: &Object) -> Option<CString> {
    if port.exact_int().is_some() {
        let number = u16::try_from(port.int_value()?).ok()?;
        return CString::new(number.to_string()).ok();
    }
    CString::new(port.exact_ascii().map(str::as_bytes).or_else(|| port.exact_bytes())?).ok()
}
