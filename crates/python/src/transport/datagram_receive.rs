//! Receiving: as many datagrams as wait, in one system call, delivered one by one.
//!
//! asyncio receives one datagram in a turn: whatever the protocol sets off by it (a task wakes up, a callback is queued)
//! runs before the next one comes, and a protocol that pauses, closes or stops the loop gets no more. Here several come
//! from the kernel at once, and wait in the transport until it is their time. Those that a closed transport still
//! holds are dropped, as asyncio drops what is unread in the kernel.

use aioxide_core::sys::Inbox;
use aioxide_core::transport::is_temporary;

use crate::event_loop::{Direction, LoopObject, Ready, SourceBase};
use crate::ffi::{
    Bytes, Layout, Object, Owned, Raised, Result, call_method1, call_method2, names, report_unraisable,
    while_handling,
};
use crate::sockets::address_to_python;

use super::datagram::{DatagramTransport, Received, Traffic};

impl DatagramTransport {
    /// What the selector calls for.
    pub(super) fn ready(source: &SourceBase, direction: Direction) -> Result<()> {
        let Some(transport) = source.object().exactly::<Self>() else { return Ok(()) };
        match direction {
            // One turn delivers once: a handle was before this call, or is on its way. The selector will call again.
            Direction::Reading if transport.has_pending() || transport.took_its_turn() => Ok(()),
            Direction::Reading => transport.read_ready(),
            Direction::Writing => transport.write_ready(),
        }
    }

    /// Receives what waits, unless something received before waits for the protocol, and delivers.
    fn read_ready(&self) -> Result<()> {
        let Some(traffic) = self.traffic.get() else { return Ok(()) };
        if !self.attachment.is_reading() || self.attachment.is_loss_scheduled() {
            return Ok(());
        }
        let event_loop = self.attachment.event_loop()?;
        if traffic.pending.with(|pending| pending.is_empty()) {
            let Some(fd) = self.attachment.descriptor()? else { return Ok(()) };
            let mut inbox = event_loop.take_inbox();
            let received = receive(traffic, &mut inbox, fd);
            event_loop.keep_inbox(inbox);
            if let Err(raised) = received {
                return self.receiving_failed(raised);
            }
        }
        self.deliver(traffic, &event_loop)
    }

    /// Calls the protocol with what has been received, and sends what it has answered.
    fn deliver(&self, traffic: &Traffic, event_loop: &LoopObject) -> Result<()> {
        match self.deliver_each(traffic, event_loop) {
            Ok(()) => self.send_gathered(),
            Err(raised) => {
                let exception = raised.take();
                if let Err(second) = self.send_gathered() {
                    report_unraisable(second, self.object());
                }
                Err(Raised::restore(exception))
            }
        }
    }

    /// Calls the protocol with one datagram after the other, until it has set something off that comes first.
    fn deliver_each(&self, traffic: &Traffic, event_loop: &LoopObject) -> Result<()> {
        let queued = event_loop.ready_length()?;
        while let Some(Received { data, sender }) = traffic.pending.with(|pending| pending.pop_front()) {
            let protocol = self.attachment.protocol();
            let is_more = !traffic.connected && traffic.pending.with(|pending| !pending.is_empty());
            traffic.gathering.expect_more(is_more);
            let delivered = call_method2(&protocol, &names().datagram_received, data.object(), &sender);
            traffic.gathering.expect_more(false);
            let delivered = delivered.and_then(|_| self.send_if_late(traffic));
            let yields =
                delivered.is_err() || event_loop.is_stopping() || event_loop.ready_length()? > queued;
            if self.attachment.is_paused() {
                return delivered;
            }
            if yields {
                let exception = match delivered {
                    Ok(()) => return self.continue_later(traffic, event_loop),
                    Err(raised) => raised.take(),
                };
                self.continue_later(traffic, event_loop)?;
                return Err(Raised::restore(exception));
            }
        }
        Ok(())
    }

    fn has_pending(&self) -> bool {
        self.traffic.get().is_some_and(|traffic| traffic.pending.with(|pending| !pending.is_empty()))
    }

    fn took_its_turn(&self) -> bool {
        self.traffic.get().is_some_and(|traffic| traffic.has_continued.replace(false))
    }

    /// `_read_ready()`, as the handle of [`DatagramTransport::continue_later`] calls it.
    pub(super) fn continue_reading(&self) -> Result<()> {
        if let Some(traffic) = self.traffic.get() {
            traffic.has_continued.set(true);
        }
        self.read_ready()
    }

    /// Has the transport called once more if something waits for the protocol: by a handle, which can be told from the
    /// selector's call.
    pub(super) fn continue_later(&self, traffic: &Traffic, event_loop: &LoopObject) -> Result<()> {
        if traffic.pending.with(|pending| pending.is_empty()) {
            return Ok(());
        }
        event_loop.queue(Ready::Handle(self.base.handle(event_loop, Direction::Reading)?))
    }

    /// Drops what waits for the protocol.
    pub(super) fn drop_pending(&self) {
        if let Some(traffic) = self.traffic.get() {
            drop(traffic.pending.with(std::mem::take));
        }
    }

    /// An error of the socket is the protocol's, anything else ends the transport.
    #[cold]
    fn receiving_failed(&self, raised: Raised) -> Result<()> {
        if !raised.matches(&names().os_error) {
            return self.fatal_error(raised, &names().fatal_read_error);
        }
        self.error_received(raised)
    }

    /// `protocol.error_received(exception)`, as if from an `except` block.
    #[cold]
    pub(super) fn error_received(&self, raised: Raised) -> Result<()> {
        let exception: Owned<Object> = raised.take();
        let protocol = self.attachment.protocol();
        while_handling(&exception, || call_method1(&protocol, &names().error_received, &exception).map(drop))
    }
}

/// Receives a batch and makes Python's objects of it. A batch that was full is followed by a larger one: asking for more
/// than there is costs the kernel a try, which is a waste where datagrams come one by one; where messages hold many
/// of them, few are enough.
fn receive(traffic: &Traffic, inbox: &mut Inbox, fd: i32) -> Result<()> {
    let limit = traffic.batch.get();
    let count = match inbox.receive(fd, limit, traffic.coalesces.get()) {
        Ok(count) => count,
        Err(error) if is_temporary(&error) => return Ok(()),
        Err(error) => return Err(Raised::os_error(&error)),
    };
    let mut datagrams = 0;
    for (data, sender) in inbox.datagrams() {
        let sender = match traffic.last_sender.show(sender) {
            Some(known) => known,
            None => {
                let shown = address_to_python(sender)?;
                traffic.last_sender.keep(shown.clone(), sender);
                shown
            }
        };
        let received = Received { data: Bytes::copy_of(data)?, sender };
        traffic.pending.with(|pending| pending.push_back(received));
        datagrams += 1;
    }
    let is_full = count == limit && datagrams < Inbox::BATCH;
    traffic.batch.set(if is_full { (limit * 2).min(Inbox::BATCH) } else { count.max(1) });
    Ok(())
}
