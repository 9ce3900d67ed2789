//! What a `StreamWriter` consists of, and what it asks its transport.

use pyo3::ffi;

use crate::ffi::{
    Args, IntoOwned, Layout, Native, Object, Owned, Raised, Result, Signature, Slot, allocate, call_method0,
    call_method1, call_method2, call2, failed_assertion, has_instance, names, native_type, none,
    report_unraisable, repr_of,
};
use crate::future::any::resolve;
use crate::group::create_future_on;
use crate::transport::SocketTransport;

use super::protocol::plain_reader;
use super::reader::StreamReaderObject;

/// A stream writer.
#[repr(C)]
pub(crate) struct StreamWriterObject {
    head: ffi::PyObject,
    pub(super) transport: Slot,
    pub(super) protocol: Slot,
    pub(super) reader: Slot,
    pub(super) event_loop: Slot,
    /// A future that is done, made when somebody looks.
    pub(super) complete: Slot,
    pub(super) dict: Slot,
    pub(super) weak: Slot,
}

native_type!(
    StreamWriterObject,
    holds: [transport, protocol, reader, event_loop, complete, dict],
    speaks: |writer| !writer.transport.is_empty()
);

impl StreamWriterObject {
    /// `__init__(transport, protocol, reader, loop)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<4> = Signature {
            function: "StreamWriter.__init__",
            parameters: [c"transport", c"protocol", c"reader", c"loop"],
            positional: 4,
            required: 4,
        };
        let [Some(transport), Some(protocol), Some(reader), Some(event_loop)] =
            SIGNATURE.bind_method(args)?
        else {
            return Ok(());
        };
        self.transport.set(transport.own());
        self.protocol.set(protocol.own());
        if !reader.is_none() && !is_reader(reader)? {
            failed_assertion("")?;
        }
        if reader.is_none() {
            self.reader.clear();
        } else {
            self.reader.set(reader.own());
        }
        self.event_loop.set(event_loop.own());
        self.complete.clear();
        Ok(())
    }

    /// A new one, for a server.
    pub(super) fn new(
        transport: &Object,
        protocol: &Object,
        reader: Option<&Object>,
        event_loop: &Object,
    ) -> Result<Owned<Self>> {
        let writer = allocate::<Self>()?;
        writer.transport.fill(transport.own());
        writer.protocol.fill(protocol.own());
        if let Some(reader) = reader {
            writer.reader.fill(reader.own());
        }
        writer.event_loop.fill(event_loop.own());
        Ok(writer)
    }

    /// The transport, or the error of an object whose `__init__` has not run.
    #[inline(always)]
    pub(super) fn transport(&self) -> Result<Owned> {
        self.transport.get().ok_or_else(|| self.lacks("_transport"))
    }

    /// The protocol, or that error.
    #[inline(always)]
    pub(super) fn protocol(&self) -> Result<Owned> {
        self.protocol.get().ok_or_else(|| self.lacks("_protocol"))
    }

    #[cold]
    fn lacks(&self, attribute: &str) -> Raised {
        let kind = self.object().type_name();
        Raised::attribute_error(format_args!("'{kind}' object has no attribute '{attribute}'"))
    }

    /// `write(data)`.
    #[inline]
    pub(super) fn write(&self, data: &Object) -> Result<()> {
        let transport = self.transport()?;
        match plain_transport(&transport) {
            Some(ours) => ours.write(data),
            None => call_method1(&transport, &names().write, data).map(drop),
        }
    }

    /// `self._transport.is_closing()`, for `drain()`.
    #[inline(always)]
    pub(super) fn transport_is_closing(&self) -> Result<bool> {
        let transport = self.transport()?;
        match plain_transport(&transport) {
            Some(ours) => Ok(ours.is_closing()),
            None => call_method0(&transport, &names().is_closing)?.is_true(),
        }
    }

    /// Sends what the transport has gathered, for `drain()`; if the peer has sent more already, then the answer to that is
    /// going to leave with it.
    #[inline(always)]
    pub(super) fn send_gathered(&self) -> Result<()> {
        let transport = self.transport()?;
        match plain_transport(&transport) {
            Some(ours) if ours.has_gathered() && !self.has_more_to_answer() => ours.send_gathered(),
            _ => Ok(()),
        }
    }

    fn has_more_to_answer(&self) -> bool {
        let reader = self.reader.get();
        reader.as_deref().and_then(plain_reader).is_some_and(|reader| !reader.buffer.is_empty())
    }

    /// `writelines(data)`.
    pub(super) fn write_lines(&self, data: &Object) -> Result<()> {
        call_method1(&*self.transport()?, &names().writelines, data).map(drop)
    }

    /// A question to the transport, or an order that needs no words.
    pub(super) fn ask(&self, method: &Object) -> Result<Owned> {
        call_method0(&*self.transport()?, method)
    }

    /// `get_extra_info(name, default=None)`.
    pub(super) fn get_extra_info(&self, args: Args<'_>) -> Result<Owned> {
        const SIGNATURE: Signature<2> = Signature {
            function: "StreamWriter.get_extra_info",
            parameters: [c"name", c"default"],
            positional: 2,
            required: 1,
        };
        let [name, default] = SIGNATURE.bind_method(args)?;
        let (name, default) = (name.map_or_else(none, Layout::own), default.map_or_else(none, Layout::own));
        call_method2(&*self.transport()?, &names().get_extra_info, &name, &default)
    }

    /// `_complete_fut`.
    pub(super) fn complete(&self) -> Result<Owned> {
        if let Some(complete) = self.complete.get() {
            return Ok(complete);
        }
        let complete = create_future_on(&self.event_loop.get().unwrap_or_else(none))?;
        resolve(&complete, none())?;
        self.complete.set(complete.clone());
        Ok(complete)
    }

    /// `__repr__`.
    pub(super) fn represent(&self) -> Result<String> {
        let class = self.object().type_object().attribute(&names().name_attribute)?.to_text()?;
        let transport = repr_of(&self.transport.get().unwrap_or_else(none))?.to_text()?;
        match self.reader.get() {
            None => Ok(format!("<{class} transport={transport}>")),
            Some(reader) => {
                let reader = repr_of(&reader)?.to_text()?;
                Ok(format!("<{class} transport={transport} reader={reader}>"))
            }
        }
    }

    /// `__del__`: a writer that nobody has closed closes its transport, and says so.
    pub(super) fn last_words(&self) {
        if let Err(raised) = self.close_unclosed() {
            report_unraisable(raised, self.object());
        }
    }

    fn close_unclosed(&self) -> Result<()> {
        let (Some(transport), Some(event_loop)) = (self.transport.get(), self.event_loop.get()) else {
            return Ok(());
        };
        if call_method0(&transport, &names().is_closing)?.is_true()? {
            return Ok(());
        }
        let text = if call_method0(&event_loop, &names().is_closed)?.is_true()? {
            String::from("loop is closed")
        } else {
            call_method0(self.object(), &names().close)?;
            format!("unclosed {}", repr_of(self.object())?.to_text()?)
        };
        call2(&names().warn, &*text.into_owned()?, &names().resource_warning).map(drop)
    }
}

/// A transport whose methods need not be asked for by name.
#[inline(always)]
fn plain_transport(transport: &Object) -> Option<&SocketTransport> {
    transport.exactly::<SocketTransport>().filter(|ours| ours.is_plain())
}

/// Whether it is a `StreamReader`, ours or asyncio's.
fn is_reader(object: &Object) -> Result<bool> {
    if object.cast::<StreamReaderObject>().is_some() || has_instance(&names().stdlib_stream_reader, object)? {
        return Ok(true);
    }
    // What passes for one, as a mock does, says so by its `__class__`.
    match StreamReaderObject::type_cell().object() {
        Some(class) => has_instance(class, object),
        None => Ok(false),
    }
}
