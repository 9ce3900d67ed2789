//! The awaiters of a task, where Python's debuggers look for them, and the interpreter's list of tasks.
//!
//! From 3.14 on the interpreter publishes, in a section named `.AsyncioDebug`, at which offsets of its
//! `Task` and of its thread state another process finds names, coroutines and awaiters. Our tasks are
//! laid out to match the offsets of the supported versions. The package reads the section when it is
//! imported and [`connect`] compares: only if every offset agrees do our tasks join the interpreter's list.

use crate::ffi::{Object, Owned, Result};

use super::TaskObject;

#[cfg(Py_3_14)]
pub(super) use published::*;
#[cfg(Py_3_14)]
pub(crate) use published::{running_loop, running_loop_and_task};

#[cfg(Py_3_14)]
mod published {
    use std::cell::Cell;
    use std::mem::offset_of;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use pyo3::ffi;

    use crate::ffi::{
        Collectable, Here, Layout, Object, Owned, Result, Slot, Visitor, frozen, set_add, set_discard,
        set_of, tuple_items,
    };
    use crate::task::TaskObject;

    /// Who awaits a task: nobody, one, or a set of them.
    #[repr(C)]
    pub(in crate::task) struct Awaiters {
        /// An awaiter, or the set when `is_set`. Offset 96.
        one_or_set: Slot,
        /// The interpreter keeps a task's state here; nobody reads it from outside.
        _state: u32,
        /// Always 1. Offset 108.
        is_task: Cell<u8>,
        /// Offset 109.
        is_set: Cell<u8>,
        _unused: [u64; 2],
    }

    /// What a reader of the section `.AsyncioDebug` finds, in its order (the sizes left out).
    const OFFSETS: [usize; 6] = [
        offset_of!(TaskObject, name),
        offset_of!(TaskObject, awaiters),
        offset_of!(TaskObject, awaiters) + offset_of!(Awaiters, is_task),
        offset_of!(TaskObject, awaiters) + offset_of!(Awaiters, is_set),
        offset_of!(TaskObject, coroutine),
        offset_of!(TaskObject, link),
    ];

    const _: () = assert!(matches!(OFFSETS, [136, 96, 108, 109, 128, 152]));

    /// Where a thread state keeps the head of its list of tasks; 0 until [`connect`] has found it.
    static LIST_OFFSET: AtomicUsize = AtomicUsize::new(0);

    /// Where a thread state keeps its running loop and its current task; 0 until [`connect`] has found them.
    static LOOP_OFFSET: AtomicUsize = AtomicUsize::new(0);
    static TASK_OFFSET: AtomicUsize = AtomicUsize::new(0);

    /// A field of the current thread's state that holds a strong reference or nothing.
    #[inline(always)]
    fn field(offset: &AtomicUsize) -> Option<&'static Slot> {
        match offset.load(Ordering::Relaxed) {
            0 => None,
            // SAFETY: the offset is the interpreter's own statement about its thread state, which lives
            // as long as the thread runs; a slot is one pointer, owned, as the field is.
            offset => Some(unsafe { &*ffi::PyThreadState_Get().cast::<u8>().add(offset).cast::<Slot>() }),
        }
    }

    /// The current thread's running loop and its current task.
    #[inline(always)]
    fn running(state: impl FnOnce() -> *mut ffi::PyThreadState) -> Option<(&'static Slot, &'static Slot)> {
        let (event_loop, task) = (LOOP_OFFSET.load(Ordering::Relaxed), TASK_OFFSET.load(Ordering::Relaxed));
        if event_loop == 0 {
            return None;
        }
        // SAFETY: as in `field`; the two offsets are found together.
        unsafe {
            let state = state().cast::<u8>();
            Some((&*state.add(event_loop).cast::<Slot>(), &*state.add(task).cast::<Slot>()))
        }
    }

    /// Writes the current task straight into the thread state, as `_swap_current_task` does after its
    /// check that `event_loop` is the one that runs here. Returns false when that is left to it.
    #[inline(always)]
    pub(in crate::task) fn set_current_task(event_loop: &Object, task: Option<&Object>) -> bool {
        match running(this_thread) {
            Some((running, current)) if running.holds(event_loop) => {
                match task {
                    Some(task) => current.set(task.own()),
                    None => current.clear(),
                }
                true
            }
            _ => false,
        }
    }

    /// As [`set_current_task`], in the thread that the loop's turns run in.
    #[inline(always)]
    pub(in crate::task) fn set_current_task_here(here: &Here, event_loop: &Object, task: &Object) -> bool {
        match running(|| here.state()) {
            Some((running, current)) if running.holds(event_loop) => {
                current.set(task.own());
                true
            }
            _ => false,
        }
    }

    /// The state of the current thread.
    #[inline(always)]
    fn this_thread() -> *mut ffi::PyThreadState {
        // SAFETY: the thread is attached.
        unsafe { ffi::PyThreadState_Get() }
    }

    /// The current task of `event_loop`, if that is the loop that runs in this thread; else the interpreter
    /// has to be asked, and the answer is `None`.
    #[inline(always)]
    pub(in crate::task) fn get_current_task(event_loop: &Object) -> Option<Option<Owned>> {
        running(this_thread)
            .filter(|(running, _)| running.holds(event_loop))
            .map(|(_, current)| current.get())
    }

    /// The loop that runs in this thread; `None` when it has to be asked for.
    #[inline(always)]
    pub(crate) fn running_loop() -> Option<Owned> {
        field(&LOOP_OFFSET).and_then(Slot::get)
    }

    /// The loop that runs in this thread and its current task; `None` when they have to be asked for.
    #[inline(always)]
    pub(crate) fn running_loop_and_task() -> Option<(Owned, Option<Owned>)> {
        let (running, current) = running(this_thread)?;
        running.get().map(|running| (running, current.get()))
    }

    /// The list of tasks of the current thread.
    #[inline(always)]
    pub(in crate::task) fn interpreter_list() -> Option<*mut u8> {
        match LIST_OFFSET.load(Ordering::Relaxed) {
            0 => None,
            // SAFETY: the offset is the interpreter's own statement about its thread state.
            offset => Some(unsafe { ffi::PyThreadState_Get().cast::<u8>().add(offset) }),
        }
    }

    /// `offsets` is a tuple: name, awaited_by, is_task, awaited_by_is_set, coro, node of a task; then the
    /// running loop, the current task and the head of the list in a thread state.
    pub(in crate::task) fn connect(offsets: &Object) -> Result<bool> {
        let mut found = Vec::new();
        for offset in tuple_items(offsets) {
            found.push(usize::try_from(offset.to_i32()?).unwrap_or(0));
        }
        let [task @ .., running_loop, current_task, list] = found.as_slice() else { return Ok(false) };
        if task != OFFSETS || [running_loop, current_task, list].iter().any(|offset| **offset == 0) {
            return Ok(false);
        }
        LOOP_OFFSET.store(*running_loop, Ordering::Relaxed);
        TASK_OFFSET.store(*current_task, Ordering::Relaxed);
        LIST_OFFSET.store(*list, Ordering::Relaxed);
        Ok(true)
    }

    impl Collectable for Awaiters {
        fn traverse(&self, visitor: &mut Visitor) {
            visitor.slot(&self.one_or_set);
        }

        fn clear(&self) {
            let last = self.one_or_set.take();
            self.is_set.set(0);
            drop(last);
        }
    }

    impl Awaiters {
        pub(in crate::task) fn mark(&self) {
            self.is_task.set(1);
        }

        pub(in crate::task) fn add(&self, awaiter: &Object) -> Result<()> {
            match self.one_or_set.get() {
                None => self.one_or_set.set(awaiter.own()),
                Some(set) if self.is_set.get() != 0 => return set_add(&set, awaiter),
                Some(one) if one.is(awaiter) => {}
                Some(one) => {
                    let set = set_of(None)?;
                    set_add(&set, &one)?;
                    set_add(&set, awaiter)?;
                    self.is_set.set(1);
                    self.one_or_set.set(set);
                }
            }
            Ok(())
        }

        #[inline(always)]
        pub(in crate::task) fn discard(&self, awaiter: &Object) -> Result<()> {
            if self.is_set.get() == 0 {
                if self.one_or_set.holds(awaiter) {
                    self.one_or_set.clear();
                }
                return Ok(());
            }
            self.one_or_set.get().map_or(Ok(()), |set| set_discard(&set, awaiter))
        }

        /// `None`, or a frozenset of the awaiters.
        pub(in crate::task) fn get(&self) -> Result<Option<Owned>> {
            let Some(object) = self.one_or_set.get() else { return Ok(None) };
            if self.is_set.get() != 0 {
                return frozen(&object).map(Some);
            }
            let set = set_of(None)?;
            set_add(&set, &object)?;
            frozen(&set).map(Some)
        }
    }
}

#[cfg(not(Py_3_14))]
pub(super) use unpublished::*;
#[cfg(not(Py_3_14))]
pub(crate) use unpublished::{running_loop, running_loop_and_task};

#[cfg(not(Py_3_14))]
mod unpublished {
    use crate::ffi::{Collectable, Object, Owned, Result, Visitor};

    /// Before 3.14 nobody asks who awaits a task, and this takes no room.
    #[repr(C)]
    pub(in crate::task) struct Awaiters([u64; 0]);

    #[inline(always)]
    pub(in crate::task) fn interpreter_list() -> Option<*mut u8> {
        None
    }

    pub(in crate::task) fn connect(_offsets: &Object) -> Result<bool> {
        Ok(false)
    }

    #[inline(always)]
    pub(crate) fn running_loop() -> Option<Owned> {
        #[cfg(not(Py_3_12))]
        return crate::ffi::held_running_loop();
        #[cfg(Py_3_12)]
        None
    }

    #[inline(always)]
    pub(crate) fn running_loop_and_task() -> Option<(Owned, Option<Owned>)> {
        None
    }

    impl Collectable for Awaiters {
        fn traverse(&self, _visitor: &mut Visitor) {}

        fn clear(&self) {}
    }

    #[allow(clippy::unused_self, reason = "the same shape as on the versions that have a call graph")]
    impl Awaiters {
        pub(in crate::task) fn mark(&self) {}

        pub(in crate::task) fn add(&self, _awaiter: &Object) -> Result<()> {
            Ok(())
        }

        #[inline(always)]
        pub(in crate::task) fn discard(&self, _awaiter: &Object) -> Result<()> {
            Ok(())
        }

        pub(in crate::task) fn get(&self) -> Result<Option<Owned>> {
            Ok(None)
        }
    }
}

impl TaskObject {
    /// Records that somebody awaits this task.
    pub(crate) fn add_awaiter(&self, awaiter: &Object) -> Result<()> {
        self.awaiters.add(awaiter)
    }

    /// Takes that back.
    #[inline(always)]
    pub(crate) fn discard_awaiter(&self, awaiter: &Object) -> Result<()> {
        self.awaiters.discard(awaiter)
    }

    /// Who awaits this task: `None`, or a frozenset.
    pub(crate) fn awaiters(&self) -> Result<Option<Owned>> {
        self.awaiters.get()
    }
}
