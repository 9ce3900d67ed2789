//! The datagram transport: what it consists of.

use std::cell::Cell;
use std::collections::VecDeque;

use aioxide_core::sys::{Address, Segmentation};
use aioxide_core::transport::DatagramQueue;

use crate::event_loop::SourceBase;
use crate::ffi::{Bytes, Confined, Lazily, Object, Owned, Slot, collectable, native_type};

use super::attachment::Attachment;
use super::datagram_gather::Gathering;
use super::flow::WriteLimits;

/// What each queued datagram counts for besides its bytes: from 3.13 on empty ones are sent, and a queue of them must
/// fill up too.
const OVERHEAD: usize = if cfg!(Py_3_13) { 8 } else { 0 };

/// `asyncio.selector_events._SelectorDatagramTransport`, written in Rust.
#[repr(C)]
pub(crate) struct DatagramTransport {
    pub(super) base: SourceBase,
    pub(super) attachment: Attachment,
    pub(super) traffic: Lazily<Traffic>,
    /// The only address that the socket sends to, if it was made with one.
    pub(super) address: Slot,
    pub(super) weak: Slot,
    pub(super) dict: Slot,
}

native_type!(DatagramTransport, holds: [base, attachment, traffic, address, dict], speaks: DatagramTransport::holds_socket);

impl DatagramTransport {
    fn holds_socket(&self) -> bool {
        self.attachment.holds_file()
    }
}

/// What is on its way in either direction.
pub(super) struct Traffic {
    /// An address family that `sockets/address.rs` speaks.
    pub(super) family: i32,
    /// Whether the socket has a peer, to which it sends.
    pub(super) connected: bool,
    /// Sent, and waiting for room in the socket's buffer.
    pub(super) queue: Confined<DatagramQueue<Bytes, Owned>>,
    pub(super) segmentation: Segmentation,
    pub(super) limits: WriteLimits,
    /// Whether the kernel may hand over several datagrams as one message.
    pub(super) coalesces: Cell<bool>,
    /// Received, and waiting for the protocol's next call.
    pub(super) pending: Confined<VecDeque<Received>>,
    pub(super) gathering: Gathering,
    /// Whether a call without the selector has delivered since the selector's last one.
    pub(super) has_continued: Cell<bool>,
    /// How many messages to ask for next time.
    pub(super) batch: Cell<usize>,
    pub(super) last_sender: KnownAddress,
    pub(super) last_destination: KnownAddress,
}

collectable!(Traffic, holds: [limits]);

/// A datagram as the protocol gets it.
pub(super) struct Received {
    pub(super) data: Bytes,
    pub(super) sender: Owned,
}

/// An address in both of its forms: most datagrams come from and go to where the one before did.
pub(super) struct KnownAddress {
    /// As Python writes it.
    shown: Slot,
    address: Cell<Address>,
}

impl Traffic {
    /// None yet, for a socket of `family`.
    pub(super) fn new(family: i32, connected: bool, coalesces: bool) -> Self {
        Self {
            family,
            connected,
            queue: Confined::new(DatagramQueue::new(OVERHEAD)),
            segmentation: Segmentation::of_family(family),
            limits: WriteLimits::new(),
            coalesces: Cell::new(coalesces),
            pending: Confined::new(VecDeque::new()),
            gathering: Gathering::new(),
            has_continued: Cell::new(false),
            batch: Cell::new(1),
            last_sender: KnownAddress::new(),
            last_destination: KnownAddress::new(),
        }
    }
}

impl KnownAddress {
    fn new() -> Self {
        Self { shown: Slot::default(), address: Cell::new(Address::none()) }
    }

    pub(super) fn keep(&self, shown: Owned, address: &Address) {
        self.address.set(*address);
        self.shown.set(shown);
    }

    /// The address, if this very object stands for it. It can't have changed: only tuples of texts and numbers,
    /// texts and bytes are kept.
    #[inline]
    pub(super) fn read(&self, shown: &Object) -> Option<Address> {
        self.shown.holds(shown).then(|| self.address.get())
    }

    /// The object that stands for `address`.
    #[inline]
    pub(super) fn show(&self, address: &Address) -> Option<Owned> {
        self.shown.get().filter(|_| self.address.get() == *address)
    }
}
