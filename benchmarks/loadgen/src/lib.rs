//! The client side of `make bench-net`, and the server that marks the limit. No Python anywhere, so that what
//! is measured is the server under test and never the client.
//!
//! Two programs share this crate:
//!
//! * `loadgen MODE ADDRESS`: puts load on a server and prints one JSON object with what it saw.
//! * `limit KIND ADDRESS`: a bare epoll server that does what the Python servers do, with nothing in between.
//!
//! Read in this order:
//!
//! | module | holds |
//! |---|---|
//! | [`options`], [`address`] | the command line; where a server listens and how to reach it |
//! | [`pattern`] | the contents of every stream, which the receiving side checks |
//! | [`window`], [`histogram`], [`process`] | when is measured, latencies, the server's CPU time and memory from `/proc` |
//! | [`echo`], [`http`] | requests and replies over many connections |
//! | [`accept`], [`bulk`] | connections opened and closed; one-way transfer |
//! | [`datagram`] | UDP: echo with a window in flight, bursts, and a one-way flood |
//! | [`poll`] | the epoll instance under all of them |
//! | [`report`] | the JSON |
//!
//! What must always hold: a reply that is missing, short or wrong ends the run with an error, never with a figure.

pub mod accept;
pub mod address;
pub mod bulk;
pub mod datagram;
pub mod echo;
pub mod histogram;
pub mod http;
pub mod options;
pub mod pattern;
pub mod poll;
pub mod process;
pub mod report;
pub mod window;

/// Why a run gave no figure. The text is for the person who started it.
pub type Failure = Box<dyn std::error::Error>;

/// What every part of a run returns.
pub type Outcome<T> = Result<T, Failure>;
