//! What every machine says in the same words.

/// Makes a struct a [`Machine`](super::Machine) whose steps are its method `go_on(thrown)`.
///
/// The struct consists of slots, cells and delegates, whose zero bytes are empty. Its name is that of
/// asyncio's coroutine function, `"Class"."name"` or `"name"`, unless `named` gives another one.
/// `has_memory` says that a field is not empty once it was cleared (false),
/// `at_once` gives what it returns without waiting where that is quickly told (nothing),
/// `awaits` says what is being waited for, `callees` which coroutines of asyncio's own stand between,
/// `in_cycles` when it holds something while it waits (always), `holds` names every field with references.
macro_rules! machine {
    ($machine:ty, $class:literal . $name:literal, $($rest:tt)*) => {
        $crate::awaitable::machine!(
            $machine, qualname: concat!($class, ".", $name), type: concat!($class, "_", $name), $($rest)*
        );
    };
    ($machine:ty, $name:literal, $($rest:tt)*) => {
        $crate::awaitable::machine!($machine, qualname: $name, type: $name, $($rest)*);
    };
    (
        $machine:ty, qualname: $qualname:expr, type: $type:expr,
        $(has_memory: $has_memory:expr,)? $(named: $named:expr,)? $(at_once: $at_once:expr,)? awaits: $awaits:expr, $(callees: $callees:expr,)?
        $(in_cycles: $in_cycles:expr,)? holds: [$($field:ident),*]
    ) => {
        const _: () = {
            static TYPE: $crate::ffi::TypeCell = $crate::ffi::TypeCell::new();
            static FREE: $crate::ffi::FreeList = $crate::ffi::FreeList::new();

            // SAFETY: registered once, by its folder's `register`; zero bytes are empty slots and cells.
            unsafe impl $crate::awaitable::Machine for $machine {
                const QUALNAME: &'static str = $qualname;
                const SOURCE: $crate::awaitable::Source = $crate::awaitable::source!();
                const TYPE: &'static std::ffi::CStr =
                    $crate::ffi::c_text(concat!("aioxide._native.", $type, "_coroutine\0"));
                $(const HAS_MEMORY: bool = $has_memory;)?

                fn type_cell() -> &'static $crate::ffi::TypeCell {
                    &TYPE
                }

                fn free_list() -> &'static $crate::ffi::FreeList {
                    &FREE
                }

                #[inline(always)]
                fn resume(&self, thrown: Option<$crate::ffi::Owned>) -> $crate::ffi::Result<$crate::ffi::Step> {
                    self.go_on(thrown)
                }

                $(#[inline(always)]
                fn at_once(&self) -> Option<$crate::ffi::Result<$crate::ffi::Owned>> {
                    let at_once: fn(&Self) -> Option<$crate::ffi::Result<$crate::ffi::Owned>> = $at_once;
                    at_once(self)
                })?

                fn awaits(&self) -> Option<$crate::ffi::Owned> {
                    let awaits: fn(&Self) -> Option<$crate::ffi::Owned> = $awaits;
                    awaits(self)
                }

                $(fn qualname(&self) -> &'static str {
                    let named: fn(&Self) -> &'static str = $named;
                    named(self)
                })?

                $(fn callees(&self) -> &'static [&'static str] {
                    let callees: fn(&Self) -> &'static [&'static str] = $callees;
                    callees(self)
                })?

                $(#[inline(always)]
                fn can_be_in_a_cycle(&self) -> bool {
                    let in_cycles: fn(&Self) -> bool = $in_cycles;
                    in_cycles(self)
                })?
            }
        };

        $crate::ffi::collectable!($machine, holds: [$($field),*]);
    };
}

pub(crate) use machine;
