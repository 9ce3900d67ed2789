//! A task for what runs already, made for the case that somebody asks which task that is.
//!
//! asyncio calls a server's protocol factory from a task of its own. Few factories look at it, and a task that nobody has
//! seen need not go on: it is dropped when the factory has returned. One that somebody has got hold of goes on as asyncio's
//! would, with its first step.

use crate::event_loop::{LoopObject, Share};
use crate::ffi::{Layout, Object, Owned, Raised, Result, allocate_recycled};

use super::TaskObject;

impl TaskObject {
    /// A task of `event_loop` that runs in `context` now and has not begun with `coroutine`. It dies without a word.
    pub(crate) fn standing(
        event_loop: &LoopObject,
        coroutine: &Object,
        context: &Object,
    ) -> Result<Owned<Self>> {
        let task = allocate_recycled::<Self>(|task| {
            task.adopt_loop(event_loop);
            task.coroutine.fill(coroutine.own());
            task.context.fill(context.own());
            task.share.set(Share::Own);
            task.awaiters.mark();
            task.quiet.set(true);
        })?;
        task.name.count()?;
        task.list();
        Ok(task)
    }

    /// Whether somebody holds the task or its coroutine, waits for it or has cancelled it: all that can be done with it
    /// but reading. `coroutine_references` are those of who has made the task, its own included.
    pub(crate) fn is_noticed(task: &Owned<Self>, coroutine_references: isize) -> bool {
        // Held by the caller and as the current task.
        !task.is_one_of(2)
            || task.has_waiters()
            || task.must_cancel.get()
            || !task.coroutine.get().is_some_and(|coroutine| coroutine.is_one_of(coroutine_references + 1))
    }

    /// Goes on as any task: the first step, inside of what runs already.
    pub(crate) fn go_on(&self, event_loop: &LoopObject) -> Result<()> {
        self.quiet.set(false);
        event_loop.as_current_task(self, || self.step(None))
    }

    /// Ends with what has to leave the loop.
    #[cold]
    pub(crate) fn end_with(&self, raised: Raised) -> Result<()> {
        let exception = raised.take();
        self.reject(&exception)?;
        Err(Raised::restore(exception))
    }
}
