//! Datagrams that the kernel did not take at once.
//!
//! A datagram goes to the socket's peer, to an address, or to one that only the caller can read (a host name, say): the
//! queue hands those back one by one, in their place of the order, and sends all others in batches.
//!
//! Invariants:
//!
//! * Datagrams leave in the order in which they came, each once, whole.
//! * The size is the sum of what waits, each datagram counted with the overhead it was given.
//! * Whatever leaves the queue leaves through a return value: nothing is dropped in here.

use std::collections::VecDeque;
use std::io;

use super::read::is_temporary;
use crate::sys::{Address, SEND_BATCH};

/// Where a datagram goes; `F` is an address that only the caller can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination<F> {
    /// The socket is connected.
    Peer,
    /// An address.
    Address(Address),
    /// An address that only the caller can read.
    Foreign(F),
}

/// A datagram that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing<D, F> {
    /// Its bytes.
    pub data: D,
    /// Where it goes.
    pub destination: Destination<F>,
}

/// Something that takes datagrams: a socket.
pub trait SendDatagrams {
    /// Takes the first of `messages` (their bytes and addresses) and says how many, or why not even the first one.
    fn send<'a>(&self, messages: impl Iterator<Item = (&'a [u8], Option<&'a Address>)>) -> io::Result<usize>;
}

/// How flushing ended.
#[derive(Debug)]
pub enum Flushed<D, F> {
    /// Nothing waits any more.
    Empty,
    /// The first datagram that waits would block.
    Blocked,
    /// The first datagram could not be sent, and has left the queue.
    Failed(Outgoing<D, F>, io::Error),
    /// The first datagram goes to an address that only the caller can read. It has left the queue:
    /// [`DatagramQueue::put_back`] undoes that.
    Foreign(D, F),
}

/// Datagrams in the order in which they will be sent. Each counts for its length and `overhead` bytes more.
#[derive(Debug)]
pub struct DatagramQueue<D, F> {
    waiting: VecDeque<Outgoing<D, F>>,
    size: usize,
    overhead: usize,
}

impl<D: AsRef<[u8]>, F> DatagramQueue<D, F> {
    /// An empty queue.
    pub const fn new(overhead: usize) -> Self {
        Self { waiting: VecDeque::new(), size: 0, overhead }
    }

    /// True when nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many datagrams wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many bytes wait, with the overhead of each datagram.
    #[inline]
    pub fn size(&self) -> usize {
        self.size
    }

    /// What waits, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Outgoing<D, F>> {
        self.waiting.iter()
    }

    /// Puts a datagram at the end.
    pub fn push(&mut self, datagram: Outgoing<D, F>) {
        self.size += self.cost(&datagram);
        self.waiting.push_back(datagram);
    }

    /// Puts a datagram back to the front, from where it came.
    pub fn put_back(&mut self, datagram: Outgoing<D, F>) {
        self.size += self.cost(&datagram);
        self.waiting.push_front(datagram);
    }

    /// Takes out everything that waits.
    pub fn drain(&mut self) -> VecDeque<Outgoing<D, F>> {
        self.size = 0;
        std::mem::take(&mut self.waiting)
    }

    /// Sends what waits, until something needs the caller. What was sent goes to `sent`.
    pub fn flush(
        &mut self,
        socket: &impl SendDatagrams,
        sent: &mut impl Extend<Outgoing<D, F>>,
    ) -> Flushed<D, F> {
        loop {
            match self.waiting.front() {
                None => return Flushed::Empty,
                Some(Outgoing { destination: Destination::Foreign(_), .. }) => {
                    if let Some(Outgoing { data, destination: Destination::Foreign(address) }) = self.pop() {
                        return Flushed::Foreign(data, address);
                    }
                }
                Some(_) => match socket.send(self.waiting.iter().map_while(native).take(SEND_BATCH)) {
                    Ok(count) => {
                        for _ in 0..count {
                            sent.extend(self.pop());
                        }
                    }
                    Err(error) if is_temporary(&error) => {
                        return Flushed::Blocked;
                    }
                    Err(error) => {
                        if let Some(failed) = self.pop() {
                            return Flushed::Failed(failed, error);
                        }
                    }
                },
            }
        }
    }

    fn pop(&mut self) -> Option<Outgoing<D, F>> {
        let datagram = self.waiting.pop_front()?;
        self.size = self.size.saturating_sub(self.cost(&datagram));
        Some(datagram)
    }

    fn cost(&self, datagram: &Outgoing<D, F>) -> usize {
        datagram.data.as_ref().len() + self.overhead
    }
}

/// A datagram as a socket takes it; `None` when the caller has to read its address.
fn native<D: AsRef<[u8]>, F>(datagram: &Outgoing<D, F>) -> Option<(&[u8], Option<&Address>)> {
    let address = match &datagram.destination {
        Destination::Peer => None,
        Destination::Address(address) => Some(address),
        Destination::Foreign(_) => return None,
    };
    Some((datagram.data.as_ref(), address))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::RefCell;
    use std::io::ErrorKind;

    type Queue = DatagramQueue<Vec<u8>, &'static str>;
    type Datagram = Outgoing<Vec<u8>, &'static str>;

    /// A peer that does what the script says, one line for each call, and keeps what it has taken.
    #[derive(Default)]
    struct Peer {
        script: RefCell<VecDeque<Line>>,
        taken: RefCell<Vec<Vec<u8>>>,
        calls: RefCell<Vec<usize>>,
    }

    #[derive(Clone, Copy, Debug)]
    enum Line {
        Take(usize),
        Fail(ErrorKind),
    }

    impl Peer {
        fn new(script: &[Line]) -> Self {
            Self { script: RefCell::new(script.iter().copied().collect()), ..Self::default() }
        }
    }

    impl SendDatagrams for Peer {
        /// Takes everything once the script has come to its end.
        fn send<'a>(
            &self,
            messages: impl Iterator<Item = (&'a [u8], Option<&'a Address>)>,
        ) -> io::Result<usize> {
            let messages: Vec<&[u8]> = messages.map(|(data, _)| data).collect();
            self.calls.borrow_mut().push(messages.len());
            let count = match self.script.borrow_mut().pop_front() {
                Some(Line::Fail(kind)) => return Err(kind.into()),
                Some(Line::Take(count)) => count.clamp(1, messages.len()),
                None => messages.len(),
            };
            self.taken.borrow_mut().extend(messages.iter().take(count).map(|data| data.to_vec()));
            Ok(count)
        }
    }

    fn to_peer(text: &str) -> Datagram {
        Outgoing { data: text.into(), destination: Destination::Peer }
    }

    fn to_name(text: &str, name: &'static str) -> Datagram {
        Outgoing { data: text.into(), destination: Destination::Foreign(name) }
    }

    fn queue_of(datagrams: impl IntoIterator<Item = Datagram>) -> Queue {
        let mut queue = Queue::new(8);
        datagrams.into_iter().for_each(|datagram| queue.push(datagram));
        queue
    }

    #[test]
    fn what_waits_goes_in_one_call() {
        let mut queue = queue_of([to_peer("one"), to_peer("two"), to_peer("")]);
        assert_eq!(queue.size(), 3 + 3 + 3 * 8);
        let (peer, mut sent) = (Peer::default(), Vec::new());
        assert!(matches!(queue.flush(&peer, &mut sent), Flushed::Empty));
        assert_eq!(*peer.calls.borrow(), [3]);
        assert_eq!(sent, [to_peer("one"), to_peer("two"), to_peer("")]);
        assert_eq!((queue.size(), queue.is_empty()), (0, true));
    }

    #[test]
    fn a_full_buffer_keeps_the_rest_in_order() {
        let mut queue = queue_of(["a", "b", "c"].map(to_peer));
        let peer = Peer::new(&[Line::Take(1), Line::Fail(ErrorKind::WouldBlock)]);
        assert!(matches!(queue.flush(&peer, &mut Vec::new()), Flushed::Blocked));
        assert_eq!(queue.size(), 2 * 9);
        assert!(matches!(queue.flush(&peer, &mut Vec::new()), Flushed::Empty));
        assert_eq!(*peer.taken.borrow(), [b"a", b"b", b"c"]);
        assert_eq!(*peer.calls.borrow(), [3, 2, 2]);
    }

    #[test]
    fn a_datagram_that_fails_leaves_and_the_next_flush_goes_on() {
        let mut queue = queue_of(["a", "b", "c"].map(to_peer));
        let peer = Peer::new(&[Line::Take(1), Line::Fail(ErrorKind::ConnectionRefused)]);
        let Flushed::Failed(failed, error) = queue.flush(&peer, &mut Vec::new()) else { panic!() };
        assert_eq!((failed, error.kind()), (to_peer("b"), ErrorKind::ConnectionRefused));
        assert_eq!(queue.size(), 9);
        assert!(matches!(queue.flush(&peer, &mut Vec::new()), Flushed::Empty));
        assert_eq!(*peer.taken.borrow(), [b"a", b"c"]);
    }

    #[test]
    fn an_address_that_only_the_caller_reads_keeps_its_place() {
        let mut queue = queue_of([to_peer("a"), to_name("b", "host"), to_peer("c")]);
        let peer = Peer::default();
        let Flushed::Foreign(data, name) = queue.flush(&peer, &mut Vec::new()) else { panic!() };
        assert_eq!((&data[..], name), (&b"b"[..], "host"));
        queue.put_back(Outgoing { data, destination: Destination::Foreign(name) });
        assert_eq!(queue.size(), 2 * 9);
        assert!(matches!(queue.flush(&peer, &mut Vec::new()), Flushed::Foreign(..)));
        assert!(matches!(queue.flush(&peer, &mut Vec::new()), Flushed::Empty));
        assert_eq!(*peer.taken.borrow(), [b"a", b"c"]);
    }

    #[test]
    fn draining_gives_everything_back() {
        let mut queue = queue_of([to_peer("a"), to_name("b", "host")]);
        assert_eq!(queue.drain().len(), 2);
        assert_eq!((queue.size(), queue.is_empty()), (0, true));
    }

    fn any_line() -> impl Strategy<Value = Line> {
        prop_oneof![
            3 => (1..40_usize).prop_map(Line::Take),
            1 => Just(Line::Fail(ErrorKind::WouldBlock)),
            1 => Just(Line::Fail(ErrorKind::Interrupted)),
            1 => Just(Line::Fail(ErrorKind::ConnectionRefused)),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_repeated_or_reordered(
            foreign in prop::collection::vec(any::<bool>(), 0..120),
            script in prop::collection::vec(any_line(), 0..60),
        ) {
            let texts: Vec<String> = (0..foreign.len()).map(|number| number.to_string()).collect();
            let mut queue = queue_of(foreign.iter().zip(&texts).map(|(foreign, text)| {
                if *foreign { to_name(text, "host") } else { to_peer(text) }
            }));
            let (peer, mut left) = (Peer::new(&script), Vec::new());
            loop {
                let mut sent = Vec::new();
                let flushed = queue.flush(&peer, &mut sent);
                left.extend(sent.into_iter().map(|datagram| datagram.data));
                match flushed {
                    Flushed::Empty => break,
                    Flushed::Blocked => {}
                    Flushed::Failed(datagram, _) => left.push(datagram.data),
                    Flushed::Foreign(data, _) => left.push(data),
                }
                let expected: usize = queue.iter().map(|datagram| datagram.data.len() + 8).sum();
                prop_assert_eq!(queue.size(), expected);
            }
            let texts: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(left, texts);
        }
    }
}
