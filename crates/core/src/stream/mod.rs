//! What has arrived and has not been read: the end of the journey of BYTES IN.
//!
//! * [`ByteQueue`]: bytes in the order in which they came, appended at the back, taken from the front
//! * [`Search`]: where the next separator ends, without looking at any byte twice
//!
//! What must always be true: a byte leaves in the order in which it came, once; taking bytes from the
//! front moves none of the others.
//!
//! Read next: `crates/python/src/stream/`, which makes `StreamReader` of them.

mod queue;
mod search;

pub use queue::ByteQueue;
pub use search::{Outcome, Search};
