//! Flow control towards the protocol: `pause_writing` and `resume_writing`, and the marks as Python sets them.

use std::cell::Cell;

use aioxide_core::transport::WaterMarks;

use crate::ffi::{
    Collectable, IntoOwned, Layout, Object, Owned, Result, Slot, Visitor, assigned, call_keywords,
    call_method0, names, while_handling,
};

/// The water marks of one transport. All zero bytes are not: a new one is made with [`WriteLimits::new`].
pub(super) struct WriteLimits {
    marks: Cell<WaterMarks>,
    /// The marks as they were set, when they were: asyncio takes any numbers.
    high: Slot,
    low: Slot,
}

impl WriteLimits {
    pub(super) fn new() -> Self {
        Self { marks: Cell::new(WaterMarks::new()), high: Slot::default(), low: Slot::default() }
    }

    /// `size` bytes are queued after something was added: asks the protocol to pause, if it is time to.
    #[inline]
    pub(super) fn rise(&self, size: usize, transport: &Object, protocol: &Object) -> Result<()> {
        let mut marks = self.marks.get();
        if !marks.rises_to(size) {
            return Ok(());
        }
        self.marks.set(marks);
        tell(transport, protocol, &names().pause_writing)
    }

    /// `size` bytes are queued after something was sent: tells the protocol to resume, if it is time to.
    #[inline]
    pub(super) fn fall(&self, size: usize, transport: &Object, protocol: &Object) -> Result<()> {
        let mut marks = self.marks.get();
        if !marks.falls_to(size) {
            return Ok(());
        }
        self.marks.set(marks);
        tell(transport, protocol, &names().resume_writing)
    }

    /// `_high_water`.
    pub(super) fn high(&self) -> Result<Owned> {
        self.high.get().map_or_else(|| (self.marks.get().high() as u64).into_owned(), Ok)
    }

    /// `_low_water`.
    pub(super) fn low(&self) -> Result<Owned> {
        self.low.get().map_or_else(|| (self.marks.get().low() as u64).into_owned(), Ok)
    }

    /// `_high_water = mark`.
    pub(super) fn set_high(&self, mark: Option<&Object>) -> Result<()> {
        self.change(&self.high, mark, WaterMarks::set_high)
    }

    /// `_low_water = mark`.
    pub(super) fn set_low(&self, mark: Option<&Object>) -> Result<()> {
        self.change(&self.low, mark, WaterMarks::set_low)
    }

    /// `_protocol_paused`.
    pub(super) fn is_paused(&self) -> bool {
        self.marks.get().is_paused()
    }

    /// `_protocol_paused = paused`.
    pub(super) fn set_paused(&self, paused: Option<&Object>) -> Result<()> {
        let paused = paused.map_or(Ok(false), Object::is_true)?;
        let mut marks = self.marks.get();
        marks.set_paused(paused);
        self.marks.set(marks);
        Ok(())
    }

    fn change(&self, slot: &Slot, mark: Option<&Object>, set: fn(&mut WaterMarks, usize)) -> Result<()> {
        let mark = assigned(mark)?;
        let bytes = whole_bytes(mark)?;
        slot.set(mark.own());
        let mut marks = self.marks.get();
        set(&mut marks, bytes);
        self.marks.set(marks);
        Ok(())
    }
}

impl Collectable for WriteLimits {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.high);
        visitor.slot(&self.low);
    }

    fn clear(&self) {
        self.high.clear();
        self.low.clear();
    }
}

/// The largest whole number of bytes that is not above `mark`, which may be any number: sizes compare with it as with
/// the mark.
pub(super) fn whole_bytes(mark: &Object) -> Result<usize> {
    if let Some(whole) = mark.int_value() {
        return Ok(usize::try_from(whole).unwrap_or(0));
    }
    // A float or an integer beyond 64 bits; a cast from a float saturates.
    match mark.to_f64() {
        Ok(bytes) => Ok(bytes as usize),
        Err(raised) if raised.matches(&names().overflow_error) => {
            raised.forget();
            Ok(usize::MAX)
        }
        Err(raised) => Err(raised),
    }
}

/// Calls `protocol.method()`. What it raises goes to the loop's exception handler, as in asyncio.
#[cold]
pub(super) fn tell(transport: &Object, protocol: &Object, method: &Object) -> Result<()> {
    let raised = match call_method0(protocol, method) {
        Ok(_) => return Ok(()),
        Err(raised) if raised.leaves_the_loop() => return Err(raised),
        Err(raised) => raised,
    };
    let exception = raised.take();
    while_handling(&exception, || {
        let values = [transport, protocol, method, &exception];
        call_keywords(&names().report_flow_failure, &values, values.len(), None).map(drop)
    })
}

/// `set_write_buffer_limits(high, low)` up to the look whether to pause: asyncio's own code sets the attributes.
pub(super) fn set_limits(transport: &Object, high: Option<&Object>, low: Option<&Object>) -> Result<()> {
    let nothing = crate::ffi::none();
    let values = [transport, high.unwrap_or(&nothing), low.unwrap_or(&nothing)];
    call_keywords(&names().set_write_limits, &values, values.len(), None).map(drop)
}
