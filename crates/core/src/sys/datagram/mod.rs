//! Datagrams: one system call for several of them, in both directions.
//!
//! Several datagrams of one size that go to one address, or come from one, can pass through all layers of the kernel as a
//! single message (Linux calls it segmentation and receive offload): it is cut where it leaves the machine, or where a
//! socket wants its datagrams apart. `receive.rs` takes such messages apart, `send.rs` puts them together.
//!
//! Invariants:
//!
//! * No call here blocks, whatever mode the socket is in (`MSG_DONTWAIT`), and none raises `SIGPIPE`.
//! * A batch ends at the first datagram that would block or fails. If it is not the first of the batch, then the call
//!   succeeds with what went before: the kernel keeps a pending error of the socket for the next receiving call, and
//!   a datagram that can't be sent fails again when it is the first of the next batch.
//! * Nobody above this module sees a difference between datagrams that passed together and those that passed alone.

mod receive;
mod send;

#[cfg(test)]
mod tests;

pub use receive::{Inbox, coalesce, is_coalescing};
pub use send::{LARGEST_SEGMENT, SEND_BATCH, Segmentation, send_datagram, send_datagrams};

/// A header without flags or control messages.
fn header_of(
    name: *mut libc::sockaddr,
    length: u32,
    vectors: *mut libc::iovec,
    count: usize,
) -> libc::mmsghdr {
    // SAFETY: null pointers, zero lengths and no flags are a valid header.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_name = name.cast();
    header.msg_hdr.msg_namelen = length;
    header.msg_hdr.msg_iov = vectors;
    header.msg_hdr.msg_iovlen = count as _;
    header
}
