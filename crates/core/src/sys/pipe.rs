//! Pipes and whatever else is read and written without being a socket: character devices, terminals.
//!
//! Invariant: a call blocks only if the descriptor is in blocking mode, which is its owner's affair: unlike a socket's,
//! these calls have no way to say it. A peer that is gone is `EPIPE`; the signal that the kernel sends as well is
//! ignored by Python from its start.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use super::borrow::borrow;
use super::socket::GATHER_LIMIT;

/// Reads what is there, as much as `room` takes. Nothing is the end. Errors: `WouldBlock`, `Interrupted`, `EIO` from a
/// terminal whose other side is gone.
#[inline]
pub fn read(fd: RawFd, room: &mut [MaybeUninit<u8>]) -> io::Result<&[u8]> {
    let (read, _) = rustix::io::read(borrow(&fd)?, room)?;
    Ok(read)
}

/// Writes the beginning of `bytes`, as much as the kernel takes, and returns how much that was.
#[inline]
pub fn write(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(borrow(&fd)?, bytes)?)
}

/// Writes the beginning of `slices` laid end to end; [`GATHER_LIMIT`] of them at most.
pub fn write_gathered(fd: RawFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let slices = slices.get(..GATHER_LIMIT).unwrap_or(slices);
    Ok(rustix::io::writev(borrow(&fd)?, slices)?)
}
