//! The binding of aioxide: every object that lives once per callback, per await or per packet.
//!
//! The modules in the order of the journeys (see ARCHITECTURE.md):
//!
//! * [`ffi`]: the typed layer over the C API, and nothing above it touches a raw pointer without need
//! * [`future`], [`task`], [`handle`]: what exists once per await and per callback
//! * [`awaitable`]: coroutines written in Rust
//! * [`group`]: making tasks, and waiting for several of them
//! * [`scope`]: timeouts and task groups
//! * [`sync`], [`queue`]: tasks that wait for each other, and hand things over
//! * [`sockets`]: `sock_recv` and its like
//! * [`stream`]: bytes read and written by coroutines
//! * [`resolution`]: `getaddrinfo` and `getnameinfo`
//! * [`connection`]: `create_connection` and its like
//! * [`server`]: `create_server` and its like, and the `Server`
//! * [`event_loop`]: the turn, and the hot half of the `Loop` object
//! * [`transport`]: the objects through which protocols send and receive
//! * [`executor`]: the threads of `run_in_executor`
//! * [`version`]: what differs between patches of one Python
//!
//! The package `python/aioxide` gives all this its public names.

mod awaitable;
mod connection;
mod event_loop;
mod executor;
mod ffi;
mod future;
mod group;
mod handle;
mod queue;
mod resolution;
mod scope;
mod sendfile;
mod server;
mod sockets;
mod stream;
mod sync;
mod task;
mod transport;
mod version;

use pyo3::prelude::*;

use crate::ffi::{NativeFunction, Object, add_function};

/// The extension module `aioxide._native`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // SAFETY: the module is alive during this call, and the thread is attached.
    let native = unsafe { Object::from_pointer(module.as_ptr()) };
    fill(native).map_err(|_raised| PyErr::fetch(module.py()))
}

/// Adds everything to the module.
fn fill(module: &Object) -> ffi::Result<()> {
    ffi::claim_interpreter()?;
    ffi::fill_names()?;
    #[cfg(Py_3_12)]
    ffi::prepare_stop()?;
    #[cfg(Py_3_14)]
    ffi::learn_layout()?;
    ffi::look_into_contexts()?;
    #[cfg(not(Py_3_12))]
    ffi::find_loop_holders()?;
    NativeFunction::register(module)?;
    future::register(module)?;
    task::register(module)?;
    handle::register(module)?;
    event_loop::register(module)?;
    transport::register(module)?;
    executor::register(module)?;
    awaitable::register_base(module)?;
    awaitable::CoroutineObject::<awaitable::Sleep>::register(module)?;
    NativeFunction::add(
        module,
        c"sleep",
        awaitable::sleep,
        c"Return result after delay seconds; after one turn of the loop for a delay that is not positive.",
    )?;
    add_function(
        module,
        c"_set_result_unless_cancelled",
        awaitable::set_result_unless_cancelled,
        c"Set a future's result unless it is done.",
    )?;
    awaitable::keep_result_setter(module.attribute(&*ffi::intern(c"_set_result_unless_cancelled")?)?);
    add_function(
        module,
        c"use_current_loop",
        ffi::use_current_loop,
        c"Say what gives the loop of a future that names none.",
    )?;
    add_function(
        module,
        c"track_origins",
        awaitable::track_origins,
        c"Say whether native coroutines remember where they were made.",
    )?;
    add_function(
        module,
        c"show_latest_coroutine",
        awaitable::show_latest_coroutine,
        c"Let the cycle collector, which calls this, know the coroutine that was made last.",
    )?;
    add_function(
        module,
        c"listed_tasks",
        task::listed_tasks,
        c"Return every task that is not in the interpreter's own list.",
    )?;
    add_function(module, c"list_task", task::list_task, c"Let a task join the list.")?;
    add_function(module, c"unlist_task", task::unlist_task, c"Let a task leave the list.")?;
    add_function(
        module,
        c"connect_registry",
        task::connect_registry,
        c"Take the offsets that the interpreter publishes for debuggers.",
    )?;
    group::register(module)?;
    scope::register(module)?;
    sync::register(module)?;
    queue::register(module)?;
    sockets::register(module)?;
    sendfile::register(module)?;
    stream::register(module)?;
    resolution::register(module)?;
    connection::register(module)?;
    server::register(module)?;
    transport::register_listener(module)?;
    add_function(
        module,
        c"note_loop_class",
        event_loop::note_loop_class,
        c"This class is aioxide.Loop: the native half's methods become its own.",
    )?;
    add_function(module, c"note_fork", event_loop::note_fork, c"This process is the child of a fork.")?;
    Ok(())
}
