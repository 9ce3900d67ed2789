//! UDP: echo with a number of datagrams in flight, bursts of them, and a one-way flood.
//!
//! A datagram begins with its sequence number; the rest is the pattern's. One that does not come back in time is
//! counted as lost and another is sent in its place: UDP may lose, and a figure says how much it did.
//!
//! A burst is one message that the kernel cuts into datagrams (segmentation offload), which is how programs send that have
//! many to send: QUIC's do. The flood is made of them too: datagrams sent one by one kept the client busier than any
//! server. Both pass through the same door to the kernel as aioxide's own, in core.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use aioxide_core::sys::{Inbox, SEND_BATCH, Segmentation, coalesce, family, send_datagrams};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::Outcome;
use crate::address::{Address, PATIENCE};
use crate::histogram::Histogram;
use crate::options::Options;
use crate::pattern::Pattern;
use crate::poll::{Poll, Ready};
use crate::report::Report;
use crate::window::{Phase, Window};

/// A datagram that is under way for longer is lost.
const LOST_AFTER: Duration = Duration::from_millis(500);
const LOOK_FOR_LOST_EVERY: Duration = Duration::from_millis(100);
const NUMBER_BYTES: usize = 8;
/// What a counting server is asked.
pub const QUESTION: &[u8] = b"count";
/// The question or its answer may get lost.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Every flow keeps `depth` datagrams in flight and wants each of them back; with `bursts`, those that can be sent at the
/// same time go as one message.
pub fn echo(address: &Address, options: &Options, bursts: bool) -> Outcome<Report> {
    if options.size <= NUMBER_BYTES {
        return Err(format!("datagrams have more than {NUMBER_BYTES} bytes").into());
    }
    let mut poll = Poll::new()?;
    let mut traffic = Traffic::new(options, bursts);
    let mut flows = Vec::with_capacity(options.connections);
    for number in 0..options.connections {
        let flow = Flow { socket: address.flow()?, next: 0, in_flight: VecDeque::new(), unanswered: 0 };
        if bursts {
            coalesce(flow.socket.as_raw_fd())?;
        }
        poll.add(&flow.socket, number, false)?;
        flows.push(flow);
    }
    let mut window = Window::new(options);
    for flow in &mut flows {
        traffic.fill(flow)?;
    }
    let mut ready: Vec<Ready> = Vec::new();
    let (mut last_look, mut last_reply) = (Instant::now(), Instant::now());
    let mut phase = Phase::WarmUp;
    while phase != Phase::Over || flows.iter().any(|flow| !flow.in_flight.is_empty()) {
        poll.wait(Some(LOOK_FOR_LOST_EVERY), &mut ready)?;
        let mut now = Instant::now();
        for event in &ready {
            let Some(flow) = flows.get_mut(event.number) else { continue };
            now = Instant::now();
            phase = window.phase(now)?;
            traffic.take_replies(flow, now, phase)?;
            last_reply = now;
            if phase != Phase::Over {
                traffic.fill(flow)?;
            }
        }
        if now.duration_since(last_look) >= LOOK_FOR_LOST_EVERY {
            last_look = now;
            phase = window.phase(now)?;
            for flow in &mut flows {
                traffic.give_up_lost(flow, now, phase);
                if phase != Phase::Over {
                    traffic.fill(flow)?;
                }
            }
        }
        if now.duration_since(last_reply) > PATIENCE {
            return Err(format!("no datagram came back in {} s", PATIENCE.as_secs()).into());
        }
    }
    Ok(Report::new(options, traffic.latencies.total(), &window.spent()?)
        .with_latencies(&traffic.latencies)
        .with("lost", Some(traffic.lost as f64)))
}

/// One way, as fast as they go; the server counts. What the server's queue has no room for is lost on the way.
pub fn flood(address: &Address, options: &Options) -> Outcome<Report> {
    if options.size <= QUESTION.len() {
        return Err(format!("datagrams have more than {} bytes", QUESTION.len()).into());
    }
    let socket = address.flow()?;
    let (datagram, segmentation) = (vec![0; options.size], Segmentation::of_family(family::INET));
    ask_count(&socket)?;
    let mut window = Window::new(options);
    let (mut phase, mut counted_before, mut offered) = (Phase::WarmUp, 0, 0_u64);
    while phase != Phase::Over {
        let batch = std::iter::repeat_n((datagram.as_slice(), None), SEND_BATCH);
        let sent = match send_datagrams(socket.as_raw_fd(), batch, &segmentation) {
            Ok(sent) => sent as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(format!("sending failed: {error}").into()),
        };
        let before = phase;
        phase = window.phase(Instant::now())?;
        if before == Phase::WarmUp && phase == Phase::Measured {
            counted_before = ask_count(&socket)?;
        } else if phase == Phase::Measured {
            offered += sent;
        }
    }
    let counted = ask_count(&socket)? - counted_before;
    Ok(Report::new(options, counted, &window.spent()?).with("offered", Some(offered as f64)))
}

/// How many datagrams the server has counted so far. The question itself may be lost.
fn ask_count(socket: &OwnedFd) -> Outcome<u64> {
    let mut poll = Poll::new()?;
    poll.add(socket, 0, false)?;
    let mut ready = Vec::new();
    let mut answer = [0; 32];
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        send(socket, QUESTION, SendFlags::empty())?;
        poll.wait(Some(ASK_AGAIN_AFTER), &mut ready)?;
        let mut newest = None;
        while let Ok((length, _)) = recv(socket, &mut answer, RecvFlags::DONTWAIT) {
            newest = Some(std::str::from_utf8(answer.get(..length).unwrap_or_default())?.parse()?);
        }
        if let Some(count) = newest {
            return Ok(count);
        }
    }
    Err(format!("the server told no count in {} s", PATIENCE.as_secs()).into())
}

/// One socket of the client and what it has under way, oldest first.
struct Flow {
    socket: OwnedFd,
    next: u64,
    in_flight: VecDeque<Datagram>,
    /// Those of them that are not answered: one that is lost does not hold up the others.
    unanswered: usize,
}

struct Datagram {
    number: u64,
    begun: Instant,
    /// Answered, but an older one is not yet.
    answered: bool,
}

struct Traffic {
    pattern: Pattern,
    size: usize,
    /// What is being sent, one datagram behind the other.
    buffers: Vec<u8>,
    segmentation: Segmentation,
    inbox: Inbox,
    bursts: bool,
    depth: usize,
    latencies: Histogram,
    lost: u64,
}

impl Traffic {
    fn new(options: &Options, bursts: bool) -> Self {
        let segmentation = if bursts { Segmentation::of_family(family::INET) } else { Segmentation::none() };
        Self {
            pattern: Pattern::new(options.size),
            size: options.size,
            buffers: vec![0; SEND_BATCH * options.size],
            segmentation,
            inbox: Inbox::new(),
            bursts,
            depth: options.depth,
            latencies: Histogram::default(),
            lost: 0,
        }
    }

    /// Send until `depth` datagrams are in flight.
    fn fill(&mut self, flow: &mut Flow) -> Outcome<()> {
        loop {
            let wanted = self.depth.saturating_sub(flow.unanswered).min(SEND_BATCH);
            if wanted == 0 {
                return Ok(());
            }
            for (number, buffer) in (flow.next..).zip(self.buffers.chunks_mut(self.size)).take(wanted) {
                buffer.copy_from_slice(self.pattern.message(number));
                if let Some(head) = buffer.first_chunk_mut::<NUMBER_BYTES>() {
                    *head = number.to_le_bytes();
                }
            }
            let begun = Instant::now();
            let batch = self.buffers.chunks(self.size).map(|datagram| (datagram, None)).take(wanted);
            let sent = match send_datagrams(flow.socket.as_raw_fd(), batch, &self.segmentation) {
                Ok(sent) => sent,
                // The look for lost datagrams tries again.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("sending failed: {error}").into()),
            };
            for _ in 0..sent {
                flow.in_flight.push_back(Datagram { number: flow.next, begun, answered: false });
                flow.next += 1;
                flow.unanswered += 1;
            }
        }
    }

    fn take_replies(&mut self, flow: &mut Flow, now: Instant, phase: Phase) -> Outcome<()> {
        match self.inbox.receive(flow.socket.as_raw_fd(), Inbox::BATCH, self.bursts) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(format!("receiving failed: {error}").into()),
        }
        for (reply, _) in self.inbox.datagrams() {
            let number = number_of(reply, &self.pattern)?;
            let oldest = flow.in_flight.front().map_or(flow.next, |datagram| datagram.number);
            // Older ones were given up as lost and come too late.
            let Some(place) = number.checked_sub(oldest) else { continue };
            let datagram = flow.in_flight.get_mut(place as usize).ok_or("a reply to what was never sent")?;
            if !datagram.answered {
                datagram.answered = true;
                flow.unanswered -= 1;
                if phase == Phase::Measured {
                    self.latencies.record(now.saturating_duration_since(datagram.begun));
                }
            }
            while flow.in_flight.front().is_some_and(|datagram| datagram.answered) {
                flow.in_flight.pop_front();
            }
        }
        Ok(())
    }

    fn give_up_lost(&mut self, flow: &mut Flow, now: Instant, phase: Phase) {
        while let Some(oldest) = flow.in_flight.front() {
            if !oldest.answered {
                if now.duration_since(oldest.begun) < LOST_AFTER {
                    return;
                }
                self.lost += u64::from(phase != Phase::WarmUp);
                flow.unanswered -= 1;
            }
            flow.in_flight.pop_front();
        }
    }
}

/// The number of a reply that is what was sent under it.
fn number_of(reply: &[u8], pattern: &Pattern) -> Outcome<u64> {
    let (head, rest) = reply.split_first_chunk::<NUMBER_BYTES>().ok_or("a reply without a number")?;
    let number = u64::from_le_bytes(*head);
    let wanted = pattern.message(number).get(NUMBER_BYTES..).unwrap_or_default();
    if rest != wanted {
        return Err(format!("a wrong reply to datagram {number}, of {} bytes", reply.len()).into());
    }
    Ok(number)
}
