//! One of several addresses: asyncio's `_connect_sock`, or the program's own.
//!
//! The socket that is made for it may have to come from a local address: the first of those found that is of its
//! family and can be bound.

use crate::awaitable::Delegate;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Constant, Layout, Object, Owned, Raised, Result, Slot, Step, call_keywords, call_method0, call_method1,
    call2, collectable, format_text, is_plain_container, items_of, length, list_append, names, tuple_items,
};
use crate::sockets::unblock;
use crate::version::Fix;

use super::attempt::Attempt;
use super::failure::Failures;

/// A way to one address. All zero bytes: not begun.
pub(super) struct OneAddress {
    attempt: Attempt,
    /// What a `_connect_sock` that is not ours has returned.
    replaced: Delegate,
    /// What has gone wrong, as the list among the [`Failures`].
    errors: Slot,
}

collectable!(OneAddress, holds: [attempt, replaced, errors]);

impl OneAddress {
    /// Makes a socket for `found`, a tuple of family, type, protocol, canonical name and address, and connects it, from
    /// one of the `local` ones if that is not `None`. Returns it, or yields until it is connected. An `OSError` that is
    /// raised is among the failures already.
    pub(super) fn begin(
        &self,
        event_loop: &LoopObject,
        failures: &Failures,
        found: &Object,
        local: &Object,
    ) -> Result<Step> {
        let items = tuple_items(found);
        let ([family, kind, protocol, _, address], true, false) =
            (items.as_slice(), is_plain(local)?, is_replaced(event_loop)?)
        else {
            return self.begin_by_other(event_loop, failures, found, local);
        };
        if failures.are_shared() {
            // Of attempts that overlap the errors are told in the order in which the attempts began.
            self.errors.set(failures.open()?);
        }
        let numbers = [*family, *kind, *protocol];
        let step = new_socket(&numbers).and_then(|socket| {
            let prepare = |socket: &Object| {
                unblock(socket)?;
                if local.is_none() { Ok(()) } else { self.bind(socket, failures, family, local) }
            };
            self.attempt.begin(event_loop, socket, prepare, Some(address))
        });
        self.follow(failures, step)
    }

    /// Goes on.
    pub(super) fn resume(&self, failures: &Failures, thrown: Option<Owned>) -> Result<Step> {
        if self.replaced.is_active() {
            return self.replaced.resume(thrown);
        }
        self.follow(failures, self.attempt.resume(thrown))
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.replaced.target().or_else(|| self.attempt.target())
    }

    /// The coroutines of asyncio's between the caller and what is awaited, unless it is one of them.
    pub(super) fn callees(&self) -> &'static [&'static str] {
        match (self.replaced.is_active(), self.attempt.callees()) {
            (true, _) => &[],
            (false, []) => &["BaseEventLoop._connect_sock"],
            (false, [_]) => &["BaseEventLoop._connect_sock", "BaseSelectorEventLoop.sock_connect"],
            (false, _) => &[
                "BaseEventLoop._connect_sock",
                "BaseSelectorEventLoop.sock_connect",
                "BaseEventLoop._ensure_resolved",
            ],
        }
    }

    #[cold]
    fn begin_by_other(
        &self,
        event_loop: &LoopObject,
        failures: &Failures,
        found: &Object,
        local: &Object,
    ) -> Result<Step> {
        // It enters its errors itself, in a list of its own.
        let connect = event_loop.object().attribute(&names().connect_socket)?;
        self.replaced.begin(&*call_keywords(&connect, &[&*failures.list()?, found, local], 3, None)?)?;
        self.replaced.resume(None)
    }

    fn follow(&self, failures: &Failures, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(step) => {
                self.errors.clear();
                Ok(step)
            }
            Err(raised) => {
                let (is_noted, exception) = (raised.matches(&names().os_error), raised.take());
                if is_noted {
                    self.note(failures, &exception)?;
                }
                self.errors.clear();
                Err(Raised::restore(exception))
            }
        }
    }

    fn note(&self, failures: &Failures, exception: &Object) -> Result<()> {
        if self.errors.is_empty() {
            self.errors.set(failures.open()?);
        }
        self.errors.get().map_or(Ok(()), |errors| list_append(&errors, exception))
    }

    /// Binds `socket` to the first of the `local` addresses that is of its family and lets itself be bound to.
    fn bind(&self, socket: &Object, failures: &Failures, family: &Object, local: &Object) -> Result<()> {
        for found in items_of(local)? {
            let [own_family, _, _, _, address] = *tuple_items(&found) else { continue };
            if !own_family.equals(family)? {
                continue;
            }
            match call_method1(socket, &names().bind, address) {
                Ok(_) => return Ok(()),
                Err(raised) if raised.matches(&names().os_error) => {
                    let error = raised.take();
                    let text = unbindable(address, &error, TELLS_ALL.is_there())?;
                    let number = error.attribute(&names().errno)?;
                    self.note(failures, &*call2(&names().os_error, &number, &text)?)?;
                }
                Err(raised) => return Err(raised),
            }
        }
        match self.errors.get() {
            Some(errors) if length(&errors)? > 0 => {
                // Whoever sees it raised notes it again.
                Err(Raised::raise(&*call_method0(&errors, &names().pop)?))
            }
            _ => Err(Raised::formatted(
                &names().os_error,
                c"no matching local address with family=%R found",
                family,
                family,
            )),
        }
    }
}

/// `socket.socket(family=..., type=..., proto=...)`, as asyncio's module has it.
pub(super) fn new_socket(numbers: &[&Object; 3]) -> Result<Owned> {
    let class = names().base_events.attribute(&names().socket)?.attribute(&names().socket)?;
    call_keywords(&class, numbers, 0, Some(&names().socket_keywords))
}

/// Whether the local addresses are `None` or a container of tuples as `getaddrinfo` returns them. What else an override
/// may have found is asyncio's to refuse.
fn is_plain(local: &Object) -> Result<bool> {
    if local.is_none() {
        return Ok(true);
    }
    Ok(is_plain_container(local) && items_of(local)?.iter().all(|found| tuple_items(found).len() == 5))
}

/// What is said of an address that can't be bound: all that the error says, or its `strerror` alone.
#[cold]
pub(crate) fn unbindable(address: &Object, error: &Object, tells_all: bool) -> Result<Owned> {
    let text = if tells_all { error.to_str()? } else { error.attribute(&names().strerror)? };
    let text = call_method0(&text, &names().lower)?;
    format_text(c"error while attempting to bind on address %R: %S", address, &text)
}

static CONNECT_SOCKET: Constant = Constant::new();
/// Whether an address that can't be bound is reported with all that the error says, instead of its `strerror` alone.
static TELLS_ALL: Fix = Fix::new();

/// Keeps asyncio's method, to know it again.
pub(super) fn remember() -> Result<()> {
    let connect = names().base_event_loop.attribute(&names().connect_socket)?;
    TELLS_ALL.dropped(&connect, c"strerror")?;
    CONNECT_SOCKET.keep(connect);
    Ok(())
}

fn is_replaced(event_loop: &LoopObject) -> Result<bool> {
    event_loop.replaces(&names().connect_socket, CONNECT_SOCKET.get())
}
