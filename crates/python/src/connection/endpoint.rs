//! `create_datagram_endpoint`.
//!
//! ```text
//! Fresh -> ResolvingLocal -> ResolvingRemote -> Opening -> HandingOver -> return
//!      \   (internet, each end that is given)  /           /
//!       \-> (a Unix path, or no address) -----/           /
//!        \-> (sock=) ------------------------------------/
//! ```

use std::cell::Cell;
use std::ffi::CStr;

use crate::awaitable::{CoroutineObject, given, held, keep, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords,
    call_method1, call0, call1, is_tuple, length, names, none,
};
use crate::group::create_future_on;
use crate::resolution::{Hints, Resolving};
use crate::sockets::unblock;
use crate::sockets::unix_file::remove_stale;
use crate::transport::take_several;

use super::attempt::Attempt;
use super::handover::Handover;
use super::one_address::new_socket;
use super::pairs::{End, Pair, Pairs};

pub(super) const TEXT: &CStr = c"create_datagram_endpoint($self, /, protocol_factory, local_addr=None, remote_addr=None, *, family=0, proto=0, flags=0, reuse_port=None, allow_broadcast=None, sock=None)\n--\n\nMake a socket for datagrams. Return (transport, protocol).";

/// `create_datagram_endpoint(protocol_factory, local_addr=None, remote_addr=None, *, family=0, proto=0, flags=0,
/// reuse_port=None, allow_broadcast=None, sock=None)`.
pub(super) fn create_datagram_endpoint(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<9> = Signature {
        function: "BaseEventLoop.create_datagram_endpoint",
        parameters: [
            c"protocol_factory",
            c"local_addr",
            c"remote_addr",
            c"family",
            c"proto",
            c"flags",
            c"reuse_port",
            c"allow_broadcast",
            c"sock",
        ],
        positional: 3,
        required: 1,
    };
    let [Some(factory), local, remote, family, protocol, flags, reuse_port, allow_broadcast, socket] =
        SIGNATURE.bind_method(args)?
    else {
        return Err(over());
    };
    let zero = &*names().zero;
    let coroutine = CoroutineObject::<CreateEndpoint>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.factory.fill(factory.own());
        keep(&machine.local, local);
        keep(&machine.remote, remote);
        machine.family.fill(family.unwrap_or(zero).own());
        machine.protocol.fill(protocol.unwrap_or(zero).own());
        machine.flags.fill(flags.unwrap_or(zero).own());
        keep(&machine.reuse_port, reuse_port);
        keep(&machine.allow_broadcast, allow_broadcast);
        keep(&machine.socket, socket);
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct CreateEndpoint {
    event_loop: Slot<LoopObject>,
    factory: Slot,
    local: Slot,
    remote: Slot,
    family: Slot,
    protocol: Slot,
    flags: Slot,
    reuse_port: Slot,
    allow_broadcast: Slot,
    socket: Slot,
    resolving: Resolving,
    pairs: Pairs,
    attempt: Attempt,
    /// Where the socket that is being opened will send to.
    destination: Slot,
    /// The first error of a pair.
    error: Slot,
    handover: Handover,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, Default)]
#[repr(u8)]
enum Stage {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    #[default]
    Fresh = 0,
    ResolvingLocal = 1,
    ResolvingRemote = 2,
    Opening = 3,
    HandingOver = 4,
}

machine!(
    CreateEndpoint, "BaseEventLoop"."create_datagram_endpoint",
    awaits: CreateEndpoint::target,
    callees: |machine| match machine.stage.get() {
        Stage::ResolvingLocal | Stage::ResolvingRemote => machine.resolving.callees(),
        Stage::Opening => machine.attempt.callees(),
        Stage::Fresh | Stage::HandingOver => &[],
    },
    holds: [
        event_loop, factory, local, remote, family, protocol, flags, reuse_port, allow_broadcast, socket,
        resolving, pairs, attempt, destination, error, handover
    ]
);

impl CreateEndpoint {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Fresh => self.begin(),
            Stage::ResolvingLocal => self.resolved(End::Local, self.resolving.resume(thrown)?),
            Stage::ResolvingRemote => self.resolved(End::Remote, self.resolving.resume(thrown)?),
            Stage::Opening => self.opened(self.attempt.resume(thrown)),
            Stage::HandingOver => self.handover.resume(thrown),
        }
    }

    fn begin(&self) -> Result<Step> {
        if let Some(socket) = self.socket.get() {
            return self.take(&socket);
        }
        let (family, protocol) = (held(&self.family)?, held(&self.protocol)?);
        if !(is_wanted(&self.local)? || is_wanted(&self.remote)?) {
            if family.equals(&names().zero)? {
                return Err(Raised::value_error(format_args!("unexpected address family")));
            }
            let nothing = none();
            self.pairs.set_only(&family, &protocol, &nothing, &nothing)?;
            return self.open_next();
        }
        if !family.equals(&names().unix_family)? {
            return self.resolve(End::Local);
        }
        let (local, remote) = (given(&self.local), given(&self.remote));
        if [&local, &remote].iter().any(|name| !name.is_none() && !name.is_text()) {
            return Err(Raised::type_error(format_args!("string is expected")));
        }
        if local.is_true()? {
            remove_stale(&local, &names().base_events)?;
        }
        self.pairs.set_only(&family, &protocol, &local, &remote)?;
        self.open_next()
    }

    /// Takes a socket that the program has made.
    fn take(&self, socket: &Object) -> Result<Step> {
        let kind = socket.attribute(&names().type_)?;
        if cfg!(Py_3_13) {
            if kind.equals(&names().sock_stream)? {
                let text = c"A datagram socket was expected, got %R";
                return Err(Raised::formatted(&names().value_error, text, socket, socket));
            }
        } else if !kind.equals(&names().sock_dgram)? {
            let text = c"A UDP Socket was expected, got %R";
            return Err(Raised::formatted(&names().value_error, text, socket, socket));
        }
        self.check_modifiers()?;
        unblock(socket)?;
        self.hand_over(socket)
    }

    /// Refuses arguments that say something of a socket that is made already.
    fn check_modifiers(&self) -> Result<()> {
        let modifiers = [
            &self.local,
            &self.remote,
            &self.family,
            &self.protocol,
            &self.flags,
            &self.reuse_port,
            &self.allow_broadcast,
        ];
        for modifier in modifiers {
            if is_wanted(modifier)? {
                let values = modifiers.map(given);
                let values: Vec<&Object> = values.iter().map(|value| &**value).collect();
                return call_keywords(&names().refuse_modifiers, &values, values.len(), None).map(drop);
            }
        }
        Ok(())
    }

    /// Looks one end up, if it is given, and goes on.
    fn resolve(&self, end: End) -> Result<Step> {
        let slot = if end == End::Local { &self.local } else { &self.remote };
        let Some(address) = slot.get() else { return self.go_on_after(end) };
        if !is_tuple(&address) || length(&address)? != 2 {
            return Err(Raised::type_error(format_args!("2-tuple is expected")));
        }
        self.stage.set(if end == End::Local { Stage::ResolvingLocal } else { Stage::ResolvingRemote });
        let (family, protocol, flags) = (held(&self.family)?, held(&self.protocol)?, held(&self.flags)?);
        let hints = Hints { family: &family, kind: &names().sock_dgram, protocol: &protocol, flags: &flags };
        self.resolved(end, self.resolving.begin(&*held(&self.event_loop)?, &address, &hints)?)
    }

    fn resolved(&self, end: End, step: Step) -> Result<Step> {
        let Step::Return(found) = step else { return Ok(step) };
        self.pairs.join(found, end)?;
        self.go_on_after(end)
    }

    fn go_on_after(&self, end: End) -> Result<Step> {
        if end == End::Local {
            return self.resolve(End::Remote);
        }
        self.pairs.choose(|end| is_wanted(if end == End::Local { &self.local } else { &self.remote }))?;
        self.open_next()
    }

    /// Tries one pair after the other.
    fn open_next(&self) -> Result<Step> {
        self.stage.set(Stage::Opening);
        while let Some(pair) = self.pairs.next()? {
            match self.open(&pair) {
                Ok(Step::Return(socket)) => return self.hand_over(&socket),
                Err(raised) => self.note_failure(raised)?,
                step => return step,
            }
        }
        Err(Raised::raise(&*held(&self.error)?))
    }

    fn opened(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Return(socket)) => self.hand_over(&socket),
            Err(raised) => {
                self.note_failure(raised)?;
                self.open_next()
            }
            step => step,
        }
    }

    fn note_failure(&self, raised: Raised) -> Result<()> {
        if !raised.matches(&names().os_error) {
            return Err(raised);
        }
        let exception = raised.take();
        if self.error.is_empty() {
            self.error.set(exception);
        }
        Ok(())
    }

    /// A socket for one pair; without broadcasts it is connected, if there is where to.
    fn open(&self, pair: &Pair) -> Result<Step> {
        let socket = new_socket(&[&*pair.family, &*names().sock_dgram, &*pair.protocol])?;
        self.destination.clear();
        let (sends, broadcasts) = (is_wanted(&self.remote)?, is_wanted(&self.allow_broadcast)?);
        if sends {
            self.destination.set(pair.remote.clone());
        }
        let connect_to = if sends && !broadcasts { Some(&*pair.remote) } else { None };
        let prepare = |socket: &Object| {
            if is_wanted(&self.reuse_port)? {
                call1(&names().set_reuse_port, socket)?;
            }
            if broadcasts {
                let set_option = socket.attribute(&names().setsockopt)?;
                let values = [&*names().sol_socket, &*names().so_broadcast, &*1_u64.into_owned()?];
                call_keywords(&set_option, &values, values.len(), None)?;
            }
            unblock(socket)?;
            if is_wanted(&self.local)? {
                call_method1(socket, &names().bind, &pair.local)?;
            }
            Ok(())
        };
        self.attempt.begin(&*held(&self.event_loop)?, socket, prepare, connect_to)
    }

    fn hand_over(&self, socket: &Object) -> Result<Step> {
        self.stage.set(Stage::HandingOver);
        let event_loop = held(&self.event_loop)?;
        let protocol = call0(&*held(&self.factory)?)?;
        let waiter = create_future_on(event_loop.object())?;
        let make = event_loop.object().attribute(&names().make_datagram_transport)?;
        let values = [socket, &*protocol, &*given(&self.destination), &*waiter];
        let transport = call_keywords(&make, &values, values.len(), None)?;
        if self.socket.is_empty() {
            take_several(&transport)?;
        }
        if event_loop.debug() {
            let (local, remote) = (given(&self.local), given(&self.remote));
            let values = [&*local, &*remote, &*transport, &*protocol];
            call_keywords(&names().log_endpoint, &values, values.len(), None)?;
        }
        self.handover.wait(transport, protocol, &waiter)
    }

    fn target(&self) -> Option<Owned> {
        match self.stage.get() {
            Stage::Fresh => None,
            Stage::ResolvingLocal | Stage::ResolvingRemote => self.resolving.target(),
            Stage::Opening => self.attempt.target(),
            Stage::HandingOver => self.handover.target(),
        }
    }
}

/// Whether an argument was given, and says more than its default.
fn is_wanted(argument: &Slot) -> Result<bool> {
    argument.get().map_or(Ok(false), |argument| argument.is_true())
}
