//! A wait for a deadline ends when the deadline is due, never before, with the kernel's nanosecond call and without.
//! No upper bound is asserted: how late a busy machine wakes a thread is not this crate's doing.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::thread;

use aioxide_core::reactor::Reactor;
use aioxide_core::sys::clock;
use aioxide_core::time::{due_limit, timeout_until};

/// Odd lengths in seconds, from below a microsecond to some milliseconds, and a whole millisecond.
const DELAYS: [f64; 8] = [1e-9, 3.3e-7, 1e-5, 1.234_567e-4, 9.99e-4, 1e-3, 1.000_001e-3, 4.321e-3];

fn every_wait_finds_its_deadline_due() {
    let mut reactor = Reactor::<()>::new().unwrap();
    for delay in DELAYS.into_iter().cycle().take(40 * DELAYS.len()) {
        let now = clock::monotonic();
        let when = now + delay;
        assert_eq!(support::wait(&mut reactor, timeout_until(when, now)), []);
        let later = clock::monotonic();
        assert!(when < due_limit(later, clock::resolution()), "{delay} s: {} s too early", when - later);
    }
}

#[test]
fn with_nanoseconds() {
    every_wait_finds_its_deadline_due();
}

/// Docker of 2020 answered EPERM to system calls that it didn't know, an old kernel and gVisor say ENOSYS.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn where_the_kernel_counts_only_milliseconds() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        let thread = thread::spawn(move || {
            forbid_in_this_thread(libc::SYS_epoll_pwait2, errno);
            every_wait_finds_its_deadline_due();
        });
        thread.join().unwrap();
    }
}

/// A seccomp filter of this thread: `number` fails with `errno`, all other system calls go on as before.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn forbid_in_this_thread(number: i64, errno: i32) {
    let statement = |code: u32, jump_true, jump_false, operand: u32| libc::sock_filter {
        code: code as u16,
        jt: jump_true,
        jf: jump_false,
        k: operand,
    };
    // The number is the first field of what the filter sees.
    let mut filter = [
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number as u32),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: neither call takes a pointer but `program`, which outlives it and points to `filter.len()`
    // instructions; the kernel copies them. Both settings are the calling thread's alone.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    assert!(installed, "{}", std::io::Error::last_os_error());
    // SAFETY: the call is refused before it looks at its arguments.
    assert_eq!(unsafe { libc::syscall(number, -1, 0, 0, 0, 0, 0) }, -1);
    assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(errno));
}
