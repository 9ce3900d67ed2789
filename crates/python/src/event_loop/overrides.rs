//! Whether a method of the loop was replaced: by a subclass, or on the loop itself.

use crate::ffi::{Layout, Object, Result, dict_get, names};

use super::object::LoopObject;

impl LoopObject {
    /// Whether `loop.name()` calls anything else than `plain`, the function that aioxide's own loops have there.
    pub(crate) fn replaces(&self, name: &Object, plain: Option<&Object>) -> Result<bool> {
        let own = self.object().optional_attribute(&names().dict_attribute)?;
        if own.map_or(Ok(None), |own| dict_get(&own, name))?.is_some() {
            return Ok(true);
        }
        let found = self.object().type_object().attribute(name)?;
        Ok(!plain.is_some_and(|plain| plain.is(&found)))
    }

    /// As [`LoopObject::replaces`], for a method that is native.
    pub(crate) fn replaces_native(&self, name: &Object) -> Result<bool> {
        self.replaces(name, Self::plain_method(name)?.as_deref())
    }
}
