//! Addresses as the `socket` module writes them: tuples for the internet, names for Unix sockets.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use aioxide_core::sys::{Address, AddressKind, family};

use crate::ffi::{IntoOwned, Object, Owned, Result, bytes_of, file_system_text, none, tuple_items, tuple_of};

/// Whether addresses of `family` are translated here.
#[inline]
pub(crate) fn is_spoken(family: i32) -> bool {
    matches!(family, family::INET | family::INET6 | family::UNIX)
}

/// What the `socket` module returns for `address`.
pub(crate) fn to_python(address: &Address) -> Result<Owned> {
    match address.kind() {
        AddressKind::Internet(SocketAddr::V4(address)) => {
            let host = address.ip().to_string().as_str().into_owned()?;
            tuple_of(&[&*host, &*number(address.port().into())?])
        }
        AddressKind::Internet(SocketAddr::V6(address)) => tuple_of(&[
            &*family::text_of(*address.ip()).as_str().into_owned()?,
            &*number(address.port().into())?,
            &*number(address.flowinfo())?,
            &*number(address.scope_id())?,
        ]),
        AddressKind::Path(path) => file_system_text(path),
        AddressKind::Abstract(name) => bytes_of(name),
        AddressKind::None => Ok(none()),
        AddressKind::Other => bytes_of(address.bytes()),
    }
}

/// The address that `given` means to a socket of `family`, if it is of the plain kind: a literal with its numbers,
/// or the name of a Unix socket. The `socket` module knows the rest, and the errors.
pub(crate) fn from_python(family: i32, given: &Object) -> Option<Address> {
    if family == family::UNIX {
        let name = given.exact_bytes().or_else(|| given.exact_ascii().map(str::as_bytes));
        return name.filter(|name| !name.is_empty()).and_then(Address::unix);
    }
    let items = tuple_items(given);
    let [host, port, more @ ..] = items.as_slice() else { return None };
    let host: IpAddr = host.exact_ascii()?.parse().ok()?;
    let port = u16::try_from(port.int_value()?).ok()?;
    let address = match (family, host, more) {
        (family::INET, IpAddr::V4(host), []) => SocketAddrV4::new(host, port).into(),
        (family::INET6, IpAddr::V6(host), [] | [_] | [_, _]) => {
            let mut numbers = more.iter().map(|value| u32::try_from(value.int_value()?).ok());
            let flow = numbers.next().unwrap_or(Some(0)).filter(|flow| *flow <= 0xf_ffff)?;
            let scope = numbers.next().unwrap_or(Some(0))?;
            SocketAddr::from(SocketAddrV6::new(host, port, flow, scope))
        }
        _ => return None,
    };
    Some(Address::from(address))
}

fn number(value: u32) -> Result<Owned> {
    i64::from(value).into_owned()
}
