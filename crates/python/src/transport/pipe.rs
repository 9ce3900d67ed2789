//! What the two ends of a pipe have in common: their attachment, and the part of their types that shows it.
//!
//! A subprocess is spoken to through these, and so is whatever `connect_read_pipe` and `connect_write_pipe` are given: pipes,
//! sockets, terminals. asyncio's own code looks at what the descriptor is (`_transports.prepare_pipe`).

use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Collectable, Layout, Native, Object, Raised, Result, TypeBuilder, call1, names, report_unraisable,
};

use super::attachment::Attachment;

/// One end of a pipe.
pub(super) trait PipeEnd: Native + Collectable {
    fn attachment(&self) -> &Attachment;
    /// `_close(exception)`: gives the pipe up.
    fn give_up(&self, exception: Option<&Object>) -> Result<()>;
    /// asyncio's destructor, which warns.
    fn destructor() -> &'static Object;
}

/// The methods and attributes that both ends have.
pub(super) fn common<T: PipeEnd>(builder: TypeBuilder<T>) -> TypeBuilder<T> {
    builder
        .finalizer(last_words::<T>)
        .method(c"is_closing", |end: &T| end.attachment().is_closing(), c"is_closing($self, /)\n--\n\nReturn True if the transport is closing or closed.")
        .method(c"get_protocol", |end: &T| end.attachment().protocol(), c"get_protocol($self, /)\n--\n\nReturn the protocol.")
        .method1(c"set_protocol", |end: &T, protocol: &Object| end.attachment().set_protocol(protocol), c"set_protocol($self, protocol, /)\n--\n\nCall another protocol from now on.")
        .method_fast(c"get_extra_info", |end: &T, args: Args<'_>| end.attachment().get_extra_info(args), c"get_extra_info($self, /, name, default=None)\n--\n\nReturn what is known under name, or default.")
        .method1(c"_close", |end: &T, exception: &Object| end.give_up(Some(exception)), c"Close the transport because of an error.")
        .method1(c"_call_connection_lost", |end: &T, exception: &Object| end.attachment().lose(exception), c"Tell the protocol, then close the pipe.")
        .getter(c"_loop", |end: &T| end.attachment().event_loop_if_any())
        .getter(c"_protocol", |end: &T| end.attachment().protocol())
        .property(
            c"_pipe",
            |end: &T| end.attachment().file(),
            |end: &T, file: Option<&Object>| {
                end.attachment().set_file(file);
                Ok(())
            },
        )
        .getter(c"_fileno", |end: &T| i64::from(end.attachment().watched()))
        .getter(c"_extra", |end: &T| end.attachment().extra())
        .getter(c"_closing", |end: &T| end.attachment().is_closing())
}

/// Ties a new end to `event_loop`, `pipe` and `protocol`, and queues its beginning.
pub(super) fn begin<T: PipeEnd>(
    end: &T,
    [event_loop, pipe, protocol, waiter, extra]: [&Object; 5],
) -> Result<()> {
    let Some(event_loop) = event_loop.cast::<LoopObject>() else {
        return Err(Raised::type_error(format_args!("a loop of aioxide is required")));
    };
    end.attachment().attach(event_loop, protocol, pipe, extra.own())?;
    end.attachment().begin(end.object(), Some(waiter))
}

/// Notes in the log that the other end is gone, in debug mode.
pub(super) fn note_closed_by_peer<T: PipeEnd>(end: &T) -> Result<()> {
    match end.attachment().event_loop_if_any() {
        Some(event_loop) if event_loop.debug() => call1(&names().log_closed_by_peer, end.object()).map(drop),
        _ => Ok(()),
    }
}

/// Warns about a pipe that was not closed, and closes it.
fn last_words<T: PipeEnd>(end: &T) {
    if !end.attachment().holds_file() {
        return;
    }
    if let Err(raised) = call1(T::destructor(), end.object()) {
        report_unraisable(raised, end.object());
    }
}
