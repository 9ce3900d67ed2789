//! What the kernel knows about the server: CPU time and memory, from `/proc`.

use std::fs;
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;

/// CPU time that a process has used so far, by all its threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CpuTime {
    /// In the program's own code.
    pub user: Duration,
    /// In the kernel, on the program's behalf.
    pub system: Duration,
}

impl CpuTime {
    /// What `pid` has used. The kernel tells it in ticks, usually of 10 ms.
    pub fn of(pid: Pid) -> Outcome<Self> {
        let text = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))?;
        parse_stat(&text, clock_ticks_per_second()).ok_or_else(|| format!("no CPU time in {text:?}").into())
    }

    /// What was used since an earlier moment.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// Bytes of physical memory that `pid` has in use.
pub fn resident_bytes(pid: Pid) -> Outcome<u64> {
    let text = fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero()))?;
    let pages: u64 = text.split_whitespace().nth(1).ok_or("no resident set in statm")?.parse()?;
    Ok(pages * page_size() as u64)
}

/// CPU time of this process, to the nanosecond.
#[must_use]
pub fn own_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The program's name comes second, in parentheses, and may itself hold spaces and parentheses.
fn parse_stat(text: &str, ticks_per_second: u64) -> Option<CpuTime> {
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || {
        let ticks: u64 = fields.next()?.parse().ok()?;
        Some(Duration::from_nanos(ticks * (1_000_000_000 / ticks_per_second)))
    };
    Some(CpuTime { user: next()?, system: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_move_the_fields() {
        let text = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10";
        let wanted = CpuTime { user: Duration::from_millis(2500), system: Duration::from_millis(500) };
        assert_eq!(parse_stat(text, 100), Some(wanted));
        assert_eq!(parse_stat("42 (a) S 1", 100), None);
    }

    #[test]
    fn a_living_process_has_memory_and_cpu_time() {
        let myself = rustix::process::getpid();
        assert!(resident_bytes(myself).unwrap() > 100_000);
        let before = CpuTime::of(myself).unwrap();
        let began = own_cpu_time();
        while own_cpu_time() - began < Duration::from_millis(50) {}
        let used = CpuTime::of(myself).unwrap().since(before);
        assert!(used.user + used.system >= Duration::from_millis(30), "{used:?}");
    }
}
