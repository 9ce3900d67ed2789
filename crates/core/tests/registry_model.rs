//! The registry and the kernel against a model of both: after any sequence of registrations, removals, bytes and
//! descriptors that become other files, a poll reports exactly what the model says.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use aioxide_core::reactor::{Event, Interest, Reactor};
use proptest::prelude::*;
use support::{become_another_file, poll, socket_pair};

const SOURCES: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Operation {
    SetReader,
    SetWriter,
    RemoveReader,
    RemoveWriter,
    Send,
    Receive,
    HangUp,
    BecomeAnotherFile,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => Just(Operation::SetReader),
        4 => Just(Operation::SetWriter),
        2 => Just(Operation::RemoveReader),
        2 => Just(Operation::RemoveWriter),
        3 => Just(Operation::Send),
        2 => Just(Operation::Receive),
        1 => Just(Operation::HangUp),
        2 => Just(Operation::BecomeAnotherFile),
    ]
}

/// One watched descriptor as the model sees it.
struct Source {
    near: UnixStream,
    /// `None` after a hang-up.
    far: Option<UnixStream>,
    reader: Option<usize>,
    writer: Option<usize>,
    /// The registration lives in the kernel: it ended if the descriptor was closed behind the loop's back.
    known_to_kernel: bool,
    has_bytes: bool,
}

impl Source {
    fn new() -> Self {
        let (near, far) = socket_pair();
        let (reader, writer) = (None, None);
        Self { near, far: Some(far), reader, writer, known_to_kernel: false, has_bytes: false }
    }

    fn interest(&self) -> Interest {
        Interest { readable: self.reader.is_some(), writable: self.writer.is_some() }
    }

    fn expected(&self) -> Option<Event> {
        let readable =
            self.known_to_kernel && self.reader.is_some() && (self.has_bytes || self.far.is_none());
        let writable = self.known_to_kernel && self.writer.is_some();
        (readable || writable).then_some(Event { fd: self.near.as_raw_fd(), readable, writable })
    }
}

fn apply(reactor: &mut Reactor<usize>, source: &mut Source, operation: Operation, number: usize) {
    let fd = source.near.as_raw_fd();
    match operation {
        Operation::SetReader => {
            assert_eq!(reactor.set_reader(fd, number).unwrap(), source.reader.replace(number));
            source.known_to_kernel = true;
        }
        Operation::SetWriter => {
            assert_eq!(reactor.set_writer(fd, number).unwrap(), source.writer.replace(number));
            source.known_to_kernel = true;
        }
        Operation::RemoveReader => assert_eq!(reactor.remove_reader(fd), source.reader.take()),
        Operation::RemoveWriter => assert_eq!(reactor.remove_writer(fd), source.writer.take()),
        Operation::Send => {
            if let Some(far) = &mut source.far {
                far.write_all(b"x").unwrap();
                source.has_bytes = true;
            }
        }
        Operation::Receive => {
            while source.near.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
            source.has_bytes = false;
        }
        Operation::HangUp => source.far = None,
        Operation::BecomeAnotherFile => {
            let (replacement, far) = socket_pair();
            become_another_file(&source.near, replacement.into());
            source.far = Some(far);
            source.has_bytes = false;
            source.known_to_kernel = false;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_poll_reports_what_the_model_says(
        operations in prop::collection::vec((0..SOURCES, operation()), 1..80),
    ) {
        let mut reactor = Reactor::new().unwrap();
        let mut sources: Vec<Source> = std::iter::repeat_with(Source::new).take(SOURCES).collect();
        for (number, (position, operation)) in operations.into_iter().enumerate() {
            let source = sources.get_mut(position).unwrap();
            apply(&mut reactor, source, operation, number);

            let mut events = poll(&mut reactor);
            events.sort_unstable_by_key(|event| event.fd);
            let mut expected: Vec<Event> = sources.iter().filter_map(Source::expected).collect();
            expected.sort_unstable_by_key(|event| event.fd);
            prop_assert_eq!(events, expected, "after {:?} of source {}", operation, position);
            for source in &sources {
                let fd = source.near.as_raw_fd();
                prop_assert_eq!(reactor.registry().interest(fd), source.interest());
                prop_assert_eq!(reactor.registry().reader(fd), source.reader.as_ref());
                prop_assert_eq!(reactor.registry().writer(fd), source.writer.as_ref());
            }
        }
        let payloads = sources.iter().map(|source| source.reader.iter().count() + source.writer.iter().count());
        let payloads: usize = payloads.sum();
        prop_assert_eq!(reactor.close().len(), payloads);
    }
}
