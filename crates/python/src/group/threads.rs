//! `to_thread`.

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::running_loop;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Slot, Step, call_keywords, copy_context, names, none,
    tuple_items, tuple_of,
};

/// The coroutine that `to_thread()` returns.
pub(crate) struct ToThread {
    /// A tuple of the function, its positional arguments and the keywords' values.
    values: Slot,
    /// A tuple of the keywords' names.
    keywords: Slot,
    waiting: Delegate,
}

machine!(
    ToThread, "to_thread",
    awaits: |machine| machine.waiting.target(),
    holds: [values, keywords, waiting]
);

/// `to_thread(func, /, *args, **kwargs)`: a coroutine that returns what the call returns in a thread.
pub(crate) fn to_thread(args: Args<'_>) -> Result<Owned> {
    if args.positional().is_empty() {
        return Err(Raised::type_error(format_args!(
            "to_thread() missing 1 required positional argument: 'func'"
        )));
    }
    let values = tuple_of(args.values())?;
    let coroutine = CoroutineObject::<ToThread>::new(|machine| {
        machine.values.fill(values);
        if let Some(keywords) = args.names() {
            machine.keywords.fill(keywords.own());
        }
    })?;
    Ok(coroutine.into_object())
}

impl ToThread {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if let Some(values) = self.values.take() {
            let future = self.submit(&values)?;
            self.waiting.begin(&future)?;
        }
        self.waiting.resume(thrown)
    }

    /// `loop.run_in_executor(None, partial(copy_context().run, func, *args, **kwargs))`.
    fn submit(&self, values: &Object) -> Result<Owned> {
        let event_loop = running_loop()?;
        let run = copy_context()?.attribute(&names().run)?;
        let mut call: Vec<&Object> = vec![&run];
        call.extend(tuple_items(values));
        let keywords = self.keywords.take();
        let named = keywords.as_deref().map_or(0, |keywords| tuple_items(keywords).len());
        let call =
            call_keywords(&names().partial, &call, call.len().saturating_sub(named), keywords.as_deref())?;
        let submit = event_loop.attribute(&names().run_in_executor)?;
        call_keywords(&submit, &[&*none(), &*call], 2, None)
    }
}
