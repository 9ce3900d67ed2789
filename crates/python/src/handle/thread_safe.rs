//! Handles of `call_soon_threadsafe`, from 3.14 on: other threads wait while the callback runs.
//!
//! asyncio gives each such handle a lock. Here the interpreter's lock does almost all of its work; a lock
//! of its own, the *gate*, is only made when a thread asks for a handle whose callback another one runs.

use crate::event_loop::LoopObject;
use crate::ffi::{Result, call_method0, call0, names, thread_identity};

use super::HandleObject;

impl HandleObject {
    /// Calls the callback, unless it was cancelled while another thread ran the handle.
    pub(super) fn run_alone(&self, event_loop: Option<&LoopObject>) -> Result<()> {
        self.wait_for_others()?;
        if self.is_cancelled() {
            return Ok(());
        }
        // The callback may run its own handle: only the outermost run opens the gate.
        let outer = self.runner.replace(thread_identity());
        let ran = self.call(event_loop);
        self.runner.set(outer);
        if outer == 0 {
            self.open_gate()?;
        }
        ran
    }

    /// Blocks until no other thread runs the callback. The interpreter's lock is given up meanwhile, and
    /// signals are handled.
    #[inline(always)]
    pub(super) fn wait_for_others(&self) -> Result<()> {
        if self.runner.get() == 0 { Ok(()) } else { self.wait_at_gate() }
    }

    #[cold]
    #[inline(never)]
    fn wait_at_gate(&self) -> Result<()> {
        let this = thread_identity();
        while self.runner.get() != 0 && self.runner.get() != this {
            let rare = self.rare.get_or_make();
            let gate = match rare.gate.get() {
                Some(gate) => gate,
                None => {
                    let gate = call0(&names().allocate_lock)?;
                    call_method0(&gate, &names().acquire)?;
                    rare.gate.set(gate.clone());
                    gate
                }
            };
            call_method0(&gate, &names().acquire)?;
            // The next one who waits at this gate.
            call_method0(&gate, &names().release)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn open_gate(&self) -> Result<()> {
        match self.rare.get().and_then(|rare| rare.gate.take()) {
            None => Ok(()),
            Some(gate) => call_method0(&gate, &names().release).map(drop),
        }
    }
}
