//! What a coroutine shows to those who look inside, made at the moment when they ask.
//!
//! The objects themselves are Python: see `python/aioxide/_frames.py`.

use crate::ffi::{IntoOwned, Object, Owned, Result, call_keywords, call2, names};

/// Where a machine is written.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    /// The file, from the project's name on.
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// The [`Source`] of whoever says this.
macro_rules! source {
    () => {
        $crate::awaitable::Source { file: concat!("aioxide/", file!()), line: line!() }
    };
}

pub(crate) use source;

impl Source {
    /// The code object of the coroutine function `qualname` (`cr_code`).
    pub(super) fn code(self, qualname: &str) -> Result<Owned> {
        let (file, line) = (self.file.into_owned()?, u64::from(self.line).into_owned()?);
        call_keywords(&names().coroutine_code, &[&*file, &*line, &*qualname.into_owned()?], 3, None)
    }

    /// The frame of a coroutine (`cr_frame`).
    pub(super) fn frame(self, coroutine: &Object, qualname: &str) -> Result<Owned> {
        call2(&names().coroutine_frame, coroutine, &*self.code(qualname)?)
    }

    /// What a coroutine that stands before `awaited` awaits itself (`cr_await`): the first of `callees`,
    /// outermost first, of which each awaits the next and the last one `awaited`.
    pub(super) fn through(
        self,
        coroutine: &Object,
        callees: &[&str],
        awaited: Option<Owned>,
    ) -> Result<Option<Owned>> {
        callees.iter().rev().try_fold(awaited, |awaited, qualname| {
            let (code, awaited) = (self.code(qualname)?, awaited.into_owned()?);
            call_keywords(&names().coroutine_callee, &[coroutine, &*code, &*awaited], 3, None).map(Some)
        })
    }
}
