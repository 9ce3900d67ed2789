//! The Python type `Task`, and the callables that stand for a task on other loops.

use std::mem::offset_of;

use pyo3::ffi;

use crate::event_loop::shown_context;
use crate::ffi::{
    Args, BoundMethod, Layout, Object, Owned, Raised, Result, Signature, Slot, TypeBuilder, allocate,
    call_keywords, call1, names, native_type,
};
use crate::future::{FutureObject, cancel_message, disguise};

use super::TaskObject;

/// Makes the types `Task` and `TaskStepMethWrapper`.
pub(crate) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<StepCallback>::new(
        c"aioxide._native.TaskStepMethWrapper",
        c"A task's next step, as a callback.",
    )
    .internal()
    .dies()
    .getter(c"__self__", |step: &StepCallback| step.task.get())
    .called(StepCallback::call)
    .add_to(module)?;
    let builder = TypeBuilder::<TaskObject>::new(c"aioxide._native.Task", TASK_TEXT)
        .adopted_base::<FutureObject>()
        .subclassable(TaskObject::initialise)
        .immutable()
        .generic()
        .dies_recycled()
        .finalizer(TaskObject::last_words)
        .repr(|task: &TaskObject| task.get_loop().and_then(|_| call1(&names().task_repr, task.object())));
    attributes(methods(builder)).add_to(module)
}

#[cfg(Py_3_12)]
const TASK_TEXT: &std::ffi::CStr =
    c"Task(coro, *, loop=None, name=None, context=None, eager_start=False)\n--\n\nA coroutine that a loop drives; see asyncio.Task.";
#[cfg(not(Py_3_12))]
const TASK_TEXT: &std::ffi::CStr =
    c"Task(coro, *, loop=None, name=None, context=None)\n--\n\nA coroutine that a loop drives; see asyncio.Task.";

fn methods(builder: TypeBuilder<TaskObject>) -> TypeBuilder<TaskObject> {
    let builder = builder
        .method_fast(c"cancel", |task: &TaskObject, args: Args<'_>| cancel_message(args).and_then(|message| task.request_cancel(message)), c"cancel($self, /, msg=None)\n--\n\nRequest a CancelledError at the coroutine's next step. Return False if the task is done.")
        .method(c"cancelling", TaskObject::cancelling, c"cancelling($self, /)\n--\n\nReturn how many cancellations were requested and not taken back.")
        .method(c"uncancel", TaskObject::uncancel, c"uncancel($self, /)\n--\n\nTake one cancellation request back; return how many are left.")
        .method1(c"set_result", |_: &TaskObject, _: &Object| refuse_to_set("set_result"), c"set_result($self, result, /)\n--\n\nA task's result is its coroutine's: raises RuntimeError.")
        .method1(c"set_exception", |_: &TaskObject, _: &Object| refuse_to_set("set_exception"), c"set_exception($self, exception, /)\n--\n\nA task's exception is its coroutine's: raises RuntimeError.")
        .method(c"get_coro", |task: &TaskObject| task.coroutine.get(), c"get_coro($self, /)\n--\n\nReturn the coroutine; None for a task that was started eagerly and is done.")
        .method(c"get_name", |task: &TaskObject| task.name.get(), c"get_name($self, /)\n--\n\nReturn the task's name.")
        .method1(c"set_name", |task: &TaskObject, value: &Object| task.name.set(value), c"set_name($self, value, /)\n--\n\nSet the task's name to str(value).")
        .method_fast(c"get_stack", TaskObject::get_stack, c"get_stack($self, /, *, limit=None)\n--\n\nReturn the frames of the suspended coroutine, or of its traceback, oldest first, at most limit.")
        .method_fast(c"print_stack", TaskObject::print_stack, c"print_stack($self, /, *, limit=None, file=None)\n--\n\nPrint what get_stack returns as a traceback, to sys.stderr or file.");
    if cfg!(Py_3_12) {
        builder.method(
            c"get_context",
            |task: &TaskObject| shown_context(&task.context, &task.share),
            c"get_context($self, /)\n--\n\nReturn the contextvars.Context that the coroutine runs in.",
        )
    } else {
        builder
    }
}

fn attributes(builder: TypeBuilder<TaskObject>) -> TypeBuilder<TaskObject> {
    builder
        .getter(c"__class__", |task: &TaskObject| {
            disguise(task.object(), task.object().exactly::<TaskObject>().is_some(), &names().stdlib_task)
        })
        .getter(c"_coro", |task: &TaskObject| task.coroutine.get())
        .getter(c"_fut_waiter", |task: &TaskObject| task.fut_waiter.get())
        .getter(c"_must_cancel", |task: &TaskObject| task.must_cancel.get())
        .property(
            c"_log_destroy_pending",
            |task: &TaskObject| !task.quiet.get(),
            |task: &TaskObject, value: Option<&Object>| {
                let value =
                    value.ok_or_else(|| Raised::cannot_delete(task.object(), "_log_destroy_pending"))?;
                task.quiet.set(!value.is_true()?);
                Ok(())
            },
        )
}

fn refuse_to_set(operation: &str) -> Result<()> {
    Err(Raised::runtime_error(format_args!("Task does not support {operation} operation")))
}

impl TaskObject {
    /// `get_stack(*, limit=None)`.
    fn get_stack(&self, args: Args<'_>) -> Result<Owned> {
        const SIGNATURE: Signature<1> =
            Signature { function: "get_stack", parameters: [c"limit"], positional: 0, required: 0 };
        let [limit] = SIGNATURE.bind(args)?;
        let none = crate::ffi::none();
        crate::ffi::call2(&names().task_get_stack, self.object(), limit.unwrap_or(&none))
    }

    /// `print_stack(*, limit=None, file=None)`.
    fn print_stack(&self, args: Args<'_>) -> Result<Owned> {
        const SIGNATURE: Signature<2> = Signature {
            function: "print_stack",
            parameters: [c"limit", c"file"],
            positional: 0,
            required: 0,
        };
        let [limit, file] = SIGNATURE.bind(args)?;
        let none = crate::ffi::none();
        let values = [self.object(), limit.unwrap_or(&none), file.unwrap_or(&none)];
        call_keywords(&names().task_print_stack, &values, 3, None)
    }

    /// The bound method under which Python code sees this task among a future's callbacks.
    pub(crate) fn wakeup_method(&self) -> Result<Owned> {
        WAKEUP.bind(self, TaskObject::wakeup_callback)
    }

    /// Whether `callback` equals [`TaskObject::wakeup_method`].
    pub(crate) fn is_wakeup_method(&self, callback: &Object) -> Result<bool> {
        if !BoundMethod::may_be(callback, self.object()) {
            return Ok(false);
        }
        self.wakeup_method()?.equals(callback)
    }
}

static WAKEUP: BoundMethod = BoundMethod::new(c"task_wakeup", c"The future that the task waits for is done.");

/// A task's next step, as a callback for a loop that is not ours.
#[repr(C)]
struct StepCallback {
    head: ffi::PyObject,
    task: Slot<TaskObject>,
    exception: Slot,
}

native_type!(StepCallback, holds: [task, exception]);

const _: () = assert!(offset_of!(StepCallback, task) == size_of::<ffi::PyObject>());

/// The next step of `task` as a callable without arguments.
pub(crate) fn step_callback(task: &TaskObject, exception: Option<Owned>) -> Result<Owned> {
    let step = allocate::<StepCallback>()?;
    step.task.fill(task.own());
    if let Some(exception) = exception {
        step.exception.fill(exception);
    }
    Ok(step.into_object())
}

impl StepCallback {
    fn call(&self, args: Args<'_>) -> Result<()> {
        if !args.values().is_empty() {
            return Err(Raised::type_error(format_args!("function takes no arguments")));
        }
        let Some(task) = self.task.get() else { return Ok(()) };
        let exception = self.exception.take();
        task.as_current(|task| task.step(exception))
    }
}
