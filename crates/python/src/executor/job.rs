//! A call and the future that gets its outcome.

use aioxide_core::reactor::Waker;

use crate::event_loop::Ready;
use crate::ffi::{Layout, Object, Owned, Result, Visitor, call_positional, call1, names, tuple_of};
use crate::future::{FutureObject, State};

/// Something for a worker to do.
pub(super) enum Job {
    /// A call of `loop.run_in_executor`.
    Call(Call),
    /// A work item of `ThreadPoolExecutor.submit`, which knows its own future.
    Item(Owned),
}

/// A call of `loop.run_in_executor`.
pub(crate) struct Call {
    callable: Owned,
    /// A tuple.
    arguments: Owned,
    future: Owned<FutureObject>,
}

impl Job {
    /// Does the work. Gives the waker of the loop that has to be woken to see what came of it.
    pub(super) fn run(self, run_item: &Object) -> Result<Option<Waker>> {
        match self {
            Self::Call(call) => Ok(call.run()),
            Self::Item(item) => call_positional(run_item, &*tuple_of(&[&item])?).map(|_| None),
        }
    }

    /// Shows the references to the cycle collector.
    pub(super) fn traverse(&self, visitor: &mut Visitor) {
        match self {
            Self::Call(call) => {
                visitor.object(&call.callable);
                visitor.object(&call.arguments);
                visitor.object(call.future.object());
            }
            Self::Item(item) => visitor.object(item),
        }
    }

    /// Whether this is the call that `future` waits for.
    pub(super) fn is_for(&self, future: &FutureObject) -> bool {
        matches!(self, Self::Call(call) if call.future.object().is(future.object()))
    }
}

impl Call {
    /// `callable(*arguments)`, for `future`, whose loop is ours.
    pub(crate) fn new(callable: &Object, arguments: &[&Object], future: Owned<FutureObject>) -> Result<Self> {
        Ok(Self { callable: callable.own(), arguments: tuple_of(arguments)?, future })
    }

    /// Calls, unless the future was cancelled, and sends the outcome to the future's loop.
    fn run(self) -> Option<Waker> {
        let Self { callable, arguments, future } = self;
        if future.state() == State::Cancelled {
            return None;
        }
        let called = call_positional(&callable, &arguments);
        let outcome = match called {
            Ok(result) => Ready::Resolve(future.clone(), result),
            Err(raised) => Ready::Reject(future.clone(), as_asyncio_has_it(raised.take())),
        };
        // Let go of before anybody can see the outcome: who has it finds the arguments released.
        drop((callable, arguments));
        deliver(&future, outcome)
    }

    /// Cancels the future instead of calling.
    pub(super) fn cancel(self) -> Option<Waker> {
        let future = self.future;
        deliver(&future, Ready::Cancel(future.clone()))
    }
}

/// Queues the outcome. A loop that was closed meanwhile does not want it any more.
fn deliver(future: &FutureObject, outcome: Ready) -> Option<Waker> {
    future.get_native_loop()?.queue_from_thread(outcome)
}

/// The exceptions of `concurrent.futures` become asyncio's own, as `wrap_future` has it.
fn as_asyncio_has_it(exception: Owned) -> Owned {
    match call1(&names().convert_future_exception, &exception) {
        Ok(converted) => converted,
        Err(raised) => raised.take(),
    }
}
