//! Readers and writers: callbacks for descriptors that are ready.

use crate::ffi::{Args, IntoOwned, Layout, Object, Owned, Raised, Result, call1, copy_context, names};
use crate::handle::HandleObject;

use super::object::LoopObject;

impl LoopObject {
    /// `_add_reader(fd, callback, *args)`: calls back whenever `fd` is readable. Returns the handle.
    pub(super) fn add_reader(&self, args: Args<'_>) -> Result<Owned<HandleObject>> {
        self.watch(args, true)
    }

    /// `_add_writer(fd, callback, *args)`: calls back whenever `fd` is writable. Returns the handle.
    pub(super) fn add_writer(&self, args: Args<'_>) -> Result<Owned<HandleObject>> {
        self.watch(args, false)
    }

    /// `_remove_reader(fd)`: whether there was one.
    pub(super) fn remove_reader(&self, fd: &Object) -> Result<bool> {
        self.remove_watcher(fd, true)
    }

    /// `_remove_writer(fd)`: whether there was one.
    pub(super) fn remove_writer(&self, fd: &Object) -> Result<bool> {
        self.remove_watcher(fd, false)
    }

    fn watch(&self, args: Args<'_>, reading: bool) -> Result<Owned<HandleObject>> {
        self.check_closed()?;
        let [fd, callback, arguments @ ..] = args.positional() else {
            return Err(Raised::type_error(format_args!("a file descriptor and a callback are required")));
        };
        let number = descriptor(fd)?;
        let engine = self.engine()?;
        self.renew_after_fork(engine)?;
        let handle = HandleObject::new(self, callback, arguments, copy_context()?)?;
        let ours = handle.clone();
        let replaced = engine.reactor.with(|reactor| {
            if reading { reactor.set_reader(number, ours) } else { reactor.set_writer(number, ours) }
        });
        match replaced {
            Ok(Some(previous)) => previous.cancel()?,
            Ok(None) => {}
            Err(error) => return Err(Raised::os_error(&error)),
        }
        // Another thread may have asked while the loop is blocked: the selector sees it by itself.
        Ok(handle)
    }

    fn remove_watcher(&self, fd: &Object, reading: bool) -> Result<bool> {
        if self.closed.get() {
            return Ok(false);
        }
        match self.unwatch(descriptor(fd)?, reading)? {
            Some(handle) => handle.cancel().map(|()| true),
            None => Ok(false),
        }
    }

    /// Stops watching and returns the handle that was called back.
    pub(super) fn unwatch(&self, fd: i32, reading: bool) -> Result<Option<Owned<HandleObject>>> {
        let engine = self.engine()?;
        self.renew_after_fork(engine)?;
        Ok(engine
            .reactor
            .with(|reactor| if reading { reactor.remove_reader(fd) } else { reactor.remove_writer(fd) }))
    }

    /// `_watched()`: a dict of the descriptors with a reader or a writer, to pairs of handles or `None`.
    pub(super) fn watched(&self) -> Result<Owned> {
        let engine = self.engine()?;
        let found: Vec<(i32, Owned<HandleObject>)> = engine
            .reactor
            .with(|reactor| reactor.registry().iter().map(|(fd, handle)| (fd, handle.clone())).collect());
        let dict = crate::ffi::Dict::new()?;
        for (fd, _) in &found {
            let (reader, writer) = engine.reactor.with(|reactor| {
                (reactor.registry().reader(*fd).cloned(), reactor.registry().writer(*fd).cloned())
            });
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
