//! Readers and writers: callbacks for descriptors that are ready.

use crate::ffi::{Args, IntoOwned, Layout, Object, Owned, Raised, Result, call1, copy_context, names};
use crate::handle::HandleObject;

use super::object::LoopObject;
use super::source::{Direction, Watcher};

impl LoopObject {
    /// `_add_reader(fd, callback, *args, context=None)`: calls back whenever `fd` is readable. Returns the handle.
    pub(super) fn add_reader(&self, args: Args<'_>) -> Result<Owned<HandleObject>> {
        self.watch(args, Direction::Reading)
    }

    /// `_add_writer(fd, callback, *args, context=None)`: calls back whenever `fd` is writable. Returns the handle.
    pub(super) fn add_writer(&self, args: Args<'_>) -> Result<Owned<HandleObject>> {
        self.watch(args, Direction::Writing)
    }

    /// `_remove_reader(fd)`: whether there was one.
    pub(super) fn remove_reader(&self, fd: &Object) -> Result<bool> {
        self.remove_watcher(fd, Direction::Reading)
    }

    /// `_remove_writer(fd)`: whether there was one.
    pub(super) fn remove_writer(&self, fd: &Object) -> Result<bool> {
        self.remove_watcher(fd, Direction::Writing)
    }

    fn watch(&self, args: Args<'_>, direction: Direction) -> Result<Owned<HandleObject>> {
        self.check_closed()?;
        let method = if direction == Direction::Reading { "_add_reader" } else { "_add_writer" };
        let context = args.only_keyword(method, c"context")?;
        let [fd, callback, arguments @ ..] = args.positional() else {
            return Err(Raised::type_error(format_args!("a file descriptor and a callback are required")));
        };
        let number = descriptor(fd)?;
        let handle = HandleObject::new(
            self,
            callback,
            arguments,
            context.map_or_else(copy_context, |context| Ok(context.own()))?,
        )?;
        self.set_watcher(number, direction, Watcher::Handle(handle.clone()))?;
        Ok(handle)
    }

    /// Calls for `watcher` when `fd` is ready in `direction`; whom it replaces is dismissed. Another thread may
    /// ask while the loop is blocked: the selector sees it by itself.
    pub(super) fn set_watcher(&self, fd: i32, direction: Direction, watcher: Watcher) -> Result<()> {
        let engine = self.engine()?;
        self.renew_after_fork(engine)?;
        // Refused, it would be dropped inside the borrow of the reactor, were it the last reference.
        let kept = watcher.clone();
        let replaced = engine.reactor.with(|reactor| match direction {
            Direction::Reading => reactor.set_reader(fd, watcher),
            Direction::Writing => reactor.set_writer(fd, watcher),
        });
        drop(kept);
        match replaced {
            Ok(Some(previous)) => previous.dismiss(),
            Ok(None) => Ok(()),
            Err(error) => Err(Raised::os_error(&error)),
        }
    }

    fn remove_watcher(&self, fd: &Object, direction: Direction) -> Result<bool> {
        if self.closed.get() {
            return Ok(false);
        }
        match self.unwatch(descriptor(fd)?, direction)? {
            Some(watcher) if watcher.is_resting() => Ok(false),
            Some(watcher) => watcher.dismiss().map(|()| true),
            None => Ok(false),
        }
    }

    /// Stops watching and returns who was called for.
    pub(super) fn unwatch(&self, fd: i32, direction: Direction) -> Result<Option<Watcher>> {
        let engine = self.engine()?;
        self.renew_after_fork(engine)?;
        Ok(engine.reactor.with(|reactor| match direction {
            Direction::Reading => reactor.remove_reader(fd),
            Direction::Writing => reactor.remove_writer(fd),
        }))
    }

    /// `_watched()`: a dict of the descriptors with a reader or a writer, to pairs of handles, sources or `None`.
    pub(super) fn watched(&self) -> Result<Owned> {
        let engine = self.engine()?;
        let found: Vec<i32> =
            engine.reactor.with(|reactor| reactor.registry().iter().map(|(fd, _)| fd).collect());
        let dict = crate::ffi::Dict::new()?;
        for fd in &found {
            let (reader, writer) = engine.reactor.with(|reactor| {
                let registry = reactor.registry();
                let reader = registry.reader(*fd).filter(|reader| !reader.is_resting());
                (reader.map(Watcher::shown), registry.writer(*fd).map(Watcher::shown))
            });
            if reader.is_none() && writer.is_none() {
                continue;
            }
            let number: Owned = f64::from(*fd).into_owned()?;
            let number = call1(&names().int, &number)?;
            let pair = crate::ffi::tuple_of(&[&*reader.into_owned()?, &*writer.into_owned()?])?;
            dict.set(&number, &pair)?;
        }
        Ok(dict.object().own())
    }
}

/// The number of a descriptor, given as such or as an object with `fileno()`.
fn descriptor(fd: &Object) -> Result<i32> {
    let number = match fd.exact_int() {
        Some(_) => fd.to_i32()?,
        None => call1(&names().fileno_of, fd)?.to_i32()?,
    };
    if number < 0 {
        return Err(Raised::value_error(format_args!("Invalid file descriptor: {number}")));
    }
    Ok(number)
}
