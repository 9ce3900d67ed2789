//! What a queue consists of, and its three kinds.

use std::cell::Cell;
use std::ops::Deref;

use pyo3::ffi;

use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, call_method1, list_of, names,
    native_type,
};
use crate::sync::{EventObject, Line, LoopBound};

use super::limit::Limit;

/// The order in which items come out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// `Queue`.
    FirstIn,
    /// `LifoQueue`.
    LastIn,
    /// `PriorityQueue`.
    Lowest,
}

/// A queue. An idle one is this struct and nothing else.
#[repr(C)]
pub(crate) struct QueueObject {
    head: ffi::PyObject,
    pub(super) bound: LoopBound,
    pub(super) limit: Limit,
    pub(super) items: Line,
    pub(super) getters: Line,
    pub(super) putters: Line,
    /// The event that `join()` waits for, made when somebody does or looks; until then `has_unfinished`.
    pub(super) finished: Slot,
    pub(super) dict: Slot,
    pub(super) weak: Slot,
    pub(super) unfinished: Cell<i64>,
    pub(super) has_unfinished: Cell<bool>,
    /// A subclass's `_init` has left `_queue` out.
    pub(super) itemless: Cell<bool>,
    pub(super) shut_down: Cell<bool>,
}

native_type!(QueueObject, holds: [bound, limit, items, getters, putters, finished, dict]);

/// A queue that gives the last item first.
#[repr(C)]
pub(crate) struct LifoQueueObject(QueueObject);

/// A queue that gives the lowest item first.
#[repr(C)]
pub(crate) struct PriorityQueueObject(QueueObject);

native_type!(LifoQueueObject, holds: [0]);
native_type!(PriorityQueueObject, holds: [0]);

impl Deref for LifoQueueObject {
    type Target = QueueObject;

    fn deref(&self) -> &QueueObject {
        &self.0
    }
}

impl Deref for PriorityQueueObject {
    type Target = QueueObject;

    fn deref(&self) -> &QueueObject {
        &self.0
    }
}

impl QueueObject {
    /// `__init__(maxsize=0)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Queue.__init__", parameters: [c"maxsize"], positional: 1, required: 0 };
        let [maxsize] = SIGNATURE.bind_method(args)?;
        let maxsize = maxsize.unwrap_or(&names().zero);
        self.limit.set(maxsize);
        self.getters.replace(None);
        self.putters.replace(None);
        self.finished.clear();
        self.unfinished.set(0);
        self.has_unfinished.set(false);
        match self.plain_order() {
            Some(order) => self.begin_items(order)?,
            None => {
                self.itemless.set(true);
                drop(call_method1(self.object(), &names().initialise_items, maxsize)?);
            }
        }
        self.shut_down.set(false);
        Ok(())
    }

    /// `_init(maxsize)` of each kind.
    pub(super) fn begin_items(&self, order: Order) -> Result<()> {
        match order {
            Order::FirstIn => self.items.replace(None),
            Order::LastIn | Order::Lowest => self.items.replace(Some(&*list_of([].into_iter())?)),
        }
        self.itemless.set(false);
        Ok(())
    }

    /// `self._queue`, by whatever means: a subclass may have done without.
    #[inline(always)]
    pub(super) fn items(&self) -> Result<&Line> {
        if self.itemless.get() {
            return Err(Raised::attribute_error(format_args!(
                "'{}' object has no attribute '_queue'",
                self.object().type_name()
            )));
        }
        Ok(&self.items)
    }

    /// `_queue = value`.
    pub(super) fn assign_items(&self, value: Option<&Object>) -> Result<()> {
        self.items.assign(value)?;
        self.itemless.set(false);
        Ok(())
    }

    /// The order of a queue whose methods nobody can have overridden; `None` for all others.
    #[inline(always)]
    pub(super) fn plain_order(&self) -> Option<Order> {
        if !self.dict.is_empty() {
            return None;
        }
        if self.object().exactly::<Self>().is_some() {
            return Some(Order::FirstIn);
        }
        self.other_order()
    }

    fn other_order(&self) -> Option<Order> {
        if self.object().exactly::<LifoQueueObject>().is_some() {
            return Some(Order::LastIn);
        }
        self.object().exactly::<PriorityQueueObject>().map(|_| Order::Lowest)
    }

    /// `_finished`: from now on an event that says whether there is unfinished work.
    pub(super) fn finished(&self) -> Result<Owned> {
        if let Some(event) = self.finished.get() {
            return Ok(event);
        }
        let event = EventObject::new(!self.has_unfinished.get())?.into_object();
        self.finished.set(event.clone());
        Ok(event)
    }

    /// `_unfinished_tasks = value`.
    pub(super) fn assign_unfinished(&self, value: Option<&Object>) -> Result<()> {
        match value.and_then(Object::int_value) {
            Some(count) => {
                self.unfinished.set(count);
                Ok(())
            }
            None => Err(Raised::type_error(format_args!("the number of unfinished tasks must be an int"))),
        }
    }

    /// `_is_shutdown = value`.
    #[cfg(Py_3_13)]
    pub(super) fn assign_shut_down(&self, value: Option<&Object>) -> Result<()> {
        self.shut_down.set(value.map_or(Ok(false), Object::is_true)?);
        Ok(())
    }

    /// `_format()`: the state in words.
    pub(super) fn describe(&self) -> Result<Owned> {
        let mut text = "maxsize=".into_owned()?.add(&*crate::ffi::repr_of(&*self.limit.get()?)?)?;
        if let Some(items) = self.visible_items()? {
            text = text.add(&*" _queue=".into_owned()?)?.add(&*crate::ffi::repr_of(&items)?)?;
        }
        let mut rest = String::new();
        for (name, line) in [("_getters", &self.getters), ("_putters", &self.putters)] {
            let waiting = line.len()?;
            if waiting > 0 {
                rest.push_str(&format!(" {name}[{waiting}]"));
            }
        }
        if self.unfinished.get() != 0 {
            rest.push_str(&format!(" tasks={}", self.unfinished.get()));
        }
        if self.shut_down.get() {
            rest.push_str(" shutdown");
        }
        text.add(&*rest.as_str().into_owned()?)
    }

    /// A list of the items, if there are any.
    fn visible_items(&self) -> Result<Option<Owned>> {
        if self.plain_order().is_some() {
            return if self.items.is_empty()? { Ok(None) } else { self.items.to_list().map(Some) };
        }
        match self.object().optional_attribute(&names().queue_attribute)? {
            Some(items) if items.is_true()? => crate::ffi::list_from(&items).map(Some),
            _ => Ok(None),
        }
    }

    /// `repr()`, or `str()`, which leaves the address out.
    pub(super) fn represent(&self, address: bool) -> Result<Owned> {
        let class = self.object().type_object().attribute(&names().name_attribute)?;
        let opened = "<".into_owned()?.add(&class)?;
        let between =
            if address { format!(" at {:#x} ", self.pointer() as usize) } else { String::from(" ") };
        let format = crate::ffi::call_method0(self.object(), &names().describe_queue)?;
        opened.add(&*between.as_str().into_owned()?)?.add(&format)?.add(&*">".into_owned()?)
    }
}
