//! What `await future` runs on: the future itself, or, where Python code asks for one, an iterator.

use std::mem::offset_of;

use pyo3::ffi;

use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Slot, Step, Thrower, TypeBuilder, allocate_recycled,
    native_type, thrown,
};

use super::FutureObject;

/// The iterator of one `await`: yields the future once if it is pending, then ends with its result.
#[repr(C)]
pub(crate) struct FutureIterator {
    head: ffi::PyObject,
    /// Emptied when the iteration has ended; from 3.14 on only by `throw` and `close`, so that an
    /// iteration that is over ends with the same result each time it is resumed.
    future: Slot<FutureObject>,
}

native_type!(FutureIterator, recycled, holds: [future]);

const _: () = assert!(offset_of!(FutureIterator, future) == size_of::<ffi::PyObject>());

impl FutureIterator {
    /// Makes the type.
    pub(crate) fn register(module: &Object) -> Result<()> {
        TypeBuilder::<Self>::new(c"aioxide._native.FutureIter", c"The iterator behind `await future`.")
            .internal()
            .immutable()
            .dies_recycled()
            .iterable(|iterator: &Self| iterator.own())
            .resumable(Self::resume)
            .method1(
                c"send",
                |iterator: &Self, _value: &Object| iterator.resume()?.yielded(),
                c"Resume the await; the value is ignored.",
            )
            .method_fast(c"throw", Self::throw, c"Raise an exception at the await.")
            .method(c"close", |iterator: &Self| iterator.future.clear(), c"End the await.")
            .add_to(module)
    }

    /// The iterator of an `await` of `future`. Raises `RuntimeError` for one that was never initialised.
    #[inline]
    pub(crate) fn new(future: &FutureObject) -> Result<Owned<Self>> {
        future.get_loop()?;
        allocate_recycled::<Self>(|iterator| iterator.future.fill(future.own()))
    }

    #[inline(always)]
    fn resume(&self) -> Result<Step> {
        let Some(future) = self.future.peek() else {
            return Ok(Step::Return(crate::ffi::none()));
        };
        if future.is_done() && !cfg!(Py_3_14) {
            let Some(future) = self.future.take() else {
                return Ok(Step::Return(crate::ffi::none()));
            };
            return future.result().map(Step::Return);
        }
        future.resume()
    }

    /// `throw(type_or_exception, value=None, traceback=None)`.
    fn throw(&self, args: Args<'_>) -> Result<Owned> {
        let exception = thrown(Thrower::Iterator, args);
        if exception.is_ok() {
            self.future.clear();
        }
        Err(Raised::restore(exception?))
    }
}

impl FutureObject {
    /// One step of an `await`: yields the future if it is pending, ends with its result if not.
    #[inline(always)]
    pub(crate) fn resume(&self) -> Result<Step> {
        if self.is_done() {
            return self.result().map(Step::Return);
        }
        if self.blocking.replace(true) {
            return Err(Raised::runtime_error(format_args!("await wasn't used with future")));
        }
        Ok(Step::Yield(self.own().into_object()))
    }
}
