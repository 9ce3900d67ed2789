//! Putting an item in and taking one out, in each kind's order.

use crate::ffi::{Layout, Object, Owned, Raised, Result, call_method0, call_method1, call1, call2, names};

use super::layout::{Order, QueueObject};

impl QueueObject {
    /// `_put(item)` of a kind.
    #[inline(always)]
    pub(super) fn put_in(&self, order: Order, item: &Object) -> Result<()> {
        match order {
            Order::FirstIn | Order::LastIn => self.items.push(item.own()),
            Order::Lowest => call2(&names().heappush, &*self.items.show()?, item).map(drop),
        }
    }

    /// `_get()` of a kind.
    #[inline(always)]
    pub(super) fn take_out(&self, order: Order) -> Result<Owned> {
        match order {
            Order::FirstIn => match self.items.pop()? {
                Some(item) => Ok(item),
                None => Err(Raised::new(&names().index_error, format_args!("pop from an empty deque"))),
            },
            Order::LastIn => call_method0(&*self.items.show()?, &names().pop),
            Order::Lowest => call1(&names().heappop, &*self.items.show()?),
        }
    }

    /// `self._put(item)`.
    #[inline(always)]
    pub(super) fn put_item(&self, item: &Object) -> Result<()> {
        match self.plain_order() {
            Some(order) => self.put_in(order, item),
            None => call_method1(self.object(), &names().put_item, item).map(drop),
        }
    }

    /// `self._get()`.
    #[inline(always)]
    pub(super) fn take_item(&self) -> Result<Owned> {
        match self.plain_order() {
            Some(order) => self.take_out(order),
            None => call_method0(self.object(), &names().get_item),
        }
    }

    /// `self.empty()`.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> Result<bool> {
        match self.plain_order() {
            Some(_) => self.items.is_empty(),
            None => call_method0(self.object(), &names().empty_method)?.is_true(),
        }
    }

    /// `self.full()`.
    #[inline(always)]
    pub(super) fn is_full(&self) -> Result<bool> {
        match self.plain_order() {
            Some(_) => Ok(!self.limit.is_none()? && self.limit.is_reached(self.items.len()?)?),
            None => call_method0(self.object(), &names().full)?.is_true(),
        }
    }

    /// `full()`: `self.qsize() >= maxsize`, where there is a limit.
    pub(super) fn has_reached_limit(&self) -> Result<bool> {
        if self.plain_order().is_some() {
            return self.is_full();
        }
        if self.limit.is_none()? {
            return Ok(false);
        }
        self.limit.is_reached_by(&*call_method0(self.object(), &names().qsize)?)
    }
}
