//! The thin typed layer over the C API: the one place where raw pointers become Rust values.
//!
//! The words used everywhere above it:
//!
//! * [`Object`]: any Python object. `&Object` is a borrowed reference: somebody else keeps it alive.
//! * [`Owned`]: one strong reference, released on drop.
//! * [`Slot`]: a field that holds a strong reference or nothing, changed through `&self`.
//! * [`Raised`]: the error of every fallible call; the exception itself waits in the thread's error
//!   indicator, so that an error costs no allocation on its way to the interpreter.
//! * [`Layout`]: a Rust struct that begins with the interpreter's object header.
//!
//! What must always be true: these types exist only while the thread is attached to the interpreter
//! (the one place that detaches, [`detached`], holds none of them), and none crosses a thread. That is
//! why they are neither `Send` nor `Sync` and why their drops need no check.
//!
//! Read next: `object.rs`, then `types.rs` (how a Rust struct becomes a Python type) and `instance.rs`
//! (how its objects live), then `future/`.

mod adopt;
mod args;
mod bytes;
mod call;
mod call_signature;
mod confined;
mod constant;
mod contents;
mod context;
mod convert;
mod declare;
mod depth;
mod dict;
mod error;
mod exception;
mod filling;
mod freelist;
mod function;
mod gc;
mod instance;
mod interpreter;
mod iterate;
mod kept;
mod lazily;
#[cfg(not(Py_3_12))]
mod loop_holder;
mod members;
mod method;
mod names;
#[cfg(Py_3_14)]
mod number;
mod object;
mod prefetch;
mod protocols;
mod raising;
mod returns;
mod running;
mod sequence;
mod slot;
#[cfg(Py_3_12)]
mod stop;
mod thread;
mod thrown;
mod types;
mod weak;

pub(crate) use adopt::adopt_methods;
pub(crate) use args::{Args, Signature, is_named, unexpected_keyword};
pub(crate) use bytes::{
    Buffer, Bytes, audit, audit_all, bytes_filled, bytes_of, file_system_text, memory_view, text_of,
};
pub(crate) use call::{
    call_keywords, call_method0, call_method1, call_method2, call_positional, call0, call1, call2,
};
pub(crate) use call_signature::CallSignature;
pub(crate) use confined::Confined;
pub(crate) use constant::Constant;
pub(crate) use contents::{
    byte_array_of, extend_byte_array, has_buffer, is_byte_array, joined_bytes, joined_slices,
    skip_in_byte_array, with_byte_array,
};
pub(crate) use context::{
    Entered, Inside, context_like, copy_context, current_variables, enter_context, exit_context, is_context,
    is_current_context, look_into_contexts, variables_of,
};
pub(crate) use declare::{collectable, native_type};
pub(crate) use depth::nested;
pub(crate) use dict::{
    Dict, dict_get, frozen, is_plain_container, is_tuple, items_of, list_append, list_items, list_length,
    list_of, set_add, set_discard, set_length, set_of, tuple_items, tuple_of,
};
#[cfg(not(Py_3_14))]
pub(crate) use dict::{dict_discard, dict_set};
pub(crate) use error::{Raised, Result, report_unraisable, while_handling};
pub(crate) use exception::{
    exception_cause, exception_context, has_instance, is_instance, is_subclass, set_exception_context,
    suppress_context,
};
pub(crate) use filling::Filling;
pub(crate) use freelist::FreeList;
pub(crate) use function::{BoundMethod, NativeFunction, add_function};
pub(crate) use gc::{Collectable, Visitor, show_to_collector};
pub(crate) use instance::{Recycled, allocate, allocate_anew, allocate_recycled, allocate_unseen};
pub(crate) use interpreter::claim_interpreter;
pub(crate) use iterate::{await_iterator, resume_iterator, send_none, throw_into};
pub(crate) use kept::{Kept, keep};
pub(crate) use lazily::Lazily;
#[cfg(not(Py_3_12))]
pub(crate) use loop_holder::{find_loop_holders, held_running_loop, note_process};
pub(crate) use members::assigned;
pub(crate) use method::Step;
pub(crate) use names::{c_text, current_loop, fill_names, import, intern, names, use_current_loop};
#[cfg(Py_3_14)]
pub(crate) use number::{counted, give_back, learn_layout};
pub(crate) use object::{Layout, Native, Object, Owned, TypeCell};
pub(crate) use prefetch::prefetch;
pub(crate) use raising::{asserts, failed_assertion};
pub(crate) use returns::{IntoOwned, format_text, none, not_implemented, stop_iteration};
pub(crate) use sequence::{
    class_and_address, item_at, length, list_from, repr_of, set_item, slice_from, slice_to,
};
pub(crate) use slot::Slot;
#[cfg(Py_3_12)]
pub(crate) use stop::prepare_stop;
pub(crate) use thread::{Here, check_signals, detached, thread_identity};
pub(crate) use thrown::{Thrower, thrown};
pub(crate) use types::TypeBuilder;
pub(crate) use weak::{weak_reference, weak_target};
