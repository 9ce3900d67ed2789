//! Threads that do what would block the loop.
//!
//! * [`Bell`] is where one such thread waits for work, and what wakes it: that one, and no other.
//!
//! * [`Pool`] runs jobs that hold no Python objects, in threads that never touch the interpreter.
//! * [`Resolver`] asks the C library for names and addresses in such a pool; [`literal`] answers what needs no asking.
//!
//! Which thread waits at a bell, and which job it gets, is the binding's to say: those jobs hold Python objects, and
//! the list of the idle is kept under the interpreter's lock anyway.

mod bell;
mod names;
mod pool;

pub use bell::Bell;
pub use names::{Answer, Question, Resolver, literal};
pub use pool::Pool;
