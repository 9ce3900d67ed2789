//! What can be in the ready queue.

use crate::ffi::{Layout, Object, Owned, Visitor, prefetch};
use crate::future::{FutureObject, ObserverBase};
use crate::handle::{HandleObject, TimerObject};
use crate::task::TaskObject;

use super::source::{Direction, SourceBase};

/// Something to run in a turn.
///
/// The tag takes a whole word: in a byte, with the direction of `Io` beside it, each entry would be copied as a byte and
/// 31 that straddle the words in which it was written a moment ago, which the processor has to wait for.
#[repr(usize)]
pub(crate) enum Ready {
    /// A task's next step.
    Step(Owned<TaskObject>),
    /// A task's next step, with an exception to throw into it.
    Throw(Owned<TaskObject>, Owned),
    /// A task whose awaited future is done.
    Wake(Owned<TaskObject>, Owned<FutureObject>),
    /// A done-callback of a future.
    Done {
        /// What to call with the future.
        callback: Owned,
        /// A `contextvars.Context`.
        context: Owned,
        /// The future, which is done.
        future: Owned<FutureObject>,
    },
    /// A done-callback of a future, written in Rust.
    Observe(Owned<ObserverBase>, Owned<FutureObject>),
    /// A result that came from a thread, for a future.
    Resolve(Owned<FutureObject>, Owned),
    /// An exception that came from a thread, for a future.
    Reject(Owned<FutureObject>, Owned),
    /// A future whose call no thread will make.
    Cancel(Owned<FutureObject>),
    /// A callback of `call_soon`.
    Handle(Owned<HandleObject>),
    /// A timer that is due.
    Timer(Owned<TimerObject>),
    /// A native source whose descriptor is ready.
    Io(Owned<SourceBase>, Direction),
}

impl Ready {
    /// Shows a handle to the cycle collector: the loop ceases to turn, and may be garbage next.
    pub(super) fn show(&self) {
        match self {
            Self::Handle(handle) => handle.show(),
            Self::Timer(timer) => timer.show(),
            _ => {}
        }
    }

    /// Shows the references to the cycle collector.
    pub(super) fn traverse(&self, visitor: &mut Visitor) {
        match self {
            Self::Step(task) => visitor.object(task.object()),
            Self::Throw(task, exception) => {
                visitor.object(task.object());
                visitor.object(exception);
            }
            Self::Wake(task, future) => {
                visitor.object(task.object());
                visitor.object(future.object());
            }
            Self::Done { callback, context, future } => {
                visitor.object(callback);
                visitor.object(context);
                visitor.object(future.object());
            }
            Self::Observe(observer, future) => {
                visitor.object(observer.object());
                visitor.object(future.object());
            }
            Self::Resolve(future, outcome) | Self::Reject(future, outcome) => {
                visitor.object(future.object());
                visitor.object(outcome);
            }
            Self::Cancel(future) => visitor.object(future.object()),
            Self::Handle(handle) => visitor.object(handle.object()),
            Self::Timer(timer) => visitor.object(timer.object()),
            Self::Io(source, _) => visitor.object(source.object()),
        }
    }
}

impl Ready {
    /// Brings the object that will be called into the cache.
    #[inline(always)]
    pub(super) fn prefetch(&self) {
        prefetch(match self {
            Self::Done { callback, .. } => callback,
            Self::Observe(observer, _) => observer.object(),
            _ => self.about(),
        });
    }

    /// The object under which Python sees this entry.
    pub(super) fn shown(&self) -> Owned {
        self.about().own()
    }

    /// What the entry is about: a handle, a task, or a future.
    #[inline(always)]
    fn about(&self) -> &Object {
        match self {
            Self::Step(task) | Self::Throw(task, _) | Self::Wake(task, _) => task.object(),
            Self::Done { future, .. }
            | Self::Observe(_, future)
            | Self::Resolve(future, _)
            | Self::Reject(future, _)
            | Self::Cancel(future) => future.object(),
            Self::Handle(handle) => handle.object(),
            Self::Timer(timer) => timer.object(),
            Self::Io(source, _) => source.object(),
        }
    }
}
