//! Waiting until writing may go on: `FlowControlMixin._drain_helper()`.

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{Layout, Owned, Raised, Result, Slot, Step, collectable, names, none};
use crate::group::create_future_on;
use crate::sync::Wait;

use super::flow::FlowControlObject;

/// A wait for a transport whose buffer is full.
pub(super) struct DrainWait(Wait);

collectable!(DrainWait, holds: [0]);

impl DrainWait {
    /// Begins; says whether there is anything to wait for. Raises `ConnectionResetError` if the
    /// connection is lost.
    #[inline(always)]
    pub(super) fn begin(&self, flow: &FlowControlObject) -> Result<bool> {
        if flow.connection_lost.get() {
            return Err(Raised::new(&names().connection_reset_error, format_args!("Connection lost")));
        }
        if !flow.paused.get() {
            return Ok(false);
        }
        self.get_in_line(flow)?;
        Ok(true)
    }

    fn get_in_line(&self, flow: &FlowControlObject) -> Result<()> {
        let waiter = create_future_on(&*flow.event_loop()?)?;
        flow.drain_waiters.push(waiter.clone())?;
        self.0.begin_with(waiter)
    }

    /// Whether something is being waited for.
    pub(super) fn is_active(&self) -> bool {
        self.0.is_active()
    }

    /// Goes on waiting.
    pub(super) fn resume(&self, flow: &FlowControlObject, thrown: Option<Owned>) -> Result<Step> {
        match self.0.resume(thrown) {
            Ok(Step::Yield(future)) => Ok(Step::Yield(future)),
            Ok(Step::Return(_)) => {
                self.0.leave(&flow.drain_waiters)?;
                Ok(Step::Return(none()))
            }
            Err(raised) => {
                let exception = raised.take();
                self.0.leave(&flow.drain_waiters)?;
                Err(Raised::restore(exception))
            }
        }
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.0.target()
    }
}

/// `_drain_helper()`.
pub(super) fn drain_helper(flow: &FlowControlObject) -> Result<Owned> {
    CoroutineObject::<DrainHelper>::new(|machine| machine.flow.fill(flow.own())).map(Owned::into_object)
}

/// The coroutine that `FlowControlMixin._drain_helper()` returns.
pub(super) struct DrainHelper {
    flow: Slot<FlowControlObject>,
    wait: DrainWait,
}

machine!(DrainHelper, "FlowControlMixin"."_drain_helper", awaits: |machine| machine.wait.target(), holds: [flow, wait]);

impl DrainHelper {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(flow) = self.flow.peek() else { return Ok(Step::Return(none())) };
        if !self.wait.is_active() && !self.wait.begin(flow)? {
            return Ok(Step::Return(none()));
        }
        self.wait.resume(flow, thrown)
    }
}
