//! `loop._ensure_resolved`: the addresses of a host, which is a whole address already if it is written in digits.
//!
//! Such a one is answered here, and what is surely none is asked of `loop.getaddrinfo`, as long as the loop's method is
//! asyncio's. Where that is replaced, and for arguments of unusual kinds, the method is called.

use std::cell::Cell;

use aioxide_core::blocking::literal;
use aioxide_core::sys::resolve as numeric;
use aioxide_core::sys::{AddressKind, family};

use crate::awaitable::Delegate;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Constant, IntoOwned, Layout, Object, Owned, Result, Step, call_keywords, collectable, is_plain_container,
    list_of, names, tuple_items, tuple_of,
};

use super::answer;
use super::named::has_to_be_asked;
use super::question::{self, Asked};

/// What is wanted of an address.
pub(crate) struct Hints<'a> {
    pub(crate) family: &'a Object,
    pub(crate) kind: &'a Object,
    pub(crate) protocol: &'a Object,
    pub(crate) flags: &'a Object,
}

/// Asks for the addresses of one host. All zero bytes: nothing was asked.
#[derive(Default)]
pub(crate) struct Resolving {
    /// What `getaddrinfo` has returned, or `_ensure_resolved`.
    asked: Delegate,
    /// Whether it was `getaddrinfo`.
    directly: Cell<bool>,
}

collectable!(Resolving, holds: [asked]);

impl Resolving {
    /// Asks. Returns asyncio's list of `(family, type, proto, canonname, address)` or yields until it is there.
    pub(crate) fn begin(&self, event_loop: &LoopObject, address: &Object, hints: &Hints<'_>) -> Result<Step> {
        if let Some(found) = found_at_once(event_loop, address, hints)? {
            return Ok(Step::Return(found));
        }
        let is_open = is_asyncios(event_loop)? && has_to_be_asked(address, hints);
        let items = tuple_items(address);
        let ([host, port, ..], true) = (items.as_slice(), is_open) else {
            return self.ensure(event_loop, address, hints);
        };
        let Hints { family, kind, protocol, flags } = *hints;
        let look_up = event_loop.object().attribute(&names().getaddrinfo)?;
        let values = [*host, *port, family, kind, protocol, flags];
        let looking_up = call_keywords(&look_up, &values, 2, Some(&names().look_up_keywords))?;
        self.directly.set(true);
        self.asked.begin_owned(looking_up)?;
        self.asked.resume(None)
    }

    #[cold]
    fn ensure(&self, event_loop: &LoopObject, address: &Object, hints: &Hints<'_>) -> Result<Step> {
        let ensure_resolved = event_loop.object().attribute(&names().ensure_resolved)?;
        let Hints { family, kind, protocol, flags } = *hints;
        let values = [address, family, kind, protocol, flags, event_loop.object()];
        let resolving = call_keywords(&ensure_resolved, &values, 1, Some(&names().resolution_keywords))?;
        self.directly.set(false);
        self.asked.begin_owned(resolving)?;
        self.asked.resume(None)
    }

    /// Goes on waiting.
    pub(crate) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        self.asked.resume(thrown)
    }

    /// What is being awaited.
    pub(crate) fn target(&self) -> Option<Owned> {
        self.asked.target()
    }

    /// The coroutine of asyncio's between the caller and what is awaited, unless it is that.
    pub(crate) fn callees(&self) -> &'static [&'static str] {
        if self.directly.get() && self.asked.is_active() { &["BaseEventLoop._ensure_resolved"] } else { &[] }
    }
}

/// asyncio's list of the addresses of a host that is written in digits, unless somebody else is to be asked.
pub(crate) fn found_at_once(
    event_loop: &LoopObject,
    address: &Object,
    hints: &Hints<'_>,
) -> Result<Option<Owned>> {
    if !is_asyncios(event_loop)? {
        return Ok(None);
    }
    known(address, hints)?.map(|found| list_of([found].into_iter())).transpose()
}

/// Whether `address` is what asking for it would give, for a socket of these numbers.
pub(crate) fn is_resolved(event_loop: &LoopObject, address: &Object, hints: numeric::Hints) -> Result<bool> {
    let items = tuple_items(address);
    let (host, port) = match (hints.family, items.as_slice()) {
        (family::INET, [host, port]) => (host, port),
        (family::INET6, [host, port, flow, scope]) if is_number(flow) && is_number(scope) => (host, port),
        _ => return Ok(false),
    };
    let port = port.int_value().filter(|_| is_number(port)).and_then(|port| u16::try_from(port).ok());
    let (Some(host), Some(port), true) = (host.exact_ascii(), port, is_plain_container(address)) else {
        return Ok(false);
    };
    Ok(literal(host, port, hints).is_some() && is_asyncios(event_loop)?)
}

/// An `int` and nothing else besides.
pub(super) fn is_number(object: &Object) -> bool {
    object.exact_int().is_some()
}

static ENSURE_RESOLVED: Constant = Constant::new();

/// Keeps asyncio's method, to know it again.
pub(super) fn remember() -> Result<()> {
    ENSURE_RESOLVED.keep(names().base_event_loop.attribute(&names().ensure_resolved)?);
    Ok(())
}

/// Whether nobody has replaced the loop's method, or the `socket` module that it uses.
fn is_asyncios(event_loop: &LoopObject) -> Result<bool> {
    Ok(!event_loop.replaces(&names().ensure_resolved, ENSURE_RESOLVED.get())?
        && names().base_events.attribute(&names().socket)?.is(&names().socket_module))
}

/// The answer, if `address` is one in digits, `(host, port)` or with flow and scope, and nothing unusual is wanted.
/// The host stays as it is written.
fn known(address: &Object, hints: &Hints<'_>) -> Result<Option<Owned>> {
    let items = tuple_items(address);
    let [host, port, more @ ..] = items.as_slice() else { return Ok(None) };
    let hints = [hints.family, hints.kind, hints.protocol, hints.flags];
    let Some(Asked::Known(found)) = question::addresses(host, port, hints) else { return Ok(None) };
    // Without a kind there are several answers.
    let [found] = found.as_slice() else { return Ok(None) };
    let AddressKind::Internet(meant) = found.address.kind() else { return Ok(None) };
    let port = i64::from(meant.port()).into_owned()?;
    let zero = &*names().zero;
    let address = match (meant.is_ipv4(), more) {
        (true, []) => tuple_of(&[host, &port])?,
        (false, []) => tuple_of(&[host, &port, zero, zero])?,
        (false, [flow, scope]) => tuple_of(&[host, &port, flow, scope])?,
        _ => return Ok(None),
    };
    answer::entry(found, &address).map(Some)
}
