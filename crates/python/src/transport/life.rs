//! How every transport begins, fails, and is forgotten.

use crate::awaitable::result_setter;
use crate::event_loop::{LoopObject, Ready, call_soon};
use crate::ffi::{
    Layout, Object, Raised, Result, call_keywords, call1, names, none, report_unraisable, while_handling,
};
use crate::future::FutureObject;

/// Queues what every transport begins with: `connection_made`, then reading, then the waiter's wake-up; in `context`, if
/// the transport was made with one.
pub(super) fn begin(
    event_loop: &LoopObject,
    transport: &Object,
    protocol: &Object,
    waiter: Option<&Object>,
    context: Option<&Object>,
) -> Result<()> {
    let connection_made = protocol.attribute(&names().connection_made)?;
    call_soon(event_loop.object(), &connection_made, Some(transport), context)?;
    let start_reading = transport.attribute(&names().start_reading)?;
    call_soon(event_loop.object(), &start_reading, None, context)?;
    let Some(waiter) = waiter.filter(|waiter| !waiter.is_none()) else { return Ok(()) };
    match waiter.exactly::<FutureObject>() {
        Some(waiter) if event_loop.has_shortcuts() => event_loop.queue(Ready::Resolve(waiter.own(), none())),
        _ => {
            let call_soon = event_loop.object().attribute(&names().call_soon)?;
            let (wake, result) = (result_setter(), none());
            let keyword = context.map(|_| &*names().context_keyword);
            let values = [wake, waiter, &*result, context.unwrap_or(&result)];
            let given = if context.is_some() { &values[..] } else { values.get(..3).unwrap_or_default() };
            call_keywords(&call_soon, given, 3, keyword).map(drop)
        }
    }
}

/// Reports an error that ends a transport with `report` (asyncio's `_fatal_error(transport, exception, message)`),
/// as if from an `except` block. Lets through what has to leave the loop.
#[cold]
pub(super) fn fatal(transport: &Object, report: &Object, raised: Raised, message: &Object) -> Result<()> {
    if raised.leaves_the_loop() {
        return Err(raised);
    }
    let exception = raised.take();
    while_handling(&exception, || call_keywords(report, &[transport, &exception, message], 3, None).map(drop))
}

/// The last reference to a transport goes while its file is open: asyncio's destructor warns, and closes it.
#[cold]
pub(super) fn warn_unclosed(transport: &Object, destructor: &Object) {
    if let Err(raised) = call1(destructor, transport) {
        report_unraisable(raised, transport);
    }
}
