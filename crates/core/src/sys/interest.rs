//! What is asked of a descriptor, and what the kernel answered: two words that every backend shares.

/// The directions in which a descriptor is watched.
///
/// A set of two flags; the empty set means that the kernel does not watch the descriptor at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Wake when bytes, a connection or an end of file can be read.
    pub readable: bool,
    /// Wake when bytes can be written, or a connection attempt has ended.
    pub writable: bool,
}

impl Interest {
    /// Watched in no direction.
    pub const NONE: Self = Self { readable: false, writable: false };
    /// Watched for reading.
    pub const READ: Self = Self { readable: true, writable: false };
    /// Watched for writing.
    pub const WRITE: Self = Self { readable: false, writable: true };
    /// Watched for both.
    pub const BOTH: Self = Self { readable: true, writable: true };

    /// True when no direction is watched.
    #[inline]
    pub const fn is_none(self) -> bool {
        !self.readable && !self.writable
    }
}

/// What a wait found out about one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The token that the source was registered with.
    pub token: u64,
    /// Reading will not block: there are bytes, the end of the file, or an error to collect.
    pub readable: bool,
    /// Writing will not block: there is room, or an error to collect.
    pub writable: bool,
}
