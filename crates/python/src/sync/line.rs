//! Things in a line: futures that wait, items of a queue.

use std::collections::VecDeque;

use crate::ffi::{
    Collectable, Confined, Layout, Lazily, Object, Owned, Result, Slot, Visitor, assigned, call_method0,
    call_method1, call1, item_at, length, list_of, names,
};

/// How many places a line may keep for nobody: below that, giving memory back is not worth the move.
const SPARE_PLACES: usize = 512;

/// A line of objects, first in, first out.
///
/// asyncio keeps its lines in deques that programs reach into (`queue._queue.clear()`, a subclass that
/// appends to `self._getters`). So a line is Rust's own until Python code looks at it; from then on it
/// is the deque, or whatever was put in its place, that both sides share.
pub(crate) struct Line {
    own: Lazily<Confined<VecDeque<Owned>>>,
    shown: Slot,
}

impl Line {
    /// Puts `item` at the end.
    #[inline(always)]
    pub(crate) fn push(&self, item: Owned) -> Result<()> {
        match self.shown.get() {
            None => self.push_own(item),
            Some(shown) => return call_method1(&shown, &names().append, &item).map(drop),
        }
        Ok(())
    }

    /// Takes the first item out.
    #[inline(always)]
    pub(crate) fn pop(&self) -> Result<Option<Owned>> {
        if !self.shown.is_empty() {
            return self.pop_shown();
        }
        Ok(self.own.get().and_then(|own| own.with(pop_front)))
    }

    #[cold]
    fn pop_shown(&self) -> Result<Option<Owned>> {
        match self.shown.get() {
            Some(shown) if length(&shown)? > 0 => call_method0(&shown, &names().popleft).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether the line is ours alone and nobody is in it.
    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.own_len() == Some(0)
    }

    /// Whether the line is ours alone and the first in it, if there is one, is like that.
    #[inline(always)]
    pub(crate) fn is_own_with_first(&self, is_like_that: impl FnOnce(&Object) -> bool) -> bool {
        if !self.shown.is_empty() {
            return false;
        }
        let own = self.own.get();
        own.is_none_or(|own| own.with(|items| items.front().is_none_or(|first| is_like_that(first))))
    }

    /// How many there are, if the line is ours alone.
    #[inline(always)]
    pub(crate) fn own_len(&self) -> Option<usize> {
        if !self.shown.is_empty() {
            return None;
        }
        Some(self.own.get().map_or(0, |own| own.with(|items| items.len())))
    }

    /// Puts `item` at the end of a line that is ours alone.
    #[inline(always)]
    pub(crate) fn push_own(&self, item: Owned) {
        self.own.get_or_make().with(|items| items.push_back(item));
    }

    /// Takes the first item out of a line that is ours alone; `None` if it is empty, or Python has looked at it.
    #[inline(always)]
    pub(crate) fn pop_own(&self) -> Option<Owned> {
        if !self.shown.is_empty() {
            return None;
        }
        self.own.get()?.with(pop_front)
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) fn len(&self) -> Result<usize> {
        match self.shown.get() {
            None => Ok(self.own.get().map_or(0, |own| own.with(|items| items.len()))),
            Some(shown) => length(&shown),
        }
    }

    /// Whether nobody is there.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The item at `index`; `None` past the end.
    #[inline(always)]
    pub(crate) fn at(&self, index: usize) -> Result<Option<Owned>> {
        match self.shown.get() {
            None => Ok(self.own.get().and_then(|own| own.with(|items| items.get(index).cloned()))),
            Some(shown) if index < length(&shown)? => item_at(&shown, index).map(Some),
            Some(_) => Ok(None),
        }
    }

    /// Takes `item` out, wherever it stands; false when it is not there.
    #[inline(always)]
    pub(crate) fn remove(&self, item: &Object) -> Result<bool> {
        if let Some(shown) = self.shown.get() {
            return remove_shown(&shown, item);
        }
        let removed = self.own.get().and_then(|own| {
            own.with(|items| {
                // Who goes on is the first one; who gives up may be anybody.
                if items.front().is_some_and(|first| first.is(item)) {
                    return items.pop_front();
                }
                let place = items.iter().position(|other| other.is(item))?;
                items.remove(place)
            })
        });
        Ok(removed.is_some())
    }

    /// Whether anybody was ever in it.
    pub(crate) fn was_used(&self) -> bool {
        self.own.get().is_some() || !self.shown.is_empty()
    }

    /// A list of what is in it.
    pub(crate) fn to_list(&self) -> Result<Owned> {
        if let Some(shown) = self.shown.get() {
            return crate::ffi::list_from(&shown);
        }
        let items = self.own.get().map(|own| own.with(|items| items.clone())).unwrap_or_default();
        list_of(items.into_iter())
    }

    /// The deque behind the line: from now on the line itself.
    pub(crate) fn show(&self) -> Result<Owned> {
        if let Some(shown) = self.shown.get() {
            return Ok(shown);
        }
        let deque = call1(&names().deque, &*self.to_list()?)?;
        self.replace(Some(&deque));
        Ok(deque)
    }

    /// The deque, as [`Line::show`] gives it; `None` when nobody was ever in the line.
    pub(crate) fn show_if_used(&self) -> Result<Option<Owned>> {
        if self.was_used() { self.show().map(Some) } else { Ok(None) }
    }

    /// Puts a container of Python's in the line's place; nothing makes it empty.
    pub(crate) fn replace(&self, container: Option<&Object>) {
        match container.filter(|container| !container.is_none()) {
            Some(container) => self.shown.set(container.own()),
            None => self.shown.clear(),
        }
        self.forget_own();
    }

    /// As [`Line::replace`], for an attribute's setter.
    pub(crate) fn assign(&self, value: Option<&Object>) -> Result<()> {
        self.replace(Some(assigned(value)?));
        Ok(())
    }

    fn forget_own(&self) {
        if let Some(own) = self.own.get() {
            drop(own.with(std::mem::take));
        }
    }
}

impl Collectable for Line {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.shown);
        if let Some(own) = self.own.get() {
            own.with(|items| items.iter().for_each(|item| visitor.object(item)));
        }
    }

    fn clear(&self) {
        self.replace(None);
    }
}

/// The first item; a line that was long once gives its memory back bit by bit.
#[inline(always)]
fn pop_front(items: &mut VecDeque<Owned>) -> Option<Owned> {
    let first = items.pop_front();
    if items.capacity() > SPARE_PLACES {
        give_back_places(items);
    }
    first
}

#[cold]
fn give_back_places(items: &mut VecDeque<Owned>) {
    if items.len() < items.capacity() / 4 {
        items.shrink_to(items.capacity() / 2);
    }
}

#[cold]
fn remove_shown(shown: &Object, item: &Object) -> Result<bool> {
    match call_method1(shown, &names().remove, item) {
        Ok(_) => Ok(true),
        Err(raised) if raised.matches(&names().value_error) => {
            raised.forget();
            Ok(false)
        }
        Err(raised) => Err(raised),
    }
}
