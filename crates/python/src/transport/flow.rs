//! Flow control towards the protocol: `pause_writing` and `resume_writing`, the marks as Python sets them, and the part
//! of the Python types that shows them.

use std::cell::Cell;
use std::ffi::CStr;

use aioxide_core::transport::WaterMarks;

use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Result, Signature, Slot, TypeBuilder, assigned, call_keywords,
    call_method0, collectable, names, none, tuple_of, while_handling,
};

use super::attached::Attached;

/// The water marks of one transport. All zero bytes are not: a new one is made with [`WriteLimits::new`].
pub(super) struct WriteLimits {
    marks: Cell<WaterMarks>,
    /// The marks as they were set, when they were: asyncio takes any numbers.
    high: Slot,
    low: Slot,
}

collectable!(WriteLimits, holds: [high, low]);

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

/// A transport that keeps its water marks in [`WriteLimits`].
pub(super) trait FlowControlled: Attached {
    /// `None` for one that is not made to its end.
    fn limits(&self) -> Option<&WriteLimits>;
    /// How much is queued, in bytes.
    fn queued(&self) -> usize;
}

/// What every such transport has.
pub(super) fn flow_controlled<T: FlowControlled>(builder: TypeBuilder<T>) -> TypeBuilder<T> {
    builder
        .method(
            c"get_write_buffer_size",
            |transport: &T| transport.queued() as u64,
            c"get_write_buffer_size($self, /)\n--\n\nReturn how many bytes wait to be sent, as they count towards the water marks.",
        )
        .method(
            c"get_write_buffer_limits",
            |transport: &T| {
                let Some(limits) = transport.limits() else { return Ok(none()) };
                tuple_of(&[&*limits.low()?, &*limits.high()?])
            },
            c"get_write_buffer_limits($self, /)\n--\n\nReturn the low and the high water mark, in bytes.",
        )
        .method_fast(
            c"set_write_buffer_limits",
            |transport: &T, args: Args<'_>| {
                set_limits(transport.object(), args)?;
                let Some(limits) = transport.limits() else { return Ok(()) };
                limits.rise(transport.queued(), transport.object(), &transport.attachment().protocol())
            },
            SET_LIMITS_TEXT,
        )
        .property(
            c"_protocol_paused",
            |transport: &T| transport.limits().is_some_and(WriteLimits::is_paused),
            |transport: &T, paused: Option<&Object>| {
                transport.limits().map_or(Ok(()), |limits| limits.set_paused(paused))
            },
        )
        .property(
            c"_high_water",
            |transport: &T| transport.limits().map(WriteLimits::high).transpose(),
            |transport: &T, mark: Option<&Object>| {
                transport.limits().map_or(Ok(()), |limits| limits.set_high(mark))
            },
        )
        .property(
            c"_low_water",
            |transport: &T| transport.limits().map(WriteLimits::low).transpose(),
            |transport: &T, mark: Option<&Object>| {
                transport.limits().map_or(Ok(()), |limits| limits.set_low(mark))
            },
        )
}

/// `set_write_buffer_limits(high=None, low=None)` up to the look whether to pause: asyncio's own code checks the marks
/// and sets them as attributes, one by one.
pub(super) fn set_limits(transport: &Object, args: Args<'_>) -> Result<()> {
    const SIGNATURE: Signature<2> = Signature {
        function: "_FlowControlMixin.set_write_buffer_limits",
        parameters: [c"high", c"low"],
        positional: 2,
        required: 0,
    };
    let [high, low] = SIGNATURE.bind_method(args)?;
    let nothing = none();
    let values = [transport, high.unwrap_or(&nothing), low.unwrap_or(&nothing)];
    call_keywords(&names().set_write_limits, &values, values.len(), None).map(drop)
}

/// The documentation of `set_write_buffer_limits`.
pub(super) const SET_LIMITS_TEXT: &CStr = c"set_write_buffer_limits($self, /, high=None, low=None)\n--\n\nSet the water marks, in bytes: when the protocol pauses writing and when it resumes.";
