//! `sendfile`: which way a transport's file takes.

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::LoopObject;
use crate::ffi::{Args, Layout, Object, Owned, Raised, Result, Slot, Step, call_method0, names};

use super::request::{Given, Request};

/// `sendfile(transport, file, offset=0, count=None, *, fallback=True)`.
pub(super) fn sendfile(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    let given = Given::public(args, "BaseEventLoop.sendfile", c"transport")?;
    let coroutine = CoroutineObject::<Sendfile>::new(|machine| {
        machine.request.fill(event_loop, &given);
        machine.fallback.fill(given.fallback.unwrap_or(&names().true_).own());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that `sendfile()` returns.
pub(super) struct Sendfile {
    request: Request,
    /// Whether blocks will do, as it was given.
    fallback: Slot,
    by_kernel: Delegate,
    by_copying: Delegate,
}

machine!(
    Sendfile, "BaseEventLoop"."sendfile",
    awaits: |machine| machine.by_kernel.target().or_else(|| machine.by_copying.target()),
    holds: [request, fallback, by_kernel, by_copying]
);

impl Sendfile {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.by_copying.is_active() {
            self.by_copying.resume(thrown)
        } else if self.by_kernel.is_active() {
            self.go_on_natively(thrown)
        } else {
            self.begin()
        }
    }

    fn begin(&self) -> Result<Step> {
        let transport = self.request.target()?;
        if call_method0(&transport, &names().is_closing)?.is_true()? {
            return Err(Raised::runtime_error(format_args!("Transport is closing")));
        }
        let mode = transport.optional_attribute(&names().sendfile_compatible)?;
        let is_mode = |name: &Object| match &mode {
            Some(mode) => Ok(mode.is(&*names().sendfile_mode.attribute(name)?)),
            None => Ok(name.is(&names().unsupported)),
        };
        if is_mode(&names().unsupported)? {
            return Err(Raised::formatted(
                &names().runtime_error,
                c"sendfile is not supported for transport %R",
                &transport,
                &transport,
            ));
        }
        if is_mode(&names().try_native)? {
            self.request.begin(&self.by_kernel, &names().sendfile_native)?;
            return self.go_on_natively(None);
        }
        if !self.allows_fallback()? {
            return Err(Raised::formatted(
                &names().runtime_error,
                c"fallback is disabled and native sendfile is not supported for transport %R",
                &transport,
                &transport,
            ));
        }
        self.fall_back()
    }

    fn go_on_natively(&self, thrown: Option<Owned>) -> Result<Step> {
        let unavailable = match self.by_kernel.resume(thrown) {
            Err(raised) if raised.matches(&names().sendfile_not_available) => raised.take(),
            resumed => return resumed,
        };
        if !self.allows_fallback()? {
            return Err(Raised::restore(unavailable));
        }
        drop(unavailable);
        self.fall_back()
    }

    fn allows_fallback(&self) -> Result<bool> {
        self.fallback.get().map_or(Ok(false), |fallback| fallback.is_true())
    }

    fn fall_back(&self) -> Result<Step> {
        self.request.begin(&self.by_copying, &names().sendfile_fallback)?;
        self.by_copying.resume(None)
    }
}
