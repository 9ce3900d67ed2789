//! `create_connection`.
//!
//! ```text
//! Fresh -> Resolving -> ResolvingLocal -> Connecting -> HandingOver -> return
//!      \             (with local_addr)                 /
//!       \-> (sock=) ---------------------------------/
//! ```

use std::cell::Cell;
use std::ffi::CStr;

use crate::awaitable::{CoroutineObject, given, held, keep, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, item_at,
    names, tuple_of,
};
use crate::resolution::{Hints, Resolving};

use super::accepted::{check_not_wrapped, check_stream_socket};
use super::addresses::Addresses;
use super::handover::{Handover, Side};
use super::options::Tls;

#[cfg(Py_3_12)]
pub(super) const TEXT: &CStr = c"create_connection($self, /, protocol_factory, host=None, port=None, *, ssl=None, family=0, proto=0, flags=0, sock=None, local_addr=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, happy_eyeballs_delay=None, interleave=None, all_errors=False)\n--\n\nConnect to a TCP server. Return (transport, protocol).";
#[cfg(not(Py_3_12))]
pub(super) const TEXT: &CStr = c"create_connection($self, /, protocol_factory, host=None, port=None, *, ssl=None, family=0, proto=0, flags=0, sock=None, local_addr=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, happy_eyeballs_delay=None, interleave=None)\n--\n\nConnect to a TCP server. Return (transport, protocol).";

/// `create_connection(protocol_factory, host=None, port=None, *, ...)`, with `all_errors` from 3.12 on.
pub(super) fn create_connection(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const PARAMETERS: usize = if cfg!(Py_3_12) { 15 } else { 14 };
    const SIGNATURE: Signature<PARAMETERS> = Signature {
        function: "BaseEventLoop.create_connection",
        parameters: [
            c"protocol_factory",
            c"host",
            c"port",
            c"ssl",
            c"family",
            c"proto",
            c"flags",
            c"sock",
            c"local_addr",
            c"server_hostname",
            c"ssl_handshake_timeout",
            c"ssl_shutdown_timeout",
            c"happy_eyeballs_delay",
            c"interleave",
            #[cfg(Py_3_12)]
            c"all_errors",
        ],
        positional: 3,
        required: 1,
    };
    let bound = SIGNATURE.bind_method(args)?;
    let [Some(factory), host, port, ssl, family, protocol, flags, rest @ ..] = bound.as_slice() else {
        return Err(over());
    };
    let [socket, local_address, hostname, handshake, shutdown, delay, interleave, all_errors @ ..] = rest
    else {
        return Err(over());
    };
    let zero = &*names().zero;
    let coroutine = CoroutineObject::<CreateConnection>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.factory.fill(factory.own());
        keep(&machine.host, *host);
        keep(&machine.port, *port);
        machine.family.fill(family.unwrap_or(zero).own());
        machine.protocol.fill(protocol.unwrap_or(zero).own());
        machine.flags.fill(flags.unwrap_or(zero).own());
        machine.tls.fill(*ssl, *hostname, *handshake, *shutdown);
        keep(&machine.socket, *socket);
        keep(&machine.local_address, *local_address);
        keep(&machine.delay, *delay);
        keep(&machine.interleave, *interleave);
        machine.addresses.fill(all_errors.first().copied().flatten());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct CreateConnection {
    event_loop: Slot<LoopObject>,
    factory: Slot,
    host: Slot,
    port: Slot,
    family: Slot,
    protocol: Slot,
    flags: Slot,
    tls: Tls,
    socket: Slot,
    local_address: Slot,
    delay: Slot,
    interleave: Slot,
    resolving: Resolving,
    addresses: Addresses,
    handover: Handover,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, Default)]
#[repr(u8)]
enum Stage {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    #[default]
    Fresh = 0,
    Resolving = 1,
    ResolvingLocal = 2,
    Connecting = 3,
    HandingOver = 4,
}

machine!(
    CreateConnection, "BaseEventLoop"."create_connection",
    awaits: CreateConnection::target, callees: CreateConnection::callees,
    holds: [
        event_loop, factory, host, port, family, protocol, flags, tls, socket, local_address, delay,
        interleave, resolving, addresses, handover
    ]
);

impl CreateConnection {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Fresh => self.begin(),
            Stage::Resolving => self.resolved(self.resolving.resume(thrown)?),
            Stage::ResolvingLocal => self.resolved_local(self.resolving.resume(thrown)?),
            Stage::Connecting => self.connected(self.addresses.resume(&*held(&self.event_loop)?, thrown)?),
            Stage::HandingOver => self.handed_over(self.handover.resume(thrown)?),
        }
    }

    fn begin(&self) -> Result<Step> {
        self.check_tls()?;
        let socket = self.socket.get();
        if let Some(socket) = &socket {
            check_not_wrapped(socket)?;
        }
        let is_named = !self.host.is_empty() || !self.port.is_empty();
        match socket {
            None if is_named => self.resolve(),
            Some(_) if is_named => Err(Raised::value_error(format_args!(
                "host/port and sock can not be specified at the same time"
            ))),
            None => Err(Raised::value_error(format_args!(
                "host and port was not specified and no sock specified"
            ))),
            Some(socket) => {
                check_stream_socket(&socket)?;
                self.hand_over(&socket)
            }
        }
    }

    fn check_tls(&self) -> Result<()> {
        if !self.tls.is_wanted()? {
            self.tls.check_hostname()?;
            return self.tls.check_timeouts();
        }
        if self.tls.hostname().is_some() {
            return Ok(());
        }
        match self.host.get() {
            Some(host) if host.is_true()? => {
                self.tls.set_hostname(host);
                Ok(())
            }
            _ => Err(Raised::value_error(format_args!(
                "You must set server_hostname when using ssl without a host"
            ))),
        }
    }

    fn resolve(&self) -> Result<Step> {
        let address = tuple_of(&[&*given(&self.host), &*given(&self.port)])?;
        self.stage.set(Stage::Resolving);
        self.resolved(self.ask(&address)?)
    }

    fn resolved(&self, step: Step) -> Result<Step> {
        let Step::Return(found) = step else { return Ok(step) };
        self.addresses.go_to(found)?;
        match self.local_address.get() {
            Some(local) => {
                self.stage.set(Stage::ResolvingLocal);
                self.resolved_local(self.ask(&local)?)
            }
            None => self.connect(),
        }
    }

    fn resolved_local(&self, step: Step) -> Result<Step> {
        let Step::Return(found) = step else { return Ok(step) };
        self.addresses.come_from(found)?;
        self.connect()
    }

    fn ask(&self, address: &Object) -> Result<Step> {
        let (family, protocol, flags) = (held(&self.family)?, held(&self.protocol)?, held(&self.flags)?);
        let hints = Hints { family: &family, kind: &names().sock_stream, protocol: &protocol, flags: &flags };
        self.resolving.begin(&*held(&self.event_loop)?, address, &hints)
    }

    /// Tries the addresses one after the other, or has them race.
    fn connect(&self) -> Result<Step> {
        let (event_loop, delay) = (held(&self.event_loop)?, self.delay.get());
        match (self.interleave.get(), &delay) {
            (Some(first), _) if first.is_true()? => self.addresses.interleave(&first)?,
            (None, Some(_)) => self.addresses.interleave(&*1_u64.into_owned()?)?,
            _ => {}
        }
        self.stage.set(Stage::Connecting);
        self.connected(match delay {
            Some(delay) => self.addresses.race(&event_loop, &delay)?,
            None => self.addresses.try_in_turn(&event_loop)?,
        })
    }

    fn connected(&self, step: Step) -> Result<Step> {
        let Step::Return(socket) = step else { return Ok(step) };
        self.hand_over(&socket)
    }

    fn hand_over(&self, socket: &Object) -> Result<Step> {
        self.stage.set(Stage::HandingOver);
        let (event_loop, factory) = (held(&self.event_loop)?, held(&self.factory)?);
        let step = self.handover.begin(&event_loop, socket, &factory, &self.tls, Side::Client)?;
        self.handed_over(step)
    }

    fn handed_over(&self, step: Step) -> Result<Step> {
        if let (Step::Return(made), true) = (&step, held(&self.event_loop)?.debug()) {
            let (transport, protocol) = (item_at(made, 0)?, item_at(made, 1)?);
            let (host, port) = (given(&self.host), given(&self.port));
            let values = [&*transport, &*protocol, &*host, &*port];
            call_keywords(&names().log_connection, &values, values.len(), None)?;
        }
        Ok(step)
    }

    fn target(&self) -> Option<Owned> {
        match self.stage.get() {
            Stage::Fresh => None,
            Stage::Resolving | Stage::ResolvingLocal => self.resolving.target(),
            Stage::Connecting => self.addresses.target(),
            Stage::HandingOver => self.handover.target(),
        }
    }

    fn callees(&self) -> &'static [&'static str] {
        match self.stage.get() {
            Stage::Fresh => &[],
            Stage::Resolving | Stage::ResolvingLocal => self.resolving.callees(),
            Stage::Connecting => self.addresses.callees(),
            Stage::HandingOver => self.handover.callees(),
        }
    }
}
