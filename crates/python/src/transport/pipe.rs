//! What the two ends of a pipe have in common: their attachment, and the part of their types that shows it.
//!
//! A subprocess is spoken to through these, and so is whatever `connect_read_pipe` and `connect_write_pipe` are given: pipes,
//! sockets, terminals. asyncio's own code looks at what the descriptor is (`_transports.prepare_pipe`).

use crate::ffi::{Layout, Object, Result, TypeBuilder, call1, names};

use super::attached::{Attached, attached};

/// One end of a pipe.
pub(super) trait PipeEnd: Attached {
    /// `_close(exception)`: gives the pipe up.
    fn give_up(&self, exception: Option<&Object>) -> Result<()>;
}

/// The methods and attributes that both ends have.
pub(super) fn common<T: PipeEnd>(builder: TypeBuilder<T>) -> TypeBuilder<T> {
    attached(builder)
        .method1(
            c"_close",
            |end: &T, exception: &Object| end.give_up(Some(exception)),
            c"Close the transport because of an error.",
        )
        .field(c"_pipe", |end: &T| end.attachment().file())
        .getter(c"_fileno", |end: &T| i64::from(end.attachment().watched()))
}

/// Ties a new end to `event_loop`, `pipe` and `protocol`, and queues its beginning.
pub(super) fn begin<T: PipeEnd>(
    end: &T,
    [event_loop, pipe, protocol, waiter, extra]: [&Object; 5],
) -> Result<()> {
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
