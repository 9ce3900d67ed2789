//! Which descriptor belongs to which transport: asyncio's `loop._transports`, a dictionary that forgets dead transports.
//!
//! Every connection enters itself, and hardly anybody ever looks: so it leaves a weak reference in a table, and the
//! dictionary gets what is in the table when somebody asks for it.

use crate::ffi::{
    IntoOwned, Layout, Object, Owned, Result, call_method1, call_method2, dict_get, names, none, set_item,
    weak_reference, weak_target,
};

use super::object::LoopObject;

/// The table, by descriptor numbers.
#[derive(Default)]
pub(super) struct Transports {
    entered: Vec<Option<Owned>>,
    /// Whether something is in the table.
    has_news: bool,
    /// Whether the dictionary may hold something.
    is_known: bool,
}

impl Transports {
    fn enter(&mut self, slot: usize, reference: Owned) -> Option<Owned> {
        if slot >= self.entered.len() {
            self.entered.resize_with(slot + 1, || None);
        }
        self.has_news = true;
        self.entered.get_mut(slot)?.replace(reference)
    }

    fn leave(&mut self, slot: usize) -> Option<Owned> {
        self.entered.get_mut(slot)?.take()
    }
}

impl LoopObject {
    /// `fd` is `transport`'s from now on.
    pub(crate) fn enter_transport(&self, fd: i32, transport: &Object) -> Result<()> {
        let Ok(slot) = usize::try_from(fd) else { return Ok(()) };
        let reference = weak_reference(transport)?;
        drop(self.engine()?.transports.with(|transports| transports.enter(slot, reference)));
        Ok(())
    }

    /// `fd` is its transport's no more, or not for a while. Raises `KeyError` when it is none's.
    pub(crate) fn leave_transport(&self, fd: i32) -> Result<()> {
        let slot = usize::try_from(fd).unwrap_or(usize::MAX);
        let (left, is_known) =
            self.engine()?.transports.with(|transports| (transports.leave(slot), transports.is_known));
        if left.is_some() && !is_known {
            return Ok(());
        }
        // It may stand in both.
        let (dictionary, number) = (self.shown_transports()?, i64::from(fd).into_owned()?);
        match left {
            Some(_) => call_method2(&dictionary, &names().pop, &number, &none()).map(drop),
            None => call_method1(&dictionary, &names().delete_item, &number).map(drop),
        }
    }

    /// Raises `RuntimeError` when a transport that is not closing uses `fd`.
    pub(crate) fn ensure_no_transport(&self, fd: i32) -> Result<()> {
        let slot = usize::try_from(fd).unwrap_or(usize::MAX);
        let (entered, is_known) = self
            .engine()?
            .transports
            .with(|transports| (transports.entered.get(slot).cloned().flatten(), transports.is_known));
        let is_alive = entered.as_deref().map_or(Ok(None), weak_target)?.is_some();
        if is_alive || (is_known && self.is_in_dictionary(fd)?) {
            let number = i64::from(fd).into_owned()?;
            return call_method1(self.object(), &names().ensure_fd_no_transport, &number).map(drop);
        }
        Ok(())
    }

    /// A look into the dict behind the dictionary, which runs no Python.
    fn is_in_dictionary(&self, fd: i32) -> Result<bool> {
        let Some(dictionary) = self.transports.get() else { return Ok(false) };
        match dictionary.optional_attribute(&names().data)? {
            Some(references) => {
                dict_get(&references, &*i64::from(fd).into_owned()?).map(|found| found.is_some())
            }
            None => Ok(true),
        }
    }

    /// `_transports`.
    pub(super) fn shown_transports(&self) -> Result<Owned> {
        let Some(dictionary) = self.transports.get() else { return Ok(none()) };
        let entered = self.engine()?.transports.with(|transports| {
            transports.is_known = true;
            if std::mem::replace(&mut transports.has_news, false) {
                std::mem::take(&mut transports.entered)
            } else {
                Vec::new()
            }
        });
        for (fd, reference) in (0_i64..).zip(entered) {
            if let Some(transport) = reference.as_deref().map_or(Ok(None), weak_target)? {
                set_item(&dictionary, &*fd.into_owned()?, &transport)?;
            }
        }
        Ok(dictionary)
    }

    /// `_transports = dictionary`.
    pub(super) fn set_transports(&self, dictionary: Option<&Object>) -> Result<()> {
        match dictionary {
            Some(dictionary) => self.transports.set(dictionary.own()),
            None => self.transports.clear(),
        }
        if let Some(engine) = self.engine.get() {
            drop(engine.transports.with(std::mem::take));
        }
        Ok(())
    }
}
