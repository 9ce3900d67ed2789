//! Futures of any class: ours without a Python call, all others through their methods.
//!
//! Only exact types are taken for ours here: a subclass may have overridden any method.

use crate::ffi::{
    Layout, Object, Owned, Result, call_method0, call_method1, call1, is_plain_container, names,
};

use super::{ObserverBase, State, Waiter, as_future, as_plain_future};

/// `asyncio.isfuture(object)`.
#[inline]
pub(crate) fn is_future(object: &Object) -> Result<bool> {
    if as_future(object).is_some() {
        return Ok(true);
    }
    if is_plain_container(object) {
        return Ok(false);
    }
    call1(&names().is_future, object)?.is_true()
}

/// `future.done()`.
#[inline(always)]
pub(crate) fn is_done(future: &Object) -> Result<bool> {
    match as_plain_future(future) {
        Some(ours) => Ok(ours.is_done()),
        None => call_method0(future, &names().done)?.is_true(),
    }
}

/// `future.cancelled()`.
#[inline(always)]
pub(crate) fn is_cancelled(future: &Object) -> Result<bool> {
    match as_plain_future(future) {
        Some(ours) => Ok(ours.state() == State::Cancelled),
        None => call_method0(future, &names().cancelled)?.is_true(),
    }
}

/// `future.exception()`: `None` for Python's `None`.
#[inline(always)]
pub(crate) fn exception_of(future: &Object) -> Result<Option<Owned>> {
    match as_plain_future(future) {
        Some(ours) => ours.exception(),
        None => Ok(Some(call_method0(future, &names().exception)?).filter(|exception| !exception.is_none())),
    }
}

/// `future.result()`.
#[inline(always)]
pub(crate) fn result_of(future: &Object) -> Result<Owned> {
    match as_plain_future(future) {
        Some(ours) => ours.result(),
        None => call_method0(future, &names().result),
    }
}

/// `future.set_result(result)`, for a future that is no task.
#[inline(always)]
pub(crate) fn resolve(future: &Object, result: Owned) -> Result<()> {
    match as_plain_future(future) {
        Some(ours) => ours.resolve(result),
        None => call_method1(future, &names().set_result, &result).map(drop),
    }
}

/// `future.set_exception(exception)`, for a future that is no task.
pub(crate) fn reject(future: &Object, exception: &Object) -> Result<()> {
    match as_plain_future(future) {
        Some(ours) => ours.reject(exception),
        None => call_method1(future, &names().set_exception, exception).map(drop),
    }
}

/// `future._make_cancelled_error()`.
pub(crate) fn cancelled_error_of(future: &Object) -> Result<Owned> {
    match as_plain_future(future) {
        Some(ours) => ours.make_cancelled_error(),
        None => call_method0(future, &names().make_cancelled_error),
    }
}

/// `future._cancel_message`: `None` for Python's `None`.
pub(crate) fn cancel_message_of(future: &Object) -> Result<Option<Owned>> {
    match as_plain_future(future) {
        Some(ours) => Ok(ours.cancel_message()),
        None => Ok(Some(future.attribute(&names().cancel_message)?).filter(|message| !message.is_none())),
    }
}

/// `future.add_done_callback(observer)`.
#[inline(always)]
pub(crate) fn add_observer(future: &Object, observer: &ObserverBase) -> Result<()> {
    match as_plain_future(future) {
        Some(ours) => {
            ours.get_loop()?;
            ours.add_waiter(Waiter::Observer(observer.own()))
        }
        None => call_method1(future, &names().add_done_callback, observer.object()).map(drop),
    }
}

/// `future.remove_done_callback(observer)`.
#[inline(always)]
pub(crate) fn remove_observer(future: &Object, observer: &ObserverBase) -> Result<()> {
    match as_plain_future(future) {
        Some(ours) => ours.remove_observer(observer),
        None => call_method1(future, &names().remove_done_callback, observer.object()).map(drop),
    }
}
