//! The file that a Unix socket leaves in its folder: one that nobody listens at any more, and a server's own.
//!
//! A path that begins with a zero is no file. Files are looked at and removed, and failures logged, by what the module of
//! asyncio whose code would do it has under the names `os`, `stat` and `logger`: whoever has replaced one gets called.

#[cfg(Py_3_13)]
use crate::event_loop::LoopObject;
#[cfg(Py_3_13)]
use crate::ffi::{Layout, call_method0, set_item};
use crate::ffi::{Object, Owned, Result, call_keywords, call_method1, item_at, names, while_handling};

/// Removes the file of a socket at `path`, as `module` does. That it can't be is not so bad: maybe binding works all the
/// same.
pub(crate) fn remove_stale(path: &Object, module: &Object) -> Result<()> {
    if is_abstract(path)? {
        return Ok(());
    }
    let mode = module.attribute(&names().stat)?;
    let removed = stat(path, &names().st_mode, module).and_then(|found| {
        if call_method1(&mode, &names().is_socket, &found)?.is_true()? {
            call_method1(&*module.attribute(&names().os)?, &names().remove, path)?;
        }
        Ok(())
    });
    unless_missing(removed, path, module, &names().log_stale_file)
}

/// Remembers which file the socket of a new server has made, to remove it when the server is closed.
#[cfg(Py_3_13)]
pub(crate) fn note(event_loop: &LoopObject, socket: &Object) -> Result<()> {
    let path = call_method0(socket, &names().getsockname)?;
    if is_abstract(&path)? {
        return Ok(());
    }
    match stat(&path, &names().st_ino, &names().unix_events) {
        Ok(number) => set_item(&*noted(event_loop)?, socket, &number),
        Err(raised) if raised.matches(&names().file_not_found_error) => {
            raised.forget();
            Ok(())
        }
        Err(raised) => Err(raised),
    }
}

/// The path of a socket that is being closed, and whose file was noted.
#[cfg(Py_3_13)]
pub(crate) struct Left(Owned);

#[cfg(Py_3_13)]
impl Left {
    /// What `socket` will leave.
    pub(crate) fn by(event_loop: &LoopObject, socket: &Object) -> Result<Option<Self>> {
        if !call_method1(&*noted(event_loop)?, &names().contains, socket)?.is_true()? {
            return Ok(None);
        }
        call_method0(socket, &names().getsockname).map(|path| Some(Self(path)))
    }

    /// Removes the file, unless another one has taken its place.
    pub(crate) fn remove(&self, event_loop: &LoopObject, socket: &Object) -> Result<()> {
        let own = call_method1(&*noted(event_loop)?, &names().pop, socket)?;
        let module = &names().unix_events;
        let removed = stat(&self.0, &names().st_ino, module).and_then(|found| {
            if found.equals(&own)? {
                call_method1(&*module.attribute(&names().os)?, &names().unlink, &self.0)?;
            }
            Ok(())
        });
        unless_missing(removed, &self.0, module, &names().log_file_left)
    }
}

/// asyncio's dict of sockets and the numbers of their files.
#[cfg(Py_3_13)]
fn noted(event_loop: &LoopObject) -> Result<Owned> {
    event_loop.object().attribute(&names().unix_server_sockets)
}

/// Whether a path is none of the file system.
fn is_abstract(path: &Object) -> Result<bool> {
    let first = item_at(path, 0)?;
    Ok(first.equals(&names().zero)? || first.exact_ascii() == Some("\0"))
}

/// `os.stat(path).name`.
fn stat(path: &Object, name: &Object, module: &Object) -> Result<Owned> {
    call_method1(&*module.attribute(&names().os)?, &names().stat, path)?.attribute(name)
}

/// Lets a missing file be, and has `log` say what else has gone wrong with it.
fn unless_missing(outcome: Result<()>, path: &Object, module: &Object, log: &Object) -> Result<()> {
    let Err(raised) = outcome else { return Ok(()) };
    if !raised.matches(&names().os_error) {
        return Err(raised);
    }
    let is_missing = raised.matches(&names().file_not_found_error);
    let exception = raised.take();
    if is_missing {
        return Ok(());
    }
    while_handling(&exception, || call_keywords(log, &[module, path, &exception], 3, None).map(drop))
}
