//! The reactor against real pipes and sockets: what is reported, how often, and to whom.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use aioxide_core::reactor::{Interest, Reactor, Wait};
use aioxide_core::ready::{Inbox, Queue};
use support::{LONG, both, poll, readable, socket_pair, wait, writable};

/// The binding blocks without the interpreter and keeps the reactor in an object that any thread may reach.
const fn crosses_threads<T: Send + Sync>() {}
const _: () = {
    crosses_threads::<Reactor<u32>>();
    crosses_threads::<Wait>();
};

#[test]
fn readiness_is_reported_until_somebody_reads() {
    let mut reactor = Reactor::new().unwrap();
    let (mut near, mut far) = socket_pair();
    assert_eq!(reactor.set_reader(near.as_raw_fd(), "reader").unwrap(), None);
    assert_eq!(poll(&mut reactor), []);
    far.write_all(b"x").unwrap();
    for _ in 0..3 {
        assert_eq!(poll(&mut reactor), [readable(near.as_raw_fd())]);
    }
    near.read_exact(&mut [0]).unwrap();
    assert_eq!(poll(&mut reactor), []);
}

#[test]
fn the_two_halves_of_a_descriptor_come_and_go_alone() {
    let mut reactor = Reactor::new().unwrap();
    let (near, mut far) = socket_pair();
    let fd = near.as_raw_fd();
    far.write_all(b"x").unwrap();

    assert_eq!(reactor.set_writer(fd, "writer").unwrap(), None);
    assert_eq!(poll(&mut reactor), [writable(fd)]);
    assert_eq!(reactor.set_reader(fd, "reader").unwrap(), None);
    assert_eq!(poll(&mut reactor), [both(fd)]);
    assert_eq!(reactor.registry().interest(fd), Interest::BOTH);
    assert_eq!(
        (reactor.registry().reader(fd), reactor.registry().writer(fd)),
        (Some(&"reader"), Some(&"writer"))
    );
    assert!(reactor.registry().iter().eq([(fd, &"reader"), (fd, &"writer")]));

    assert_eq!(reactor.set_reader(fd, "second reader").unwrap(), Some("reader"));
    assert_eq!(reactor.remove_writer(fd), Some("writer"));
    assert_eq!(reactor.remove_writer(fd), None);
    assert_eq!(poll(&mut reactor), [readable(fd)]);
    assert_eq!(reactor.remove_reader(fd), Some("second reader"));
    assert!(!reactor.registry().contains(fd));
    assert_eq!(poll(&mut reactor), []);
}

#[test]
fn a_hang_up_reaches_whoever_watches() {
    let mut reactor = Reactor::new().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let (reader_fd, writer_fd) = (reader.as_raw_fd(), writer.as_raw_fd());
    reactor.set_reader(reader_fd, ()).unwrap();
    drop(writer);
    assert_eq!(poll(&mut reactor), [readable(reader_fd)]);
    reactor.set_writer(reader_fd, ()).unwrap();
    assert_eq!(poll(&mut reactor), [both(reader_fd)], "EPOLLHUP alone means both");

    let (reader, writer) = std::io::pipe().unwrap();
    assert_ne!(writer.as_raw_fd(), reader_fd, "{writer_fd}");
    reactor.set_reader(writer.as_raw_fd(), ()).unwrap();
    drop(reader);
    assert!(poll(&mut reactor).contains(&readable(writer.as_raw_fd())), "EPOLLERR reaches a reader");
}

#[test]
fn an_event_whose_source_was_removed_meanwhile_reaches_nobody() {
    let mut reactor = Reactor::new().unwrap();
    let pairs: Vec<_> = (0..3).map(|_| socket_pair()).collect();
    for (near, far) in &pairs {
        (&*far).write_all(b"x").unwrap();
        reactor.set_reader(near.as_raw_fd(), ()).unwrap();
    }
    let mut wait = reactor.begin_wait().unwrap();
    assert_eq!(wait.block(Some(LONG)).unwrap(), 3);
    reactor.finish_wait(wait);
    let first = reactor.next_event().unwrap();

    // One of the other two is removed, one removed and registered anew: neither event is theirs any more.
    let mut others = pairs.iter().map(|(near, _)| near.as_raw_fd()).filter(|fd| *fd != first.fd);
    let (removed, renewed) = (others.next().unwrap(), others.next().unwrap());
    reactor.remove_reader(removed);
    reactor.remove_reader(renewed);
    reactor.set_reader(renewed, ()).unwrap();
    assert_eq!(reactor.next_event(), None);

    let mut again: Vec<_> = poll(&mut reactor).iter().map(|event| event.fd).collect();
    again.sort_unstable();
    let mut expected = [first.fd, renewed];
    expected.sort_unstable();
    assert_eq!(again, expected, "level-triggered: nothing is lost");
}

#[test]
fn regular_files_and_bad_numbers_are_refused_and_change_nothing() {
    let mut reactor = Reactor::new().unwrap();
    let file = File::open(env!("CARGO_MANIFEST_PATH")).unwrap();
    for (fd, expected) in [(file.as_raw_fd(), libc::EPERM), (-1, libc::EBADF), (i32::MAX, libc::EBADF)] {
        assert_eq!(reactor.set_reader(fd, ()).unwrap_err().raw_os_error(), Some(expected), "{fd}");
        assert_eq!(reactor.set_writer(fd, ()).unwrap_err().raw_os_error(), Some(expected), "{fd}");
        assert!(!reactor.registry().contains(fd));
        assert_eq!(reactor.remove_reader(fd), None);
    }
}

#[test]
fn more_events_than_one_wait_can_report_all_come() {
    let mut reactor = Reactor::new().unwrap();
    let pairs: Vec<_> = (0..600).map(|_| socket_pair()).collect();
    for (near, _) in &pairs {
        reactor.set_writer(near.as_raw_fd(), ()).unwrap();
    }
    let mut seen: Vec<_> = (0..2).flat_map(|_| poll(&mut reactor)).map(|event| event.fd).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), pairs.len());
}

#[test]
fn a_descriptor_added_during_a_wait_ends_it() {
    let mut reactor = Reactor::new().unwrap();
    let (near, mut far) = socket_pair();
    far.write_all(b"x").unwrap();
    let mut wait = reactor.begin_wait().unwrap();
    let start = Instant::now();
    let wait = thread::scope(|scope| {
        let waiting = scope.spawn(move || wait.block(Some(LONG)).map(|count| (wait, count)));
        thread::sleep(Duration::from_millis(20));
        reactor.set_reader(near.as_raw_fd(), ()).unwrap();
        let (wait, count) = waiting.join().unwrap().unwrap();
        assert_eq!(count, 1);
        wait
    });
    assert!(start.elapsed() < LONG);
    reactor.finish_wait(wait);
    assert_eq!(reactor.next_event(), Some(readable(near.as_raw_fd())));
}

#[test]
fn a_wake_up_ends_the_wait_or_the_next_one_and_is_no_event() {
    let mut reactor = Reactor::<()>::new().unwrap();
    let waker = reactor.waker().clone();
    waker.wake();
    let start = Instant::now();
    assert_eq!(wait(&mut reactor, LONG), [], "woken before");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            waker.wake();
        });
        assert_eq!(wait(&mut reactor, LONG), [], "woken during");
    });
    assert!(start.elapsed() < LONG);

    waker.wake_if_parked();
    let start = Instant::now();
    wait(&mut reactor, Duration::from_millis(5));
    assert!(start.elapsed() >= Duration::from_millis(5), "nobody was parked, nothing was written");
}

#[test]
fn threads_that_push_while_the_loop_sleeps_and_wakes_lose_nothing() {
    const THREADS: usize = 3;
    const EACH: usize = 3_000;
    let mut reactor = Reactor::<()>::new().unwrap();
    let waker = reactor.waker().clone();
    let inbox = Inbox::new(Arc::clone(waker.parking()));
    let mut queue = Queue::new();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for number in 0..EACH {
                    if inbox.push(number) {
                        waker.wake();
                    }
                    if number % 64 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
        while queue.len() < THREADS * EACH {
            if inbox.drain_into(&mut queue) == 0 && waker.prepare_park(|| inbox.is_empty()) {
                let start = Instant::now();
                wait(&mut reactor, LONG);
                assert!(start.elapsed() < LONG, "a wake-up was lost");
                waker.unpark();
            }
        }
    });
}

#[test]
fn a_closed_reactor_gives_back_its_payloads_and_refuses_more() {
    let mut reactor = Reactor::new().unwrap();
    let (near, _far) = socket_pair();
    let fd = near.as_raw_fd();
    reactor.set_reader(fd, 1).unwrap();
    reactor.set_writer(fd, 2).unwrap();
    let wait = reactor.begin_wait().unwrap();
    assert_eq!(reactor.close(), [1, 2]);
    assert_eq!(reactor.close(), []);
    assert!(reactor.is_closed() && reactor.fd().is_none());
    reactor.finish_wait(wait);
    assert_eq!(reactor.next_event(), None);
    assert_eq!(reactor.begin_wait().unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!(reactor.set_reader(fd, 3).unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!((reactor.remove_reader(fd), reactor.remove_writer(fd)), (None, None));
    reactor.waker().wake();
}

#[test]
fn an_eventfd_can_be_watched_like_anything_else() {
    let mut reactor = Reactor::new().unwrap();
    // SAFETY: no argument is a pointer.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    assert!(fd >= 0);
    // SAFETY: the descriptor was just opened, and nobody else owns it.
    let counter = unsafe { OwnedFd::from_raw_fd(fd) };
    reactor.set_reader(fd, ()).unwrap();
    assert_eq!(poll(&mut reactor), []);
    File::from(counter.try_clone().unwrap()).write_all(&1_u64.to_ne_bytes()).unwrap();
    assert_eq!(poll(&mut reactor), [readable(fd)]);
    assert_eq!(counter.into_raw_fd(), fd);
    reactor.remove_reader(fd);
    // SAFETY: ownership was given up in the line above.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
}
