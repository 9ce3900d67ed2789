//! `await` from Rust: the iterator of an awaitable, and resuming it.

use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result, Step, call_method1, names, running};

/// The iterator that `await awaitable` runs on. Raises `TypeError` when there is none.
pub(crate) fn await_iterator(awaitable: &Object) -> Result<Owned> {
    // SAFETY: type checks and a slot call on a live object.
    unsafe {
        if ffi::PyCoro_CheckExact(awaitable.pointer()) != 0 {
            return Ok(awaitable.own());
        }
        let kind = awaitable.type_pointer();
        let slots = (*kind).tp_as_async;
        let slot = if slots.is_null() { None } else { (*slots).am_await };
        let Some(get) = slot else { return generator_or_error(awaitable) };
        Owned::from_pointer(get(awaitable.pointer())).ok_or_else(Raised::already)
    }
}

/// A generator that `types.coroutine` marked may be awaited; nothing else without `__await__` may.
#[cold]
fn generator_or_error(awaitable: &Object) -> Result<Owned> {
    // SAFETY: a type check on a live object.
    if unsafe { ffi::PyGen_CheckExact(awaitable.pointer()) } != 0 {
        return Ok(awaitable.own());
    }
    Err(Raised::formatted(
        &names().type_error,
        if cfg!(Py_3_14) {
            c"'%S' object can't be awaited"
        } else {
            c"object %S can't be used in 'await' expression"
        },
        &*awaitable.type_object().attribute(&names().name_attribute)?,
        awaitable,
    ))
}

/// Resumes an iterator or coroutine, with `thrown` raised in it if there is one.
#[inline]
pub(crate) fn resume_iterator(iterator: &Object, thrown: Option<Owned>) -> Result<Step> {
    match thrown {
        None => send_none(iterator),
        Some(exception) => throw_into(iterator, exception),
    }
}

/// `coroutine.send(None)`, without the `StopIteration` that Python code would see.
#[inline(always)]
pub(crate) fn send_none(coroutine: &Object) -> Result<Step> {
    let mut result = ptr::null_mut();
    // SAFETY: a live coroutine (or whatever passes for one); `result` becomes a new reference or null.
    unsafe {
        let code = running::PyIter_Send(coroutine.pointer(), ffi::Py_None(), &raw mut result);
        match (code, Owned::from_pointer(result)) {
            (ffi::PySendResult::PYGEN_NEXT, Some(value)) => Ok(Step::Yield(value)),
            (ffi::PySendResult::PYGEN_RETURN, Some(value)) => Ok(Step::Return(value)),
            _ => Err(Raised::already()),
        }
    }
}

/// `coroutine.throw(exception)`; an iterator without `throw` lets the exception through.
#[cold]
pub(crate) fn throw_into(coroutine: &Object, exception: Owned) -> Result<Step> {
    let Some(_) = coroutine.optional_attribute(&names().throw)? else {
        return Err(Raised::restore(exception));
    };
    match call_method1(coroutine, &names().throw, &exception) {
        Ok(value) => Ok(Step::Yield(value)),
        Err(raised) if raised.matches(&names().stop_iteration) => {
            raised.take().attribute(&names().value).map(Step::Return)
        }
        Err(raised) => Err(raised),
    }
}
