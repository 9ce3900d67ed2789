//! Requests and replies: every connection keeps `depth` of them in flight, of a message that wants to be sent back, or of
//! whatever else an [`Exchange`] says.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::{Errno, ioctl_fionbio, read, write};

use crate::Outcome;
use crate::address::{Address, PATIENCE};
use crate::histogram::Histogram;
use crate::options::Options;
use crate::pattern::Pattern;
use crate::poll::{Poll, Ready};
use crate::process::resident_bytes;
use crate::report::Report;
use crate::window::{Phase, Window};

const SCRATCH_BYTES: usize = 256 * 1024;
/// Connections that were opened and not served yet: fewer than any server's queue of them holds.
const OPENING_AT_A_TIME: usize = 64;
/// With fewer connections than this, memory by connection is noise.
const CONNECTIONS_FOR_MEMORY: usize = 200;

/// What is said on every connection: an endless row of requests of one size, and one of replies.
pub trait Exchange {
    /// Bytes of a request, and of the reply to it.
    fn sizes(&self) -> (usize, usize);

    /// Where in the row the `number`th connection begins.
    fn start(&self, number: usize) -> u64;

    /// What is to be sent from `position` on: up to `limit` bytes, at least one.
    fn request(&self, position: u64, limit: u64) -> &[u8];

    /// Whether this is what has to come at `position` of the replies.
    fn is_reply(&self, position: u64, chunk: &[u8]) -> bool;
}

/// An echo.
impl Exchange for Pattern {
    fn sizes(&self) -> (usize, usize) {
        (self.size(), self.size())
    }

    fn start(&self, number: usize) -> u64 {
        Pattern::start(self, number)
    }

    fn request(&self, position: u64, limit: u64) -> &[u8] {
        self.from(position, limit)
    }

    fn is_reply(&self, position: u64, chunk: &[u8]) -> bool {
        self.matches(position, chunk)
    }
}

/// Put load on the server at `address`, as `options` say.
pub fn run(address: &Address, options: &Options, exchange: impl Exchange) -> Outcome<Report> {
    let resident_before = options.server.map(resident_bytes).transpose()?;
    let mut crowd = Crowd::open(address, options, exchange)?;
    let mut window = Window::new(options);
    let latencies = crowd.converse(options, &mut window)?;
    let resident_after = options.server.map(resident_bytes).transpose()?;
    let grown = resident_before.zip(resident_after).map(|(before, after)| after as f64 - before as f64);
    let memory = grown
        .filter(|_| options.connections >= CONNECTIONS_FOR_MEMORY)
        .map(|bytes| bytes / options.connections as f64);
    Ok(Report::new(options, latencies.total(), &window.spent()?)
        .with_latencies(&latencies)
        .with("memory_per_connection", memory))
}

/// One stream: how far each side is in it, and when the messages in flight were begun.
struct Connection {
    socket: OwnedFd,
    /// Where in the exchange this stream begins.
    start: u64,
    granted: u64,
    sent: u64,
    received: u64,
    begun: VecDeque<Instant>,
    awaits_room: bool,
}

impl Connection {
    /// Allow so many further messages, begun now.
    fn grant(&mut self, messages: u64, size: usize, now: Instant) {
        self.granted += messages * size as u64;
        for _ in 0..messages {
            self.begun.push_back(now);
        }
    }

    /// Send what is granted, as far as the kernel takes it. Whether some of it is left.
    fn send(&mut self, exchange: &impl Exchange) -> Outcome<bool> {
        while self.sent < self.granted {
            let piece = exchange.request(self.start + self.sent, self.granted - self.sent);
            match write(&self.socket, piece) {
                Ok(written) => self.sent += written as u64,
                Err(Errno::AGAIN) => return Ok(true),
                Err(error) => return Err(format!("sending failed: {error}").into()),
            }
        }
        Ok(false)
    }

    /// Read once; how many messages became complete.
    fn receive(&mut self, exchange: &impl Exchange, scratch: &mut [u8]) -> Outcome<u64> {
        let length = match read(&self.socket, &mut *scratch) {
            Ok(0) => return Err("the server closed a connection".into()),
            Ok(length) => length,
            Err(Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(format!("receiving failed: {error}").into()),
        };
        let chunk = scratch.get(..length).unwrap_or_default();
        let (request, reply) = exchange.sizes();
        let size = reply as u64;
        let before = self.received / size;
        if u128::from(self.received + length as u64) * request as u128 > u128::from(self.sent) * reply as u128
        {
            return Err("the server sent more than it was asked for".into());
        }
        if !exchange.is_reply(self.start + self.received, chunk) {
            return Err(format!("a wrong reply after {} bytes", self.received).into());
        }
        self.received += length as u64;
        Ok(self.received / size - before)
    }
}

/// All connections and the loop that serves them.
struct Crowd<E> {
    poll: Poll,
    exchange: E,
    connections: Vec<Connection>,
    scratch: Vec<u8>,
    ready: Vec<Ready>,
    in_flight: usize,
}

impl<E: Exchange> Crowd<E> {
    /// Open all connections. Each one is opened when the server has answered a first message on it.
    fn open(address: &Address, options: &Options, exchange: E) -> Outcome<Self> {
        let mut crowd = Self {
            poll: Poll::new()?,
            exchange,
            connections: Vec::with_capacity(options.connections),
            scratch: vec![0; SCRATCH_BYTES],
            ready: Vec::new(),
            in_flight: 0,
        };
        while crowd.connections.len() < options.connections || crowd.in_flight > 0 {
            while crowd.connections.len() < options.connections && crowd.in_flight < OPENING_AT_A_TIME {
                crowd.add(address)?;
            }
            crowd.turn(PATIENCE, |_, _, _| Ok(0))?;
        }
        Ok(crowd)
    }

    fn add(&mut self, address: &Address) -> Outcome<()> {
        let number = self.connections.len();
        let socket = address.connect()?;
        ioctl_fionbio(&socket, true)?;
        self.poll.add(&socket, number, false)?;
        let start = self.exchange.start(number);
        let begun = VecDeque::new();
        let connection =
            Connection { socket, start, granted: 0, sent: 0, received: 0, begun, awaits_room: false };
        self.connections.push(connection);
        self.grant(number, 1, Instant::now())
    }

    /// Keep every connection busy until the window closes, and take the last replies.
    fn converse(&mut self, options: &Options, window: &mut Window) -> Outcome<Histogram> {
        let mut latencies = Histogram::default();
        let depth = options.depth as u64;
        for number in 0..self.connections.len() {
            self.grant(number, depth, Instant::now())?;
        }
        while self.in_flight > 0 {
            self.turn(PATIENCE, |begun, done, now| {
                let phase = window.phase(now)?;
                if phase == Phase::Measured {
                    for begun in begun.iter().take(done) {
                        latencies.record(now.saturating_duration_since(*begun));
                    }
                }
                Ok(if phase == Phase::Over { 0 } else { done })
            })?;
        }
        Ok(latencies)
    }

    /// Wait for events and serve them. `replied` is told when the messages in flight on a connection were begun,
    /// how many of them (from the first on) have come back, and the time; it says how many more to send.
    fn turn(
        &mut self,
        patience: std::time::Duration,
        mut replied: impl FnMut(&VecDeque<Instant>, usize, Instant) -> Outcome<usize>,
    ) -> Outcome<()> {
        let mut ready = std::mem::take(&mut self.ready);
        self.poll.wait(Some(patience), &mut ready)?;
        if ready.is_empty() {
            return Err(
                format!("no reply in {} s, {} are missing", patience.as_secs(), self.in_flight).into()
            );
        }
        for event in &ready {
            let Some(connection) = self.connections.get_mut(event.number) else { continue };
            let mut more = 0;
            let now = Instant::now();
            if event.read {
                let done = connection.receive(&self.exchange, &mut self.scratch)? as usize;
                if done > 0 {
                    more = replied(&connection.begun, done, now)?;
                    connection.begun.drain(..done);
                    self.in_flight -= done;
                }
            }
            if more > 0 || event.write {
                self.grant(event.number, more as u64, now)?;
            }
        }
        self.ready = ready;
        Ok(())
    }

    fn grant(&mut self, number: usize, messages: u64, now: Instant) -> Outcome<()> {
        let Some(connection) = self.connections.get_mut(number) else { return Ok(()) };
        connection.grant(messages, self.exchange.sizes().0, now);
        self.in_flight += messages as usize;
        let left = connection.send(&self.exchange)?;
        if left != connection.awaits_room {
            connection.awaits_room = left;
            self.poll.change(&connection.socket, number, true, left)?;
        }
        Ok(())
    }
}
