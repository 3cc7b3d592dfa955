//! Digests by which rows are known, and maps that take them for keys as they are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

/// For keys that are digests already, and for small numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DigestHasher(u64);

pub(super) type ByDigest = BuildHasherDefault<DigestHasher>;

impl Hasher for DigestHasher {
    fn write_u128(&mut self, digest: u128) {
        self.0 = digest as u64;
    }
    fn write_u64(&mut self, number: u64) {
        // The multiplier of Fx, Firefox's hash of numbers.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }
    fn write_i16(&mut self, number: i16) {
        self.write_u64(number as u64);
    }
    fn write_i8(&mut self, number: i8) {
        self.write_u64(number as u64);
    }
    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(xxh3_64(bytes));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Rows that were counted, by their digests of eight bytes, and how often.
pub type Digests = HashMap<u64, u32>;

/// The digest by which a row is known to later runs.
pub(super) fn digest(identity: u128) -> u64 {
    (identity >> 64) as u64
}
