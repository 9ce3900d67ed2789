//! The life of a `TaskGroup`: entered, given children, told about each that is done.

use std::cell::Cell;

use pyo3::ffi;

use crate::event_loop::running_loop;
use crate::ffi::{
    Args, Dict, Layout, Object, Owned, Raised, Result, Slot, call_keywords, call_method0, call_method1,
    format_text, is_instance, items_of, list_append, names, native_type, none, set_add, set_discard,
    set_length,
};
use crate::future::{ObserverObject, add_to_awaited_by, any, discard_from_awaited_by, observer};
use crate::group::create_task_on;
use crate::task::current_task_of;

use super::parent;

/// A task group.
#[repr(C)]
pub(crate) struct TaskGroupObject {
    head: ffi::PyObject,
    /// The loop that runs the group. Empty until it is entered.
    pub(super) event_loop: Slot,
    /// The task that has entered the group.
    pub(super) parent: Slot,
    /// A set of the children that are not done.
    pub(super) tasks: Slot,
    /// A list of the children's exceptions; empty once the group has raised them.
    pub(super) errors: Slot,
    /// The first `SystemExit` or `KeyboardInterrupt`, which goes before all other exceptions.
    pub(super) base_error: Slot,
    /// What `__aexit__` waits for.
    pub(super) on_completed: Slot,
    /// What the children tell that they are done; there is one while there are children.
    observer: Slot<ObserverObject<Children>>,
    pub(super) dict: Slot,
    pub(super) weak: Slot,
    pub(super) entered: Cell<bool>,
    pub(super) exiting: Cell<bool>,
    pub(super) aborting: Cell<bool>,
    /// Whether the group has asked its parent to cancel.
    pub(super) parent_cancel_requested: Cell<bool>,
    pub(super) cancel_on_enter: Cell<bool>,
}

native_type!(
    TaskGroupObject, recycled,
    holds: [event_loop, parent, tasks, errors, base_error, on_completed, dict, observer]
);

/// The done-callback of a group's children.
pub(super) struct Children {
    group: Slot<TaskGroupObject>,
}

observer!(Children, shown: "TaskGroup._on_task_done", type: "task_group_children", holds: [group]);

impl Children {
    #[inline(always)]
    fn on_done(&self, task: &Object) -> Result<()> {
        self.group.get().map_or(Ok(()), |group| group.child_done(task))
    }
}

impl TaskGroupObject {
    /// `__aenter__()`.
    pub(super) fn enter(&self) -> Result<()> {
        if self.entered.get() {
            return Err(self.refuse(c"TaskGroup %R has already been entered"));
        }
        let event_loop = match self.event_loop.get() {
            Some(event_loop) => event_loop,
            None => running_loop()?,
        };
        self.event_loop.set(event_loop.clone());
        let Some(parent) = current_task_of(&event_loop)? else {
            return Err(self.refuse(c"TaskGroup %R cannot determine the parent task"));
        };
        self.parent.set(parent);
        self.entered.set(true);
        if self.cancel_on_enter.get() { self.cancel() } else { Ok(()) }
    }

    /// Raises `RuntimeError`; `text` has a `%R` for the group.
    #[cold]
    fn refuse(&self, text: &std::ffi::CStr) -> Raised {
        Raised::formatted(&names().runtime_error, text, self.object(), self.object())
    }

    /// `create_task(coro, ...)`: the loop's `create_task` gets `values`, of which the coroutine is the first and
    /// the tuple `keywords` names the others.
    pub(super) fn create_task(
        &self,
        coroutine: &Object,
        values: &[&Object],
        keywords: Option<&Object>,
    ) -> Result<Owned> {
        self.check_open(coroutine)?;
        let event_loop = self.event_loop.get().unwrap_or_else(none);
        let task = match keywords {
            None => create_task_on(&event_loop, coroutine)?,
            Some(_) => call_keywords(&*event_loop.attribute(&names().create_task)?, values, 1, keywords)?,
        };
        self.adopt(&task)?;
        Ok(task)
    }

    /// Raises asyncio's error unless the group takes children. The coroutine, which will never run, is
    /// closed where asyncio closes it, so that it does not warn.
    #[inline(always)]
    fn check_open(&self, coroutine: &Object) -> Result<()> {
        if self.entered.get() && !self.aborting.get() && !self.exiting.get() {
            return Ok(());
        }
        let text = if !self.entered.get() {
            c"TaskGroup %R has not been entered"
        } else if self.exiting.get() && self.count_children()? == 0 {
            c"TaskGroup %R is finished"
        } else if self.aborting.get() {
            c"TaskGroup %R is shutting down"
        } else {
            return Ok(());
        };
        if crate::version::closes_refused_children() {
            call_method0(coroutine, &names().close)?;
        }
        Err(self.refuse(text))
    }

    /// Makes a new task a child. One that is done already (it ran eagerly) is told about like any other.
    #[inline(always)]
    fn adopt(&self, task: &Object) -> Result<()> {
        if cfg!(Py_3_14) {
            if let Some(parent) = self.parent.get() {
                add_to_awaited_by(task, &parent)?;
            }
        }
        set_add(&*self.children()?, task)?;
        if self.object().exactly::<Self>().is_some() {
            any::add_observer(task, self.observer()?.base())?;
        } else {
            // A subclass may have a method of its own.
            let callback = self.object().attribute(&names().on_task_done)?;
            call_method1(task, &names().add_done_callback, &callback)?;
        }
        if cfg!(Py_3_15) && self.aborting.get() && !any::is_done(task)? {
            parent::cancel(task)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn observer(&self) -> Result<Owned<ObserverObject<Children>>> {
        if let Some(observer) = self.observer.get() {
            return Ok(observer);
        }
        let observer = ObserverObject::<Children>::new(|children| children.group.fill(self.own()))?;
        self.observer.set(observer.clone());
        Ok(observer)
    }

    /// The set of children; a subclass that has left out our `__init__` has none.
    #[inline(always)]
    fn children(&self) -> Result<Owned> {
        self.tasks.get().ok_or_else(|| {
            Raised::attribute_error(format_args!("'TaskGroup' object has no attribute '_tasks'"))
        })
    }

    /// How many children are not done.
    #[inline(always)]
    pub(super) fn count_children(&self) -> Result<usize> {
        self.tasks.get().map_or(Ok(0), |tasks| set_length(&tasks))
    }

    /// `_on_task_done(task)`: a child is done.
    #[inline]
    pub(super) fn child_done(&self, task: &Object) -> Result<()> {
        set_discard(&*self.children()?, task)?;
        if cfg!(Py_3_14) {
            if let Some(parent) = self.parent.get() {
                discard_from_awaited_by(task, &parent)?;
            }
        }
        if self.count_children()? == 0 {
            // The observer holds the group: between them there is no cycle once all children are done.
            self.observer.clear();
            if let Some(waiter) = self.on_completed.get() {
                if !any::is_done(&waiter)? {
                    any::resolve(&waiter, names().true_.own())?;
                }
            }
        }
        if any::is_cancelled(task)? {
            return Ok(());
        }
        match any::exception_of(task)? {
            Some(exception) => self.child_failed(task, &exception),
            None => Ok(()),
        }
    }

    #[cold]
    fn child_failed(&self, task: &Object, exception: &Object) -> Result<()> {
        match self.errors.get() {
            Some(errors) => list_append(&errors, exception)?,
            None => {
                return Err(Raised::attribute_error(format_args!(
                    "'NoneType' object has no attribute 'append'"
                )));
            }
        }
        if self.is_base_error(exception)? && self.base_error.is_empty() {
            self.base_error.set(exception.own());
        }
        let parent = self.parent.get().unwrap_or_else(none);
        if any::is_done(&parent)? {
            return self.report_orphan(task, &parent, exception);
        }
        if !self.aborting.get() && !self.parent_cancel_requested.get() {
            self.abort()?;
            self.cancel_parent(&parent)?;
        }
        Ok(())
    }

    /// Ends the body of the `async with`; `__aexit__` takes the request back.
    fn cancel_parent(&self, parent: &Object) -> Result<()> {
        self.parent_cancel_requested.set(true);
        parent::cancel(parent)
    }

    /// A child of a parent that is gone has failed.
    fn report_orphan(&self, task: &Object, parent: &Object, exception: &Object) -> Result<()> {
        let text = c"Task %R has errored out but its parent task %S is already completed";
        let context = Dict::new()?;
        context.set(&names().message, &*format_text(text, task, parent)?)?;
        context.set(&names().exception, exception)?;
        context.set(&names().task, task)?;
        let event_loop = self.event_loop.get().unwrap_or_else(none);
        call_method1(&event_loop, &names().call_exception_handler, context.object()).map(drop)
    }

    /// `self._is_base_error(exception)`.
    pub(super) fn is_base_error(&self, exception: &Object) -> Result<bool> {
        if self.object().exactly::<Self>().is_none() {
            return call_method1(self.object(), &names().is_base_error, exception)?.is_true();
        }
        Ok(leaves_every_scope(exception))
    }

    /// `self._abort()`.
    pub(super) fn abort(&self) -> Result<()> {
        if self.object().exactly::<Self>().is_none() {
            return call_method0(self.object(), &names().abort).map(drop);
        }
        self.abort_children()
    }

    /// `_abort()`: cancels every child that is not done, and takes no more.
    pub(super) fn abort_children(&self) -> Result<()> {
        self.aborting.set(true);
        for task in items_of(&*self.children()?)? {
            if !any::is_done(&task)? {
                parent::cancel(&task)?;
            }
        }
        Ok(())
    }

    /// `cancel()`, of Python 3.15: ends the group and the body of its `async with`, without an exception.
    pub(super) fn cancel(&self) -> Result<()> {
        if !self.entered.get() {
            self.cancel_on_enter.set(true);
            return Ok(());
        }
        if self.aborting.get() || (self.exiting.get() && self.count_children()? == 0) {
            return Ok(());
        }
        self.abort()?;
        match self.parent.get() {
            Some(parent) if !self.parent_cancel_requested.get() => self.cancel_parent(&parent),
            _ => Ok(()),
        }
    }
}

/// `_is_base_error(exception)`: whether it is one that nothing may hold up.
pub(super) fn leaves_every_scope(exception: &Object) -> bool {
    is_instance(exception, &names().system_exit) || is_instance(exception, &names().keyboard_interrupt)
}

impl TaskGroupObject {
    /// `TaskGroup.__init__()`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        if !args.values().is_empty() {
            let given = args.values().len() + 1;
            return Err(Raised::type_error(format_args!(
                "TaskGroup.__init__() takes 1 positional argument but {given} were given"
            )));
        }
        for slot in [&self.event_loop, &self.parent, &self.base_error, &self.on_completed] {
            slot.clear();
        }
        for flag in [
            &self.entered,
            &self.exiting,
            &self.aborting,
            &self.parent_cancel_requested,
            &self.cancel_on_enter,
        ] {
            flag.set(false);
        }
        self.tasks.set(crate::ffi::set_of(None)?);
        self.errors.set(crate::ffi::list_of(std::iter::empty())?);
        Ok(())
    }
}
