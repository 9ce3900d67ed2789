//! From an answer of the C library to what `socket.getaddrinfo` and `socket.getnameinfo` return or raise.

use aioxide_core::blocking::Answer;
use aioxide_core::sys::family;
use aioxide_core::sys::resolve::{Found, Unresolved};

use crate::ffi::{
    Constant, IntoOwned, Layout, Object, Owned, Raised, Result, call2, dict_get, file_system_text, list_of,
    names, text_of, tuple_of,
};
use crate::sockets::address_to_python;

/// The result, or the exception.
pub(crate) fn to_python(answer: Answer) -> Result<Owned> {
    match answer {
        Answer::Addresses(found) => addresses(&found),
        Answer::Names(host, service) => tuple_of(&[&*file_system_text(&host)?, &*text_of(&service)?]),
        Answer::Nothing(Unresolved::System(error)) => Err(Raised::os_error(&error)),
        Answer::Nothing(Unresolved::Resolver(code, words)) => {
            let code = i64::from(code).into_owned()?;
            let error = call2(&names().gaierror, &code, &*words.as_str().into_owned()?)?;
            Err(Raised::raise(&error))
        }
    }
}

/// A list of `(family, type, proto, canonname, sockaddr)`.
fn addresses(found: &[Found]) -> Result<Owned> {
    list_of_each(found, |found| entry(found, &*address_to_python(&found.address)?))
}

/// The same for a literal `host` and a port that was given as `port`. There is one way of writing an address of version 4,
/// so that such a host is a part of the answer as it is; to write it anew would cost 700 instructions.
pub(super) fn literal(found: &[Found], host: &Object, port: &Object) -> Result<Owned> {
    list_of_each(found, |found| {
        if found.family == family::INET && port.exact_int().is_some() {
            return entry(found, &*tuple_of(&[host, port])?);
        }
        entry(found, &*address_to_python(&found.address)?)
    })
}

fn list_of_each(found: &[Found], item: impl Fn(&Found) -> Result<Owned>) -> Result<Owned> {
    let items: Result<Vec<Owned>> = found.iter().map(item).collect();
    list_of(items?.into_iter())
}

/// One item of that list, with its address written like this.
pub(super) fn entry(found: &Found, address: &Object) -> Result<Owned> {
    let family = as_member(found.family, &FAMILIES)?;
    let kind = as_member(found.kind, &KINDS)?;
    let protocol = i64::from(found.protocol).into_owned()?;
    let canonical = match found.canonical_name.as_slice() {
        [] => names().empty.own(),
        name => text_of(name)?,
    };
    tuple_of(&[&family, &kind, &protocol, &canonical, address])
}

/// The members of `socket.AddressFamily` by their values.
static FAMILIES: Constant = Constant::new();
/// Those of `socket.SocketKind`.
static KINDS: Constant = Constant::new();

/// Finds the members.
pub(super) fn prepare() -> Result<()> {
    FAMILIES.keep(names().address_family.attribute(&names().value_to_member)?);
    KINDS.keep(names().socket_kind.attribute(&names().value_to_member)?);
    Ok(())
}

/// The member of an enumeration with this value; the number itself when there is none.
fn as_member(value: i32, members: &Constant) -> Result<Owned> {
    let value = i64::from(value).into_owned()?;
    let member = members.get().map_or(Ok(None), |members| dict_get(members, &value))?;
    Ok(member.unwrap_or(value))
}
