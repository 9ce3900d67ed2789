//! Which hosts a server listens at, and the addresses that they have.
//!
//! Hosts in digits are addresses already. If there is any other, each is looked up by a task, as asyncio does, through the
//! loop's `_create_server_getaddrinfo`; so are all where somebody has replaced that method.

use crate::awaitable::{CoroutineObject, Delegate, given, held, keep, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, collectable,
    has_instance, items_of, list_of, names, none, set_add, set_length, set_of, tuple_of,
};
use crate::group::gather_all;
use crate::resolution::{Hints, Resolving, found_at_once};

/// What is asked for: the arguments `host`, `port`, `family` and `flags`. All zero bytes: nothing yet.
pub(super) struct Hosts {
    host: Slot,
    port: Slot,
    family: Slot,
    flags: Slot,
    looking: Delegate,
}

collectable!(Hosts, holds: [host, port, family, flags, looking]);

impl Hosts {
    /// Keeps the arguments of a new coroutine: those above, in that order.
    pub(super) fn fill(&self, arguments: [Option<&Object>; 4]) {
        let [host, port, family, flags] = arguments;
        keep(&self.host, host);
        keep(&self.port, port);
        self.family.fill(family.unwrap_or(&names().unspecified_family).own());
        self.flags.fill(flags.unwrap_or(&names().passive_flag).own());
    }

    /// Whether there is a host or a port.
    pub(super) fn is_named(&self) -> bool {
        !self.host.is_empty() || !self.port.is_empty()
    }

    /// Looks the hosts up. Returns what was found, a list for each host, or yields until it is there.
    pub(super) fn begin(&self, event_loop: &LoopObject) -> Result<Step> {
        let hosts = self.hosts()?;
        if let Some(found) = self.find_at_once(event_loop, &hosts)? {
            return list_of(found.into_iter()).map(Step::Return);
        }
        let lookups: Result<Vec<Owned>> = hosts.iter().map(|host| self.look_up(event_loop, host)).collect();
        let lookups = lookups?;
        let lookups: Vec<&Object> = lookups.iter().map(|lookup| &**lookup).collect();
        self.looking.begin_owned(gather_all(&lookups)?)?;
        self.looking.resume(None)
    }

    /// Goes on.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        self.looking.resume(thrown)
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.looking.target()
    }

    fn hosts(&self) -> Result<Vec<Owned>> {
        let host = given(&self.host);
        if host.equals(&names().empty)? {
            return Ok(vec![none()]);
        }
        if host.is_text() || !has_instance(&names().iterable, &host)? {
            return Ok(vec![host]);
        }
        items_of(&host)
    }

    fn find_at_once(&self, event_loop: &LoopObject, hosts: &[Owned]) -> Result<Option<Vec<Owned>>> {
        if event_loop.replaces_native(&names().server_addresses)? {
            return Ok(if hosts.is_empty() { Some(Vec::new()) } else { None });
        }
        let (port, family, flags) = (given(&self.port), held(&self.family)?, held(&self.flags)?);
        hosts
            .iter()
            .map(|host| found_at_once(event_loop, &*tuple_of(&[host, &port])?, &hints(&family, &flags)))
            .collect()
    }

    fn look_up(&self, event_loop: &LoopObject, host: &Object) -> Result<Owned> {
        let look_up = event_loop.object().attribute(&names().server_addresses)?;
        let (port, family, flags) = (given(&self.port), held(&self.family)?, held(&self.flags)?);
        call_keywords(&look_up, &[host, &port, &family, &flags], 2, Some(&names().server_address_keywords))
    }
}

fn hints<'a>(family: &'a Object, flags: &'a Object) -> Hints<'a> {
    Hints { family, kind: &names().sock_stream, protocol: &names().zero, flags }
}

/// The addresses in what was found for all hosts, each once, in their order.
pub(super) fn distinct(found: &Object) -> Result<Vec<Owned>> {
    let seen = set_of(None)?;
    let mut addresses = Vec::new();
    for of_one_host in items_of(found)? {
        for address in items_of(&of_one_host)? {
            let before = set_length(&seen)?;
            set_add(&seen, &address)?;
            if set_length(&seen)? > before {
                addresses.push(address);
            }
        }
    }
    Ok(addresses)
}

/// `loop._create_server_getaddrinfo(host, port, family, flags)`.
pub(super) fn addresses_of_host(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<4> = Signature {
        function: "BaseEventLoop._create_server_getaddrinfo",
        parameters: [c"host", c"port", c"family", c"flags"],
        positional: 4,
        required: 4,
    };
    let [Some(host), Some(port), Some(family), Some(flags)] = SIGNATURE.bind_method(args)? else {
        return Err(over());
    };
    let coroutine = CoroutineObject::<AddressesOfHost>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.host.fill(host.own());
        machine.port.fill(port.own());
        machine.family.fill(family.own());
        machine.flags.fill(flags.own());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct AddressesOfHost {
    event_loop: Slot<LoopObject>,
    host: Slot,
    port: Slot,
    family: Slot,
    flags: Slot,
    resolving: Resolving,
}

machine!(
    AddressesOfHost, "BaseEventLoop"."_create_server_getaddrinfo",
    awaits: |machine| machine.resolving.target(),
    holds: [event_loop, host, port, family, flags, resolving]
);

impl AddressesOfHost {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let step = if self.resolving.target().is_some() {
            self.resolving.resume(thrown)?
        } else {
            let address = tuple_of(&[&*held(&self.host)?, &*held(&self.port)?])?;
            let (family, flags) = (held(&self.family)?, held(&self.flags)?);
            self.resolving.begin(&*held(&self.event_loop)?, &address, &hints(&family, &flags))?
        };
        let Step::Return(found) = step else { return Ok(step) };
        if found.is_true()? {
            return Ok(Step::Return(found));
        }
        let host = held(&self.host)?;
        Err(Raised::formatted(&names().os_error, c"getaddrinfo(%R) returned empty list", &host, &host))
    }
}
