//! `Barrier`: a fixed number of tasks that go on together.

use std::cell::Cell;
use std::mem::offset_of;

use pyo3::ffi;

use crate::awaitable::CoroutineObject;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, TypeBuilder, intern, names,
    native_type,
};

use super::barrier_wait::{BarrierAbort, BarrierReset, BarrierWait};
use super::condition::ConditionObject;
use super::context::{enter_by_waiting, leave_nothing};
use super::{LoopBound, bracketed};

/// Where a barrier stands: the members of asyncio's `_BarrierState`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Standing {
    /// Tasks come in. Zero, so that a new object's memory says so.
    Filling = 0,
    /// All are there and leave; those who come now wait for the next round.
    Draining = 1,
    /// `reset()` was called with tasks inside.
    Resetting = 2,
    /// `abort()` was called.
    Broken = 3,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Filling, Self::Draining, Self::Resetting, Self::Broken];

    fn word(self) -> &'static str {
        match self {
            Self::Filling => "filling",
            Self::Draining => "draining",
            Self::Resetting => "resetting",
            Self::Broken => "broken",
        }
    }

    /// The member of asyncio's enumeration.
    fn member(self) -> Result<Owned> {
        crate::ffi::call1(&names().barrier_state, &*self.word().into_owned()?)
    }
}

/// A barrier.
#[repr(C)]
pub(crate) struct BarrierObject {
    head: ffi::PyObject,
    bound: LoopBound,
    condition: Slot<ConditionObject>,
    /// How many tasks it takes, as the program said it.
    parties: Slot,
    dict: Slot,
    weak: Slot,
    /// How many tasks are inside.
    pub(super) count: Cell<i64>,
    pub(super) standing: Cell<Standing>,
}

native_type!(BarrierObject, holds: [bound, condition, parties, dict]);

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<BarrierWait>::register(module)?;
    CoroutineObject::<BarrierReset>::register(module)?;
    CoroutineObject::<BarrierAbort>::register(module)?;
    TypeBuilder::<BarrierObject>::new(
        c"aioxide.locks.Barrier",
        c"Barrier(parties)\n--\n\nA point that tasks pass together, as soon as there are enough of them.\n\nRaises ValueError if parties is less than 1.",
    )
    .like_python_class()
    .subclassable(BarrierObject::initialise)
    .dies()
    .weak_references(offset_of!(BarrierObject, weak), Some(offset_of!(BarrierObject, dict)))
    .visible_dict()
    .method(c"wait", BarrierObject::wait, c"wait($self, /)\n--\n\nWait until all are there; return this task's number among them.\n\nRaises BrokenBarrierError if the barrier is aborted or reset.")
    .method(c"reset", BarrierObject::reset, c"reset($self, /)\n--\n\nSend those who wait away with a BrokenBarrierError and begin anew.")
    .method(c"abort", BarrierObject::abort, c"abort($self, /)\n--\n\nBreak the barrier: those who wait, and all who come, get a BrokenBarrierError.")
    .method(c"__aenter__", BarrierObject::enter, c"__aenter__($self, /)\n--\n\nWait until all are there; return this task's number among them.")
    .method_fast(c"__aexit__", |_: &BarrierObject, _: Args<'_>| leave_nothing(), c"__aexit__($self, /, *args)\n--\n\nDo nothing.")
    .method(c"_get_loop", |barrier: &BarrierObject| barrier.bound.get_loop(barrier.object()), c"_get_loop($self, /)\n--\n\nReturn the running loop, to which the barrier is bound from then on.")
    .getter(c"parties", |barrier: &BarrierObject| barrier.parties.get())
    .getter(c"n_waiting", BarrierObject::waiting)
    .getter(c"broken", BarrierObject::is_broken)
    .getter(c"_cond", |barrier: &BarrierObject| barrier.condition.get())
    .getter(c"_parties", |barrier: &BarrierObject| barrier.parties.get())
    .property(c"_loop", |barrier: &BarrierObject| barrier.bound.get(), |barrier: &BarrierObject, value| barrier.bound.assign(value))
    .property(c"_count", |barrier: &BarrierObject| barrier.count.get(), BarrierObject::assign_count)
    .property(c"_state", |barrier: &BarrierObject| barrier.standing.get().member(), BarrierObject::assign_standing)
    .repr(BarrierObject::represent)
    .add_to(module)
}

impl BarrierObject {
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Barrier.__init__", parameters: [c"parties"], positional: 1, required: 1 };
        let [parties] = SIGNATURE.bind_method(args)?;
        let Some(parties) = parties else { return Ok(()) };
        if parties.less(&*1_u64.into_owned()?)? {
            let text = if cfg!(Py_3_13) { "parties must be >= 1" } else { "parties must be > 0" };
            return Err(Raised::value_error(format_args!("{text}")));
        }
        self.condition.set(ConditionObject::new()?);
        self.parties.set(parties.own());
        self.standing.set(Standing::Filling);
        self.count.set(0);
        Ok(())
    }

    /// The condition that says that something has changed.
    pub(super) fn condition(&self) -> Result<Owned<ConditionObject>> {
        match self.condition.get() {
            Some(condition) => Ok(condition),
            None => Err(Raised::attribute_error(format_args!("the barrier is not initialized"))),
        }
    }

    /// Whether the task with this number completes the round.
    pub(super) fn is_last(&self, number: i64) -> Result<bool> {
        match self.parties.get() {
            Some(parties) => (number + 1).into_owned()?.equals(&parties),
            None => Ok(false),
        }
    }

    fn wait(&self) -> Result<Owned> {
        CoroutineObject::<BarrierWait>::new(|machine| machine.begin(self)).map(Owned::into_object)
    }

    fn enter(&self) -> Result<Owned> {
        enter_by_waiting(self.object())
    }

    fn reset(&self) -> Result<Owned> {
        CoroutineObject::<BarrierReset>::new(|machine| machine.begin(self)).map(Owned::into_object)
    }

    fn abort(&self) -> Result<Owned> {
        CoroutineObject::<BarrierAbort>::new(|machine| machine.begin(self)).map(Owned::into_object)
    }

    fn waiting(&self) -> i64 {
        if self.standing.get() == Standing::Filling { self.count.get() } else { 0 }
    }

    fn is_broken(&self) -> bool {
        self.standing.get() == Standing::Broken
    }

    fn represent(&self) -> Result<Owned> {
        let standing = self.standing.get();
        if standing == Standing::Broken {
            return bracketed(self.object(), standing.word());
        }
        let parties = match self.parties.get() {
            Some(parties) => parties.to_text()?,
            None => String::from("?"),
        };
        bracketed(self.object(), &format!("{}, waiters:{}/{parties}", standing.word(), self.waiting()))
    }

    fn assign_count(&self, value: Option<&Object>) -> Result<()> {
        match value.and_then(Object::int_value) {
            Some(count) => {
                self.count.set(count);
                Ok(())
            }
            None => Err(Raised::type_error(format_args!("the count of a barrier must be an int"))),
        }
    }

    fn assign_standing(&self, value: Option<&Object>) -> Result<()> {
        if let Some(value) = value {
            let word = value.attribute(&*intern(c"value")?)?.to_text()?;
            if let Some(standing) = Standing::ALL.into_iter().find(|standing| standing.word() == word) {
                self.standing.set(standing);
                return Ok(());
            }
        }
        Err(Raised::value_error(format_args!("the state of a barrier must be a member of _BarrierState")))
    }
}
