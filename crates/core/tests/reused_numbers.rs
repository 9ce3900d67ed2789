//! Descriptors that a program closes while they are watched, and numbers that come back as other files: the mistakes
//! that made other loops abort, spin or call the wrong callback.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::io::Write;
use std::os::fd::AsRawFd;

use aioxide_core::reactor::Reactor;
use support::{become_another_file, poll, readable, socket_pair, writable};

#[test]
fn a_number_that_became_another_file_can_be_watched_again() {
    let mut reactor = Reactor::new().unwrap();
    let (near, _far) = socket_pair();
    let (replacement, mut far) = socket_pair();
    let fd = near.as_raw_fd();
    reactor.set_reader(fd, "old").unwrap();
    become_another_file(&near, replacement.into());
    far.write_all(b"x").unwrap();
    assert_eq!(poll(&mut reactor), [], "nobody asked for the new file yet");
    assert_eq!(reactor.set_reader(fd, "new").unwrap(), Some("old"));
    assert_eq!(poll(&mut reactor), [readable(fd)]);
}

#[test]
fn a_file_that_came_back_under_its_number_can_be_watched_again() {
    let mut reactor = Reactor::new().unwrap();
    let (near, mut far) = socket_pair();
    let (other, _other_far) = socket_pair();
    let (fd, duplicate) = (near.as_raw_fd(), near.try_clone().unwrap());
    far.write_all(b"x").unwrap();
    reactor.set_reader(fd, 1).unwrap();
    become_another_file(&near, other.into());
    // The removal can't reach the registration of the old file, which its duplicate keeps alive.
    assert_eq!(reactor.remove_reader(fd), Some(1));
    become_another_file(&near, duplicate.into());
    assert_eq!(reactor.set_reader(fd, 2).unwrap(), None, "the kernel said EEXIST");
    assert_eq!(poll(&mut reactor), [readable(fd)]);
}

#[test]
fn removing_what_was_closed_is_no_error() {
    let mut reactor = Reactor::new().unwrap();
    let (near, _far) = socket_pair();
    let (replacement, _replacement_far) = socket_pair();
    let fd = near.as_raw_fd();
    reactor.set_reader(fd, "reader").unwrap();
    reactor.set_writer(fd, "writer").unwrap();
    become_another_file(&near, replacement.into());
    assert_eq!(reactor.remove_reader(fd), Some("reader"));
    assert_eq!(poll(&mut reactor), [], "the new file is not watched for the old file's writer");
    assert_eq!(reactor.remove_writer(fd), Some("writer"));
    assert!(!reactor.registry().contains(fd));
}

#[test]
fn a_registration_that_nobody_can_name_does_not_spin_the_loop() {
    let mut reactor = Reactor::new().unwrap();
    let (near, mut far) = socket_pair();
    let (replacement, _replacement_far) = socket_pair();
    let (watched, _watched_far) = socket_pair();
    let (fd, _duplicate) = (near.as_raw_fd(), near.try_clone().unwrap());
    far.write_all(b"x").unwrap();
    reactor.set_reader(fd, "orphan").unwrap();
    reactor.set_writer(watched.as_raw_fd(), "watched").unwrap();
    become_another_file(&near, replacement.into());
    reactor.remove_reader(fd);

    poll(&mut reactor);
    for _ in 0..3 {
        let mut wait = reactor.begin_wait().unwrap();
        assert_eq!(wait.block(Some(support::LONG)).unwrap(), 1, "the kernel still reports the orphan");
        reactor.finish_wait(wait);
        assert_eq!(reactor.next_event(), Some(writable(watched.as_raw_fd())));
        assert_eq!(reactor.next_event(), None);
    }
}

#[test]
fn a_removal_during_the_wait_is_no_orphan() {
    let mut reactor = Reactor::new().unwrap();
    let (near, mut far) = socket_pair();
    far.write_all(b"x").unwrap();
    reactor.set_reader(near.as_raw_fd(), ()).unwrap();
    let selector = reactor.fd();
    let mut wait = reactor.begin_wait().unwrap();
    assert_eq!(wait.block(None).unwrap(), 1);
    reactor.remove_reader(near.as_raw_fd());
    reactor.finish_wait(wait);
    assert_eq!(reactor.next_event(), None);
    assert_eq!(reactor.fd(), selector, "an ordinary late event costs no new selector");
}
