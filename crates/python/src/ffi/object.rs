//! References: [`Object`] borrowed, [`Owned`] strong; and what of a type they need ([`Layout`], [`Native`]).

use std::borrow::Cow;
use std::cell::{Cell, UnsafeCell};
use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::{self, NonNull};

use pyo3::ffi;

/// Any Python object, seen through a borrowed reference.
#[repr(transparent)]
pub(crate) struct Object(UnsafeCell<ffi::PyObject>);

/// A struct that begins with the interpreter's object header, so that a reference to it is a reference
/// to a Python object.
///
/// # Safety
/// The type is `repr(C)` or `repr(transparent)` and its first field is `ffi::PyObject`, an `Object` or
/// another `Layout` type.
pub(crate) unsafe trait Layout {
    /// The same object, untyped.
    #[inline(always)]
    fn object(&self) -> &Object {
        // SAFETY: the trait's contract: the header is at offset zero.
        unsafe { &*ptr::from_ref(self).cast::<Object>() }
    }

    /// The address the C API wants. Valid as long as `self` is.
    #[inline(always)]
    fn pointer(&self) -> *mut ffi::PyObject {
        ptr::from_ref(self).cast::<ffi::PyObject>().cast_mut()
    }

    /// A new strong reference to the same object.
    #[inline(always)]
    fn own(&self) -> Owned<Self>
    where
        Self: Sized,
    {
        // SAFETY: `self` is alive, so counting one more reference is sound, and `Owned` gives it back.
        unsafe {
            ffi::Py_INCREF(self.pointer());
            Owned(NonNull::from(self), PhantomData)
        }
    }
}

// SAFETY: transparent over the header itself.
unsafe impl Layout for Object {}

/// A [`Layout`] type that has its own Python type.
///
/// # Safety
/// Every instance of the Python type in `type_cell`, subclasses included, is laid out as `Self`, and
/// `Self` with all its bytes zero (after the header) is a valid value.
pub(crate) unsafe trait Native: Layout + Sized + 'static {
    /// Where the Python type is kept once the module has made it.
    fn type_cell() -> &'static TypeCell;

    /// A subclass that most instances are of, which makes their [`Object::cast`] as quick as an exact one's.
    #[inline(always)]
    fn usual_subclass() -> *mut ffi::PyTypeObject {
        ptr::null_mut()
    }
}

/// The Python type of a [`Native`] struct: empty until the module's import has made it.
///
/// No atomic: two checks of a type that follow each other are to be one load.
pub(crate) struct TypeCell(Cell<*mut ffi::PyTypeObject>);

// SAFETY: reached with the interpreter's lock held only, so by one thread at a time.
unsafe impl Sync for TypeCell {}

impl TypeCell {
    /// An empty cell, for a `static`.
    pub(crate) const fn new() -> Self {
        Self(Cell::new(ptr::null_mut()))
    }

    /// Keeps `type_object` for the life of the process.
    pub(crate) fn fill(&self, type_object: Owned) {
        self.0.set(type_object.into_pointer().cast());
    }

    /// The type's address, null before the import has finished.
    #[inline(always)]
    pub(crate) fn get(&self) -> *mut ffi::PyTypeObject {
        self.0.get()
    }

    /// The type as an object, if the import has made it.
    pub(crate) fn object(&self) -> Option<&'static Object> {
        // SAFETY: null, or a type that `fill` leaked, hence alive for ever.
        unsafe { self.get().cast::<Object>().as_ref() }
    }
}

impl Object {
    /// The object behind a pointer of the C API.
    ///
    /// # Safety
    /// `pointer` is not null and its object outlives `'a`.
    #[inline(always)]
    pub(crate) unsafe fn from_pointer<'a>(pointer: *mut ffi::PyObject) -> &'a Object {
        // SAFETY: the caller's promise; `Object` is transparent over the header.
        unsafe { &*pointer.cast::<Object>() }
    }

    /// The address of its type.
    #[inline(always)]
    pub(crate) fn type_pointer(&self) -> *mut ffi::PyTypeObject {
        // SAFETY: `self` is a live object.
        unsafe { ffi::Py_TYPE(self.pointer()) }
    }

    /// Its type as an object.
    pub(crate) fn type_object(&self) -> &Object {
        // SAFETY: an object keeps its type alive.
        unsafe { Object::from_pointer(self.type_pointer().cast()) }
    }

    /// Its type's name as the interpreter's own messages have it: with the module for a type made in
    /// native code, without it for one made in Python.
    pub(crate) fn type_name(&self) -> Cow<'_, str> {
        // SAFETY: a live object's type has a terminated name.
        unsafe { CStr::from_ptr((*self.type_pointer()).tp_name) }.to_string_lossy()
    }

    /// Whether both are the same object.
    #[inline(always)]
    pub(crate) fn is(&self, other: &Object) -> bool {
        ptr::eq(self, other)
    }

    /// Whether there are `count` references to it.
    #[inline(always)]
    pub(crate) fn has_references(&self, count: isize) -> bool {
        // SAFETY: a live object.
        unsafe { ffi::Py_REFCNT(self.pointer()) == count }
    }

    /// Whether this is `None`.
    #[inline(always)]
    pub(crate) fn is_none(&self) -> bool {
        // SAFETY: only the address of the singleton is taken.
        ptr::eq(self.pointer(), unsafe { ffi::Py_None() })
    }

    /// Whether it equals nothing but itself: its type hashes and compares as plain `object` does.
    #[inline]
    pub(crate) fn equals_only_itself(&self) -> bool {
        // SAFETY: both are live types; their slots are only compared.
        unsafe {
            let (kind, plain) = (self.type_pointer(), &raw mut ffi::PyBaseObject_Type);
            (*kind).tp_hash.map(|slot| slot as usize) == (*plain).tp_hash.map(|slot| slot as usize)
                && (*kind).tp_richcompare.map(|slot| slot as usize)
                    == (*plain).tp_richcompare.map(|slot| slot as usize)
        }
    }

    /// This object as a `T`, when its type is exactly `T`'s and no subclass.
    #[inline(always)]
    pub(crate) fn exactly<T: Native>(&self) -> Option<&T> {
        if self.type_pointer() == T::type_cell().get() {
            // SAFETY: `Native`: instances of that type are laid out as `T`.
            Some(unsafe { &*self.pointer().cast::<T>() })
        } else {
            None
        }
    }

    /// This object as a `T`, when its type is `T`'s or a subclass of it.
    #[inline(always)]
    pub(crate) fn cast<T: Native>(&self) -> Option<&T> {
        let (kind, expected) = (self.type_pointer(), T::type_cell().get());
        // SAFETY: both are live types; layout as in `exactly`, which subclasses extend at the end only.
        unsafe {
            if kind == expected || kind == T::usual_subclass() || ffi::PyType_IsSubtype(kind, expected) != 0 {
                Some(&*self.pointer().cast::<T>())
            } else {
                None
            }
        }
    }

    /// This object as a `T`, which it is known to be.
    ///
    /// # Safety
    /// The object's type is `T`'s or a subclass of it.
    #[inline(always)]
    pub(crate) unsafe fn known_as<T: Native>(&self) -> &T {
        // SAFETY: the caller's promise; layout as in `exactly`.
        unsafe { &*self.pointer().cast::<T>() }
    }
}

/// One strong reference to a `T`.
#[repr(transparent)]
pub(crate) struct Owned<T: Layout = Object>(NonNull<T>, PhantomData<*mut T>);

impl<T: Layout> Owned<T> {
    /// Takes over the reference behind `pointer`; `None` for null.
    ///
    /// # Safety
    /// `pointer` is null or a strong reference to an object laid out as `T`, which the caller gives up.
    #[inline(always)]
    pub(crate) unsafe fn from_pointer(pointer: *mut ffi::PyObject) -> Option<Self> {
        NonNull::new(pointer.cast::<T>()).map(|object| Self(object, PhantomData))
    }

    /// As [`Owned::from_pointer`], of what is known not to be null.
    ///
    /// # Safety
    /// `pointer` is a strong reference to an object laid out as `T`, which the caller gives up.
    #[inline(always)]
    pub(crate) unsafe fn known_from_pointer(pointer: *mut ffi::PyObject) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(NonNull::new_unchecked(pointer.cast::<T>()), PhantomData) }
    }

    /// Gives the reference up to the C API.
    #[inline(always)]
    pub(crate) fn into_pointer(self) -> *mut ffi::PyObject {
        ManuallyDrop::new(self).0.as_ptr().cast()
    }

    /// Whether this is the only reference to the object.
    #[inline(always)]
    pub(crate) fn is_only(&self) -> bool {
        self.is_one_of(1)
    }

    /// Whether there are `count` references to the object, this one included.
    #[inline(always)]
    pub(crate) fn is_one_of(&self, count: isize) -> bool {
        self.object().has_references(count)
    }

    /// The same reference, untyped.
    #[inline(always)]
    pub(crate) fn into_object(self) -> Owned {
        Owned(ManuallyDrop::new(self).0.cast(), PhantomData)
    }
}

impl Owned {
    /// The same reference as a `T`, when the object's type is exactly `T`'s.
    #[inline(always)]
    pub(crate) fn into_exactly<T: Native>(self) -> Result<Owned<T>, Owned> {
        if self.exactly::<T>().is_some() {
            Ok(Owned(ManuallyDrop::new(self).0.cast(), PhantomData))
        } else {
            Err(self)
        }
    }

    /// The same reference as a `T`, which the object is known to be.
    ///
    /// # Safety
    /// The object's type is `T`'s or a subclass of it.
    #[inline(always)]
    pub(crate) unsafe fn known_into<T: Native>(self) -> Owned<T> {
        Owned(ManuallyDrop::new(self).0.cast(), PhantomData)
    }

    /// The same reference as a `T`, when the object's type is `T`'s or a subclass of it.
    #[inline(always)]
    pub(crate) fn into_cast<T: Native>(self) -> Result<Owned<T>, Owned> {
        if self.cast::<T>().is_some() {
            Ok(Owned(ManuallyDrop::new(self).0.cast(), PhantomData))
        } else {
            Err(self)
        }
    }
}

impl<T: Layout> Deref for Owned<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the reference held keeps the object alive at least as long as `self`.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Layout> Clone for Owned<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        (**self).own()
    }
}

impl<T: Layout> Drop for Owned<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `self` holds exactly one reference; the thread is attached (the module's invariant).
        unsafe { ffi::Py_DECREF(self.0.as_ptr().cast()) }
    }
}
