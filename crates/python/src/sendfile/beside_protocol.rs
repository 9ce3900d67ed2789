//! `_sendfile_fallback`: the file goes block by block through the transport's `write`, while a protocol of asyncio's own
//! stands in for the transport's and is told when to pause.

use crate::awaitable::{CoroutineObject, Delegate, held, machine};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Owned, Raised, Result, Slot, Step, call_method0, call_method1, call1, names, none, while_handling,
};

use super::copying::Copying;
use super::request::{Given, Request};

/// How much of a file is read at a time.
const BLOCK_SIZE: u64 = 16 * 1024;

/// `_sendfile_fallback(transp, file, offset, count)`.
pub(super) fn sendfile_fallback(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    let given = Given::private(args, "BaseEventLoop._sendfile_fallback", c"transp")?;
    CoroutineObject::<SendfileFallback>::new(|machine| machine.request.fill(event_loop, &given))
        .map(Owned::into_object)
}

/// The coroutine that `_sendfile_fallback()` returns.
pub(super) struct SendfileFallback {
    request: Request,
    copying: Copying,
    /// What stands in for the transport's protocol.
    stand_in: Slot,
    /// Puts the transport's protocol back.
    restoring: Delegate,
    /// How it ends, once the protocol is back.
    sent: Slot,
    failure: Slot,
    inherited: Delegate,
}

machine!(
    SendfileFallback, "BaseEventLoop"."_sendfile_fallback",
    awaits: |machine| machine.copying.target().or_else(|| machine.restoring.target())
        .or_else(|| machine.inherited.target()),
    holds: [request, copying, stand_in, restoring, sent, failure, inherited]
);

impl SendfileFallback {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.inherited.is_active() {
            return self.inherited.resume(thrown);
        }
        if self.restoring.is_active() {
            return self.restore(thrown);
        }
        if !self.copying.has_begun() {
            let Some((_, count)) = self.request.numbers() else {
                self.request.begin_inherited(&self.inherited, &names().sendfile_fallback)?;
                return self.inherited.resume(None);
            };
            self.copying.begin(&self.request, BLOCK_SIZE, count)?;
            self.stand_in.set(call1(&names().sendfile_protocol, &*self.request.target()?)?);
        }
        match self.copy(thrown) {
            Ok(Step::Yield(value)) => return Ok(Step::Yield(value)),
            Ok(Step::Return(sent)) => self.sent.set(sent),
            Err(raised) => self.failure.set(raised.take()),
        }
        let stand_in = held(&self.stand_in)?;
        self.after_failure(|| self.restoring.begin(&*call_method0(&stand_in, &names().restore)?))?;
        self.restore(None)
    }

    fn copy(&self, thrown: Option<Owned>) -> Result<Step> {
        let (transport, stand_in) = (self.request.target()?, held(&self.stand_in)?);
        // asyncio up to 3.12 waits before it writes: the last block would leave the transport as full as it gets.
        self.copying.go_on(&self.request, thrown, |block| {
            call_method1(&transport, &names().write, block)?;
            call_method0(&stand_in, &names().drain)
        })
    }

    fn restore(&self, thrown: Option<Owned>) -> Result<Step> {
        if let Step::Yield(value) = self.after_failure(|| self.restoring.resume(thrown))? {
            return Ok(Step::Yield(value));
        }
        match self.failure.take() {
            Some(exception) => Err(Raised::restore(exception)),
            None => Ok(Step::Return(self.sent.take().unwrap_or_else(none))),
        }
    }

    /// What raises here has the failure, if there was one, as its context.
    fn after_failure<R>(&self, work: impl FnOnce() -> R) -> R {
        match self.failure.get() {
            Some(exception) => while_handling(&exception, work),
            None => work(),
        }
    }
}
