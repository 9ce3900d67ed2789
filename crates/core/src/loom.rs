//! One import path for the primitives that threads share: the standard library's, or loom's under
//! `cfg(loom)`, whose scheduler then tries every interleaving of them.

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
