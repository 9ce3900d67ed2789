//! Asking the selector, with the interpreter released while the loop is blocked.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aioxide_core::reactor::PollPolicy;

use crate::ffi::{Raised, Result, check_signals, detached};

use super::Ready;
use super::object::{Engine, FORKS, LoopObject};
use super::source::{Direction, Watcher};

impl LoopObject {
    /// Collects the events that are there; waits for the first one up to `timeout` (`None`: for ever)
    /// when it is not zero. Readers and writers of ready descriptors go to the ready queue.
    pub(super) fn poll(&self, engine: &Engine, timeout: Option<Duration>) -> Result<()> {
        self.leave_step()?;
        self.renew_after_fork(engine)?;
        let mut wait =
            engine.reactor.with(|reactor| reactor.begin_wait()).map_err(|error| Raised::os_error(&error))?;
        let (wait, waited) = if timeout == Some(Duration::ZERO) {
            let waited = wait.block(timeout);
            (wait, waited)
        } else {
            // Everybody who queues holds the interpreter's lock, and the queue was empty a moment ago: it
            // still is. From here on, who queues finds the loop parked and wakes it. Only answers come without the
            // lock, so only their inbox is looked at once more.
            engine.parked.set(true);
            let is_idle = engine.waker.prepare_park(|| engine.lookups.with(|lookups| lookups.is_quiet()));
            let timeout = if is_idle { timeout } else { Some(Duration::ZERO) };
            let done = detached(move || {
                let waited = wait.block(timeout);
                (wait, waited)
            });
            engine.waker.unpark();
            engine.parked.set(false);
            done
        };
        engine.reactor.with(|reactor| reactor.finish_wait(wait));
        engine.policy.with(PollPolicy::polled);
        match waited {
            Ok(0) => {}
            Ok(_) => self.queue_events(engine)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Raised::os_error(&error)),
        }
        self.collect_answers(engine)?;
        check_signals()
    }

    fn queue_events(&self, engine: &Engine) -> Result<()> {
        while let Some(event) = engine.reactor.with(|reactor| reactor.next_event()) {
            if event.readable {
                self.queue_watcher(engine, event.fd, Direction::Reading)?;
            }
            if event.writable {
                self.queue_watcher(engine, event.fd, Direction::Writing)?;
            }
        }
        Ok(())
    }

    fn queue_watcher(&self, engine: &Engine, fd: i32, direction: Direction) -> Result<()> {
        let watcher = engine.reactor.with(|reactor| match direction {
            Direction::Reading => reactor.registry().reader(fd).cloned(),
            Direction::Writing => reactor.registry().writer(fd).cloned(),
        });
        let entry = match watcher {
            None => return Ok(()),
            Some(watcher) if watcher.is_idle(direction) => {
                drop(self.unwatch(fd, direction)?);
                return Ok(());
            }
            Some(Watcher::Handle(handle)) => Ready::Handle(handle),
            Some(Watcher::Source(source)) => Ready::Io(source, direction),
        };
        engine.ready.with(|ready| ready.push_back(entry));
        Ok(())
    }

    /// In the child of a fork the selector is still the parent's: makes a new one.
    pub(super) fn renew_after_fork(&self, engine: &Engine) -> Result<()> {
        let forks = FORKS.load(Ordering::Relaxed);
        if engine.forks.replace(forks) == forks {
            return Ok(());
        }
        engine.lookups.with(|lookups| lookups.forget_threads());
        engine.reactor.with(|reactor| reactor.after_fork()).map_err(|error| Raised::os_error(&error))
    }
}
