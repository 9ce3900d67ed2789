//! Connections opened and closed: each one is opened, has one message echoed and is closed by the client.

use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::{Errno, ioctl_fionbio, read, write};

use crate::Outcome;
use crate::address::{Address, PATIENCE};
use crate::histogram::Histogram;
use crate::options::Options;
use crate::pattern::Pattern;
use crate::poll::{Poll, Ready};
use crate::report::Report;
use crate::window::{Phase, Window};

/// A message is small here, so that it goes in one piece.
const LARGEST_MESSAGE: usize = 16 * 1024;

/// Keep `connections` of them under way until the time is over; one operation is one whole life.
pub fn run(address: &Address, options: &Options) -> Outcome<Report> {
    if options.size > LARGEST_MESSAGE {
        return Err(format!("messages have at most {LARGEST_MESSAGE} bytes in this mode").into());
    }
    let mut window = Window::new(options);
    let mut lives = Lives::new(address, options)?;
    for place in 0..options.connections {
        lives.begin(place)?;
    }
    let mut latencies = Histogram::default();
    let mut ready: Vec<Ready> = Vec::new();
    while lives.open > 0 {
        lives.poll.wait(Some(PATIENCE), &mut ready)?;
        if ready.is_empty() {
            return Err(format!("{} connections got no reply in {} s", lives.open, PATIENCE.as_secs()).into());
        }
        for event in &ready {
            let Some(begun) = lives.read(event.number)? else { continue };
            let now = Instant::now();
            let phase = window.phase(now)?;
            if phase == Phase::Measured {
                latencies.record(now.saturating_duration_since(begun));
            }
            if phase != Phase::Over {
                lives.begin(event.number)?;
            }
        }
    }
    Ok(Report::new(options, latencies.total(), &window.spent()?).with_latencies(&latencies))
}

/// A connection that waits for the rest of its echo.
struct Life {
    socket: OwnedFd,
    begun: Instant,
    start: u64,
    received: usize,
}

struct Lives<'a> {
    address: &'a Address,
    pattern: Pattern,
    poll: Poll,
    places: Vec<Option<Life>>,
    scratch: Vec<u8>,
    opened: usize,
    open: usize,
}

impl<'a> Lives<'a> {
    fn new(address: &'a Address, options: &Options) -> Outcome<Self> {
        Ok(Self {
            address,
            pattern: Pattern::new(options.size),
            poll: Poll::new()?,
            places: (0..options.connections).map(|_| None).collect(),
            scratch: vec![0; options.size],
            opened: 0,
            open: 0,
        })
    }

    fn begin(&mut self, place: usize) -> Outcome<()> {
        let begun = Instant::now();
        let socket = self.address.connect_from_anywhere(self.opened)?;
        ioctl_fionbio(&socket, true)?;
        let start = self.pattern.start(self.opened);
        let size = self.pattern.size();
        if write(&socket, self.pattern.from(start, size as u64))? != size {
            return Err("an empty socket did not take a small message".into());
        }
        self.poll.add(&socket, place, false)?;
        if let Some(place) = self.places.get_mut(place) {
            *place = Some(Life { socket, begun, start, received: 0 });
        }
        self.opened += 1;
        self.open += 1;
        Ok(())
    }

    /// Read at this place; when the echo is complete, close the connection and tell when it was begun.
    fn read(&mut self, place: usize) -> Outcome<Option<Instant>> {
        let Some(slot) = self.places.get_mut(place) else { return Ok(None) };
        let Some(life) = slot else { return Ok(None) };
        let length = match read(&life.socket, &mut self.scratch) {
            Ok(0) => return Err("the server closed a connection before its reply".into()),
            Ok(length) => length,
            Err(Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(format!("receiving failed: {error}").into()),
        };
        let chunk = self.scratch.get(..length).unwrap_or_default();
        if !self.pattern.matches(life.start + life.received as u64, chunk) {
            return Err("a wrong reply".into());
        }
        life.received += length;
        if life.received < self.pattern.size() {
            return Ok(None);
        }
        let begun = life.begun;
        *slot = None;
        self.open -= 1;
        Ok(Some(begun))
    }
}
