//! `int` objects that count things, made again and again out of the same memory.
//!
//! Each task gets a number, and from Python 3.14 on debuggers expect it as an `int` object. Few tasks are ever
//! asked for it: making and freeing it would be a twentieth of a short task's life. An `int` that nobody else
//! has a reference to is overwritten with the next number instead.
//!
//! What must always be true: a kept number has one reference, ours, and one digit of its own, so it is none of
//! the interpreter's shared small ones. Its layout was compared when the module was imported ([`learn_layout`]).

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

use super::{FreeList, IntoOwned, Layout, Object, Owned, Result};

/// The start of an `int` of one digit, as 3.12 and later have it.
#[repr(C)]
struct OneDigit {
    head: ffi::PyObject,
    /// The number of digits, above three bits that are zero for a positive number that is not shared.
    tag: usize,
    digit: u32,
}

const ONE_POSITIVE_DIGIT: usize = 1 << 3;

/// The bit that only the interpreter's shared numbers have.
const IS_SHARED: usize = 1 << 2;

/// What a digit stays below.
const DIGIT_LIMIT: u64 = 1 << 30;

static LAYOUT_IS_KNOWN: AtomicBool = AtomicBool::new(false);

/// What is below this in a tag are zero and the positive numbers of one digit, shared ones included.
const TWO_DIGITS: usize = 2 << 3;

/// The bits of a tag that say "negative" or "zero", in which a digit of zero stands.
const NEGATIVE: usize = 2;

/// The value of an `int` that is no larger than one digit and not negative; `None` if it is, or if there is no telling.
///
/// # Safety
/// `number` is an `int`.
#[inline(always)]
pub(super) unsafe fn one_digit(number: &Object) -> Option<u32> {
    if !LAYOUT_IS_KNOWN.load(Ordering::Relaxed) {
        return None;
    }
    // SAFETY: the caller's promise; laid out so, as `learn_layout` has found.
    let number = unsafe { &*number.pointer().cast::<OneDigit>() };
    (number.tag < TWO_DIGITS && number.tag & NEGATIVE == 0).then_some(number.digit)
}

/// Numbers that nobody has any more.
static FREE: FreeList = FreeList::new();

/// Sees whether an `int` lies in memory as [`OneDigit`] says. Called once, by the module's import.
pub(crate) fn learn_layout() -> Result<()> {
    const SAMPLE: u32 = 0x2A5A_5A5A;
    let sample = u64::from(SAMPLE).into_owned()?;
    // SAFETY: an `int` of thirty bits; every layout so far has at least these 28 bytes.
    let found = unsafe { &*sample.pointer().cast::<OneDigit>() };
    LAYOUT_IS_KNOWN.store(found.tag == ONE_POSITIVE_DIGIT && found.digit == SAMPLE, Ordering::Relaxed);
    Ok(())
}

/// The value of an `int` from 1 to 2^30 - 1; `None` for others. Asking the interpreter costs 22 instructions more.
///
/// # Safety
/// The object is an `int`.
#[inline(always)]
pub(super) unsafe fn only_digit(number: &Object) -> Option<i64> {
    if !LAYOUT_IS_KNOWN.load(Ordering::Relaxed) {
        return None;
    }
    // SAFETY: an `int`, by the caller's promise, and laid out so.
    let number = unsafe { &*number.pointer().cast::<OneDigit>() };
    (number.tag & !IS_SHARED == ONE_POSITIVE_DIGIT).then(|| i64::from(number.digit))
}

/// `value` as an `int`.
#[inline(always)]
pub(crate) fn counted(value: u64) -> Result<Owned> {
    if value < DIGIT_LIMIT {
        if let Some(spare) = FREE.pop() {
            #[allow(clippy::cast_possible_truncation, reason = "below 2^30")]
            let digit = value as u32;
            // SAFETY: `give_back` kept it: an `int` of one digit, laid out so, whose only reference is the list's.
            unsafe {
                (*spare.cast::<OneDigit>()).digit = digit;
                if let Some(number) = Owned::from_pointer(spare) {
                    return Ok(number);
                }
            }
        }
    }
    value.into_owned()
}

/// Keeps a number for [`counted`] if nobody else has it; anything else is dropped.
#[inline(always)]
pub(crate) fn give_back(number: Owned) {
    let object = number.into_pointer();
    // SAFETY: a live object, whose exact type is compared before more than its header is read. The reference
    // goes to the list, or is dropped.
    unsafe {
        let is_ours_alone = ffi::PyLong_CheckExact(object) != 0
            && LAYOUT_IS_KNOWN.load(Ordering::Relaxed)
            && ffi::Py_REFCNT(object) == 1
            && (*object.cast::<OneDigit>()).tag == ONE_POSITIVE_DIGIT;
        if !(is_ours_alone && FREE.push(object)) {
            ffi::Py_DECREF(object);
        }
    }
}
