//! `_sock_sendfile_native`: the kernel sends the file.
//!
//! ```text
//! first step: look at the file -> empty: return | send -> done: let others run, then return | wait, yield
//! writable:   send -> done: set the file's position, return | wait, yield
//! ```

use std::cell::Cell;
use std::io;

use aioxide_core::sys::file;
use aioxide_core::transport::{FileSending, FileToSocket, SendfileStep};

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{
    Args, IntoOwned, Object, Owned, Raised, Result, Step, call_method0, call2, detached, exception_cause,
    names, none, while_handling,
};
use crate::sockets::{Operation, Tried, descriptor_of};

use super::request::{Given, Request};

/// `_sock_sendfile_native(sock, file, offset, count)`.
pub(super) fn sock_sendfile_native(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    let given = Given::private(args, "_UnixSelectorEventLoop._sock_sendfile_native", c"sock")?;
    let coroutine = CoroutineObject::<SockSendfileNative>::new(|machine| {
        machine.request.fill(event_loop, &given);
        machine.operation.fill(event_loop, given.target);
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that `_sock_sendfile_native()` returns.
pub(super) struct SockSendfileNative {
    request: Request,
    operation: Operation,
    inherited: Delegate,
    sending: Cell<FileSending>,
    progress: Cell<Progress>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Progress {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    Fresh = 0,
    /// asyncio's own code does it.
    Inherited = 1,
    /// The kernel is asked for the first time.
    Beginning = 2,
    /// The socket was full.
    Waiting = 3,
    /// Everything has left at once.
    Sent = 4,
}

machine!(
    SockSendfileNative, "_UnixSelectorEventLoop"."_sock_sendfile_native",
    awaits: |machine| machine.inherited.target().or_else(|| machine.operation.target()),
    holds: [request, operation, inherited]
);

impl SockSendfileNative {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let progress = self.progress.get();
        if progress == Progress::Fresh {
            return self.begin();
        }
        match (progress, thrown) {
            (Progress::Inherited, thrown) => self.inherited.resume(thrown),
            (Progress::Sent, None) => self.conclude(),
            (Progress::Sent, Some(exception)) => Err(Raised::restore(exception)),
            (_, thrown) => self.send(thrown),
        }
    }

    fn begin(&self) -> Result<Step> {
        let numbers = if is_sendfile_the_systems()? { self.request.numbers() } else { None };
        let (Some((offset, count)), Some(size)) = (numbers, self.file_size()?) else {
            self.progress.set(Progress::Inherited);
            self.request.begin_inherited(&self.inherited, &names().sock_sendfile_native)?;
            return self.inherited.resume(None);
        };
        if count == 0 && size == 0 {
            return 0_u64.into_owned().map(Step::Return);
        }
        self.sending.set(FileSending::new(offset, count, size));
        self.progress.set(Progress::Beginning);
        self.send(None)
    }

    /// The length of the file; nothing for one whose number is no plain one. `SendfileNotAvailableError` for what is no
    /// file.
    fn file_size(&self) -> Result<Option<u64>> {
        let fd = match call_method0(&*self.request.file()?, &names().fileno) {
            Ok(fd) => fd,
            Err(raised) if is_no_file(&raised) => return Err(not_regular(raised)),
            Err(raised) => return Err(raised),
        };
        let Some(fd) = fd.int_value().and_then(|fd| i32::try_from(fd).ok()) else { return Ok(None) };
        file::size(fd).map(Some).map_err(|error| not_regular(Raised::os_error(&error)))
    }

    fn send(&self, thrown: Option<Owned>) -> Result<Step> {
        let resumed = self.operation.go_on(thrown, Direction::Writing, |_, socket| self.send_into(socket))?;
        match resumed {
            Step::Yield(future) => {
                self.progress.set(Progress::Waiting);
                Ok(Step::Yield(future))
            }
            // asyncio's never sends a file without letting others run: a program that sends one small file after
            // another would keep the loop to itself.
            Step::Return(_)
                if self.progress.get() == Progress::Beginning && self.sending.get().sent() > 0 =>
            {
                self.progress.set(Progress::Sent);
                Ok(Step::Yield(none()))
            }
            Step::Return(_) => self.conclude(),
        }
    }

    /// Sends what `socket` takes. Other threads run meanwhile, since the file's pages may have to come from a disk.
    fn send_into(&self, socket: &Object) -> Result<Tried> {
        let channel = FileToSocket { file: self.file_descriptor()?, socket: descriptor_of(socket)? };
        let mut sending = self.sending.get();
        let step = detached(|| sending.go_on(&channel));
        self.sending.set(sending);
        match step {
            SendfileStep::Done => Ok(Tried::Done(none())),
            SendfileStep::Wait => Ok(Tried::WouldBlock),
            SendfileStep::Unavailable(error) => {
                while_handling(&Raised::os_error(&error).take(), || self.set_position())?;
                Err(Raised::new(&names().sendfile_not_available, format_args!("os.sendfile call failed")))
            }
            SendfileStep::Failed(error) => {
                let exception = failed(&error).take();
                while_handling(&exception, || self.set_position())?;
                Err(Raised::restore(exception))
            }
        }
    }

    /// Everything has left.
    fn conclude(&self) -> Result<Step> {
        self.set_position()?;
        self.sending.get().sent().into_owned().map(Step::Return)
    }

    /// Lets the file's next reader begin behind what was sent. Up to Python 3.12 only if something was.
    fn set_position(&self) -> Result<()> {
        let sending = self.sending.get();
        if cfg!(not(Py_3_13)) && sending.sent() == 0 {
            return Ok(());
        }
        file::set_position(self.file_descriptor()?, sending.offset())
            .map_err(|error| Raised::os_error(&error))
    }

    fn file_descriptor(&self) -> Result<i32> {
        call_method0(&*self.request.file()?, &names().fileno)?.to_i32()
    }
}

/// Whether `os.sendfile`, as asyncio sees it, is the one that the interpreter came with.
fn is_sendfile_the_systems() -> Result<bool> {
    let os = names().unix_events.attribute(&names().os)?;
    Ok(os.optional_attribute(&names().sendfile)?.is_some_and(|found| found.is(&names().os_sendfile)))
}

fn is_no_file(raised: &Raised) -> bool {
    raised.matches(&names().attribute_error) || raised.matches(&names().unsupported_operation)
}

/// `SendfileNotAvailableError`, raised while the reason is handled.
fn not_regular(raised: Raised) -> Raised {
    while_handling(&raised.take(), || {
        Raised::new(&names().sendfile_not_available, format_args!("not a regular file"))
    })
}

/// The error that the kernel has told of, after a part was sent. One of them has words of asyncio's own.
fn failed(error: &io::Error) -> Raised {
    let (Some(number), io::ErrorKind::NotConnected) = (error.raw_os_error(), error.kind()) else {
        return Raised::os_error(error);
    };
    let cause = Raised::os_error(error).take();
    let made = i64::from(number)
        .into_owned()
        .and_then(|number| call2(&names().connection_error, &names().socket_not_connected, &number));
    match made {
        Ok(exception) => {
            exception_cause(&exception, &cause);
            Raised::restore(exception)
        }
        Err(raised) => raised,
    }
}
