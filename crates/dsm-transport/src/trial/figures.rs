//! What a conversation costs on a medium, counted without the medium.

use dsm_link::{MAX_FRAME, Pace, Steady, stuff};

use super::Faults;

/// Answers come within this time.
const PACE: Pace = Pace { gap: 0, answer: 500, patience: 600_000, linger: 10_000 };

/// What two sides put on the medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Bytes of messages, both ways.
    pub payload: usize,
    /// Bytes of frames on a serial line, both ways, with everything around them.
    pub serial: usize,
    /// Frames that each side put on the medium, the caller first.
    pub frames: [usize; 2],
    /// Whether everything arrived.
    pub whole: bool,
}

/// Two sides say messages of these lengths in turns, the caller first, over frames of at most so many
/// bytes of which so many in a thousand are lost as a seed says. Greeting and end are counted.
#[must_use]
pub fn cost(lengths: &[usize], frame: usize, lost: u64, seed: u64) -> Cost {
    let mut cost = Cost { payload: lengths.iter().sum(), ..Cost::default() };
    let sides = (Steady::call([1; 4], frame, PACE, 0), Steady::wait([2; 4], frame, PACE, 0));
    let (Ok(caller), Ok(called)) = sides else { return cost };
    let mut sides = [caller, called];
    let mut faults = [0, 1].map(|side| Faults::losing(seed.wrapping_mul(2) + side, lost));
    let mut turns = lengths.iter().enumerate();
    let mut awaited: Option<(usize, usize)> = None;
    for now in (0..10_000_000).step_by(20) {
        if let Some((side, len)) = awaited {
            let came = sides[1 - side].take(MAX_FRAME).ok().flatten();
            if came.is_some_and(|message| message.len() == len) {
                awaited = None;
            }
        }
        if awaited.is_none() && !cost.whole {
            if let Some((number, len)) = turns.next() {
                awaited = Some((number % 2, *len));
                let _ = sides[number % 2].send(&vec![7; *len]);
            } else {
                cost.whole = true;
                sides.iter_mut().for_each(|side| side.leave(now));
            }
        }
        for from in 0..2 {
            while let Some(bytes) = sides[from].speak(now) {
                cost.frames[from] += 1;
                cost.serial += stuff(&bytes).len();
                for (_, bytes) in faults[from].pass(now, &bytes) {
                    sides[1 - from].hear(&bytes, now);
                }
            }
        }
        if cost.whole && sides.iter().all(|side| side.is_over(now)) {
            break;
        }
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of a payment, as long as they are.
    const PAYMENT: [usize; 8] = [150, 400, 200, 90, 3_200, 2_350, 60, 50];

    #[test]
    fn serial_overhead_stays_below_a_tenth() {
        let cost = cost(&PAYMENT, 1024, 0, 0);
        assert!(cost.whole);
        assert!((cost.serial - cost.payload) * 10 < cost.payload, "{cost:?}");
        println!("{cost:?}");
    }

    #[test]
    fn three_kilobytes_in_pictures_with_one_in_ten_missed() {
        let mut counts: Vec<[usize; 2]> = (0..200)
            .map(|seed| {
                let cost = cost(&[3_000], 858, 100, seed);
                assert!(cost.whole);
                cost.frames
            })
            .collect();
        counts.sort_unstable();
        let (middle, most) = (counts[100], counts[190]);
        println!("middle {middle:?}, of twenty the nineteenth {most:?}, last {:?}", counts[199]);
        assert!(middle[0] <= 8 && middle[1] <= 8, "{middle:?}");
    }
}
