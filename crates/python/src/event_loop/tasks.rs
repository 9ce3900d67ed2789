//! `create_future` and `create_task`.

use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, call_keywords, is_named, names, tuple_of, unexpected_keyword,
};
use crate::future::FutureObject;
use crate::task::TaskObject;

use super::object::LoopObject;

impl LoopObject {
    /// `create_future()`.
    #[inline]
    pub(crate) fn create_future(&self) -> Result<Owned<FutureObject>> {
        FutureObject::new(self)
    }

    /// `create_task(coro, *, name=None, context=None, ...)`.
    #[inline]
    pub(super) fn create_task(&self, args: Args<'_>) -> Result<Owned> {
        match args.positional() {
            [coroutine] => self.create_task_from(coroutine, args),
            [] => match args.keywords().find(|(keyword, _)| is_named(keyword, c"coro")) {
                Some((_, coroutine)) => self.create_task_from(coroutine, args),
                None => Err(wrong_count(args)),
            },
            _ => Err(wrong_count(args)),
        }
    }

    #[inline(always)]
    fn create_task_from(&self, coroutine: &Object, args: Args<'_>) -> Result<Owned> {
        self.check_closed()?;
        if self.task_factory.is_empty() {
            let (mut name, mut context, mut others) = (None, None, false);
            for (keyword, value) in args.keywords() {
                if is_named(keyword, c"name") {
                    name = Some(value).filter(|name| !name.is_none());
                } else if is_named(keyword, c"context") {
                    context = Some(value).filter(|context| !context.is_none());
                } else if is_named(keyword, c"coro") && args.positional().is_empty() {
                    // It is the coroutine.
                } else if cfg!(Py_3_13) {
                    others = true;
                } else {
                    return Err(unexpected_keyword("create_task", keyword));
                }
            }
            if !others {
                return TaskObject::spawn(self, coroutine, name, context).map(Owned::into_object);
            }
            return self.make_task(coroutine, args);
        }
        self.make_task_by_factory(args)
    }

    /// `Task(coro, loop=self, **kwargs)`.
    #[cold]
    fn make_task(&self, coroutine: &Object, args: Args<'_>) -> Result<Owned> {
        let Some(class) = <TaskObject as crate::ffi::Native>::type_cell().object() else {
            return Err(Raised::runtime_error(format_args!("aioxide is not initialised")));
        };
        let by_name = args.positional().is_empty();
        let (mut values, mut keywords) = (vec![coroutine], Vec::new());
        for (keyword, value) in args.keywords() {
            if !by_name || !is_named(keyword, c"coro") {
                keywords.push(keyword);
                values.push(value);
            }
        }
        keywords.push(&names().loop_);
        values.push(self.object());
        call_keywords(class, &values, 1, Some(&*tuple_of(&keywords)?))
    }

    /// What the running version does with a task factory is Python's to say: `loops.py` has it.
    #[cold]
    fn make_task_by_factory(&self, args: Args<'_>) -> Result<Owned> {
        let method = self.object().attribute(&names().create_task_by_factory)?;
        call_keywords(&method, args.values(), args.positional().len(), args.names())
    }
}

#[cold]
fn wrong_count(args: Args<'_>) -> Raised {
    let given = args.positional().len();
    if given == 0 {
        return Raised::type_error(format_args!(
            "create_task() missing 1 required positional argument: 'coro'"
        ));
    }
    Raised::type_error(format_args!("create_task() takes 1 positional argument but {given} were given"))
}
