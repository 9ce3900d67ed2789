//! Questions to the C library's resolver, and the answers that come back from its threads.

use std::collections::HashMap;
use std::mem::ManuallyDrop;

use aioxide_core::blocking::{Question, Resolver};

use crate::ffi::{Layout, Owned, Raised, Result, Visitor};
use crate::future::FutureObject;
use crate::resolution::answer_to_python;

use super::object::{Engine, LoopObject};

/// As many as asyncio's executor has at most.
const THREADS: usize = 32;

/// The questions of one loop.
#[derive(Default)]
pub(super) struct Lookups {
    /// Made for the first question.
    resolver: Option<Resolver>,
    /// Who waits for which answer.
    waiting: HashMap<u64, Owned<FutureObject>>,
}

impl Lookups {
    /// True when no answer waits to be collected.
    pub(super) fn is_quiet(&self) -> bool {
        self.resolver.as_ref().is_none_or(Resolver::is_empty)
    }

    pub(super) fn traverse(&self, visitor: &mut Visitor) {
        self.waiting.values().for_each(|future| visitor.object(future.object()));
    }

    /// For the child of a fork: its parent's threads don't exist here, and may have held the resolver's locks.
    pub(super) fn forget_threads(&mut self) {
        let _never_dropped = ManuallyDrop::new(self.resolver.take());
    }
}

impl LoopObject {
    /// Whether look-ups may be made: neither the loop is closed nor its executor shut down.
    pub(crate) fn takes_lookups(&self) -> bool {
        !self.closed.get() && !self.executor_shut_down.get()
    }

    /// Asks `question` in a thread; the future gets what the `socket` module would have returned or raised.
    pub(crate) fn ask(&self, question: Question) -> Result<Owned<FutureObject>> {
        let engine = self.engine()?;
        self.renew_after_fork(engine)?;
        let future = self.create_future()?;
        let waiting = future.clone();
        let asked = engine.lookups.with(|lookups| {
            let resolver =
                lookups.resolver.get_or_insert_with(|| Resolver::new(THREADS, engine.waker.clone()));
            let number = resolver.ask(question)?;
            Ok::<_, std::io::Error>(lookups.waiting.insert(number, waiting))
        });
        match asked {
            Ok(_) => Ok(future),
            Err(_) => Err(Raised::runtime_error(format_args!("can't start new thread"))),
        }
    }

    /// Gives the answers that have come to those who wait for them.
    #[inline]
    pub(super) fn collect_answers(&self, engine: &Engine) -> Result<()> {
        if engine.lookups.with(|lookups| lookups.is_quiet()) { Ok(()) } else { self.give_answers(engine) }
    }

    fn give_answers(&self, engine: &Engine) -> Result<()> {
        let Some(mut answers) =
            engine.lookups.with(|lookups| lookups.resolver.as_ref().map(Resolver::take_answers))
        else {
            return Ok(());
        };
        while let Some((number, answer)) = answers.pop_front() {
            let future = engine.lookups.with(|lookups| lookups.waiting.remove(&number));
            let Some(future) = future.filter(|future| !future.is_done()) else { continue };
            match answer_to_python(answer) {
                Ok(result) => future.resolve(result)?,
                Err(raised) => future.reject(&raised.take())?,
            }
        }
        Ok(())
    }
}
