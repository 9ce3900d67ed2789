//! Every task there is, as `asyncio.all_tasks()` sees it.
//!
//! Tasks are linked into a list by two pointers inside them: entering a task costs two stores, where the
//! standard library's `WeakSet` costs more than all the rest of a task's creation (measured: 370 ns).
//! From Python 3.14 on the list is the interpreter's own, one for each thread, so `asyncio.all_tasks()`
//! and debuggers walk it; before, it is ours, and the standard library's set is told to look there as
//! well (`python/aioxide/_registry.py`).
//!
//! What must always be true: a task is in at most one list, and leaves it before its memory is freed.
//! The lists hold no references.

use std::cell::Cell;
use std::ptr;

use pyo3::ffi;

use crate::ffi::{Args, Layout, Owned, Result, Signature, list_of};

use super::TaskObject;
use super::visible;

/// A task's place in a list of tasks: the interpreter's `struct llist_node`.
#[repr(C)]
pub(super) struct Link {
    next: Cell<*mut Link>,
    previous: Cell<*mut Link>,
}

impl Link {
    const fn new() -> Self {
        Self { next: Cell::new(ptr::null_mut()), previous: Cell::new(ptr::null_mut()) }
    }

    /// Puts this link at the end of the list at `head`.
    #[inline(always)]
    fn join(&self, head: *mut Link) {
        if !self.next.get().is_null() {
            return;
        }
        let this = ptr::from_ref(self).cast_mut();
        // SAFETY: `head` is a live list whose members leave it before they die (`Drop`), so its neighbours
        // are live links; the interpreter's lock is held.
        unsafe {
            let last = (*head).previous.get();
            self.next.set(head);
            self.previous.set(last);
            (*last).next.set(this);
            (*head).previous.set(this);
        }
    }

    /// Takes this link out of its list, if it is in one.
    #[inline(always)]
    pub(super) fn leave(&self) {
        let (next, previous) = (self.next.get(), self.previous.get());
        if next.is_null() || previous.is_null() {
            return;
        }
        // SAFETY: as in `join`.
        unsafe {
            (*previous).next.set(next);
            (*next).previous.set(previous);
        }
        self.next.set(ptr::null_mut());
        self.previous.set(ptr::null_mut());
    }
}

impl Drop for Link {
    #[inline(always)]
    fn drop(&mut self) {
        self.leave();
    }
}

/// The head of our own list.
struct Head(Link);

// SAFETY: touched with the interpreter's lock held only.
unsafe impl Sync for Head {}

static HEAD: Head = Head(Link::new());

/// The list that new tasks of this thread join.
#[inline(always)]
fn current_head() -> *mut Link {
    if let Some(head) = visible::interpreter_list() {
        return head.cast();
    }
    let head = ptr::from_ref(&HEAD.0).cast_mut();
    if HEAD.0.next.get().is_null() {
        HEAD.0.next.set(head);
        HEAD.0.previous.set(head);
    }
    head
}

impl TaskObject {
    /// Makes the task known.
    #[inline(always)]
    pub(super) fn list(&self) {
        self.link.join(current_head());
    }
}

/// `listed_tasks()`: every task in our own list, done or not. The standard library's set chains them.
pub(crate) fn listed_tasks(_args: Args<'_>) -> Result<Owned> {
    let mut tasks: Vec<Owned> = Vec::new();
    let head = ptr::from_ref(&HEAD.0);
    let mut link = HEAD.0.next.get().cast_const();
    while !link.is_null() && !ptr::eq(link, head) {
        // SAFETY: a live link inside a task (see `join`). A task in the middle of dying has no reference
        // left and must not get one.
        unsafe {
            let task = link.byte_sub(std::mem::offset_of!(TaskObject, link)).cast::<TaskObject>();
            if ffi::Py_REFCNT((*task).pointer()) > 0 {
                tasks.push((*task).own().into_object());
            }
            link = (*link).next.get();
        }
    }
    list_of(tasks.into_iter())
}

/// `list_task(task)`: a task of ours joins the list; false for anything else.
pub(crate) fn list_task(args: Args<'_>) -> Result<bool> {
    let task = args.positional().first().and_then(|task| task.cast::<TaskObject>());
    task.inspect(|task| task.list());
    Ok(task.is_some())
}

/// `unlist_task(task)`: a task of ours leaves the list; false for anything else.
pub(crate) fn unlist_task(args: Args<'_>) -> Result<bool> {
    let task = args.positional().first().and_then(|task| task.cast::<TaskObject>());
    task.inspect(|task| task.link.leave());
    Ok(task.is_some())
}

/// `connect_registry(offsets)`: takes the offsets that the interpreter publishes for debuggers, in the
/// order of `visible::Offsets`, and returns whether tasks now join the interpreter's own list.
pub(crate) fn connect_registry(args: Args<'_>) -> Result<bool> {
    const SIGNATURE: Signature<1> =
        Signature { function: "connect_registry", parameters: [c"offsets"], positional: 1, required: 1 };
    let [offsets] = SIGNATURE.bind(args)?;
    offsets.map_or(Ok(false), visible::connect)
}
