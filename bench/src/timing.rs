//! CPU time of this thread, and medians.
//!
//! What is compared runs in turns in one loop, so that a slower minute of the machine slows all of
//! it down alike.

use cpu_time::ThreadTime;

/// CPU time of one call in microseconds, and what it gave.
pub(crate) fn micros<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let clock = ThreadTime::now();
    let value = std::hint::black_box(run());
    (clock.elapsed().as_secs_f64() * 1e6, value)
}

/// A clock on the wall, for what waits.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) fn wall() -> std::time::Instant {
    std::time::Instant::now()
}

/// Measurements of one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// Measures one call.
    pub(crate) fn time<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let (time, value) = micros(run);
        self.push(time);
        value
    }

    /// The middle of all samples, zero if there is none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let mut samples = Samples::default();
        assert_eq!(samples.median().to_bits(), 0.0_f64.to_bits());
        for sample in [5.0, 1.0, 100.0] {
            samples.push(sample);
        }
        assert_eq!(samples.median().to_bits(), 5.0_f64.to_bits());
    }
}
