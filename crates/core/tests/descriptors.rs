//! The reactor opens two descriptors and closes them once. One test to a process: it counts what is open.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use aioxide_core::reactor::Reactor;
use support::poll;

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn nothing_stays_open_and_nothing_is_closed_twice() {
    let before = open_descriptors();
    let mut reactor = Reactor::<()>::new().unwrap();
    assert_eq!(open_descriptors(), before + 2, "a selector and a wake fd");
    for _ in 0..10 {
        reactor.after_fork().unwrap();
        poll(&mut reactor);
    }
    assert_eq!(open_descriptors(), before + 2, "the new ones took the place of the old");

    let waker = reactor.waker().clone();
    reactor.close();
    assert_eq!(open_descriptors(), before + 1, "the wake fd outlives the loop with its waker");

    // Whatever gets the selector's old number now is not the reactor's to close.
    let bystander = std::io::pipe().unwrap();
    reactor.close();
    drop(reactor);
    waker.wake();
    drop(waker);
    assert_eq!(open_descriptors(), before + 2, "the bystander's two");
    drop(bystander);
    assert_eq!(open_descriptors(), before);
}
