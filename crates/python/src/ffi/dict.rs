//! Dictionaries and sets, as far as the binding builds or reads them.

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result, call_method1, intern, length};

/// A `dict`.
pub(crate) struct Dict(Owned);

impl Dict {
    /// An empty one.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: a new reference or null with MemoryError.
        unsafe { Owned::from_pointer(ffi::PyDict_New()) }.map(Self).ok_or_else(Raised::already)
    }

    /// The object itself.
    pub(crate) fn object(&self) -> &Object {
        &self.0
    }

    /// `self[key] = value`.
    pub(crate) fn set(&self, key: &Object, value: &Object) -> Result<()> {
        dict_set(&self.0, key, value)
    }
}

/// `dict[key] = value`.
#[inline]
pub(crate) fn dict_set(dict: &Object, key: &Object, value: &Object) -> Result<()> {
    // SAFETY: `PyDict_SetItem` checks the type; the objects are alive.
    match unsafe { ffi::PyDict_SetItem(dict.pointer(), key.pointer(), value.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `dict.get(key)`; a program may have given an object of another class for a dict.
#[inline]
pub(crate) fn dict_get(dict: &Object, key: &Object) -> Result<Option<Owned>> {
    // SAFETY: a type check on a live object.
    if unsafe { ffi::PyDict_Check(dict.pointer()) } == 0 {
        return Ok(Some(call_method1(dict, &*intern(c"get")?, key)?).filter(|value| !value.is_none()));
    }
    // SAFETY: a borrowed reference, null with or without an exception.
    unsafe {
        let value = ffi::PyDict_GetItemWithError(dict.pointer(), key.pointer());
        match value.cast::<Object>().as_ref() {
            Some(value) => Ok(Some(value.own())),
            None if ffi::PyErr_Occurred().is_null() => Ok(None),
            None => Err(Raised::already()),
        }
    }
}

/// `dict.pop(key, None)`, without the value.
#[cfg(not(Py_3_14))]
#[inline]
pub(crate) fn dict_discard(dict: &Object, key: &Object) -> Result<()> {
    // SAFETY: as above; the borrowed value is only compared with null.
    unsafe {
        if ffi::PyDict_GetItemWithError(dict.pointer(), key.pointer()).is_null() {
            return if ffi::PyErr_Occurred().is_null() { Ok(()) } else { Err(Raised::already()) };
        }
        match ffi::PyDict_DelItem(dict.pointer(), key.pointer()) {
            0 => Ok(()),
            _ => Err(Raised::already()),
        }
    }
}

/// A new list with these items.
pub(crate) fn list_of(items: impl ExactSizeIterator<Item = Owned>) -> Result<Owned> {
    let length = ffi::Py_ssize_t::try_from(items.len()).unwrap_or(0);
    // SAFETY: each index below the length is filled once; the list takes over the reference.
    unsafe {
        let list = Owned::<Object>::from_pointer(ffi::PyList_New(length)).ok_or_else(Raised::already)?;
        for (index, item) in (0..length).zip(items) {
            ffi::PyList_SET_ITEM(list.pointer(), index, item.into_pointer());
        }
        Ok(list)
    }
}

/// The items of a list as it is at the moment.
pub(crate) fn list_items(list: &Object) -> Vec<Owned> {
    // SAFETY: the length is read before each item, and nothing runs in between that could change it.
    unsafe {
        if ffi::PyList_Check(list.pointer()) == 0 {
            return Vec::new();
        }
        let length = ffi::PyList_GET_SIZE(list.pointer());
        (0..length)
            .map(|index| Object::from_pointer(ffi::PyList_GET_ITEM(list.pointer(), index)).own())
            .collect()
    }
}

/// Every item of `iterable`.
pub(crate) fn items_of(iterable: &Object) -> Result<Vec<Owned>> {
    // SAFETY: a new list or null with an exception.
    let list = unsafe { Owned::<Object>::from_pointer(ffi::PySequence_List(iterable.pointer())) };
    list.map(|list| list_items(&list)).ok_or_else(Raised::already)
}

/// A new tuple with these items.
pub(crate) fn tuple_of(items: &[&Object]) -> Result<Owned> {
    let length = ffi::Py_ssize_t::try_from(items.len()).unwrap_or(0);
    // SAFETY: each index below the length is filled once; the tuple takes over the reference.
    unsafe {
        let tuple = Owned::<Object>::from_pointer(ffi::PyTuple_New(length)).ok_or_else(Raised::already)?;
        for (index, item) in (0..length).zip(items) {
            ffi::PyTuple_SET_ITEM(tuple.pointer(), index, item.own().into_pointer());
        }
        Ok(tuple)
    }
}

/// Whether `object` is a tuple.
#[inline(always)]
pub(crate) fn is_tuple(object: &Object) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyTuple_Check(object.pointer()) != 0 }
}

/// The items of a tuple, borrowed from it.
pub(crate) fn tuple_items(tuple: &Object) -> Vec<&Object> {
    // SAFETY: a tuple never changes, so its items live as long as the borrow.
    unsafe {
        if ffi::PyTuple_Check(tuple.pointer()) == 0 {
            return Vec::new();
        }
        let length = ffi::PyTuple_GET_SIZE(tuple.pointer());
        (0..length).map(|index| Object::from_pointer(ffi::PyTuple_GET_ITEM(tuple.pointer(), index))).collect()
    }
}

/// A new set with the items of `iterable`, or empty.
pub(crate) fn set_of(iterable: Option<&Object>) -> Result<Owned> {
    let iterable = iterable.map_or(std::ptr::null_mut(), Layout::pointer);
    // SAFETY: a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PySet_New(iterable)) }.ok_or_else(Raised::already)
}

/// `set.add(item)`; a program may have put an object of another class in the set's place.
pub(crate) fn set_add(set: &Object, item: &Object) -> Result<()> {
    if !is_set(set) {
        return call_method1(set, &*intern(c"add")?, item).map(drop);
    }
    // SAFETY: a live set and item.
    match unsafe { ffi::PySet_Add(set.pointer(), item.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `set.discard(item)`.
pub(crate) fn set_discard(set: &Object, item: &Object) -> Result<()> {
    if !is_set(set) {
        return call_method1(set, &*intern(c"discard")?, item).map(drop);
    }
    // SAFETY: a live set and item.
    match unsafe { ffi::PySet_Discard(set.pointer(), item.pointer()) } {
        -1 => Err(Raised::already()),
        _ => Ok(()),
    }
}

/// `frozenset(iterable)`.
pub(crate) fn frozen(iterable: &Object) -> Result<Owned> {
    // SAFETY: a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyFrozenSet_New(iterable.pointer())) }.ok_or_else(Raised::already)
}

/// `len(set)`.
#[inline(always)]
pub(crate) fn set_length(set: &Object) -> Result<usize> {
    if !is_set(set) {
        return length(set);
    }
    // SAFETY: a live set.
    usize::try_from(unsafe { ffi::PySet_Size(set.pointer()) }).map_err(|_| Raised::already())
}

/// Whether `object` is a `set`, by its real type.
#[inline(always)]
fn is_set(object: &Object) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PySet_Check(object.pointer()) != 0 }
}

/// Whether `object` is exactly a list, tuple, set or dict, which is nothing else besides.
pub(crate) fn is_plain_container(object: &Object) -> bool {
    // SAFETY: type checks on a live object.
    unsafe {
        ffi::PyList_CheckExact(object.pointer()) != 0
            || ffi::PyTuple_CheckExact(object.pointer()) != 0
            || ffi::PyAnySet_CheckExact(object.pointer()) != 0
            || ffi::PyDict_CheckExact(object.pointer()) != 0
    }
}

/// `list.append(item)`; a program may have put an object of another class in the list's place.
pub(crate) fn list_append(list: &Object, item: &Object) -> Result<()> {
    // SAFETY: a type check on a live object.
    if unsafe { ffi::PyList_Check(list.pointer()) } == 0 {
        return call_method1(list, &*intern(c"append")?, item).map(drop);
    }
    // SAFETY: live objects, the first of them a list.
    match unsafe { ffi::PyList_Append(list.pointer(), item.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `len(list)`; 0 for what is no list.
pub(crate) fn list_length(list: &Object) -> usize {
    // SAFETY: the type is checked before the length is read.
    let length = unsafe {
        if ffi::PyList_Check(list.pointer()) == 0 { 0 } else { ffi::PyList_GET_SIZE(list.pointer()) }
    };
    usize::try_from(length).unwrap_or(0)
}
