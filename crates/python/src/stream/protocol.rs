//! `StreamReaderProtocol`: what a transport talks to, and what it passes on to the reader.

use std::cell::Cell;
use std::ops::Deref;

use crate::ffi::{
    Args, Layout, Native, Object, Owned, Result, Signature, Slot, call_method0, call_method1, names,
    native_type, none, weak_reference, weak_target,
};
use crate::future::any::{is_cancelled, is_done, reject, resolve};
use crate::future::as_plain_future;
use crate::group::create_future_on;

use super::flow::FlowControlObject;
use super::reader::StreamReaderObject;

/// The protocol of a stream.
///
/// It holds the reader weakly: whoever has dropped a reader has no use for its data. On the side of a server, where
/// nobody else has it yet, it holds it until the connection is made.
#[repr(C)]
pub(crate) struct StreamReaderProtocolObject {
    flow: FlowControlObject,
    /// A weak reference.
    pub(super) reader: Slot,
    pub(super) strong_reader: Slot,
    pub(super) source_traceback: Slot,
    /// What a server calls for each connection.
    pub(super) client_connected: Slot,
    /// The task that this has become.
    pub(super) task: Slot,
    pub(super) transport: Slot,
    /// What `wait_closed()` waits for.
    pub(super) closed: Slot,
    /// Set by programs. Nothing here holds the writer, so that one which is dropped can close its transport.
    pub(super) writer: Slot,
    pub(super) rejects: Cell<bool>,
    pub(super) over_ssl: Cell<bool>,
}

native_type!(
    StreamReaderProtocolObject,
    holds: [flow, reader, strong_reader, source_traceback, client_connected, task, transport, closed, writer],
    speaks: |protocol| !protocol.closed.is_empty()
);

impl Deref for StreamReaderProtocolObject {
    type Target = FlowControlObject;

    fn deref(&self) -> &FlowControlObject {
        &self.flow
    }
}

impl StreamReaderProtocolObject {
    /// `__init__(stream_reader, client_connected_cb=None, loop=None)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<3> = Signature {
            function: "StreamReaderProtocol.__init__",
            parameters: [c"stream_reader", c"client_connected_cb", c"loop"],
            positional: 3,
            required: 1,
        };
        let [reader, client_connected, event_loop] = SIGNATURE.bind_method(args)?;
        let reader = reader.filter(|reader| !reader.is_none());
        let client_connected = client_connected.filter(|callback| !callback.is_none());
        self.flow.begin(event_loop)?;
        match reader {
            Some(reader) => {
                self.reader.set(weak_reference(reader)?);
                self.remember_origin(reader)?;
            }
            None => self.reader.clear(),
        }
        if let Some(callback) = client_connected {
            reader.map_or_else(|| self.strong_reader.clear(), |reader| self.strong_reader.set(reader.own()));
            self.client_connected.set(callback.own());
        }
        self.rejects.set(false);
        self.over_ssl.set(false);
        self.task.clear();
        self.transport.clear();
        self.closed.set(create_future_on(&*self.event_loop()?)?);
        Ok(())
    }

    fn remember_origin(&self, reader: &Object) -> Result<()> {
        let origin = match reader.cast::<StreamReaderObject>() {
            Some(ours) => ours.source_traceback.get(),
            None => Some(reader.attribute(&names().stack_of_origin)?),
        };
        if let Some(origin) = origin.filter(|origin| !origin.is_none()) {
            self.source_traceback.set(origin);
        }
        Ok(())
    }

    /// Whether nobody can have overridden a method: exactly our type, no attributes of its own.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.flow.dict.is_empty() && self.object().exactly::<Self>().is_some()
    }

    /// `_stream_reader`: the reader, while it lives.
    #[inline(always)]
    pub(super) fn get_reader(&self) -> Result<Option<Owned>> {
        match self.reader.get() {
            Some(reference) => weak_target(&reference),
            None => Ok(None),
        }
    }

    /// `data_received(data)`.
    pub(super) fn data_received(&self, data: &Object) -> Result<()> {
        match self.get_reader()? {
            None => Ok(()),
            Some(reader) => match plain_reader(&reader) {
                Some(ours) => ours.feed(data),
                None => call_method1(&reader, &names().feed_data, data).map(drop),
            },
        }
    }

    /// `eof_received()`: true keeps the transport open for writing, which TLS can't.
    pub(super) fn eof_received(&self) -> Result<bool> {
        if let Some(reader) = self.get_reader()? {
            feed_eof(&reader)?;
        }
        Ok(!self.over_ssl.get())
    }

    /// `connection_lost(exc)`.
    pub(super) fn lose_stream(&self, exception: &Object) -> Result<()> {
        if let Some(reader) = self.get_reader()? {
            match plain_reader(&reader) {
                _ if exception.is_none() => feed_eof(&reader)?,
                Some(ours) => ours.set_exception(exception)?,
                None => drop(call_method1(&reader, &names().set_exception, exception)?),
            }
        }
        if let Some(closed) = self.closed.get() {
            if !is_done(&closed)? {
                if exception.is_none() {
                    resolve(&closed, none())?;
                } else {
                    reject(&closed, exception)?;
                }
            }
        }
        self.flow.lose_connection(exception)?;
        self.reader.clear();
        self.writer.clear();
        self.task.clear();
        self.transport.clear();
        Ok(())
    }

    /// A connection that was lost with an exception is nothing to report if nobody asked: reads and writes
    /// have raised it.
    pub(super) fn last_words(&self) {
        let Some(closed) = self.closed.get() else { return };
        if let Some(ours) = as_plain_future(&closed) {
            ours.forget_traceback();
            return;
        }
        let retrieved = || -> Result<()> {
            if is_done(&closed)? && !is_cancelled(&closed)? {
                call_method0(&closed, &names().exception)?;
            }
            Ok(())
        };
        if let Err(raised) = retrieved() {
            crate::ffi::report_unraisable(raised, self.object());
        }
    }
}

/// A reader whose methods need not be asked for by name.
#[inline(always)]
pub(super) fn plain_reader(reader: &Object) -> Option<&StreamReaderObject> {
    reader.exactly::<StreamReaderObject>().filter(|ours| ours.is_plain())
}

/// `reader.feed_eof()`.
fn feed_eof(reader: &Object) -> Result<()> {
    match plain_reader(reader) {
        Some(ours) => ours.feed_eof(),
        None => call_method0(reader, &names().feed_eof).map(drop),
    }
}

/// A protocol of exactly one of our types, whose flow control need not be asked for by name.
#[inline(always)]
pub(super) fn plain_flow(protocol: &Object) -> Option<&FlowControlObject> {
    let kind = protocol.type_pointer();
    let ours =
        kind == StreamReaderProtocolObject::type_cell().get() || kind == FlowControlObject::type_cell().get();
    protocol.cast::<FlowControlObject>().filter(|flow| ours && flow.dict.is_empty())
}
