//! Which arguments of a `gather` are the same.
//!
//! asyncio keeps them in a dict. Coroutines, tasks and futures equal nothing but themselves, so for them
//! their addresses say it, at a tenth of the price; anything else is compared as Python compares.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr;

use crate::ffi::{Dict, Object, Owned, Result, dict_get};

/// The arguments seen so far, each with its future.
pub(super) enum Distinct {
    /// By address. The caller keeps the arguments alive.
    ByAddress(HashMap<usize, Owned, BuildHasherDefault<AddressHasher>>),
    /// By `==` and `hash()`.
    ByValue(Dict),
}

impl Distinct {
    /// Nothing seen yet, of `arguments`.
    pub(super) fn new(arguments: &[&Object]) -> Result<Self> {
        if arguments.iter().all(|argument| argument.equals_only_itself()) {
            return Ok(Self::ByAddress(HashMap::with_capacity_and_hasher(
                arguments.len(),
                BuildHasherDefault::default(),
            )));
        }
        Dict::new().map(Self::ByValue)
    }

    /// The future of `argument` if it was seen before. Fails for an argument that can't be hashed.
    #[inline(always)]
    pub(super) fn get(&self, argument: &Object) -> Result<Option<Owned>> {
        match self {
            Self::ByAddress(seen) => Ok(seen.get(&ptr::from_ref(argument).addr()).cloned()),
            Self::ByValue(seen) => dict_get(seen.object(), argument),
        }
    }

    /// Remembers the future of `argument`.
    #[inline(always)]
    pub(super) fn insert(&mut self, argument: &Object, future: &Owned) -> Result<()> {
        match self {
            Self::ByAddress(seen) => {
                seen.insert(ptr::from_ref(argument).addr(), future.clone());
                Ok(())
            }
            Self::ByValue(seen) => seen.set(argument, future),
        }
    }
}

/// Hashes an address by one multiplication: the table only needs its high and low bits spread.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }

    fn write_usize(&mut self, address: usize) {
        // Objects are aligned to 16 bytes: without the fold the low bits would all be alike.
        let product = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = product ^ (product >> 32);
    }
}
