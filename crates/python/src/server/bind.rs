//! A socket for each address, set up and bound.
//!
//! All of it goes through the `socket` module that asyncio's code sees, and through the socket objects: whoever has
//! replaced one of them gets called.

use crate::awaitable::keep;
use crate::connection::unbindable;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Object, Owned, Raised, Result, Slot, call_keywords, call_method0, call_method1, call1, call2,
    collectable, intern, item_at, items_of, list_of, names, suppress_context, while_handling,
};
use crate::version::Fix;

/// The arguments `reuse_address`, `reuse_port` and (3.13+) `keep_alive`. All zero bytes: none of them was given.
pub(super) struct Options {
    reuse_address: Slot,
    reuse_port: Slot,
    keep_alive: Slot,
}

collectable!(Options, holds: [reuse_address, reuse_port, keep_alive]);

impl Options {
    /// Keeps the arguments of a new coroutine: those above, in that order.
    pub(super) fn fill(&self, arguments: [Option<&Object>; 3]) {
        let [reuse_address, reuse_port, keep_alive] = arguments;
        keep(&self.reuse_address, reuse_address);
        keep(&self.reuse_port, reuse_port);
        keep(&self.keep_alive, keep_alive);
    }
}

/// Sockets bound to `addresses`, which are asyncio's tuples of family, type, protocol, canonical name and address.
/// An address for which there is no socket is left out, or one that the machine has not got (in patches that know of
/// it). If anything else goes wrong, all are closed.
pub(super) fn bind_all(
    event_loop: &LoopObject,
    addresses: &[Owned],
    options: &Options,
) -> Result<Vec<Owned>> {
    let mut bound = Vec::new();
    let outcome = Binding::new(event_loop, options).and_then(|binding| binding.fill(addresses, &mut bound));
    match outcome {
        Ok(()) => Ok(bound),
        Err(raised) => Err(close_all(&bound, raised)),
    }
}

/// Closes sockets on the way out with an exception.
#[cold]
fn close_all(sockets: &[Owned], raised: Raised) -> Raised {
    let exception = raised.take();
    for socket in sockets {
        if let Err(raised) = while_handling(&exception, || call_method0(socket, &names().close)) {
            return raised;
        }
    }
    Raised::restore(exception)
}

/// What holds for each of the sockets.
struct Binding {
    /// asyncio's `socket` module.
    module: Owned,
    reuses_address: bool,
    reuses_port: bool,
    keeps_alive: bool,
    debug: bool,
}

/// Whether an address that the machine has not got is passed over.
static PASSES_OVER: Fix = Fix::new();
/// Whether an address that can't be bound is reported with all that the error says, instead of its `strerror` alone.
static TELLS_ALL: Fix = Fix::new();
/// Whether ports are reused by sockets of the internet alone, since Linux 6.12.9 refuses it to others.
static REUSES_INTERNET_PORTS: Fix = Fix::new();

/// Looks which of these fixes the running version has.
pub(super) fn remember() -> Result<()> {
    let create_server = names().base_event_loop.attribute(&*intern(c"create_server")?)?;
    PASSES_OVER.shows_by(&create_server, c"EADDRNOTAVAIL")?;
    TELLS_ALL.dropped(&create_server, c"strerror")?;
    REUSES_INTERNET_PORTS.shows_by(&create_server, c"AF_INET")
}

impl Binding {
    fn new(event_loop: &LoopObject, options: &Options) -> Result<Self> {
        let wanted = |option: &Slot, default| option.get().map_or(Ok(default), |option| option.is_true());
        Ok(Self {
            module: names().base_events.attribute(&names().socket)?,
            reuses_address: wanted(&options.reuse_address, true)?,
            reuses_port: wanted(&options.reuse_port, false)?,
            keeps_alive: wanted(&options.keep_alive, false)?,
            debug: event_loop.debug(),
        })
    }

    fn fill(&self, addresses: &[Owned], bound: &mut Vec<Owned>) -> Result<()> {
        for address in addresses {
            let [family, kind, protocol, _, address] = parts_of(address)?;
            let Some(socket) = self.make(&family, &kind, &protocol)? else { continue };
            bound.push(socket.clone());
            self.set_up(&socket, &family)?;
            if let Err(raised) = call_method1(&socket, &names().bind, &address) {
                if !raised.matches(&names().os_error) {
                    return Err(raised);
                }
                self.refused(raised, &socket, &address)?;
                bound.pop();
            }
        }
        if bound.is_empty() && PASSES_OVER.is_there() {
            return Err(nothing_bound(addresses));
        }
        Ok(())
    }

    /// A new socket, or none: then it is assumed that the numbers don't go together on this machine.
    fn make(&self, family: &Object, kind: &Object, protocol: &Object) -> Result<Option<Owned>> {
        let class = self.module.attribute(&names().socket)?;
        let values = [family, kind, protocol];
        match call_keywords(&class, &values, 3, None) {
            Ok(socket) => Ok(Some(socket)),
            Err(raised) if raised.matches(&names().os_error) => {
                let exception = raised.take();
                if self.debug {
                    while_handling(&exception, || call_keywords(&names().log_no_socket, &values, 3, None))?;
                }
                Ok(None)
            }
            Err(raised) => Err(raised),
        }
    }

    fn set_up(&self, socket: &Object, family: &Object) -> Result<()> {
        let truth = &*names().true_;
        if self.reuses_address {
            self.set(socket, c"SOL_SOCKET", c"SO_REUSEADDR", truth)?;
        }
        if self.reuses_port && self.may_reuse_port(family)? {
            call1(&names().set_reuse_port, socket)?;
        }
        if self.keeps_alive {
            self.set(socket, c"SOL_SOCKET", c"SO_KEEPALIVE", truth)?;
        }
        // Of both families one socket listens by default, and the other could not be bound.
        let knows_ipv6 = names().base_events.attribute(&*intern(c"_HAS_IPv6")?)?.is_true()?;
        if knows_ipv6
            && family.equals(&*self.constant(c"AF_INET6")?)?
            && self.module.optional_attribute(&*intern(c"IPPROTO_IPV6")?)?.is_some()
        {
            self.set(socket, c"IPPROTO_IPV6", c"IPV6_V6ONLY", truth)?;
        }
        Ok(())
    }

    fn may_reuse_port(&self, family: &Object) -> Result<bool> {
        if !REUSES_INTERNET_PORTS.is_there() {
            return Ok(true);
        }
        Ok(family.equals(&*self.constant(c"AF_INET")?)? || family.equals(&*self.constant(c"AF_INET6")?)?)
    }

    fn set(
        &self,
        socket: &Object,
        level: &std::ffi::CStr,
        option: &std::ffi::CStr,
        value: &Object,
    ) -> Result<()> {
        let set = socket.attribute(&names().setsockopt)?;
        call_keywords(&set, &[&*self.constant(level)?, &*self.constant(option)?, value], 3, None).map(drop)
    }

    fn constant(&self, name: &std::ffi::CStr) -> Result<Owned> {
        self.module.attribute(&*intern(name)?)
    }

    /// The socket could not be bound: it is closed and passed over, or the error raised with the address in its text.
    #[cold]
    fn refused(&self, raised: Raised, socket: &Object, address: &Object) -> Result<()> {
        let exception = raised.take();
        let number = exception.attribute(&names().errno)?;
        let text = unbindable(address, &exception, TELLS_ALL.is_there())?;
        if PASSES_OVER.is_there() && number.equals(&names().address_not_available)? {
            while_handling(&exception, || call_method0(socket, &names().close))?;
            return if self.debug { call1(&names().log_not_bound, &text).map(drop) } else { Ok(()) };
        }
        let error = while_handling(&exception, || call2(&names().os_error, &number, &text))?;
        suppress_context(&error);
        Err(while_handling(&exception, || Raised::raise(&error)))
    }
}

#[cold]
fn nothing_bound(addresses: &[Owned]) -> Raised {
    let places: Result<Vec<Owned>> = addresses.iter().map(|address| item_at(address, 4)).collect();
    match places.and_then(|places| list_of(places.into_iter())) {
        Ok(places) => {
            Raised::formatted(&names().os_error, c"could not bind on any address out of %R", &places, &places)
        }
        Err(raised) => raised,
    }
}

/// `family, type, protocol, name, address = info`.
fn parts_of(info: &Object) -> Result<[Owned; 5]> {
    let parts = items_of(info)?;
    let count = parts.len();
    parts.try_into().map_err(|_| wrong_count(count))
}

#[cold]
fn wrong_count(count: usize) -> Raised {
    if count < 5 {
        return Raised::value_error(format_args!("not enough values to unpack (expected 5, got {count})"));
    }
    if cfg!(Py_3_14) {
        return Raised::value_error(format_args!("too many values to unpack (expected 5, got {count})"));
    }
    Raised::value_error(format_args!("too many values to unpack (expected 5)"))
}
