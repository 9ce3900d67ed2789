//! From an answer of the C library to what `socket.getaddrinfo` and `socket.getnameinfo` return or raise.

use aioxide_core::blocking::Answer;
use aioxide_core::sys::resolve::{Found, Unresolved};

use crate::ffi::{
    IntoOwned, Layout, Object, Owned, Raised, Result, call2, file_system_text, list_of, names, text_of,
    tuple_of,
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
pub(super) fn addresses(found: &[Found]) -> Result<Owned> {
    let items: Result<Vec<Owned>> =
        found.iter().map(|found| entry(found, &*address_to_python(&found.address)?)).collect();
    list_of(items?.into_iter())
}

/// One item of that list, with its address written like this.
pub(super) fn entry(found: &Found, address: &Object) -> Result<Owned> {
    let family = as_member(found.family, &names().address_family)?;
    let kind = as_member(found.kind, &names().socket_kind)?;
    let protocol = i64::from(found.protocol).into_owned()?;
    let canonical = match found.canonical_name.as_slice() {
        [] => names().empty.own(),
        name => text_of(name)?,
    };
    tuple_of(&[&family, &kind, &protocol, &canonical, address])
}

/// The member of an enumeration with this value; the number itself when there is none.
fn as_member(value: i32, class: &Object) -> Result<Owned> {
    let value = i64::from(value).into_owned()?;
    let known = class.attribute(&names().value_to_member)?;
    Ok(crate::ffi::dict_get(&known, &value)?.unwrap_or(value))
}
