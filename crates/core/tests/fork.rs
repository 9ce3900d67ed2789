//! After a fork: parent and child each have a working reactor and can't disturb one another. One test to a
//! process: forking a test runner with other tests in it would fork their locks too.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use aioxide_core::reactor::Reactor;
use support::{LONG, poll, readable, socket_pair, wait};

#[test]
fn parent_and_child_share_nothing() {
    let mut reactor = Reactor::new().unwrap();
    let (mut near, mut far) = socket_pair();
    let (other, _other_far) = socket_pair();
    let fd = near.as_raw_fd();
    reactor.set_reader(fd, "reader").unwrap();
    reactor.set_writer(other.as_raw_fd(), "writer").unwrap();
    let waker = reactor.waker().clone();

    // SAFETY: the child uses only memory and descriptors of this thread, which holds no lock, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            reactor.after_fork().unwrap();
            waker.wake();
            let start = Instant::now();
            assert_eq!(wait(&mut reactor, LONG).len(), 1, "the writer is still watched");
            assert_eq!(reactor.remove_writer(other.as_raw_fd()), Some("writer"));
            assert_eq!(poll(&mut reactor), []);
            far.write_all(b"from the child").unwrap();
            assert_eq!(wait(&mut reactor, LONG), [readable(fd)]);
            assert_eq!(reactor.remove_reader(fd), Some("reader"));
            assert!(start.elapsed() < LONG);
            assert_eq!(reactor.close().len(), 0);
        }));
        // SAFETY: ends the child without running the test runner's exit code a second time.
        unsafe { libc::_exit(i32::from(outcome.is_err())) };
    }

    let mut status = 0;
    // SAFETY: `status` is valid for a write, `child` is a child of ours.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the child failed: {status}");

    // What the child removed, woke and closed is untouched here.
    let mut first = reactor.begin_wait().unwrap();
    assert_eq!(
        first.block(Some(Duration::ZERO)).unwrap(),
        2,
        "the child's wake-up is no event of the parent's"
    );
    reactor.finish_wait(first);
    let mut events: Vec<_> = std::iter::from_fn(|| reactor.next_event()).collect();
    events.sort_by_key(|event| event.fd != fd);
    assert_eq!(events, [readable(fd), support::writable(other.as_raw_fd())]);
    let mut message = [0; 14];
    near.read_exact(&mut message).unwrap();
    assert_eq!(&message, b"from the child");

    reactor.remove_writer(other.as_raw_fd());
    waker.wake();
    assert_eq!(wait(&mut reactor, LONG), []);
}
