//! The only door to the kernel, and the only module of core that may hold `unsafe`.
//!
//! A platform provides these things, and nothing above this module knows which platform it runs on:
//!
//! | name | contract |
//! |---|---|
//! | [`clock`] | Python's monotonic clock to the bit, its resolution, and a tick counter that costs almost nothing |
//! | [`Selector`], [`Events`] | level-triggered readiness of descriptors; a wait never ends before its timeout, unless something is ready, the wake fd was written or a signal arrived |
//! | [`WakeFd`] | a descriptor that any thread, or a signal handler, writes to end a wait |
//! | [`pipe`] | reading and writing what is no socket |
//! | [`file`] | a regular file's bytes into a socket |
//! | [`Inbox`], [`send_datagram`], [`send_datagrams`] | datagrams, several in one system call, neighbours that are alike in one message |
//! | [`socket`] | what a connected stream socket does: receive, send, gather, shut down |
//! | [`raw`], [`family`] | one call each on a socket of the program's own; address families |
//! | [`resolve`] | the C library's resolver, which may block |
//!
//! The choice of the backend is made here and in no other place. Linux is the first one: [`Selector`] is
//! epoll and [`WakeFd`] an eventfd. A second backend is a sibling of `epoll.rs` and `wake.rs` with the
//! same names in it.
//!
//! Each `unsafe` block names the invariant it rests on. Read next: [`crate::time`].

mod address;
mod borrow;
pub mod clock;
pub mod family;
pub mod file;
mod interest;
pub mod pipe;
pub mod raw;
pub mod resolve;
pub mod socket;

#[cfg(target_os = "linux")]
mod datagram;
#[cfg(target_os = "linux")]
mod epoll;
#[cfg(target_os = "linux")]
mod wake;

#[cfg(not(target_os = "linux"))]
compile_error!(
    "aioxide has no selector for this platform yet: it needs a sibling of sys/epoll.rs and sys/wake.rs"
);

pub use address::{Address, AddressKind};
pub use datagram::{
    Inbox, LARGEST_SEGMENT, SEND_BATCH, Segmentation, coalesce, is_coalescing, send_datagram, send_datagrams,
};
pub use epoll::{Events, Selector};
pub use interest::{Interest, Readiness};
pub use wake::WakeFd;
