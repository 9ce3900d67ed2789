//! Threads that do what would block the loop.
//!
//! * [`Bell`] is where one such thread waits for work, and what wakes it: that one, and no other.
//!
//! Which thread is idle, and which job it gets, is the binding's to say: a job holds Python objects, and the
//! list of the idle is kept under the interpreter's lock anyway.

mod bell;

pub use bell::Bell;
