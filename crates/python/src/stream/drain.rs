//! `StreamWriter.drain()`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, Machine, machine};
use crate::ffi::{Layout, Object, Owned, Raised, Result, Slot, Step, call_method0, names, none};

use super::drain_helper::{DrainHelper, DrainWait};
use super::flow::FlowControlObject;
use super::protocol::{plain_flow, plain_reader};
use super::writer::StreamWriterObject;

/// `drain()`.
#[inline]
pub(super) fn drain(writer: &StreamWriterObject) -> Result<Owned> {
    CoroutineObject::<Drain>::new(|machine| machine.writer.fill(writer.own())).map(Owned::into_object)
}

/// Where the coroutine stands.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Fresh = 0,
    /// It has let the loop turn once, since the transport is closing.
    Yielded = 1,
    /// It waits for the protocol.
    Waiting = 2,
}

/// The coroutine that `StreamWriter.drain()` returns.
pub(super) struct Drain {
    writer: Slot<StreamWriterObject>,
    /// The flow control that it waits for directly.
    flow: Slot<FlowControlObject>,
    wait: DrainWait,
    /// `_drain_helper()` of a protocol of another class.
    helper: Delegate,
    phase: Cell<Phase>,
}

machine!(
    Drain, "StreamWriter"."drain",
    awaits: |machine| machine.wait.target().or_else(|| machine.helper.target()),
    callees: |machine| if machine.wait.is_active() { &[<DrainHelper as Machine>::QUALNAME] } else { &[] },
    holds: [writer, flow, wait, helper]
);

impl Drain {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(writer) = self.writer.peek() else { return Ok(Step::Return(none())) };
        if self.phase.get() == Phase::Waiting {
            return self.go_on_waiting(thrown);
        }
        if let Some(exception) = thrown {
            return Err(Raised::restore(exception));
        }
        if self.phase.get() == Phase::Fresh {
            if let Some(reader) = writer.reader.get() {
                check_reader(&reader)?;
            }
            writer.send_gathered()?;
            if writer.transport_is_closing()? {
                // `connection_lost()` is on its way. A program that does nothing but write and drain
                // would never let it arrive.
                self.phase.set(Phase::Yielded);
                return Ok(Step::Yield(none()));
            }
        }
        self.wait_for(&*writer.protocol()?)
    }

    /// `await self._protocol._drain_helper()`.
    #[inline(always)]
    fn wait_for(&self, protocol: &Object) -> Result<Step> {
        match plain_flow(protocol) {
            Some(flow) => {
                if !self.wait.begin(flow)? {
                    return Ok(Step::Return(none()));
                }
                self.flow.set(flow.own());
            }
            None => self.helper.begin(&*call_method0(protocol, &names().drain_helper)?)?,
        }
        self.phase.set(Phase::Waiting);
        self.go_on_waiting(None)
    }

    fn go_on_waiting(&self, thrown: Option<Owned>) -> Result<Step> {
        let step = match self.flow.peek() {
            Some(flow) => self.wait.resume(flow, thrown)?,
            None => self.helper.resume(thrown)?,
        };
        match step {
            Step::Yield(value) => Ok(Step::Yield(value)),
            Step::Return(_) => Ok(Step::Return(none())),
        }
    }
}

/// Raises the exception that the reader was given, if it was.
#[inline(always)]
fn check_reader(reader: &Object) -> Result<()> {
    if let Some(ours) = plain_reader(reader) {
        return ours.check_exception();
    }
    let exception = call_method0(reader, &names().exception)?;
    if exception.is_none() { Ok(()) } else { Err(Raised::raise(&exception)) }
}
