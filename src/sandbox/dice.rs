//! splitmix64: the same numbers for the same seed, everywhere and for ever.

pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end.max(1))).unwrap_or_default()
    }

    /// One of these, if there are any.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let end = u32::try_from(from.len()).unwrap_or_default();
        from.get(usize::try_from(self.below(end)).unwrap_or_default())
    }

    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let end = u32::try_from(last + 1).unwrap_or(u32::MAX);
            all.swap(last, usize::try_from(self.below(end)).unwrap_or_default());
        }
    }

    /// An identifier in the form of Zoom's.
    pub(super) fn message_id(&mut self) -> String {
        let mut id = format!("{:016X}{:016X}", self.next(), self.next());
        for place in [8, 13, 18, 23] {
            id.insert(place, '-');
        }
        id
    }
}
