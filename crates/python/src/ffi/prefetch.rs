//! Asking for memory before it is needed.

use super::{Layout, Object};

/// Of the objects that run, the larger ones take so many bytes: two lines of the cache.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Has the processor bring `object` into its cache while it does something else.
#[inline(always)]
pub(crate) fn prefetch(object: &Object) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = object.pointer().cast::<i8>();
        // SAFETY: a hint, which reads nothing that a program could see; any address may be asked for.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(start);
            _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(LINE));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = object;
}
