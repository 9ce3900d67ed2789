//! Who is told when a future is done, and how they are queued.

use crate::event_loop::{LoopObject, Ready, call_soon};
use crate::ffi::{Layout, Object, Owned, Result, Visitor, copy_context};
use crate::task::TaskObject;

use super::layout::FirstWaiter;
use super::{FutureObject, ObserverBase};

/// Somebody who waits for a future.
#[derive(Clone)]
pub(crate) enum Waiter {
    /// A task of ours: it is stepped when the future is done.
    Task(Owned<TaskObject>),
    /// A callback of `add_done_callback`, called with the future in a context.
    Callback {
        /// What to call.
        callback: Owned,
        /// A `contextvars.Context`.
        context: Owned,
    },
    /// A callback written in Rust.
    Observer(Owned<ObserverBase>),
}

impl Waiter {
    /// Shows the references to the cycle collector.
    pub(super) fn traverse(&self, visitor: &mut Visitor) {
        match self {
            Self::Task(task) => visitor.object(task.object()),
            Self::Callback { callback, context } => {
                visitor.object(callback);
                visitor.object(context);
            }
            Self::Observer(observer) => visitor.object(observer.object()),
        }
    }

    /// The callback and context under which Python sees this waiter.
    pub(crate) fn as_callback(&self) -> Result<(Owned, Owned)> {
        match self {
            Self::Task(task) => Ok((task.wakeup_method()?, task.context_or_none()?)),
            Self::Callback { callback, context } => Ok((callback.clone(), context.clone())),
            Self::Observer(observer) => Ok((observer.clone().into_object(), copy_context()?)),
        }
    }

    /// Whether Python's `waiter == callback` is true.
    fn is_callback(&self, callback: &Object) -> Result<bool> {
        match self {
            Self::Task(task) => task.is_wakeup_method(callback),
            Self::Callback { callback: ours, .. } => {
                if ours.is(callback) {
                    Ok(true)
                } else {
                    ours.equals(callback)
                }
            }
            Self::Observer(observer) => Ok(observer.object().is(callback)),
        }
    }

    /// Whether both are the same registration.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Task(one), Self::Task(two)) => one.object().is(two.object()),
            (Self::Observer(one), Self::Observer(two)) => one.object().is(two.object()),
            (
                Self::Callback { callback: one, context: in_one },
                Self::Callback { callback: two, context: in_two },
            ) => one.is(two) && in_one.is(in_two),
            _ => false,
        }
    }
}

impl FutureObject {
    /// Whether somebody is told when this future is done.
    pub(crate) fn has_waiters(&self) -> bool {
        self.first_waiter.get() != FirstWaiter::Nobody
    }

    /// As [`FutureObject::add_waiter`], for a task, which is mostly the first and only one.
    #[inline(always)]
    pub(crate) fn add_task(&self, task: &TaskObject) -> Result<()> {
        if self.is_done() || self.first_waiter.get() != FirstWaiter::Nobody || self.rare.get().is_some() {
            return self.add_waiter(Waiter::Task(task.own()));
        }
        self.first_waiter.set(FirstWaiter::Task);
        self.waiter.fill(task.own().into_object());
        Ok(())
    }

    /// Lets `waiter` know when the future is done; soon, when it is already.
    #[inline]
    pub(crate) fn add_waiter(&self, waiter: Waiter) -> Result<()> {
        if self.is_done() {
            return self.queue(waiter);
        }
        if self.first_waiter.get() == FirstWaiter::Nobody && !self.has_more_waiters() {
            match waiter {
                Waiter::Task(task) => {
                    self.first_waiter.set(FirstWaiter::Task);
                    self.waiter.fill(task.into_object());
                }
                Waiter::Callback { callback, context } => {
                    self.first_waiter.set(FirstWaiter::Callback);
                    self.waiter.fill(callback);
                    self.waiter_context.fill(context);
                }
                Waiter::Observer(observer) => {
                    self.first_waiter.set(FirstWaiter::Observer);
                    self.waiter.fill(observer.into_object());
                }
            }
        } else {
            self.rare.get_or_make().more_waiters.with(|waiters| waiters.push(waiter));
        }
        Ok(())
    }

    #[inline(always)]
    fn has_more_waiters(&self) -> bool {
        self.rare.get().is_some_and(|rare| rare.more_waiters.with(|waiters| !waiters.is_empty()))
    }

    /// Takes the first waiter out.
    #[inline(always)]
    fn take_first_waiter(&self) -> Option<Waiter> {
        match self.first_waiter.replace(FirstWaiter::Nobody) {
            FirstWaiter::Nobody => None,
            FirstWaiter::Task => {
                // SAFETY: the tag says that this is a task: `add_waiter` is the only writer of both.
                self.waiter.take().map(|task| Waiter::Task(unsafe { task.known_into::<TaskObject>() }))
            }
            FirstWaiter::Callback => {
                let (callback, context) = (self.waiter.take()?, self.waiter_context.take()?);
                Some(Waiter::Callback { callback, context })
            }
            FirstWaiter::Observer => {
                // SAFETY: as above.
                self.waiter
                    .take()
                    .map(|observer| Waiter::Observer(unsafe { observer.known_into::<ObserverBase>() }))
            }
        }
    }

    /// Every waiter, in order, without taking them out.
    pub(crate) fn waiters(&self) -> Vec<Waiter> {
        let mut all = Vec::new();
        match self.first_waiter.get() {
            FirstWaiter::Nobody => {}
            FirstWaiter::Task => {
                all.extend(
                    self.waiter
                        .peek()
                        .and_then(|task| task.cast::<TaskObject>())
                        .map(|task| Waiter::Task(task.own())),
                );
            }
            FirstWaiter::Callback => {
                if let (Some(callback), Some(context)) = (self.waiter.get(), self.waiter_context.get()) {
                    all.push(Waiter::Callback { callback, context });
                }
            }
            FirstWaiter::Observer => {
                let observer = self.waiter.peek().and_then(|observer| observer.cast::<ObserverBase>());
                all.extend(observer.map(|observer| Waiter::Observer(observer.own())));
            }
        }
        if let Some(rare) = self.rare.get() {
            rare.more_waiters.with(|waiters| all.extend_from_slice(waiters));
        }
        all
    }

    /// Forgets every waiter that equals `callback`; says how many there were.
    ///
    /// Comparing may run Python code that changes the waiters: it is done on a copy, and what is taken
    /// out afterwards is found by identity.
    pub(crate) fn remove_waiters(&self, callback: &Object) -> Result<u64> {
        let mut gone = Vec::new();
        for waiter in self.waiters() {
            if waiter.is_callback(callback)? {
                gone.push(waiter);
            }
        }
        if gone.is_empty() {
            return Ok(0);
        }
        let mut removed = Vec::with_capacity(gone.len());
        let mut kept = Vec::new();
        for waiter in self.take_waiters() {
            if gone.iter().any(|lost| lost.is(&waiter)) { removed.push(waiter) } else { kept.push(waiter) }
        }
        let mut kept = kept.into_iter();
        if let Some(first) = kept.next() {
            self.add_waiter(first)?;
        }
        for waiter in kept {
            self.add_waiter(waiter)?;
        }
        Ok(removed.len() as u64)
    }

    /// Forgets `observer`, as `remove_done_callback` does.
    #[inline]
    pub(crate) fn remove_observer(&self, observer: &ObserverBase) -> Result<()> {
        self.get_loop()?;
        if self.first_waiter.get() == FirstWaiter::Nobody && !self.has_more_waiters() {
            return Ok(());
        }
        if !self.has_more_waiters() {
            if self.waiter.holds(observer.object()) && self.first_waiter.get() == FirstWaiter::Observer {
                drop(self.take_first_waiter());
            }
            return Ok(());
        }
        self.remove_waiters(observer.object()).map(drop)
    }

    /// Takes every waiter out, in order.
    fn take_waiters(&self) -> impl Iterator<Item = Waiter> + use<> {
        let first = self.take_first_waiter();
        let more = self.rare.get().map(|rare| rare.more_waiters.with(std::mem::take)).unwrap_or_default();
        first.into_iter().chain(more)
    }

    /// Queues every waiter. The future has just become done.
    #[inline(always)]
    pub(super) fn wake_waiters(&self) -> Result<()> {
        let first = match self.first_waiter.get() {
            FirstWaiter::Nobody => Ok(()),
            FirstWaiter::Task => self.wake_first_task(),
            _ => self.wake_first_callback(),
        };
        if self.rare.get().is_none() {
            return first;
        }
        first?;
        self.wake_others()
    }

    #[inline(always)]
    fn wake_first_task(&self) -> Result<()> {
        self.first_waiter.set(FirstWaiter::Nobody);
        let Some(task) = self.waiter.take() else { return Ok(()) };
        // SAFETY: the tag said that this is a task: `add_waiter` and `add_task` are the only writers of both.
        self.queue(Waiter::Task(unsafe { task.known_into::<TaskObject>() }))
    }

    #[inline(never)]
    fn wake_first_callback(&self) -> Result<()> {
        self.take_first_waiter().map_or(Ok(()), |first| self.queue(first))
    }

    #[cold]
    fn wake_others(&self) -> Result<()> {
        if self.has_more_waiters() {
            for waiter in self.take_waiters() {
                self.queue(waiter)?;
            }
        }
        Ok(())
    }

    /// Queues one waiter of a future that is done.
    #[inline(always)]
    fn queue(&self, waiter: Waiter) -> Result<()> {
        match self.get_native_loop() {
            Some(event_loop) if event_loop.is_direct() => self.queue_natively(event_loop, waiter),
            _ => self.queue_unusually(waiter),
        }
    }

    #[inline(always)]
    fn queue_natively(&self, event_loop: &LoopObject, waiter: Waiter) -> Result<()> {
        match waiter {
            Waiter::Task(task) => event_loop.queue_made(|| Ready::Wake(task, self.own())),
            Waiter::Callback { callback, context } => {
                event_loop.queue_made(|| Ready::Done { callback, context, future: self.own() })
            }
            Waiter::Observer(observer) => event_loop.queue_made(|| Ready::Observe(observer, self.own())),
        }
    }

    /// The same in debug mode, or on a loop that is not ours or not wholly.
    #[cold]
    #[inline(never)]
    fn queue_unusually(&self, waiter: Waiter) -> Result<()> {
        if let Some(event_loop) = self.get_native_loop() {
            if event_loop.has_shortcuts() {
                if event_loop.debug() {
                    event_loop.check_thread()?;
                }
                return self.queue_natively(event_loop, waiter);
            }
        }
        let (callback, context) = waiter.as_callback()?;
        let event_loop = self.get_loop()?.own();
        call_soon(&event_loop, &callback, Some(self.object()), Some(&context))
    }
}
