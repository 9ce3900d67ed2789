//! What the selector calls for: a handle of `add_reader`, or a native object that reads and writes by itself.
//!
//! A transport, a listener or a socket operation is a *source*: one object with a function that is told which
//! way its descriptor is ready. Like a handle it runs from the ready queue, in the order in which the
//! selector reported it, and in the context in which it was made or watched, as asyncio's callbacks would; unlike a
//! handle it costs no object and no call into Python.
//!
//! Between the event and its turn in the queue a source may have been closed or paused: it knows its own state
//! and ignores what comes too late.
//!
//! A source may *rest*: nobody waits for it, but somebody probably will soon, and the kernel goes on watching meanwhile,
//! which saves two system calls for each wait. To everybody else its descriptor is not watched; should it become
//! ready while the source rests, it is given up there and then.

use std::cell::Cell;

use pyo3::ffi;

use crate::ffi::{
    Entered, Layout, Object, Owned, Raised, Result, Slot, TypeBuilder, Visitor, copy_context, names,
    native_type,
};
use crate::handle::HandleObject;

use super::object::LoopObject;

/// The way in which a descriptor is watched, or ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Reading would not block.
    Reading,
    /// Writing would not block.
    Writing,
}

/// Tells one kind of source that its descriptor is ready.
pub(crate) type OnReady = fn(&SourceBase, Direction) -> Result<()>;

/// The part that all sources share, and the Python type that they inherit from.
#[repr(C)]
pub(crate) struct SourceBase {
    head: ffi::PyObject,
    /// Set for good when the source is made.
    on_ready: Cell<Option<OnReady>>,
    resting: Cell<bool>,
    /// A `contextvars.Context`, unless the source never calls Python.
    context: Slot,
    /// The one for [`Direction::Writing`], if it is another.
    writing_context: Slot,
}

native_type!(SourceBase, holds: [context, writing_context]);

/// Makes the type that all sources inherit from.
pub(super) fn register_sources(module: &Object) -> Result<()> {
    TypeBuilder::<SourceBase>::new(
        c"aioxide._native.source",
        c"Something with a file descriptor that a loop calls when it is ready.",
    )
    .internal_base()
    .dies()
    .add_to(module)
}

impl SourceBase {
    /// Prepares a source that was just allocated: `on_ready` is called in a copy of the current context.
    pub(crate) fn prepare(&self, on_ready: OnReady) -> Result<()> {
        self.on_ready.set(Some(on_ready));
        self.context.fill(copy_context()?);
        Ok(())
    }

    /// As [`SourceBase::prepare`], for a source that never calls Python and needs no context for it.
    pub(crate) fn prepare_without_context(&self, on_ready: OnReady) {
        self.on_ready.set(Some(on_ready));
    }

    /// Lets the source run in `context` when it is ready in `direction`.
    pub(crate) fn set_context(&self, direction: Direction, context: Owned) {
        match direction {
            Direction::Reading => self.context.set(context),
            Direction::Writing => self.writing_context.set(context),
        }
    }

    /// Whether nobody waits for it.
    #[inline]
    pub(super) fn is_resting(&self) -> bool {
        self.resting.get()
    }

    #[inline]
    fn context_for(&self, direction: Direction) -> Option<Owned> {
        match direction {
            Direction::Reading => self.context.get(),
            Direction::Writing => self.writing_context.get().or_else(|| self.context.get()),
        }
    }

    /// Runs what the source does when its descriptor is ready.
    #[inline]
    pub(super) fn run(&self, direction: Direction) -> Result<()> {
        let Some(on_ready) = self.on_ready.get() else { return Ok(()) };
        let context = self.context_for(direction);
        let _entered = context.as_deref().map(Entered::new).transpose()?;
        on_ready(self, direction)
    }

    /// A handle that stands for one run of the source: in reports, or to run it again without the selector.
    pub(crate) fn handle(
        &self,
        event_loop: &LoopObject,
        direction: Direction,
    ) -> Result<Owned<HandleObject>> {
        let name = match direction {
            Direction::Reading => &names().read_ready,
            Direction::Writing => &names().write_ready,
        };
        let callback = self.object().attribute(name)?;
        let context = self.context_for(direction).map_or_else(copy_context, Ok)?;
        HandleObject::new(event_loop, &callback, &[], context)
    }
}

/// Who is called for when a descriptor is ready.
#[derive(Clone)]
pub(super) enum Watcher {
    /// A callback of `add_reader` or `add_writer`.
    Handle(Owned<HandleObject>),
    /// A native source.
    Source(Owned<SourceBase>),
}

impl Watcher {
    /// Whether it is only left over in the selector: nobody would run.
    #[inline]
    pub(super) fn is_idle(&self, direction: Direction) -> bool {
        match self {
            Self::Handle(handle) => handle.is_cancelled(),
            Self::Source(source) => direction == Direction::Reading && source.is_resting(),
        }
    }

    /// Whether it counts as not being there.
    pub(super) fn is_resting(&self) -> bool {
        matches!(self, Self::Source(source) if source.is_resting())
    }

    pub(super) fn traverse(&self, visitor: &mut Visitor) {
        match self {
            Self::Handle(handle) => visitor.object(handle.object()),
            Self::Source(source) => visitor.object(source.object()),
        }
    }

    /// The object under which Python sees it.
    pub(super) fn shown(&self) -> Owned {
        match self {
            Self::Handle(handle) => handle.clone().into_object(),
            Self::Source(source) => source.clone().into_object(),
        }
    }

    /// It has been taken out of the selector: a handle is cancelled, a source knows.
    pub(super) fn dismiss(self) -> Result<()> {
        match self {
            Self::Handle(handle) => handle.cancel(),
            Self::Source(_) => Ok(()),
        }
    }
}

impl LoopObject {
    /// Runs `source` whenever `fd` is ready in `direction`, instead of whoever was called for until now.
    pub(crate) fn watch_source(&self, fd: i32, direction: Direction, source: &SourceBase) -> Result<()> {
        self.check_closed()?;
        if direction == Direction::Reading {
            source.resting.set(false);
        }
        self.set_watcher(fd, direction, Watcher::Source(source.own()))
    }

    /// Stops calling for whoever watches `fd` in `direction`. Does nothing on a closed loop.
    pub(crate) fn unwatch_source(&self, fd: i32, direction: Direction) -> Result<()> {
        if self.closed.get() {
            return Ok(());
        }
        self.unwatch(fd, direction)?.map_or(Ok(()), Watcher::dismiss)
    }

    /// Stops calling for `source`, if it is still the one that watches `fd` in `direction`.
    pub(crate) fn unwatch_own_source(
        &self,
        fd: i32,
        direction: Direction,
        source: &SourceBase,
    ) -> Result<()> {
        if self.is_watched_by(fd, direction, source) { self.unwatch_source(fd, direction) } else { Ok(()) }
    }

    /// Calls whoever watches `fd` in `direction` for the last time: the descriptor is about to be closed, and the kernel
    /// will say no more of it.
    pub(crate) fn wake_watcher(&self, fd: i32, direction: Direction) -> Result<()> {
        if self.closed.get() {
            return Ok(());
        }
        match self.unwatch(fd, direction)? {
            Some(Watcher::Source(source)) => source.run(direction),
            Some(handle) => handle.dismiss(),
            None => Ok(()),
        }
    }

    /// Leaves `source` where it is, for the next one who waits, if it watches `fd` for reading. There is no resting
    /// for writing: most descriptors are writable most of the time. The loop holds what rests as it holds what is
    /// called for: who is not awaited by anybody could not be collected.
    pub(crate) fn let_rest(&self, fd: i32, source: &SourceBase) {
        source.resting.set(self.is_watched_by(fd, Direction::Reading, source));
    }

    /// The source that rests at `fd`, if one does and `suits`: at work again.
    #[inline]
    pub(crate) fn wake_resting(
        &self,
        fd: i32,
        suits: impl FnOnce(&SourceBase) -> bool,
    ) -> Option<Owned<SourceBase>> {
        let engine = self.engine.get().filter(|_| !self.closed.get())?;
        let found = engine.reactor.with(|reactor| match reactor.registry().reader(fd) {
            Some(Watcher::Source(source)) if source.is_resting() => Some(source.clone()),
            _ => None,
        })?;
        if !suits(&found) {
            return None;
        }
        found.resting.set(false);
        Some(found)
    }

    /// Has `source` called again that was left to rest at `fd`. False if it does not rest there any more.
    pub(crate) fn end_rest(&self, fd: i32, source: &SourceBase) -> bool {
        source.is_resting() && self.wake_resting(fd, |found| std::ptr::eq(found, source)).is_some()
    }

    /// Takes what rests at `fd` out of the selector: somebody owns the descriptor who has to be asked from now on.
    pub(crate) fn forget_resting(&self, fd: i32) -> Result<()> {
        match self.wake_resting(fd, |_| true) {
            Some(_) => self.unwatch_source(fd, Direction::Reading),
            None => Ok(()),
        }
    }

    /// Whether it is `source` that watches `fd` in `direction`.
    pub(crate) fn is_watched_by(&self, fd: i32, direction: Direction, source: &SourceBase) -> bool {
        let Some(engine) = self.engine.get().filter(|_| !self.closed.get()) else { return false };
        engine.reactor.with(|reactor| {
            let watcher = match direction {
                Direction::Reading => reactor.registry().reader(fd),
                Direction::Writing => reactor.registry().writer(fd),
            };
            matches!(watcher, Some(Watcher::Source(watcher)) if std::ptr::eq(&raw const **watcher, source))
        })
    }

    /// The number of the turn that the loop is in. `None` between its turns, and while it blocks and another thread asks.
    #[inline]
    pub(crate) fn turn(&self) -> Option<u32> {
        let engine = self.engine.get().filter(|engine| self.turning.get() && !engine.parked.get())?;
        Some(engine.turn.get())
    }

    /// Runs `source` for writing when the [turn](Self::turn) is over.
    pub(crate) fn call_after_turn(&self, source: &SourceBase) {
        if let Some(engine) = self.engine.get() {
            engine.after_turn.with(|sources| sources.push(source.own()));
        }
    }

    /// Reports what a source has let out, as if a handle had run it.
    #[cold]
    pub(super) fn source_failed(
        &self,
        source: &SourceBase,
        direction: Direction,
        raised: Raised,
    ) -> Result<()> {
        if raised.leaves_the_loop() {
            return Err(raised);
        }
        let exception = raised.take();
        source.handle(self, direction)?.failed(Raised::restore(exception))
    }
}
