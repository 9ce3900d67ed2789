//! Names and addresses: answered at once where that needs nobody, by a thread where it may take long.
//!
//! [`literal`] knows the answers for numeric hosts in their usual forms; they are those of the C library, which
//! is asked about everything else, in a thread of a [`Pool`]. The answer is plain data: it goes to the loop's
//! [`Inbox`], under the number that the question was given.
//!
//! Invariant: every question that was taken is answered once, unless the process ends or forks before.

use std::ffi::CString;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::reactor::Waker;
use crate::ready::{Inbox, Queue};
use crate::sys::resolve::{Found, Hints, Unresolved, addresses_of, names_of};
use crate::sys::{Address, family};

use super::Pool;

/// Something to ask the C library's resolver.
#[derive(Debug)]
pub enum Question {
    /// Host and service, of which either may be left open, and hints.
    Addresses(Option<CString>, Option<CString>, Hints),
    /// An address, and `NI_*`.
    Names(Address, i32),
}

/// What it says.
#[derive(Debug)]
pub enum Answer {
    /// The addresses, in the order of preference.
    Addresses(Vec<Found>),
    /// The names of host and service.
    Names(Vec<u8>, Vec<u8>),
    /// Nothing.
    Nothing(Unresolved),
}

impl Question {
    /// Asks, in this thread.
    pub fn ask(&self) -> Answer {
        let answer = match self {
            Self::Addresses(host, service, hints) => {
                addresses_of(host.as_deref(), service.as_deref(), *hints).map(Answer::Addresses)
            }
            Self::Names(address, flags) => {
                names_of(address, *flags).map(|(host, service)| Answer::Names(host, service))
            }
        };
        answer.unwrap_or_else(Answer::Nothing)
    }

    /// Whether asking needs no file and no network: numbers are asked for and given.
    pub fn is_quick(&self) -> bool {
        const NUMERIC: i32 = libc::NI_NUMERICHOST | libc::NI_NUMERICSERV;
        matches!(self, Self::Names(_, flags) if flags & NUMERIC == NUMERIC)
    }
}

/// The threads that ask for one loop, and where their answers wait for it.
#[derive(Debug)]
pub struct Resolver {
    pool: Pool,
    answers: Arc<Inbox<(u64, Answer)>>,
    waker: Waker,
    asked: u64,
}

impl Resolver {
    /// A resolver of up to `threads` threads for the loop that `waker` wakes.
    pub fn new(threads: usize, waker: Waker) -> Self {
        let answers = Arc::new(Inbox::new(Arc::clone(waker.parking())));
        Self { pool: Pool::new(threads), answers, waker, asked: 0 }
    }

    /// Asks `question` in a thread, and returns the number that its answer will come under.
    pub fn ask(&mut self, question: Question) -> io::Result<u64> {
        let number = self.asked;
        let (answers, waker) = (Arc::clone(&self.answers), self.waker.clone());
        self.pool.run(move || {
            if answers.push((number, question.ask())) {
                waker.wake();
            }
        })?;
        self.asked += 1;
        Ok(number)
    }

    /// True when no answer waits. To be asked in [`Waker::prepare_park`].
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answers that have come, in that order.
    pub fn take_answers(&self) -> Queue<(u64, Answer)> {
        let mut queue = Queue::new();
        self.answers.drain_into(&mut queue);
        queue
    }
}

/// The addresses of a numeric host with a numeric port, when the answer is certain without asking: the host is a
/// whole IPv4 or IPv6 address without a scope, of the family asked for, and nothing unusual is asked.
pub fn literal(host: &str, port: u16, hints: Hints) -> Option<Vec<Found>> {
    const HARMLESS: i32 = libc::AI_PASSIVE | libc::AI_NUMERICHOST | libc::AI_NUMERICSERV;
    if hints.flags & !HARMLESS != 0 {
        return None;
    }
    let host: IpAddr = host.parse().ok()?;
    let own = if host.is_ipv4() { family::INET } else { family::INET6 };
    if hints.family != libc::AF_UNSPEC && hints.family != own {
        return None;
    }
    let address = Address::from(SocketAddr::new(host, port));
    let found = |(kind, protocol)| Found { family: own, kind, protocol, canonical_name: Vec::new(), address };
    let kinds: &[(i32, i32)] = match (hints.kind, hints.protocol) {
        (0, 0) => &[TCP, UDP, RAW],
        (libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP) => &[TCP],
        (libc::SOCK_DGRAM, 0 | libc::IPPROTO_UDP) => &[UDP],
        _ => return None,
    };
    Some(kinds.iter().copied().map(found).collect())
}

const TCP: (i32, i32) = (libc::SOCK_STREAM, libc::IPPROTO_TCP);
const UDP: (i32, i32) = (libc::SOCK_DGRAM, libc::IPPROTO_UDP);
const RAW: (i32, i32) = (libc::SOCK_RAW, libc::IPPROTO_IP);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    fn asked(host: &str, port: u16, hints: Hints) -> Option<Vec<Found>> {
        let (host, port) = (CString::new(host).unwrap(), CString::new(port.to_string()).unwrap());
        match Question::Addresses(Some(host), Some(port), hints).ask() {
            Answer::Addresses(found) => Some(found),
            _ => None,
        }
    }

    fn literals() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<[u8; 4]>().prop_map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
            any::<[u16; 8]>().prop_map(|groups| std::net::Ipv6Addr::from(groups).to_string()),
            "[0-9a-f:.]{1,12}",
            "(::ffff:)?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}",
        ]
    }

    proptest! {
        #[test]
        fn a_literal_is_answered_as_the_c_library_does(
            host in literals(),
            port in any::<u16>(),
            family in prop::sample::select(vec![0, family::INET, family::INET6, family::UNIX]),
            kind in 0..6,
            protocol in prop::sample::select(vec![0, libc::IPPROTO_TCP, libc::IPPROTO_UDP, 132]),
            flags in prop::sample::select(vec![0, libc::AI_PASSIVE, libc::AI_NUMERICHOST | libc::AI_NUMERICSERV]),
        ) {
            let hints = Hints { family, kind, protocol, flags };
            if let Some(found) = literal(&host, port, hints) {
                prop_assert_eq!(asked(&host, port, hints), Some(found));
            }
        }
    }

    #[test]
    fn what_is_not_certain_is_not_answered() {
        let plain = Hints::default();
        assert_eq!(literal("127.0.0.1", 80, plain).unwrap().len(), 3);
        for host in ["localhost", "", "127.1", "::1%lo", "01.2.3.4", "1.2.3.4 "] {
            assert!(literal(host, 80, plain).is_none(), "{host}");
        }
        let other = |change: fn(&mut Hints)| {
            let mut hints = plain;
            change(&mut hints);
            literal("127.0.0.1", 80, hints)
        };
        assert!(other(|hints| hints.family = family::INET6).is_none());
        assert!(other(|hints| hints.flags = libc::AI_CANONNAME).is_none());
        assert!(other(|hints| hints.kind = libc::SOCK_SEQPACKET).is_none());
        assert!(other(|hints| hints.protocol = libc::IPPROTO_TCP).is_none());
    }

    #[test]
    fn answers_come_to_the_inbox_and_wake_a_loop_that_sleeps() {
        let waker = Waker::new().unwrap();
        let mut resolver = Resolver::new(4, waker.clone());
        assert!(waker.prepare_park(|| resolver.is_empty()));
        let numbers: Vec<u64> = (0..20)
            .map(|port| {
                let port = CString::new(port.to_string()).unwrap();
                let host = CString::new("127.0.0.1").unwrap();
                resolver.ask(Question::Addresses(Some(host), Some(port), Hints::default())).unwrap()
            })
            .collect();
        let start = Instant::now();
        let mut answered = Vec::new();
        while answered.len() < numbers.len() {
            assert!(start.elapsed() < Duration::from_secs(10));
            for (number, answer) in resolver.take_answers().iter() {
                assert!(matches!(answer, Answer::Addresses(found) if found.len() == 3));
                answered.push(*number);
            }
            std::thread::yield_now();
        }
        answered.sort_unstable();
        assert_eq!(answered, numbers);
    }

    #[test]
    fn only_numbers_are_quick() {
        let address = "127.0.0.1:80".parse::<SocketAddr>().unwrap().into();
        assert!(Question::Names(address, libc::NI_NUMERICHOST | libc::NI_NUMERICSERV).is_quick());
        assert!(!Question::Names(address, libc::NI_NUMERICHOST).is_quick());
        assert!(!Question::Addresses(None, None, Hints::default()).is_quick());
    }
}
