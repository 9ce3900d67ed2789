//! The coroutines of `loop.getaddrinfo()` and `loop.getnameinfo()`.
//!
//! ```text
//! first step: known -> return | open -> ask a thread, yield | unusual -> run_in_executor, yield
//! later:      answered -> return or raise
//! ```

use crate::awaitable::{CoroutineObject, Delegate, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Result, Signature, Slot, Step, audit_all, call_keywords, names,
};

use super::question::{self, Asked};
use super::{answer, patched};

/// `getaddrinfo(host, port, *, family=0, type=0, proto=0, flags=0)`.
pub(super) fn getaddrinfo(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<6> = Signature {
        function: "BaseEventLoop.getaddrinfo",
        parameters: [c"host", c"port", c"family", c"type", c"proto", c"flags"],
        positional: 2,
        required: 2,
    };
    let [Some(host), Some(port), family, kind, protocol, flags] = SIGNATURE.bind_method(args)? else {
        return Err(over());
    };
    let zero = &*names().zero;
    let coroutine = CoroutineObject::<AddressLookup>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.host.fill(host.own());
        machine.port.fill(port.own());
        machine.family.fill(family.unwrap_or(zero).own());
        machine.kind.fill(kind.unwrap_or(zero).own());
        machine.protocol.fill(protocol.unwrap_or(zero).own());
        machine.flags.fill(flags.unwrap_or(zero).own());
    })?;
    Ok(coroutine.into_object())
}

/// `getnameinfo(sockaddr, flags=0)`.
pub(super) fn getnameinfo(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseEventLoop.getnameinfo",
        parameters: [c"sockaddr", c"flags"],
        positional: 2,
        required: 1,
    };
    let [Some(address), flags] = SIGNATURE.bind_method(args)? else { return Err(over()) };
    let coroutine = CoroutineObject::<NameLookup>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.address.fill(address.own());
        machine.flags.fill(flags.unwrap_or(&names().zero).own());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that `getaddrinfo()` returns.
pub(super) struct AddressLookup {
    event_loop: Slot<LoopObject>,
    host: Slot,
    port: Slot,
    family: Slot,
    kind: Slot,
    protocol: Slot,
    flags: Slot,
    waiting: Delegate,
}

machine!(
    AddressLookup, "BaseEventLoop"."getaddrinfo",
    awaits: |machine| machine.waiting.target(),
    holds: [event_loop, host, port, family, kind, protocol, flags, waiting]
);

impl AddressLookup {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.waiting.is_active() {
            return self.waiting.resume(thrown);
        }
        let event_loop = self.event_loop.get().ok_or_else(over)?;
        let held = [&self.host, &self.port, &self.family, &self.kind, &self.protocol, &self.flags];
        let [Some(host), Some(port), Some(family), Some(kind), Some(protocol), Some(flags)] =
            held.map(Slot::get)
        else {
            return Err(over());
        };
        let function = names().base_events.attribute(&names().socket)?.attribute(&names().getaddrinfo)?;
        let is_own = function.is(&names().socket_getaddrinfo) && !patched();
        let is_native = is_own && !event_loop.debug() && event_loop.takes_lookups();
        let asked = if is_native {
            question::addresses(&host, &port, [&family, &kind, &protocol, &flags])
        } else {
            None
        };
        let Some(asked) = asked else {
            let values = [&*host, &*port, &*family, &*kind, &*protocol, &*flags];
            let function = if event_loop.debug() {
                event_loop.object().attribute(&names().getaddrinfo_debug)?
            } else {
                function
            };
            begin_in_executor(&event_loop, &self.waiting, &function, &values)?;
            return self.waiting.resume(None);
        };
        audit_all(c"socket.getaddrinfo", &[&host, &port, &family, &kind, &protocol])?;
        match asked {
            Asked::Known(found) => answer::literal(&found, &host, &port).map(Step::Return),
            Asked::Open(question) => {
                self.waiting.begin_future(event_loop.ask(question)?);
                self.waiting.resume(None)
            }
        }
    }
}

/// The coroutine that `getnameinfo()` returns.
pub(super) struct NameLookup {
    event_loop: Slot<LoopObject>,
    address: Slot,
    flags: Slot,
    waiting: Delegate,
}

machine!(
    NameLookup, "BaseEventLoop"."getnameinfo",
    awaits: |machine| machine.waiting.target(), holds: [event_loop, address, flags, waiting]
);

impl NameLookup {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.waiting.is_active() {
            return self.waiting.resume(thrown);
        }
        let (Some(event_loop), Some(address), Some(flags)) =
            (self.event_loop.get(), self.address.get(), self.flags.get())
        else {
            return Err(over());
        };
        let function = names().base_events.attribute(&names().socket)?.attribute(&names().getnameinfo)?;
        let is_own = function.is(&names().socket_getnameinfo) && !patched();
        let asked =
            if is_own && event_loop.takes_lookups() { question::names(&address, &flags) } else { None };
        let Some(question) = asked else {
            begin_in_executor(&event_loop, &self.waiting, &function, &[&*address, &*flags])?;
            return self.waiting.resume(None);
        };
        audit_all(c"socket.getnameinfo", &[&address])?;
        if question.is_quick() {
            return answer::to_python(question.ask()).map(Step::Return);
        }
        self.waiting.begin_future(event_loop.ask(question)?);
        self.waiting.resume(None)
    }
}

/// `loop.run_in_executor(None, function, *values)`, which also refuses what a loop without threads can't do.
fn begin_in_executor(
    event_loop: &LoopObject,
    waiting: &Delegate,
    function: &Object,
    values: &[&Object],
) -> Result<()> {
    let run = event_loop.object().attribute(&names().run_in_executor)?;
    let nothing = crate::ffi::none();
    let mut all = vec![&*nothing, function];
    all.extend_from_slice(values);
    let future = call_keywords(&run, &all, all.len(), None)?;
    waiting.begin(&future)
}
