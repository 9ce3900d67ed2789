//! What every native type says in the same words.

/// Makes a struct a native Python type: `native_type!(Name, holds: [fields])`.
///
/// The struct is `repr(C)`, begins with the object header or another native type, is all zero bytes
/// when it is empty, and `holds` names every field with references that can be part of a cycle. A type with a
/// finalizer says by `speaks` which objects need it before they die.
macro_rules! native_type {
    ($name:ty, holds: [$($field:tt),*] $(, speaks: $speaks:expr)?) => {
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

        impl $crate::ffi::Collectable for $name {
            fn traverse(&self, visitor: &mut $crate::ffi::Visitor) {
                $($crate::ffi::Collectable::traverse(&self.$field, visitor);)*
            }

            fn clear(&self) {
                $($crate::ffi::Collectable::clear(&self.$field);)*
            }

            $(fn has_last_words(&self) -> bool {
                let speaks: fn(&Self) -> bool = $speaks;
                speaks(self)
            })?
        }
    };
}

pub(crate) use native_type;
