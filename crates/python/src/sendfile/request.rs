//! What every coroutine of this folder is asked for, and how each hands it on to the next.

use crate::awaitable::{Delegate, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Result, Signature, Slot, call_keywords, collectable, names, none,
};

/// A file, where to, from where on, and how much of it. All zero bytes: nothing was asked for.
pub(super) struct Request {
    event_loop: Slot<LoopObject>,
    /// A socket or a transport.
    target: Slot,
    file: Slot,
    offset: Slot,
    count: Slot,
}

collectable!(Request, holds: [event_loop, target, file, offset, count]);

/// What a method got for its parameters.
pub(super) struct Given<'a> {
    pub(super) target: &'a Object,
    pub(super) file: &'a Object,
    offset: Option<&'a Object>,
    count: Option<&'a Object>,
    /// Whether blocks may be read and sent when the kernel can't send the file.
    pub(super) fallback: Option<&'a Object>,
}

impl<'a> Given<'a> {
    /// `(target, file, offset=0, count=None, *, fallback=True)` of a public method.
    pub(super) fn public(
        args: Args<'a>,
        function: &'static str,
        target: &'static std::ffi::CStr,
    ) -> Result<Self> {
        let signature = Signature {
            function,
            parameters: [target, c"file", c"offset", c"count", c"fallback"],
            positional: 4,
            required: 2,
        };
        let [Some(target), Some(file), offset, count, fallback] = signature.bind_method(args)? else {
            return Err(over());
        };
        Ok(Self { target, file, offset, count, fallback })
    }

    /// `(target, file, offset, count)` of a method behind it.
    pub(super) fn private(
        args: Args<'a>,
        function: &'static str,
        target: &'static std::ffi::CStr,
    ) -> Result<Self> {
        let parameters = [target, c"file", c"offset", c"count"];
        let signature = Signature { function, parameters, positional: 4, required: 4 };
        let [Some(target), Some(file), offset, count] = signature.bind_method(args)? else {
            return Err(over());
        };
        Ok(Self { target, file, offset, count, fallback: None })
    }

    /// Whether all is asked for that there is.
    pub(super) fn is_without_count(&self) -> bool {
        self.count.is_none_or(Object::is_none)
    }

    /// Offset and count as numbers, where none is 0; nothing for a value of another kind.
    pub(super) fn numbers(&self) -> Option<(u64, u64)> {
        numbers(self.offset, self.count)
    }
}

impl Request {
    /// Fills a new machine's part.
    pub(super) fn fill(&self, event_loop: &LoopObject, given: &Given<'_>) {
        self.event_loop.fill(event_loop.own());
        self.target.fill(given.target.own());
        self.file.fill(given.file.own());
        self.offset.fill(given.offset.unwrap_or(&names().zero).own());
        self.count.fill(given.count.map_or_else(none, Layout::own));
    }

    pub(super) fn event_loop(&self) -> Result<Owned<LoopObject>> {
        self.event_loop.get().ok_or_else(over)
    }

    /// The socket or transport.
    pub(super) fn target(&self) -> Result<Owned> {
        self.target.get().ok_or_else(over)
    }

    pub(super) fn file(&self) -> Result<Owned> {
        self.file.get().ok_or_else(over)
    }

    /// The offset as it was given.
    pub(super) fn offset(&self) -> Result<Owned> {
        self.offset.get().ok_or_else(over)
    }

    /// As [`Given::numbers`].
    pub(super) fn numbers(&self) -> Option<(u64, u64)> {
        numbers(self.offset.peek(), self.count.peek())
    }

    /// Calls `function(*before, target, file, offset, count)` with the loop's or a class's method.
    fn call(&self, function: &Object, before: Option<&Object>) -> Result<Owned> {
        let (target, file, offset) = (self.target()?, self.file()?, self.offset()?);
        let count = self.count.get().unwrap_or_else(none);
        let values: Vec<&Object> = before.into_iter().chain([&*target, &*file, &*offset, &*count]).collect();
        call_keywords(function, &values, values.len(), None)
    }

    /// `loop.name(target, file, offset, count)`.
    pub(super) fn call_method(&self, name: &Object) -> Result<Owned> {
        self.call(&*self.event_loop()?.object().attribute(name)?, None)
    }

    /// Begins to await `loop.name(target, file, offset, count)`.
    pub(super) fn begin(&self, awaiting: &Delegate, name: &Object) -> Result<()> {
        awaiting.begin(&*self.call_method(name)?)
    }

    /// The same with asyncio's own method, whatever the loop has.
    pub(super) fn begin_inherited(&self, awaiting: &Delegate, name: &Object) -> Result<()> {
        let event_loop = self.event_loop()?;
        let function = names().stdlib_loop.attribute(name)?;
        awaiting.begin(&*self.call(&function, Some(event_loop.object()))?)
    }

    /// Begins to await `loop.sock_sendfile(socket, file, offset, count, fallback=False)`.
    pub(super) fn begin_in_socket(&self, awaiting: &Delegate, socket: &Object) -> Result<()> {
        let method = self.event_loop()?.object().attribute(&names().sock_sendfile)?;
        let (file, offset) = (self.file()?, self.offset()?);
        let count = self.count.get().unwrap_or_else(none);
        let values = [socket, &*file, &*offset, &*count, &*names().false_];
        awaiting.begin(&*call_keywords(&method, &values, 4, Some(&names().fallback_keyword))?)
    }
}

fn numbers(offset: Option<&Object>, count: Option<&Object>) -> Option<(u64, u64)> {
    let number = |given: &Object| u64::try_from(given.int_value()?).ok();
    let count = count.filter(|count| !count.is_none());
    Some((offset.map_or(Some(0), number)?, count.map_or(Some(0), number)?))
}
