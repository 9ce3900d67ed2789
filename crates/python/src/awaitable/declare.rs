//! What every machine says in the same words.

/// Makes a struct a [`Machine`](super::Machine) whose steps are its method `go_on(thrown)`.
///
/// The struct consists of slots, cells and delegates, whose zero bytes are empty; `awaits` says what
/// is being waited for, `holds` names every field with references.
macro_rules! machine {
    (
        $machine:ty, $class:literal . $name:literal,
        awaits: $awaits:expr, holds: [$($field:ident),*]
    ) => {
        const _: () = {
            static TYPE: $crate::ffi::TypeCell = $crate::ffi::TypeCell::new();
            static FREE: $crate::ffi::FreeList = $crate::ffi::FreeList::new();

            // SAFETY: registered once, by its folder's `register`; zero bytes are empty slots and cells.
            unsafe impl $crate::awaitable::Machine for $machine {
                const NAME: &'static str = $name;
                const QUALNAME: &'static str = concat!($class, ".", $name);
                const TYPE: &'static std::ffi::CStr =
                    $crate::ffi::c_text(concat!("aioxide._native.", $class, "_", $name, "_coroutine\0"));

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

                fn awaits(&self) -> Option<$crate::ffi::Owned> {
                    let awaits: fn(&Self) -> Option<$crate::ffi::Owned> = $awaits;
                    awaits(self)
                }
            }
        };

        impl $crate::ffi::Collectable for $machine {
            fn traverse(&self, visitor: &mut $crate::ffi::Visitor) {
                $($crate::ffi::Collectable::traverse(&self.$field, visitor);)*
            }

            fn clear(&self) {
                $($crate::ffi::Collectable::clear(&self.$field);)*
            }
        }
    };
}

pub(crate) use machine;
