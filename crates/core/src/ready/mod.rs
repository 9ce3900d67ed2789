//! What runs next. The journeys of A TASK and A THREAD pass through here; A TIMER ends here.
//!
//! * [`Queue`] is the ring of entries that the loop's own thread fills and empties.
//! * [`Inbox`] is where other threads put theirs; the loop moves them into the queue once a turn.
//! * [`Parking`] is the one bit between them: does the loop sleep in the kernel, so that a push must wake it?
//!
//! The snapshot rule: a turn runs only what was queued when it began. Whatever the callbacks of this turn queue
//! waits for the next one, after the selector had its say. So two callbacks that keep re-queueing each other
//! can't starve a socket, and programs see the order that asyncio gives them.
//!
//! Read next: [`crate::reactor`], which fills the queue when the world outside has moved.

mod inbox;
mod parking;
mod queue;

pub use inbox::Inbox;
pub use parking::Parking;
pub use queue::Queue;
