//! When is measured: after a warm-up, for a while, with the server's state taken at both ends.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::options::Options;
use crate::process::{CpuTime, own_cpu_time};

/// Which part of a run a moment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Load is on, nothing is counted.
    WarmUp,
    /// What is done counts.
    Measured,
    /// The time is over: nothing more is asked for.
    Over,
}

/// What was used up while it was measured.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// How long the measured part took.
    pub elapsed: Duration,
    /// The server's CPU time in it, where its process is known.
    pub server: Option<CpuTime>,
    /// The client's CPU time in it.
    pub client: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Snapshot {
    at: Instant,
    server: Option<CpuTime>,
    client: Duration,
}

/// The measured part of one run.
#[derive(Debug)]
pub struct Window {
    options: Options,
    opens: Instant,
    closes: Instant,
    began: Option<Snapshot>,
    ended: Option<Snapshot>,
}

impl Window {
    /// A window that opens after the warm-up, which begins now.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let opens = Instant::now() + options.warm_up;
        let closes = opens + options.measured;
        Self { options: options.clone(), opens, closes, began: None, ended: None }
    }

    /// The phase of `now`. Whoever runs the load asks after each event, so that the snapshots are taken in time.
    pub fn phase(&mut self, now: Instant) -> Outcome<Phase> {
        if now < self.opens {
            return Ok(Phase::WarmUp);
        }
        if self.began.is_none() {
            self.began = Some(self.snapshot()?);
            // The snapshot takes a moment, which belongs to neither side.
            self.closes = Instant::now() + self.options.measured;
        }
        if now < self.closes {
            return Ok(Phase::Measured);
        }
        if self.ended.is_none() {
            self.ended = Some(self.snapshot()?);
        }
        Ok(Phase::Over)
    }

    /// How long nothing changes by itself.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Duration {
        let next = if self.began.is_none() { self.opens } else { self.closes };
        next.saturating_duration_since(now)
    }

    /// What was used up, once the time is over.
    pub fn spent(&self) -> Outcome<Spent> {
        let (Some(began), Some(ended)) = (self.began, self.ended) else {
            return Err("the run ended before its time".into());
        };
        let server = began.server.zip(ended.server).map(|(before, after)| after.since(before));
        Ok(Spent { elapsed: ended.at - began.at, server, client: ended.client.saturating_sub(began.client) })
    }

    fn snapshot(&self) -> Outcome<Snapshot> {
        let server = self.options.server.map(CpuTime::of).transpose()?;
        Ok(Snapshot { at: Instant::now(), client: own_cpu_time(), server })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        let millisecond = Duration::from_millis(1);
        Options {
            connections: 1,
            size: 1,
            depth: 1,
            warm_up: millisecond,
            measured: 5 * millisecond,
            server: Some(rustix::process::getpid()),
        }
    }

    #[test]
    fn a_run_warms_up_is_measured_and_is_over() {
        let mut window = Window::new(&options());
        assert_eq!(window.phase(Instant::now() - Duration::from_secs(1)).unwrap(), Phase::WarmUp);
        assert!(window.spent().is_err());
        let before = own_cpu_time();
        let mut phases = vec![];
        while phases.last() != Some(&Phase::Over) {
            phases.push(window.phase(Instant::now()).unwrap());
        }
        phases.dedup();
        assert!(phases.ends_with(&[Phase::Measured, Phase::Over]), "{phases:?}");
        let spent = window.spent().unwrap();
        assert!(spent.elapsed >= Duration::from_millis(5));
        // The other tests are threads of this process: their time is the client's too, so `elapsed` is no bound.
        assert!(spent.client > Duration::ZERO && spent.client <= own_cpu_time() - before);
    }
}
