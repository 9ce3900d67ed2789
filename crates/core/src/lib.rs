//! The engine of aioxide: bytes, file descriptors, time and threads. Knows nothing of Python.
