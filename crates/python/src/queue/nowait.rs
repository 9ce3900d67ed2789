//! What needs no waiting: `put_nowait`, `get_nowait`, `task_done`, `shutdown`, and waking the others.

use crate::ffi::{Object, Owned, Raised, Result, Slot, call_method0, names, none};
use crate::future::any::is_done;
use crate::sync::{EventObject, Line, can_be_woken_at_once, wake};

use super::layout::{Order, QueueObject};

impl QueueObject {
    /// `put_nowait(item)`.
    #[inline]
    pub(super) fn put_now(&self, item: &Object) -> Result<()> {
        if self.shut_down.get() {
            return Err(shut_down());
        }
        if self.is_full()? {
            return Err(without_text(&names().queue_full));
        }
        self.bound.check_thread()?;
        self.put_item(item)?;
        self.unfinished.set(self.unfinished.get() + 1);
        self.work_began()?;
        self.wake_next(&self.getters)
    }

    /// `get_nowait()`.
    #[inline]
    pub(super) fn get_now(&self) -> Result<Owned> {
        if self.is_empty()? {
            return Err(if self.shut_down.get() { shut_down() } else { without_text(&names().queue_empty) });
        }
        self.bound.check_thread()?;
        let item = self.take_item()?;
        self.wake_next(&self.putters)?;
        Ok(item)
    }

    /// What [`QueueObject::put_now`] does to a `Queue` that has room, where it takes no Python. `None` if it might: then
    /// nothing was done.
    #[inline(always)]
    pub(super) fn put_at_once(&self, item: &Slot) -> Option<Result<()>> {
        let size = self.items.own_len()?;
        let is_simple = self.plain_order() == Some(Order::FirstIn)
            && self.limit.has_room(size)
            && !self.shut_down.get()
            && self.finished.is_empty()
            && self.bound.is_unchecked();
        if !is_simple {
            return None;
        }
        if !self.getters.is_idle() {
            return self.put_for_getter(item);
        }
        self.put_simply(item.take()?);
        Some(Ok(()))
    }

    #[inline(always)]
    fn put_simply(&self, item: Owned) {
        self.items.push_own(item);
        self.unfinished.set(self.unfinished.get() + 1);
        self.has_unfinished.set(true);
    }

    /// The rest of [`QueueObject::put_at_once`] where somebody waits for the item; apart, to cost nothing where nobody does.
    #[inline(never)]
    fn put_for_getter(&self, item: &Slot) -> Option<Result<()>> {
        if !self.getters.is_own_with_first(can_be_woken_at_once) {
            return None;
        }
        self.put_simply(item.take()?);
        Some(wake(&*self.getters.pop_own()?, none()))
    }

    /// What [`QueueObject::get_now`] does to a `Queue` that has something, where it takes no Python. `None` if it might:
    /// then nothing was done.
    #[inline(always)]
    pub(super) fn get_at_once(&self) -> Option<Result<Owned>> {
        let is_simple = self.items.own_len()? > 0
            && self.plain_order() == Some(Order::FirstIn)
            && self.bound.is_unchecked();
        if !is_simple {
            return None;
        }
        if !self.putters.is_idle() {
            return self.get_for_putter();
        }
        self.items.pop_own().map(Ok)
    }

    /// The rest of [`QueueObject::get_at_once`] where somebody waits for the room.
    #[inline(never)]
    fn get_for_putter(&self) -> Option<Result<Owned>> {
        if !self.putters.is_own_with_first(can_be_woken_at_once) {
            return None;
        }
        let item = self.items.pop_own()?;
        Some(wake(&*self.putters.pop_own()?, none()).map(|()| item))
    }

    /// Wakes the first in the line who waits, and takes those who don't any more out on the way.
    #[inline(always)]
    pub(super) fn wake_next(&self, line: &Line) -> Result<()> {
        while let Some(waiter) = line.pop()? {
            if !is_done(&waiter)? {
                return wake(&waiter, none());
            }
        }
        Ok(())
    }

    /// `self._finished.clear()`.
    #[inline(always)]
    fn work_began(&self) -> Result<()> {
        self.has_unfinished.set(true);
        match self.finished.get() {
            None => Ok(()),
            Some(event) => match event.exactly::<EventObject>() {
                Some(ours) => ours.unset(),
                None => call_method0(&event, &names().clear).map(drop),
            },
        }
    }

    /// `self._finished.set()`.
    fn work_ended(&self) -> Result<()> {
        self.has_unfinished.set(false);
        match self.finished.get() {
            None => Ok(()),
            Some(event) => match event.exactly::<EventObject>() {
                Some(ours) => ours.set(),
                None => call_method0(&event, &names().set).map(drop),
            },
        }
    }

    /// `task_done()`.
    pub(super) fn task_done(&self) -> Result<()> {
        if self.unfinished.get() <= 0 {
            return Err(Raised::value_error(format_args!("task_done() called too many times")));
        }
        self.bound.check_thread()?;
        self.unfinished.set(self.unfinished.get() - 1);
        if self.unfinished.get() == 0 { self.work_ended() } else { Ok(()) }
    }

    /// `shutdown(immediate=False)`.
    #[cfg(Py_3_13)]
    pub(super) fn shut_down(&self, args: crate::ffi::Args<'_>) -> Result<()> {
        use crate::ffi::Signature;
        const SIGNATURE: Signature<1> =
            Signature { function: "Queue.shutdown", parameters: [c"immediate"], positional: 1, required: 0 };
        let [immediate] = SIGNATURE.bind_method(args)?;
        self.bound.check_thread()?;
        self.shut_down.set(true);
        if immediate.map_or(Ok(false), Object::is_true)? {
            while !self.is_empty()? {
                drop(self.take_item()?);
                if self.unfinished.get() > 0 {
                    self.unfinished.set(self.unfinished.get() - 1);
                }
            }
            if self.unfinished.get() == 0 {
                self.work_ended()?;
            }
        }
        // Everybody looks again, and finds the queue shut down.
        for line in [&self.getters, &self.putters] {
            while let Some(waiter) = line.pop()? {
                if !is_done(&waiter)? {
                    wake(&waiter, none())?;
                }
            }
        }
        Ok(())
    }
}

/// `raise kind`.
#[cold]
fn without_text(kind: &Object) -> Raised {
    match crate::ffi::call0(kind) {
        Ok(exception) => Raised::restore(exception),
        Err(raised) => raised,
    }
}

/// `raise QueueShutDown`.
#[cold]
#[cfg(Py_3_13)]
pub(super) fn shut_down() -> Raised {
    without_text(&names().queue_shut_down)
}

/// Queues can't be shut down before Python 3.13, so that nobody gets this.
#[cold]
#[cfg(not(Py_3_13))]
pub(super) fn shut_down() -> Raised {
    without_text(&names().queue_empty)
}
