//! The engine of aioxide: bytes, file descriptors, time and threads. Knows nothing of Python.
//!
//! Core never calls upward. It holds payloads of a type `T` that it cannot look into (the binding puts
//! handles and tasks there), and it hands them back: what to run next, which descriptor is ready, which
//! deadline has passed. The binding decides what that means in Python.
//!
//! # The five journeys
//!
//! The loop is read most easily by following one thing through it:
//!
//! ```text
//! A TASK     create -> ready queue -> step -> (yields a future) wait -> future done -> ready queue -> step
//! A TIMER    call_later -> heap -> turn (deadline) -> ready queue -> run
//! BYTES IN   selector -> turn -> read -> deliver -> wake the task that waits
//! BYTES OUT  write -> try now | queue -> gather write at the end of the turn -> (would block) selector
//! A THREAD   call_soon_threadsafe -> inbox -> wake fd, only if the loop is parked -> turn -> ready queue
//! ```
//!
//! # The modules, in reading order
//!
//! 1. [`sys`]: the only door to the kernel, and the only place with `unsafe`: the clock, the selector,
//!    the wake fd.
//! 2. [`time`]: deadlines. A TIMER waits here.
//! 3. [`ready`]: what runs next. A TASK passes through [`ready::Queue`] on every step; A THREAD enters by
//!    [`ready::Inbox`].
//! 4. [`reactor`]: which descriptors are watched, when to ask the kernel, how the loop blocks and is woken.
//!    BYTES IN and BYTES OUT start and end here.
//! 5. [`transport`]: connections and datagrams as state machines: what arrives, what waits when the kernel does not
//!    take it at once, who has closed.
//! 6. [`stream`]: bytes that have arrived and have not been read. BYTES IN end here.
//! 7. [`blocking`]: where the threads wait that do what would block the loop.
//!
//! # What one turn does with them
//!
//! ```text
//! inbox.drain_into(queue)                        what other threads sent
//! if queue is empty or policy.must_poll():
//!     wait = reactor.begin_wait()                 buffer and selector leave the reactor
//!     if it may block: waker.prepare_park(..)     from here a push pays for a wake-up
//!     wait.block(timeout)                         no borrow, no interpreter
//!     waker.unpark(); reactor.finish_wait(wait)
//!     for event in reactor.next_event(): queue.push_back(..)
//! while heap.pop_due(limit): queue.push_back(..)
//! for _ in 0..queue.len(): run(queue.pop_front()) only what was queued when the turn began
//! ```
//!
//! # What has been checked
//!
//! Unit and property tests run with `cargo test`; the hand-over between threads is explored exhaustively
//! with loom (`RUSTFLAGS="--cfg loom" cargo test -p aioxide-core --release --test loom_inbox`). Miri has not
//! been run on this crate: it needs a nightly toolchain and cannot execute the `epoll` calls that make up
//! most of `sys`.

#![deny(unsafe_code)]

mod loom;

#[allow(unsafe_code)]
pub mod sys;
pub mod time;

pub mod ready;

pub mod reactor;

pub mod transport;

pub mod stream;

pub mod blocking;
