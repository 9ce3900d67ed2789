//! `create_connection`.
//!
//! ```text
//! Fresh -> Resolving -> ResolvingLocal -> Connecting, address after address -> HandingOver -> return
//!      \             (with local_addr)  \                                    /
//!       \                                \-> Racing (happy eyeballs) -------/
//!        \-> (sock=) -----------------------------------------------------/
//! ```

use std::cell::Cell;
use std::ffi::CStr;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Constant, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, call2,
    item_at, length, list_from, names, tuple_items, tuple_of,
};
use crate::resolution::{Hints, Resolving};

use super::accepted::{check_not_wrapped, check_stream_socket};
use super::attempt::Attempt;
use super::failure::Failures;
use super::handover::{Handover, Side};
use super::options::Tls;
use super::{given, held, keep, over};

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
        keep(&machine.all_errors, all_errors.first().copied().flatten());
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
    all_errors: Slot,
    resolving: Resolving,
    /// The addresses to try, in order, and which is next.
    addresses: Slot,
    next: Cell<usize>,
    /// The addresses to come from, if that matters.
    local_addresses: Slot,
    failures: Failures,
    attempt: Attempt,
    /// asyncio's own attempt, or race of several.
    inherited: Delegate,
    handover: Handover,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    #[default]
    Fresh = 0,
    Resolving = 1,
    ResolvingLocal = 2,
    Connecting = 3,
    /// As `Connecting`, by asyncio's coroutine.
    ConnectingByAsyncio = 4,
    Racing = 5,
    HandingOver = 6,
}

machine!(
    CreateConnection, "BaseEventLoop"."create_connection",
    awaits: CreateConnection::target, callees: CreateConnection::callees,
    holds: [
        event_loop, factory, host, port, family, protocol, flags, tls, socket, local_address, delay,
        interleave, all_errors, resolving, addresses, local_addresses, failures, attempt, inherited, handover
    ]
);

impl CreateConnection {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Fresh => self.begin(),
            Stage::Resolving => self.resolved(self.resolving.resume(thrown)?),
            Stage::ResolvingLocal => self.resolved_local(self.resolving.resume(thrown)?),
            Stage::Racing => self.raced(self.inherited.resume(thrown)?),
            Stage::Connecting => self.attempted(self.attempt.resume(thrown)),
            Stage::ConnectingByAsyncio => self.attempted(self.inherited.resume(thrown)),
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
        self.addresses.set(unless_empty(found)?);
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
        self.local_addresses.set(unless_empty(found)?);
        self.connect()
    }

    fn ask(&self, address: &Object) -> Result<Step> {
        let (family, protocol, flags) = (held(&self.family)?, held(&self.protocol)?, held(&self.flags)?);
        let hints = Hints { family: &family, kind: &names().sock_stream, protocol: &protocol, flags: &flags };
        self.resolving.begin(&*held(&self.event_loop)?, address, &hints)
    }

    /// Tries the addresses one after the other, or has them race.
    fn connect(&self) -> Result<Step> {
        let delay = self.delay.get();
        let interleaves = match self.interleave.get() {
            Some(interleave) => interleave.is_true()?,
            None => delay.is_some(),
        };
        if interleaves {
            self.mix_families()?;
        }
        let Some(delay) = delay else {
            self.addresses.set(list_from(&*held(&self.addresses)?)?);
            return self.try_next();
        };
        let (event_loop, failures) = (held(&self.event_loop)?, self.failures.list()?);
        let (addresses, local) = (held(&self.addresses)?, given(&self.local_addresses));
        let values = [event_loop.object(), &*failures, &*addresses, &*local, &*delay];
        self.inherited.begin(&*call_keywords(&names().race, &values, values.len(), None)?)?;
        self.stage.set(Stage::Racing);
        self.raced(self.inherited.resume(None)?)
    }

    /// Puts addresses of another family between those of the first.
    fn mix_families(&self) -> Result<()> {
        let first = match self.interleave.get() {
            Some(interleave) => interleave,
            None => crate::ffi::IntoOwned::into_owned(1_u64)?,
        };
        self.addresses.set(call2(&names().interleave, &*held(&self.addresses)?, &first)?);
        Ok(())
    }

    fn raced(&self, step: Step) -> Result<Step> {
        let Step::Return(outcome) = step else { return Ok(step) };
        let winner = item_at(&outcome, 0)?;
        if winner.is_none() { Err(self.give_up()?) } else { self.hand_over(&winner) }
    }

    /// Tries addresses until one is connected, or has to be waited for.
    fn try_next(&self) -> Result<Step> {
        let addresses = held(&self.addresses)?;
        while self.next.get() < length(&addresses)? {
            let address = item_at(&addresses, self.next.replace(self.next.get() + 1))?;
            match self.attempt(&address) {
                Ok(Step::Return(socket)) => return self.hand_over(&socket),
                Ok(step) => return Ok(step),
                Err(raised) => self.note_failure(raised)?,
            }
        }
        Err(self.give_up()?)
    }

    fn attempted(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Return(socket)) => self.hand_over(&socket),
            Ok(step) => Ok(step),
            Err(raised) => {
                self.note_failure(raised)?;
                self.try_next()
            }
        }
    }

    /// Begins one attempt. asyncio's own knows what to say of a local address that can't be had.
    fn attempt(&self, address: &Object) -> Result<Step> {
        let event_loop = held(&self.event_loop)?;
        let items = tuple_items(address);
        let ([family, kind, protocol, _, address], true) =
            (items.as_slice(), self.local_addresses.is_empty() && !is_replaced(&event_loop)?)
        else {
            return self.attempt_by_asyncio(&event_loop, address);
        };
        self.stage.set(Stage::Connecting);
        let class = names().base_events.attribute(&names().socket)?.attribute(&names().socket)?;
        let socket = call_keywords(&class, &[family, kind, protocol], 0, Some(&names().socket_keywords))?;
        self.attempt.begin(&event_loop, socket, address)
    }

    fn attempt_by_asyncio(&self, event_loop: &LoopObject, address: &Object) -> Result<Step> {
        self.stage.set(Stage::ConnectingByAsyncio);
        let connect = event_loop.object().attribute(&names().connect_socket)?;
        let (failures, local) = (self.failures.list()?, given(&self.local_addresses));
        self.inherited.begin(&*call_keywords(&connect, &[&failures, address, &local], 3, None)?)?;
        self.inherited.resume(None)
    }

    /// An attempt has failed: with an `OSError`, of which asyncio's own attempts have made a note, or for good.
    fn note_failure(&self, raised: Raised) -> Result<()> {
        if !raised.matches(&names().os_error) {
            return Err(raised);
        }
        if self.stage.get() == Stage::Connecting {
            return self.failures.add(raised);
        }
        raised.forget();
        Ok(())
    }

    fn give_up(&self) -> Result<Raised> {
        let all_errors = self.all_errors.get().map_or(Ok(false), |all| all.is_true())?;
        Ok(self.failures.raise(all_errors))
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
            Stage::Connecting => self.attempt.target(),
            Stage::ConnectingByAsyncio | Stage::Racing => self.inherited.target(),
            Stage::HandingOver => self.handover.target(),
        }
    }

    fn callees(&self) -> &'static [&'static str] {
        match (self.stage.get(), self.attempt.callees()) {
            (Stage::Connecting, []) => &["BaseEventLoop._connect_sock"],
            (Stage::Connecting, _) => &["BaseEventLoop._connect_sock", "BaseSelectorEventLoop.sock_connect"],
            (Stage::HandingOver, _) => self.handover.callees(),
            _ => &[],
        }
    }
}

fn unless_empty(found: Owned) -> Result<Owned> {
    if found.is_true()? {
        return Ok(found);
    }
    Err(Raised::new(&names().os_error, format_args!("getaddrinfo() returned empty list")))
}

static CONNECT_SOCKET: Constant = Constant::new();

/// Keeps asyncio's method for one attempt, to know it again.
pub(super) fn remember() -> Result<()> {
    CONNECT_SOCKET.keep(names().base_event_loop.attribute(&names().connect_socket)?);
    Ok(())
}

fn is_replaced(event_loop: &LoopObject) -> Result<bool> {
    event_loop.replaces(&names().connect_socket, CONNECT_SOCKET.get())
}
