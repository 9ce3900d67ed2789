//! `StreamReaderProtocol.connection_made(transport)`, and the transport that takes its place.

use crate::ffi::{Dict, Layout, Object, Owned, Result, call_method0, call_method1, call2, names, none};
use crate::group::create_task_on;
use crate::task::is_coroutine;

use super::protocol::{StreamReaderProtocolObject, plain_reader};
use super::writer::StreamWriterObject;

impl StreamReaderProtocolObject {
    /// `connection_made(transport)`.
    pub(super) fn connection_made(&self, transport: &Object) -> Result<()> {
        if self.rejects.get() {
            return self.reject_connection(transport);
        }
        self.transport.set(transport.own());
        let reader = self.get_reader()?;
        if let Some(reader) = &reader {
            match plain_reader(reader) {
                Some(ours) => ours.set_transport(transport)?,
                None => drop(call_method1(reader, &names().set_transport, transport)?),
            }
        }
        self.over_ssl.set(is_over_ssl(transport)?);
        match self.client_connected.get() {
            Some(callback) => self.client_connected(&callback, transport, reader),
            None => Ok(()),
        }
    }

    #[cold]
    fn reject_connection(&self, transport: &Object) -> Result<()> {
        let context = Dict::new()?;
        context.set(&names().message, &names().open_stream_collected)?;
        if let Some(stack) = self.source_traceback.get() {
            context.set(&names().source_traceback, &stack)?;
        }
        call_method1(&*self.event_loop()?, &names().call_exception_handler, context.object())?;
        call_method0(transport, &names().abort_transport).map(drop)
    }

    /// Calls what a server was told to call for each connection; a coroutine becomes a task.
    fn client_connected(&self, callback: &Object, transport: &Object, reader: Option<Owned>) -> Result<()> {
        let event_loop = self.event_loop()?;
        let writer = StreamWriterObject::new(transport, self.object(), reader.as_deref(), &event_loop)?;
        let result = match call2(callback, &reader.unwrap_or_else(none), writer.object()) {
            Ok(result) => result,
            #[cfg(Py_3_14)]
            Err(raised) if raised.matches(&names().any_exception) => {
                let arguments = [&*event_loop, &*raised.take(), transport];
                crate::ffi::call_keywords(&names().report_client, &arguments, 3, None)?;
                call_method0(transport, &names().close)?;
                self.strong_reader.clear();
                return Ok(());
            }
            Err(raised) => return Err(raised),
        };
        drop(writer);
        if is_coroutine(&result)? {
            let task = create_task_on(&event_loop, &result)?;
            self.task.set(task.clone());
            let watch = call2(&names().watch_client, &event_loop, transport)?;
            call_method1(&task, &names().add_done_callback, &watch)?;
        }
        self.strong_reader.clear();
        Ok(())
    }

    /// `_replace_transport(transport)`.
    pub(super) fn replace_transport(&self, transport: &Object) -> Result<()> {
        self.transport.set(transport.own());
        self.over_ssl.set(is_over_ssl(transport)?);
        #[cfg(Py_3_14)]
        if let Some(reader) = self.get_reader()? {
            match plain_reader(&reader) {
                Some(ours) => ours.replace_transport(transport)?,
                None => drop(call_method1(&reader, &names().replace_transport, transport)?),
            }
        }
        Ok(())
    }

    /// `_replace_writer(writer)`, as older patches have it.
    #[cfg(not(Py_3_13))]
    pub(super) fn replace_writer(&self, writer: &Object) -> Result<()> {
        self.replace_transport(&*writer.attribute(&names().transport)?)
    }
}

/// `transport.get_extra_info("sslcontext") is not None`.
fn is_over_ssl(transport: &Object) -> Result<bool> {
    Ok(!call_method1(transport, &names().get_extra_info, &names().ssl_context)?.is_none())
}
