//! A descriptor's number, lent to one system call.

use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::Errno;

/// Lends a number to a system call that checks it: programs may name any number, and close it at any time.
#[inline(always)]
pub(super) fn borrow(fd: &RawFd) -> Result<BorrowedFd<'_>, Errno> {
    if *fd < 0 {
        return Err(Errno::BADF);
    }
    // SAFETY: -1, the only value that `BorrowedFd` can't represent, is excluded above. Whose number it is, is the
    // caller's affair; whether it is open is for the kernel to say, and nothing else is done with the borrow.
    Ok(unsafe { BorrowedFd::borrow_raw(*fd) })
}
