//! Arguments of the functions that take a callback with its arguments.

use std::ffi::CStr;

use super::{Args, Object, Result, Signature, is_named};

/// The shape `function(first, second, *args, context=None)` of the functions that take a callback with
/// its arguments. The first parameters can be given by name, too.
pub(crate) struct CallSignature<const N: usize> {
    /// The name that error messages use.
    pub(crate) function: &'static str,
    /// The parameters before `*args`, in order.
    pub(crate) first: [&'static CStr; N],
}

/// What a [`CallSignature`] binds: the first arguments, those that follow, and the context, with `None`
/// meaning the same as not passing it.
pub(crate) type BoundCall<'a, const N: usize> = ([&'a Object; N], &'a [&'a Object], Option<&'a Object>);

impl<const N: usize> CallSignature<N> {
    /// Binds the arguments. Raises `TypeError` as a Python function with these parameters does.
    #[inline(always)]
    pub(crate) fn bind<'a>(&self, args: Args<'a>) -> Result<BoundCall<'a, N>> {
        match (args.positional().split_first_chunk::<N>(), args.names()) {
            (Some((first, rest)), None) => Ok((*first, rest, None)),
            _ => self.bind_named(args),
        }
    }

    fn bind_named<'a>(&self, args: Args<'a>) -> Result<BoundCall<'a, N>> {
        let Self { function, first } = self;
        let signature = Signature::<N> { function, parameters: *first, positional: N, required: N };
        let (mut bound, mut context) = ([None; N], None);
        for (place, value) in bound.iter_mut().zip(args.positional()) {
            *place = Some(*value);
        }
        for (name, value) in args.keywords() {
            if is_named(name, c"context") {
                context = Some(value).filter(|context| !context.is_none());
            } else {
                signature.bind_keyword(&mut bound, name, value)?;
            }
        }
        let rest = args.positional().get(N..).unwrap_or_default();
        match args.values().first() {
            // Every place has a value, so that none takes this one.
            Some(any) if bound.iter().all(Option::is_some) => {
                Ok((bound.map(|value| value.unwrap_or(any)), rest, context))
            }
            _ => Err(signature.missing(&bound)),
        }
    }
}
