//! The coroutine that was made last and not awaited yet: the only one that the cycle collector does not know.
//!
//! Most coroutines are awaited as soon as they are made and end at their first step; to show each of them to
//! the collector would cost a tenth of such an `await`. Shown is the one after which another is made, and
//! whichever is left when a collection begins: somebody has put it away, perhaps into a cycle.

use std::cell::Cell;
use std::ptr;

use crate::ffi::{Args, Result, import, list_append};

use super::coroutine::CoroutineBase;

/// Where the coroutine is kept, without a reference to it. Before the first one: the address of the place itself.
struct Latest(Cell<*const CoroutineBase>);

// SAFETY: reached with the interpreter's lock held only, so by one thread at a time.
unsafe impl Sync for Latest {}

static LATEST: Latest = Latest(Cell::new((&raw const LATEST).cast()));

/// A coroutine was made.
#[inline(always)]
pub(super) fn made(coroutine: &CoroutineBase) {
    let before = LATEST.0.replace(coroutine);
    if !before.is_null() {
        replaced(before);
    }
}

/// The coroutine is no longer a new one that the collector does not know.
#[inline(always)]
pub(super) fn settled(coroutine: &CoroutineBase) {
    if ptr::eq(LATEST.0.get(), coroutine) {
        LATEST.0.set(ptr::null());
    }
}

/// `show_latest_coroutine(phase, info)`: a collection begins, or ends.
pub(crate) fn show_latest_coroutine(_args: Args<'_>) -> Result<()> {
    show(LATEST.0.get());
    Ok(())
}

#[cold]
fn replaced(before: *const CoroutineBase) {
    if !is_the_place(before) {
        return show(before);
    }
    if let Err(raised) = watch_collections() {
        // The latest coroutine will be collected when it is not the latest any more.
        raised.forget();
    }
}

/// Has the collector call [`show_latest_coroutine`].
fn watch_collections() -> Result<()> {
    let callbacks = import(c"gc", c"callbacks")?;
    list_append(&callbacks, &*import(c"aioxide._native", c"show_latest_coroutine")?)
}

/// Whether no coroutine was ever made.
fn is_the_place(coroutine: *const CoroutineBase) -> bool {
    ptr::eq(coroutine, (&raw const LATEST).cast())
}

fn show(coroutine: *const CoroutineBase) {
    if is_the_place(coroutine) {
        return;
    }
    // SAFETY: null, or alive: a coroutine leaves this place (`settled`) as soon as it is awaited, closed or shown, and
    // at the latest when it is dropped.
    if let Some(coroutine) = unsafe { coroutine.as_ref() } {
        coroutine.show();
    }
}
