//! The part of the Python types that all transports with an [`Attachment`] have in common.

use crate::event_loop::SourceBase;
use crate::ffi::{Args, Collectable, Native, Object, Result, TypeBuilder, names};

use super::attachment::Attachment;
use super::life::warn_unclosed;

/// A transport with an attachment.
pub(super) trait Attached: Native + Collectable {
    fn attachment(&self) -> &Attachment;
    fn base(&self) -> &SourceBase;
    /// asyncio's destructor, which warns about a transport that was not closed, and closes it.
    fn destructor() -> &'static Object;
    /// What has waited for reading to go on.
    fn resumed(&self) -> Result<()> {
        Ok(())
    }
}

/// What every transport has.
pub(super) fn attached<T: Attached>(builder: TypeBuilder<T>) -> TypeBuilder<T> {
    builder
        .finalizer(last_words::<T>)
        .method(
            c"is_closing",
            |transport: &T| transport.attachment().is_closing(),
            c"is_closing($self, /)\n--\n\nReturn True if the transport is closing or closed.",
        )
        .method(
            c"get_protocol",
            |transport: &T| transport.attachment().protocol(),
            c"get_protocol($self, /)\n--\n\nReturn the protocol.",
        )
        .method_fast(
            c"set_protocol",
            |transport: &T, args: Args<'_>| {
                args.only("set_protocol", c"protocol").map(|protocol| transport.attachment().set_protocol(protocol))
            },
            c"set_protocol($self, /, protocol)\n--\n\nCall another protocol from now on.",
        )
        .method_fast(
            c"get_extra_info",
            |transport: &T, args: Args<'_>| transport.attachment().get_extra_info(args),
            c"get_extra_info($self, /, name, default=None)\n--\n\nReturn what is known under name, or default.",
        )
        .method1(
            c"_call_connection_lost",
            |transport: &T, exception: &Object| transport.attachment().lose(exception),
            c"Tell the protocol, then close the socket or the pipe.",
        )
        .getter(c"_loop", |transport: &T| transport.attachment().event_loop_if_any())
        .getter(c"_protocol", |transport: &T| transport.attachment().protocol())
        .getter(c"_extra", |transport: &T| transport.attachment().extra())
        .getter(c"_closing", |transport: &T| transport.attachment().is_closing())
}

/// What every transport has that reads.
pub(super) fn reading<T: Attached>(builder: TypeBuilder<T>) -> TypeBuilder<T> {
    builder
        .method(
            c"is_reading",
            |transport: &T| transport.attachment().is_reading(),
            c"is_reading($self, /)\n--\n\nReturn True if the transport receives.",
        )
        .method(
            c"pause_reading",
            pause_reading::<T>,
            c"pause_reading($self, /)\n--\n\nDeliver nothing until resume_reading() is called.",
        )
        .method(c"resume_reading", resume_reading::<T>, c"resume_reading($self, /)\n--\n\nDeliver again.")
        .method(
            c"_start_reading",
            |transport: &T| transport.attachment().start_reading(transport.base()),
            c"Begin to receive.",
        )
        .getter(c"_paused", |transport: &T| transport.attachment().is_paused())
}

fn pause_reading<T: Attached>(transport: &T) -> Result<()> {
    if !transport.attachment().pause(transport.base())? {
        return Ok(());
    }
    transport.attachment().note(transport.object(), &names().pauses_reading)
}

fn resume_reading<T: Attached>(transport: &T) -> Result<()> {
    if !transport.attachment().resume(transport.base())? {
        return Ok(());
    }
    transport.resumed()?;
    transport.attachment().note(transport.object(), &names().resumes_reading)
}

fn last_words<T: Attached>(transport: &T) {
    if transport.attachment().holds_file() {
        warn_unclosed(transport.object(), T::destructor());
    }
}
