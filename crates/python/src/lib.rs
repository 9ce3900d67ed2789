//! The binding: Python objects on top of `aioxide_core`.

/// The extension module `aioxide._native`.
#[pyo3::pymodule]
mod _native {}
