//! The Python type `LoopBase`: the native half that `python/aioxide/loops.py` builds `Loop` on.

use std::sync::atomic::Ordering;

use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Slot, TypeBuilder, list_of, names,
    thread_identity,
};
use crate::{connection, resolution, sendfile, server, sockets, transport};

use super::Ready;
use super::object::{Engine, FORKS, LoopObject};
use super::source::register_sources;

#[cfg(Py_3_14)]
const CREATE_TASK_TEXT: &std::ffi::CStr =
    c"create_task($self, /, coro, **kwargs)\n--\n\nSchedule a coroutine. Return its Task.";
#[cfg(all(Py_3_13, not(Py_3_14)))]
const CREATE_TASK_TEXT: &std::ffi::CStr =
    c"create_task($self, /, coro, *, name=None, context=None, **kwargs)\n--\n\nSchedule a coroutine. Return its Task.";
#[cfg(not(Py_3_13))]
const CREATE_TASK_TEXT: &std::ffi::CStr =
    c"create_task($self, /, coro, *, name=None, context=None)\n--\n\nSchedule a coroutine. Return its Task.";

/// Makes the type.
pub(crate) fn register(module: &Object) -> Result<()> {
    register_sources(module)?;
    let builder = TypeBuilder::<LoopObject>::new(
        c"aioxide._native.LoopBase",
        c"The native half of aioxide.Loop: scheduling, timers, readers and writers.",
    )
    .subclassable(LoopObject::initialise)
    .dies()
    .watches_attributes(LoopObject::attribute_changed);
    let builder = attributes(internals(scheduling(builder)));
    let builder = resolution::methods(sendfile::methods(sockets::methods(builder)));
    let builder = server::methods(connection::methods(builder));
    transport::methods(transport::datagram_methods(builder)).add_to(module)
}

fn scheduling(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"call_soon", LoopObject::call_soon, c"call_soon($self, /, callback, *args, context=None)\n--\n\nCall callback(*args) in the next turn, in context or a copy of the current one. Return a Handle.")
        .method_fast(c"call_soon_threadsafe", LoopObject::call_soon_threadsafe, c"call_soon_threadsafe($self, /, callback, *args, context=None)\n--\n\nLike call_soon, from any thread: wakes the loop if it is blocked.")
        .method_fast(c"call_later", LoopObject::call_later, c"call_later($self, /, delay, callback, *args, context=None)\n--\n\nCall callback(*args) after delay seconds. Return a TimerHandle.")
        .method_fast(c"call_at", LoopObject::call_at, c"call_at($self, /, when, callback, *args, context=None)\n--\n\nCall callback(*args) when time() has reached when. Return a TimerHandle.")
        .method(c"time", LoopObject::time, c"time($self, /)\n--\n\nReturn the loop's clock: monotonic, in seconds.")
        .method_fast(c"run_in_executor", LoopObject::run_in_executor, c"run_in_executor($self, /, executor, func, *args)\n--\n\nCall func(*args) in a thread of executor (None: the loop's own). Return a Future.")
        .method(c"create_future", LoopObject::create_future, c"create_future($self, /)\n--\n\nReturn a new Future of this loop.")
        .method_fast(c"create_task", LoopObject::create_task, CREATE_TASK_TEXT)
        .method(c"stop", |event_loop: &LoopObject| event_loop.stopping.set(true), c"stop($self, /)\n--\n\nEnd run_forever after the turn that is running.")
        .method(c"is_running", LoopObject::is_running, c"is_running($self, /)\n--\n\nReturn True while the loop runs.")
        .method(c"is_closed", LoopObject::is_closed, c"is_closed($self, /)\n--\n\nReturn True once close() was called.")
        .method(c"get_debug", LoopObject::debug, c"get_debug($self, /)\n--\n\nReturn whether debug mode is on.")
        .method(c"get_task_factory", |event_loop: &LoopObject| event_loop.task_factory.get(), c"get_task_factory($self, /)\n--\n\nReturn the task factory, or None.")
        .method_fast(c"set_task_factory", |event_loop: &LoopObject, args: Args<'_>| event_loop.set_task_factory(args.only("BaseEventLoop.set_task_factory", c"factory")?), c"set_task_factory($self, /, factory)\n--\n\nMake tasks with factory(loop, coro, ...), or as usual with None.")
}

/// What `loops.py`, the standard library's own I/O code and libraries reach for.
fn internals(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"_add_reader", LoopObject::add_reader, c"Watch fd for reading.")
        .method_fast(c"_add_writer", LoopObject::add_writer, c"Watch fd for writing.")
        .method1(c"_remove_reader", LoopObject::remove_reader, c"Stop watching fd for reading.")
        .method1(c"_remove_writer", LoopObject::remove_writer, c"Stop watching fd for writing.")
        .method(c"_watched", LoopObject::watched, c"Return the watched descriptors with their handles.")
        .method1(c"_add_callback", LoopObject::add_callback, c"Queue a handle.")
        .method1(
            c"_add_callback_signalsafe",
            LoopObject::add_callback_from_signal,
            c"Queue a handle and wake the loop.",
        )
        .method(c"_write_to_self", LoopObject::wake, c"Wake the loop.")
        .method1(
            c"_timer_handle_cancelled",
            |event_loop: &LoopObject, timer: &Object| {
                if timer.attribute(&names().scheduled_attribute)?.is_true()? {
                    event_loop.note_cancelled_timer();
                }
                Ok::<(), Raised>(())
            },
            c"A timer of this loop was cancelled.",
        )
        .method(c"_check_closed", LoopObject::check_closed, c"Raise RuntimeError if the loop is closed.")
        .method(
            c"_check_thread",
            LoopObject::check_thread,
            c"Raise RuntimeError in another thread than the loop's.",
        )
        .method(c"_run_once", LoopObject::run_once, c"Run one turn.")
        .method(c"_run_turns", LoopObject::run_turns, c"Run turns until stop() is called.")
        .method1(
            c"_set_running_thread",
            LoopObject::set_running_thread,
            c"Mark the loop as running in this thread, or as not running.",
        )
        .method(c"_close_engine", LoopObject::close_engine, c"Drop everything queued and close the selector.")
        .method_fast(
            c"_set_shortcuts",
            LoopObject::set_shortcuts,
            c"Say whether call_soon, create_task and time are the native ones.",
        )
}

fn attributes(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .property(
            c"_stopping",
            |event_loop: &LoopObject| event_loop.stopping.get(),
            |event_loop: &LoopObject, value: Option<&Object>| {
                event_loop.stopping.set(value.map_or(Ok(false), Object::is_true)?);
                Ok(())
            },
        )
        .property(c"_debug", LoopObject::debug, |event_loop: &LoopObject, value: Option<&Object>| {
            event_loop.debug.set(value.map_or(Ok(false), Object::is_true)?);
            event_loop.note_directness();
            Ok(())
        })
        .property(
            c"_closed",
            |event_loop: &LoopObject| event_loop.closed.get(),
            |event_loop: &LoopObject, value: Option<&Object>| {
                event_loop.closed.set(value.map_or(Ok(false), Object::is_true)?);
                Ok(())
            },
        )
        .property(c"_thread_id", LoopObject::thread_id, |event_loop: &LoopObject, value: Option<&Object>| {
            event_loop.set_thread_id(value)
        })
        .property(
            c"_task_factory",
            |event_loop: &LoopObject| event_loop.task_factory.get(),
            |event_loop: &LoopObject, value: Option<&Object>| {
                event_loop.keep_task_factory(value.filter(|value| !value.is_none()));
                Ok(())
            },
        )
        .property(
            c"_current_handle",
            |event_loop: &LoopObject| event_loop.current_handle.get(),
            |event_loop: &LoopObject, value: Option<&Object>| keep(&event_loop.current_handle, value),
        )
        .property(
            c"_ssock",
            |event_loop: &LoopObject| event_loop.signal_receiver.get(),
            |event_loop: &LoopObject, value: Option<&Object>| keep(&event_loop.signal_receiver, value),
        )
        .property(
            c"_csock",
            |event_loop: &LoopObject| event_loop.signal_sender.get(),
            |event_loop: &LoopObject, value: Option<&Object>| keep(&event_loop.signal_sender, value),
        )
        .property(c"_transports", LoopObject::shown_transports, LoopObject::set_transports)
        .property(
            c"_default_executor",
            |event_loop: &LoopObject| event_loop.executor.get(),
            LoopObject::set_executor,
        )
        .property(
            c"_executor_shutdown_called",
            |event_loop: &LoopObject| event_loop.executor_shut_down.get(),
            |event_loop: &LoopObject, value: Option<&Object>| {
                event_loop.executor_shut_down.set(value.map_or(Ok(false), Object::is_true)?);
                Ok(())
            },
        )
        .property(c"_ready", LoopObject::ready_handles, |_: &LoopObject, _: Option<&Object>| Ok(()))
        .property(c"_scheduled", LoopObject::scheduled_handles, |_: &LoopObject, _: Option<&Object>| Ok(()))
        .property(
            c"_timer_cancelled_count",
            LoopObject::cancelled_timers,
            |_: &LoopObject, _: Option<&Object>| Ok(()),
        )
}

/// Puts what Python code assigned into a slot, which `None` and `del` empty.
fn keep(slot: &Slot, value: Option<&Object>) -> Result<()> {
    match value.filter(|value| !value.is_none()) {
        Some(value) => slot.set(value.own()),
        None => slot.clear(),
    }
    Ok(())
}

/// `note_loop_class(cls)`: `cls` is `aioxide.Loop`.
pub(crate) fn note_loop_class(args: Args<'_>) -> Result<()> {
    LoopObject::note_loop_class(args.only("note_loop_class", c"cls")?)
}

/// How many forks lie between this process and the first one that has loaded the module.
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// `note_fork()`: this process is the child of a fork.
pub(crate) fn note_fork(_args: Args<'_>) -> Result<()> {
    FORKS.fetch_add(1, Ordering::Relaxed);
    #[cfg(not(Py_3_12))]
    crate::ffi::note_process();
    Ok(())
}

impl LoopObject {
    fn initialise(&self, _args: Args<'_>) -> Result<()> {
        if self.engine.get().is_some() {
            return Err(Raised::runtime_error(format_args!("the event loop is initialized already")));
        }
        let engine = Engine::new().map_err(|error| Raised::os_error(&error))?;
        self.engine.fill(engine);
        self.note_class();
        self.shortcuts.set(true);
        self.note_directness();
        self.own_makers.set(true);
        self.own_clock.set(true);
        Ok(())
    }

    /// An attribute that hides a method of ours makes futures ask for it by name from now on.
    fn attribute_changed(&self, name: &Object) {
        if names().makers.iter().any(|maker| maker.is(name)) {
            self.own_makers.set(false);
        } else if names().overridable.iter().any(|hot| hot.is(name)) {
            self.shortcuts.set(false);
            self.note_directness();
            if names().time.is(name) {
                self.own_clock.set(false);
            }
        }
    }

    fn set_shortcuts(&self, args: Args<'_>) -> Result<()> {
        let [shortcuts, own_makers, own_clock] = args.positional() else {
            return Err(Raised::type_error(format_args!("_set_shortcuts() takes 3 positional arguments")));
        };
        self.shortcuts.set(shortcuts.is_true()?);
        self.note_directness();
        self.own_makers.set(own_makers.is_true()?);
        self.own_clock.set(own_clock.is_true()?);
        Ok(())
    }

    fn time(&self) -> Result<f64> {
        let now = aioxide_core::sys::clock::monotonic();
        self.last_time.set(now);
        Ok(now)
    }

    fn set_task_factory(&self, factory: &Object) -> Result<()> {
        if factory.is_none() {
            self.keep_task_factory(None);
            return Ok(());
        }
        if !factory.is_callable() {
            return Err(Raised::type_error(format_args!("task factory must be a callable or None")));
        }
        self.keep_task_factory(Some(factory));
        Ok(())
    }

    fn keep_task_factory(&self, factory: Option<&Object>) {
        match factory {
            Some(factory) => self.task_factory.set(factory.own()),
            None => self.task_factory.clear(),
        }
    }

    /// `_add_callback(handle)`: queues a handle, as a selector's events do.
    fn add_callback(&self, handle: &Object) -> Result<()> {
        let Some(ours) = handle.cast::<crate::handle::HandleObject>() else {
            return self.add_foreign_callback(handle);
        };
        if ours.is_cancelled() { Ok(()) } else { self.queue(Ready::Handle(ours.own())) }
    }

    /// A handle of the standard library's, as its signal handlers are: run through its own `_run`.
    fn add_foreign_callback(&self, handle: &Object) -> Result<()> {
        let context = crate::ffi::copy_context()?;
        let wrapped =
            crate::handle::HandleObject::new(self, &names().run_foreign_handle, &[handle], context)?;
        self.queue(Ready::Handle(wrapped))
    }

    fn add_callback_from_signal(&self, handle: &Object) -> Result<()> {
        self.add_callback(handle)?;
        self.wake()
    }

    fn set_running_thread(&self, running: &Object) -> Result<()> {
        self.thread.set(if running.is_true()? { thread_identity() } else { 0 });
        Ok(())
    }

    fn thread_id(&self) -> Result<Owned> {
        match self.thread.get() {
            0 => Ok(crate::ffi::none()),
            thread => thread.into_owned(),
        }
    }

    fn set_thread_id(&self, value: Option<&Object>) -> Result<()> {
        match value.filter(|value| !value.is_none()) {
            Some(value) => self.thread.set(value.to_u64()?),
            None => self.thread.set(0),
        }
        Ok(())
    }

    fn close_engine(&self) -> Result<()> {
        self.drop_entries();
        let closed = match self.engine.get() {
            Some(engine) => {
                self.renew_after_fork(engine)?;
                drop(engine.lookups.with(std::mem::take));
                engine.reactor.with(aioxide_core::reactor::Reactor::close)
            }
            None => Vec::new(),
        };
        drop(closed);
        Ok(())
    }

    /// `_ready`: a list of what is queued, as handles.
    fn ready_handles(&self) -> Result<Owned> {
        let Some(engine) = self.engine.get() else { return list_of(std::iter::empty()) };
        // Handles are shown as they are, entries without one by what they belong to.
        let shown: Vec<Owned> = engine.ready.with(|ready| ready.iter().map(Ready::shown).collect());
        list_of(shown.into_iter())
    }

    /// `_scheduled`: a list of the timers in the heap, soonest first.
    fn scheduled_handles(&self) -> Result<Owned> {
        let Some(engine) = self.engine.get() else { return list_of(std::iter::empty()) };
        let mut timers: Vec<(f64, Owned)> = engine
            .timers
            .with(|timers| timers.iter().map(|(when, timer)| (when, timer.clone().into_object())).collect());
        timers.sort_by(|one, two| one.0.total_cmp(&two.0));
        let timers: Vec<Owned> = timers.into_iter().map(|(_, timer)| timer).collect();
        list_of(timers.into_iter())
    }

    fn cancelled_timers(&self) -> u64 {
        self.engine.get().map_or(0, |engine| engine.timers.with(|timers| timers.cancelled() as u64))
    }
}
