//! Arguments of a fast call, and binding them to parameters.

use std::ffi::CStr;
use std::slice;

use pyo3::ffi;

use super::{Layout, Object, Raised, Result};

/// The arguments of one call, borrowed from the caller's stack.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a> {
    /// The positional values, then the keywords' values. Without any it may lead nowhere.
    values: *const &'a Object,
    positional: usize,
    /// A tuple of the keywords' names.
    names: Option<&'a Object>,
}

impl<'a> Args<'a> {
    /// Wraps what a `METH_FASTCALL | METH_KEYWORDS` function or a vectorcall receives.
    ///
    /// # Safety
    /// `values` points at `count` arguments plus one for each name in `names` (a tuple or null), alive
    /// during `'a`.
    #[inline(always)]
    pub(super) unsafe fn new(
        values: *const *mut ffi::PyObject,
        count: usize,
        names: *mut ffi::PyObject,
    ) -> Self {
        // SAFETY: a live tuple or null.
        let names = unsafe { names.cast::<Object>().as_ref() };
        Self { values: values.cast(), positional: count, names }
    }

    /// The first `count` values, of which there are as many.
    #[inline(always)]
    fn first(&self, count: usize) -> &'a [&'a Object] {
        if count == 0 {
            return &[];
        }
        // SAFETY: `new`'s caller's promise; `&Object` and `*mut PyObject` have one representation, and an argument is
        // never null.
        unsafe { slice::from_raw_parts(self.values, count) }
    }

    /// The positional arguments.
    #[inline(always)]
    pub(crate) fn positional(&self) -> &'a [&'a Object] {
        self.first(self.positional)
    }

    /// All values, keywords' last.
    pub(crate) fn values(&self) -> &'a [&'a Object] {
        let keywords = self.names.map_or(0, |names| {
            // SAFETY: a live tuple.
            usize::try_from(unsafe { ffi::PyTuple_GET_SIZE(names.pointer()) }).unwrap_or(0)
        });
        self.first(self.positional + keywords)
    }

    /// The tuple of the keywords' names.
    pub(crate) fn names(&self) -> Option<&'a Object> {
        self.names
    }

    /// Each keyword's name and value.
    pub(crate) fn keywords(&self) -> impl Iterator<Item = (&'a Object, &'a Object)> + use<'a> {
        let names = self.names;
        let values = self.values().get(self.positional..).unwrap_or_default();
        values.iter().enumerate().filter_map(move |(index, value)| {
            let names = names?;
            // SAFETY: there is one name for each keyword value, in the same order.
            let name = unsafe {
                ffi::PyTuple_GET_ITEM(names.pointer(), ffi::Py_ssize_t::try_from(index).ok()?)
                    .cast::<Object>()
                    .as_ref()?
            };
            Some((name, *value))
        })
    }
}

/// The parameters of a function, for [`Signature::bind`].
pub(crate) struct Signature<const N: usize> {
    /// The name that error messages use.
    pub(crate) function: &'static str,
    /// The parameters' names, in order.
    pub(crate) parameters: [&'static CStr; N],
    /// How many of them may be passed by position.
    pub(crate) positional: usize,
    /// How many of them must be passed.
    pub(crate) required: usize,
}

impl<const N: usize> Signature<N> {
    /// The argument of each parameter; `None` for one that was not passed.
    ///
    /// Raises `TypeError` as a Python function with these parameters does.
    #[inline(always)]
    pub(crate) fn bind<'a>(&self, args: Args<'a>) -> Result<[Option<&'a Object>; N]> {
        match <&[&Object; N]>::try_from(args.positional()) {
            Ok(all) if args.names.is_none() && N <= self.positional => Ok(all.map(Some)),
            _ => self.bind_some(args),
        }
    }

    /// The same when not all of them are passed by position.
    #[inline(never)]
    fn bind_some<'a>(&self, args: Args<'a>) -> Result<[Option<&'a Object>; N]> {
        let positional = args.positional();
        if positional.len() > self.positional {
            return Err(self.too_many(positional.len()));
        }
        let mut bound = [None; N];
        for (place, value) in bound.iter_mut().zip(positional) {
            *place = Some(*value);
        }
        if args.names.is_some() {
            for (name, value) in args.keywords() {
                self.bind_keyword(&mut bound, name, value)?;
            }
        }
        if bound.iter().take(self.required).any(Option::is_none) {
            return Err(self.missing(&bound));
        }
        Ok(bound)
    }

    /// Puts the value of one keyword into its place.
    pub(super) fn bind_keyword<'a>(
        &self,
        bound: &mut [Option<&'a Object>; N],
        name: &Object,
        value: &'a Object,
    ) -> Result<()> {
        let place = self.parameters.iter().position(|parameter| is_named(name, parameter));
        match place.and_then(|index| bound.get_mut(index)) {
            Some(place @ None) => *place = Some(value),
            Some(Some(_)) => return Err(self.twice(name)),
            None => return Err(self.unexpected(name)),
        }
        Ok(())
    }

    /// `TypeError` for the parameters that got no argument and need one.
    #[cold]
    pub(super) fn missing(&self, bound: &[Option<&Object>; N]) -> Raised {
        let parameters = bound.iter().zip(&self.parameters).take(self.required);
        let mut names: Vec<String> = parameters
            .filter(|(place, _)| place.is_none())
            .map(|(_, parameter)| format!("'{}'", parameter.to_string_lossy()))
            .collect();
        let (count, plural) = (names.len(), if names.len() == 1 { "" } else { "s" });
        // As the interpreter lists them: 'a', or 'a' and 'b', or 'a', 'b', and 'c'.
        let last = names.pop().unwrap_or_default();
        let named = match names.len() {
            0 => last,
            1 => format!("{} and {last}", names.concat()),
            _ => format!("{}, and {last}", names.join(", ")),
        };
        Raised::type_error(format_args!(
            "{}() missing {count} required positional argument{plural}: {named}",
            self.function
        ))
    }

    /// As [`Signature::bind`] for a method of a Python class, whose messages count `self` among the
    /// positional arguments.
    #[inline]
    pub(crate) fn bind_method<'a>(&self, args: Args<'a>) -> Result<[Option<&'a Object>; N]> {
        if args.positional().len() > self.positional {
            return Err(self.too_many_for_method(args.positional().len()));
        }
        self.bind(args)
    }

    #[cold]
    fn too_many_for_method(&self, given: usize) -> Raised {
        let (least, most) = (self.required + 1, self.positional + 1);
        let expected = match (least, most) {
            (_, 1) => String::from("1 positional argument"),
            _ if least == most => format!("{most} positional arguments"),
            _ => format!("from {least} to {most} positional arguments"),
        };
        Raised::type_error(format_args!("{}() takes {expected} but {} were given", self.function, given + 1))
    }

    #[cold]
    fn too_many(&self, given: usize) -> Raised {
        let (expected, plural) = (self.positional, if self.positional == 1 { "" } else { "s" });
        Raised::type_error(format_args!(
            "{}() takes {expected} positional argument{plural} but {given} {} given",
            self.function,
            if given == 1 { "was" } else { "were" }
        ))
    }

    #[cold]
    fn twice(&self, name: &Object) -> Raised {
        Raised::type_error(format_args!(
            "{}() got multiple values for argument '{}'",
            self.function,
            text(name)
        ))
    }

    /// `TypeError` for a keyword that the function does not have.
    #[cold]
    pub(crate) fn unexpected(&self, name: &Object) -> Raised {
        unexpected_keyword(self.function, name)
    }
}

/// `TypeError` for a keyword that `function` does not have.
#[cold]
pub(crate) fn unexpected_keyword(function: &str, name: &Object) -> Raised {
    Raised::type_error(format_args!("{function}() got an unexpected keyword argument '{}'", text(name)))
}

impl<'a> Args<'a> {
    /// For functions of the shape `function(*args, keyword=None)`: the value of the only keyword there
    /// is, with `None` meaning the same as not passing it.
    #[inline(always)]
    pub(crate) fn only_keyword(&self, function: &str, keyword: &CStr) -> Result<Option<&'a Object>> {
        if self.names.is_none() {
            return Ok(None);
        }
        let mut found = None;
        for (name, value) in self.keywords() {
            if !is_named(name, keyword) {
                return Err(unexpected_keyword(function, name));
            }
            found = Some(value);
        }
        Ok(found.filter(|value| !value.is_none()))
    }

    /// The argument of a method that takes one, given by position or by its name. Messages call the
    /// method `function`.
    #[inline(always)]
    pub(crate) fn only(&self, function: &'static str, parameter: &'static CStr) -> Result<&'a Object> {
        match (self.positional(), self.names) {
            ([argument], None) => Ok(argument),
            _ => Self::only_bound(self.values, self.positional, self.names, function, parameter),
        }
    }

    /// Of the arguments' parts: to hand them over as one would have every call lay them out in memory, just in case.
    #[cold]
    fn only_bound(
        values: *const &'a Object,
        positional: usize,
        names: Option<&'a Object>,
        function: &'static str,
        parameter: &'static CStr,
    ) -> Result<&'a Object> {
        let signature = Signature::<1> { function, parameters: [parameter], positional: 1, required: 1 };
        let [argument] = signature.bind_method(Self { values, positional, names })?;
        argument.ok_or_else(|| Raised::type_error(format_args!("{function}() takes one argument")))
    }
}

/// Whether a keyword's name is `parameter`.
#[inline]
pub(crate) fn is_named(name: &Object, parameter: &CStr) -> bool {
    // SAFETY: keyword names are strings; the C string is ASCII.
    unsafe { ffi::PyUnicode_CompareWithASCIIString(name.pointer(), parameter.as_ptr()) == 0 }
}

impl Object {
    /// `str(self)`, with what is no valid text replaced.
    pub(crate) fn to_text(&self) -> Result<String> {
        self.to_str().map(|string| text(&string))
    }
}

/// A Python string's text, for error messages.
fn text(string: &Object) -> String {
    let mut length = 0;
    // SAFETY: returns a buffer of `length` bytes that lives as long as the string, or null.
    unsafe {
        let bytes = ffi::PyUnicode_AsUTF8AndSize(string.pointer(), &raw mut length);
        if bytes.is_null() {
            ffi::PyErr_Clear();
            return String::from("?");
        }
        let bytes = slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(length).unwrap_or(0));
        String::from_utf8_lossy(bytes).into_owned()
    }
}
