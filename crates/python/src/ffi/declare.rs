//! What every native type, and every part of one, says in the same words.

/// Makes a struct a native Python type: `native_type!(Name, holds: [fields])`.
///
/// The struct is `repr(C)`, begins with the object header or another native type, is all zero bytes
/// when it is empty, and `holds` names every field with references that can be part of a cycle; without
/// it the struct implements [`Collectable`](super::Collectable) itself. A type with a finalizer says by
/// `speaks` which objects need it before they die, one whose objects mostly hide from the collector by `seen` which do
/// not. With `recycled` after the name, dead objects' memory is used again.
macro_rules! native_type {
    ($name:ty) => {
        // SAFETY: repr(C), header first (the macro's contract).
        unsafe impl $crate::ffi::Layout for $name {}

        const _: () = {
            static TYPE: $crate::ffi::TypeCell = $crate::ffi::TypeCell::new();

            // SAFETY: the folder's `register` makes the type with this layout; zero bytes are an empty value.
            unsafe impl $crate::ffi::Native for $name {
                fn type_cell() -> &'static $crate::ffi::TypeCell {
                    &TYPE
                }
            }
        };
    };
    ($name:ty, recycled $(, $($holds:tt)*)?) => {
        $crate::ffi::native_type!($name $(, $($holds)*)?);

        const _: () = {
            static FREE: $crate::ffi::FreeList = $crate::ffi::FreeList::new();

            impl $crate::ffi::Recycled for $name {
                fn free_list() -> &'static $crate::ffi::FreeList {
                    &FREE
                }
            }
        };
    };
    ($name:ty, holds: [$($field:tt),*] $(, speaks: $speaks:expr)? $(, seen: $seen:expr)?) => {
        $crate::ffi::native_type!($name);

        $crate::ffi::collectable!($name, holds: [$($field),*] $(, speaks: $speaks)? $(, seen: $seen)?);
    };
}

/// Makes a struct [`Collectable`](super::Collectable): `collectable!(Name, holds: [fields])`, as `native_type` does for a
/// whole type.
macro_rules! collectable {
    ($name:ty, holds: [$($field:tt),*] $(, speaks: $speaks:expr)? $(, seen: $seen:expr)?) => {
        impl $crate::ffi::Collectable for $name {
            fn traverse(&self, visitor: &mut $crate::ffi::Visitor) {
                $($crate::ffi::Collectable::traverse(&self.$field, visitor);)*
            }

            #[inline(always)]
            fn clear(&self) {
                $($crate::ffi::Collectable::clear(&self.$field);)*
            }

            $(fn has_last_words(&self) -> bool {
                let speaks: fn(&Self) -> bool = $speaks;
                speaks(self)
            })?

            $(const MOSTLY_UNSEEN: bool = true;

            #[inline(always)]
            fn is_seen(&self) -> bool {
                let seen: fn(&Self) -> bool = $seen;
                seen(self)
            })?
        }
    };
}

pub(crate) use {collectable, native_type};
