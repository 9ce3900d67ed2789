//! What ties a transport to its loop, its protocol and its socket or pipe, until the connection is lost.

use std::cell::Cell;
use std::ffi::CStr;

use crate::event_loop::{Direction, LoopObject, SourceBase, call_soon};
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, audit, call_method0, call_method1, call2,
    collectable, dict_get, names, none,
};
use crate::sockets::SocketObject;

use super::life::begin;

/// How many writes to a lost connection are silent.
pub(super) const SILENT_WRITES: u32 = 5;

/// The ties of one transport. All zero bytes: tied to nothing.
pub(super) struct Attachment {
    /// Gone when the connection is lost.
    event_loop: Slot<LoopObject>,
    /// Gone when the connection is lost.
    protocol: Slot,
    /// The dict behind `get_extra_info`.
    extra: Slot,
    /// The socket or pipe object, which owns the descriptor. Gone when the connection is lost.
    file: Slot,
    /// The number under which the selector watches.
    watched: Cell<i32>,
    closing: Cell<bool>,
    paused: Cell<bool>,
    /// asyncio's `_conn_lost`: counts the writes to a lost connection, and for sockets the loss itself.
    lost: Cell<u32>,
    /// Whether `connection_lost` is on its way, or has been called.
    loss_scheduled: Cell<bool>,
}

collectable!(Attachment, holds: [event_loop, protocol, extra, file]);

impl Attachment {
    /// Ties a new transport to a loop of ours.
    pub(super) fn attach(
        &self,
        event_loop: &Object,
        protocol: &Object,
        file: &Object,
        extra: Owned,
    ) -> Result<()> {
        let Some(event_loop) = event_loop.cast::<LoopObject>() else {
            return Err(Raised::type_error(format_args!("a loop of aioxide is required")));
        };
        self.watched.set(call_method0(file, &names().fileno)?.to_i32()?);
        event_loop.forget_resting(self.watched.get())?;
        self.event_loop.set(event_loop.own());
        self.protocol.set(protocol.own());
        self.file.set(file.own());
        self.extra.set(extra);
        Ok(())
    }

    /// Queues what every transport begins with.
    pub(super) fn begin(&self, transport: &Object, waiter: Option<&Object>) -> Result<()> {
        begin(&*self.event_loop()?, transport, &self.protocol(), waiter, None)
    }

    /// The loop; raises what asyncio does when the connection is lost.
    pub(super) fn event_loop(&self) -> Result<Owned<LoopObject>> {
        self.event_loop.get().ok_or_else(|| {
            Raised::attribute_error(format_args!("'NoneType' object has no attribute 'call_soon'"))
        })
    }

    /// The loop, or `None`.
    pub(super) fn event_loop_if_any(&self) -> Option<Owned<LoopObject>> {
        self.event_loop.get()
    }

    /// The protocol; `None` when the connection is lost.
    pub(super) fn protocol(&self) -> Owned {
        self.protocol.get().unwrap_or_else(none)
    }

    pub(super) fn set_protocol(&self, protocol: &Object) {
        self.protocol.set(protocol.own());
    }

    /// The socket or pipe object; empty when the connection is lost. Whoever takes it away has to close it.
    pub(super) fn file(&self) -> &Slot {
        &self.file
    }

    /// The number that the file has at this moment: -1 if somebody has closed it. `None` when the connection is lost.
    pub(super) fn descriptor(&self) -> Result<Option<i32>> {
        let Some(file) = self.file.get() else { return Ok(None) };
        match file.exactly::<SocketObject>() {
            Some(socket) => Ok(Some(socket.fd())),
            None => match call_method0(&file, &names().fileno) {
                Ok(number) => number.to_i32().map(Some),
                // What a closed file says, for which a closed socket says -1.
                Err(raised) if raised.matches(&names().value_error) => {
                    raised.forget();
                    Ok(Some(-1))
                }
                Err(raised) => Err(raised),
            },
        }
    }

    /// `sys.audit(event, file, argument)`.
    pub(super) fn audit(&self, event: &CStr, argument: &Object) -> Result<()> {
        self.file.get().map_or(Ok(()), |file| audit(event, &file, argument))
    }

    /// The number under which the selector watches.
    pub(super) fn watched(&self) -> i32 {
        self.watched.get()
    }

    pub(super) fn extra(&self) -> Option<Owned> {
        self.extra.get()
    }

    /// `get_extra_info(name, default=None)`.
    pub(super) fn get_extra_info(&self, args: Args<'_>) -> Result<Owned> {
        get_extra_info(self.extra.get(), args)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.get()
    }

    pub(super) fn is_reading(&self) -> bool {
        !self.closing.get() && !self.paused.get()
    }

    /// Whether `connection_lost` is on its way or has been called.
    pub(super) fn is_loss_scheduled(&self) -> bool {
        self.loss_scheduled.get()
    }

    pub(super) fn lost_count(&self) -> u32 {
        self.lost.get()
    }

    /// Counts a loss, or a write to what is lost. Returns how many there were before.
    pub(super) fn count_lost(&self) -> u32 {
        let count = self.lost.get();
        self.lost.set(count.saturating_add(1));
        count
    }

    /// Notes that the transport is closing. False if it was already.
    pub(super) fn start_closing(&self) -> bool {
        !self.closing.replace(true)
    }

    /// Pauses reading. False when the transport was not reading.
    pub(super) fn pause(&self, source: &SourceBase) -> Result<bool> {
        if !self.is_reading() {
            return Ok(false);
        }
        self.paused.set(true);
        self.unwatch(source, Direction::Reading)?;
        Ok(true)
    }

    /// Resumes reading. False when the transport is closing or was not paused.
    pub(super) fn resume(&self, source: &SourceBase) -> Result<bool> {
        if self.closing.get() || !self.paused.replace(false) {
            return Ok(false);
        }
        self.watch(source, Direction::Reading)?;
        Ok(true)
    }

    /// Begins to read, unless the transport was paused or closed meanwhile.
    pub(super) fn start_reading(&self, source: &SourceBase) -> Result<()> {
        if self.is_reading() { self.watch(source, Direction::Reading) } else { Ok(()) }
    }

    pub(super) fn watch(&self, source: &SourceBase, direction: Direction) -> Result<()> {
        self.event_loop()?.watch_source(self.watched.get(), direction, source)
    }

    /// Does nothing when somebody else watches, or the connection is lost.
    pub(super) fn unwatch(&self, source: &SourceBase, direction: Direction) -> Result<()> {
        match self.event_loop.get() {
            Some(event_loop) => event_loop.unwatch_own_source(self.watched.get(), direction, source),
            None => Ok(()),
        }
    }

    /// Queues `transport._call_connection_lost(exception)`, once.
    pub(super) fn schedule_loss(&self, transport: &Object, exception: Option<&Object>) -> Result<()> {
        if self.loss_scheduled.replace(true) {
            return Ok(());
        }
        let event_loop = self.event_loop()?;
        let call = transport.attribute(&names().call_connection_lost)?;
        let nothing = none();
        call_soon(event_loop.object(), &call, Some(exception.unwrap_or(&nothing)), None)
    }

    /// Tells the protocol that the connection is lost, then closes the file and unties everything.
    pub(super) fn lose(&self, exception: &Object) -> Result<()> {
        let told = call_method1(&self.protocol(), &names().connection_lost, exception).map(drop);
        let pending = told.err().map(Raised::take);
        let closed = self.file.take().map_or(Ok(()), |file| call_method0(&file, &names().close).map(drop));
        self.protocol.clear();
        self.event_loop.clear();
        match pending {
            None => closed,
            Some(exception) => {
                if let Err(raised) = closed {
                    raised.forget();
                }
                Err(Raised::restore(exception))
            }
        }
    }

    /// Notes something about `transport` in the log, in debug mode.
    pub(super) fn note(&self, transport: &Object, action: &Object) -> Result<()> {
        match self.event_loop.get() {
            Some(event_loop) if event_loop.debug() => {
                call2(&names().log_transport, transport, action).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Whether a file is still open, about which the destructor has to warn.
    pub(super) fn holds_file(&self) -> bool {
        !self.file.is_empty()
    }
}

/// `get_extra_info(name, default=None)`, of what `extra` holds.
pub(super) fn get_extra_info(extra: Option<Owned>, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseTransport.get_extra_info",
        parameters: [c"name", c"default"],
        positional: 2,
        required: 1,
    };
    let [Some(name), default] = SIGNATURE.bind_method(args)? else { return Ok(none()) };
    let found = extra.map_or(Ok(None), |extra| dict_get(&extra, name))?;
    Ok(found.or_else(|| default.map(Object::own)).unwrap_or_else(none))
}
