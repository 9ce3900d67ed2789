//! The Python type `TaskGroup`.

use std::cell::Cell;
use std::mem::offset_of;

use crate::awaitable::CoroutineObject;
use crate::ffi::{Args, IntoOwned, Layout, Object, Owned, Result, Slot, TypeBuilder, list_length};
use crate::future::ObserverObject;

use super::group_exit::GroupExit;
use super::prompt::{Prompt, work};
use super::task_group::{Children, TaskGroupObject, leaves_every_scope};
use super::timeout_type::exit_arguments;

/// Makes the type `TaskGroup` and those of its coroutines.
pub(super) fn register(module: &Object) -> Result<()> {
    ObserverObject::<Children>::register(module)?;
    CoroutineObject::<Prompt<Enter>>::register(module)?;
    CoroutineObject::<GroupExit>::register(module)?;
    let builder = TypeBuilder::<TaskGroupObject>::new(
        c"aioxide._native.TaskGroup",
        c"TaskGroup()\n--\n\nTasks that are done when the block that they were made in is left; see asyncio.TaskGroup.",
    )
    .subclassable(TaskGroupObject::initialise)
    .dies_recycled()
    .weak_references(offset_of!(TaskGroupObject, weak), Some(offset_of!(TaskGroupObject, dict)))
    .repr(TaskGroupObject::represent)
    .method(c"__aenter__", |group: &TaskGroupObject| Prompt::<Enter>::coroutine(group.own(), None, None), c"__aenter__($self, /)\n--\n\nOpen the group for tasks of the current one.")
    .method_fast(c"__aexit__", TaskGroupObject::leave, c"__aexit__($self, et, exc, tb, /)\n--\n\nWait for all tasks; raise their exceptions as a group.")
    .method_fast(c"create_task", TaskGroupObject::create_task_from_python, CREATE_TASK_TEXT)
    .method1(c"_on_task_done", TaskGroupObject::child_done, c"_on_task_done($self, task, /)\n--\n\nA task of the group is done.")
    .method1(c"_is_base_error", |_: &TaskGroupObject, exception: &Object| leaves_every_scope(exception), c"_is_base_error($self, exc, /)\n--\n\nReturn True for SystemExit and KeyboardInterrupt.")
    .method(c"_abort", TaskGroupObject::abort_children, c"_abort($self, /)\n--\n\nCancel every task of the group that is not done.");
    let builder = if cfg!(Py_3_15) {
        builder.method(c"cancel", TaskGroupObject::cancel, c"cancel($self, /)\n--\n\nCancel the tasks and the block of the group, which ends without an exception.\n\nBefore the group is entered: as soon as it is. May be called more than once.")
    } else {
        builder
    };
    attributes(builder).add_to(module)
}

#[cfg(Py_3_14)]
const CREATE_TASK_TEXT: &std::ffi::CStr =
    c"create_task($self, /, coro, **kwargs)\n--\n\nReturn a new task of the group.\n\nRaises RuntimeError when the group is not open.";
#[cfg(not(Py_3_14))]
const CREATE_TASK_TEXT: &std::ffi::CStr =
    c"create_task($self, /, coro, *, name=None, context=None)\n--\n\nReturn a new task of the group.\n\nRaises RuntimeError when the group is not open.";

/// The attributes that subclasses and debuggers reach for; all can be set, as on asyncio's class.
fn attributes(builder: TypeBuilder<TaskGroupObject>) -> TypeBuilder<TaskGroupObject> {
    let builder = builder
        .property(
            c"_entered",
            |group: &TaskGroupObject| group.entered.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_flag(&group.entered, value),
        )
        .property(
            c"_exiting",
            |group: &TaskGroupObject| group.exiting.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_flag(&group.exiting, value),
        )
        .property(
            c"_aborting",
            |group: &TaskGroupObject| group.aborting.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_flag(&group.aborting, value),
        )
        .property(
            c"_parent_cancel_requested",
            |group: &TaskGroupObject| group.parent_cancel_requested.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_flag(&group.parent_cancel_requested, value),
        )
        .property(
            c"_loop",
            |group: &TaskGroupObject| group.event_loop.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_slot(&group.event_loop, value),
        )
        .property(
            c"_parent_task",
            |group: &TaskGroupObject| group.parent.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_slot(&group.parent, value),
        )
        .property(
            c"_tasks",
            |group: &TaskGroupObject| group.tasks.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_slot(&group.tasks, value),
        )
        .property(
            c"_errors",
            |group: &TaskGroupObject| group.errors.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_slot(&group.errors, value),
        )
        .property(
            c"_base_error",
            |group: &TaskGroupObject| group.base_error.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_slot(&group.base_error, value),
        )
        .property(
            c"_on_completed_fut",
            |group: &TaskGroupObject| group.on_completed.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_slot(&group.on_completed, value),
        );
    if cfg!(Py_3_15) {
        builder.property(
            c"_cancel_on_enter",
            |group: &TaskGroupObject| group.cancel_on_enter.get(),
            |group: &TaskGroupObject, value: Option<&Object>| set_flag(&group.cancel_on_enter, value),
        )
    } else {
        builder
    }
}

fn set_flag(flag: &Cell<bool>, value: Option<&Object>) -> Result<()> {
    flag.set(value.map_or(Ok(false), Object::is_true)?);
    Ok(())
}

fn set_slot(slot: &Slot, value: Option<&Object>) -> Result<()> {
    match value.filter(|value| !value.is_none()) {
        Some(value) => slot.set(value.own()),
        None => slot.clear(),
    }
    Ok(())
}

work!(Enter, "TaskGroup"."__aenter__", of: TaskGroupObject);

impl Enter {
    fn work(
        group: &Owned<TaskGroupObject>,
        _kind: Option<&Object>,
        _exception: Option<&Object>,
    ) -> Result<Owned> {
        group.enter()?;
        Ok(group.clone().into_object())
    }
}

impl TaskGroupObject {
    /// `__aexit__(et, exc, tb)`.
    fn leave(&self, args: Args<'_>) -> Result<Owned> {
        let (kind, exception) = exit_arguments("TaskGroup.__aexit__", args)?;
        GroupExit::coroutine(self.own(), kind, exception)
    }

    /// `create_task(coro, **kwargs)`.
    #[cfg(Py_3_14)]
    #[inline]
    fn create_task_from_python(&self, args: Args<'_>) -> Result<Owned> {
        match args.positional() {
            [coroutine] => self.create_task(coroutine, args.values(), args.names()),
            [] => self.create_task_by_name(args),
            more => Err(crate::ffi::Raised::type_error(format_args!(
                "TaskGroup.create_task() takes 2 positional arguments but {} were given",
                more.len() + 1
            ))),
        }
    }

    /// `create_task(coro=coro, **kwargs)`.
    #[cfg(Py_3_14)]
    #[cold]
    fn create_task_by_name(&self, args: Args<'_>) -> Result<Owned> {
        let is_coroutine = |keyword: &Object| crate::ffi::is_named(keyword, c"coro");
        let Some((_, coroutine)) = args.keywords().find(|(keyword, _)| is_coroutine(keyword)) else {
            return Err(crate::ffi::Raised::type_error(format_args!(
                "TaskGroup.create_task() missing 1 required positional argument: 'coro'"
            )));
        };
        let others = args.keywords().filter(|(keyword, _)| !is_coroutine(keyword));
        let (keywords, others): (Vec<&Object>, Vec<&Object>) = others.unzip();
        let values: Vec<&Object> = std::iter::once(coroutine).chain(others).collect();
        self.create_task(coroutine, &values, Some(&*crate::ffi::tuple_of(&keywords)?))
    }

    /// `create_task(coro, *, name=None, context=None)`.
    #[cfg(not(Py_3_14))]
    fn create_task_from_python(&self, args: Args<'_>) -> Result<Owned> {
        use crate::ffi::{Signature, names, none, tuple_of};
        const SIGNATURE: Signature<3> = Signature {
            function: "TaskGroup.create_task",
            parameters: [c"coro", c"name", c"context"],
            positional: 1,
            required: 1,
        };
        let [Some(coroutine), name, context] = SIGNATURE.bind(args)? else { return Ok(none()) };
        let given = |value: &&Object| !value.is_none();
        let (name, context) = (name.filter(given), context.filter(given));
        if !crate::version::names_children_at_birth() {
            let task = match context {
                Some(context) => {
                    self.create_task(coroutine, &[coroutine, context], Some(&names().context_keyword))
                }
                None => self.create_task(coroutine, &[coroutine], None),
            }?;
            self.name_task(&task, name)?;
            return Ok(task);
        }
        let nameless = none();
        let name = name.unwrap_or(&nameless);
        match context {
            Some(context) => {
                let keywords = tuple_of(&[&*names().name, &*names().context])?;
                self.create_task(coroutine, &[coroutine, name, context], Some(&keywords))
            }
            None => self.create_task(coroutine, &[coroutine, name], Some(&names().name_keyword)),
        }
    }

    /// Names a task after it was made, if it has names.
    #[cfg(not(Py_3_14))]
    fn name_task(&self, task: &Object, name: Option<&Object>) -> Result<()> {
        use crate::ffi::{call1, names};
        match (name, task.optional_attribute(&names().set_name)?) {
            (Some(name), Some(set_name)) => call1(&set_name, name).map(drop),
            _ => Ok(()),
        }
    }

    /// `repr(group)`: `<TaskGroup tasks=2 errors=1 cancelling>`.
    fn represent(&self) -> Result<Owned> {
        let mut text = String::from("<TaskGroup");
        let children = self.count_children()?;
        if children > 0 {
            text.push_str(&format!(" tasks={children}"));
        }
        let errors = self.errors.get().map_or(0, |errors| list_length(&errors));
        if errors > 0 {
            text.push_str(&format!(" errors={errors}"));
        }
        if self.aborting.get() {
            text.push_str(" cancelling");
        } else if self.entered.get() {
            text.push_str(" entered");
        }
        text.push('>');
        text.as_str().into_owned()
    }
}
