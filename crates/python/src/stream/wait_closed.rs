//! `StreamWriter.wait_closed()`.

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{Layout, Owned, Result, Slot, Step, call_method1, names, none};

use super::protocol::StreamReaderProtocolObject;
use super::writer::StreamWriterObject;

/// `wait_closed()`.
pub(super) fn wait_closed(writer: &StreamWriterObject) -> Result<Owned> {
    CoroutineObject::<WaitClosed>::new(|machine| machine.writer.fill(writer.own())).map(Owned::into_object)
}

/// The coroutine that `StreamWriter.wait_closed()` returns.
pub(super) struct WaitClosed {
    writer: Slot<StreamWriterObject>,
    waiting: Delegate,
}

machine!(WaitClosed, "StreamWriter"."wait_closed", awaits: |machine| machine.waiting.target(), holds: [writer, waiting]);

impl WaitClosed {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(writer) = self.writer.peek() else { return Ok(Step::Return(none())) };
        if !self.waiting.is_active() {
            self.waiting.begin(&*closing_of(writer)?)?;
        }
        match self.waiting.resume(thrown)? {
            Step::Yield(value) => Ok(Step::Yield(value)),
            Step::Return(_) => Ok(Step::Return(none())),
        }
    }
}

/// `self._protocol._get_close_waiter(self)`.
fn closing_of(writer: &StreamWriterObject) -> Result<Owned> {
    let protocol = writer.protocol()?;
    let closed = protocol
        .exactly::<StreamReaderProtocolObject>()
        .filter(|ours| ours.is_plain())
        .and_then(|ours| ours.closed.get());
    match closed {
        Some(closed) => Ok(closed),
        None => call_method1(&protocol, &names().get_close_waiter, writer.object()),
    }
}
