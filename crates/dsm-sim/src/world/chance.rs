//! The one source of chance of a world: everything that happens follows from its seed.

/// A generator of numbers (SplitMix64). Equal seeds give equal numbers on every machine.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; 0 if the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.number()).wrapping_mul(bound as u128);
        (wide >> 64) as usize
    }

    /// Whether something happens that happens so many times in a thousand.
    pub fn in_thousand(&mut self, times: usize) -> bool {
        self.below(1_000) < times
    }

    /// One of a few things.
    ///
    /// # Panics
    /// If there is none.
    pub fn one_of<T: Copy>(&mut self, few: &[T]) -> T {
        few[self.below(few.len())]
    }
}
