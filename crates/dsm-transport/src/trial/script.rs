//! What the two sides say to each other in a run, and whether it came.

use std::ops::Range;

use dsm_link::{Link, LinkError};

use super::{Numbers, Tally};

/// The most bytes of a message of a run.
pub(crate) const LONGEST: usize = 20_000;

/// The messages of a run, in turns: side 0 says the first turn, side 1 the next.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) turns: Vec<Vec<Vec<u8>>>,
}

impl Script {
    /// Messages as those of a payment, and now and then a long one.
    pub(crate) fn new(seed: u64, turns: u64, long: bool) -> Self {
        let mut numbers = Numbers::new(seed, 1);
        let count = 1 + numbers.below(turns);
        let mut turn = || -> Vec<Vec<u8>> {
            let count = 1 + numbers.below(3);
            let one = |_| {
                let most = match numbers.below(10) {
                    0 if long => LONGEST as u64,
                    0..4 => 3200,
                    _ => 300,
                };
                let len = numbers.below(most + 1);
                numbers.bytes(usize::try_from(len).unwrap_or(0))
            };
            (0..count).map(one).collect()
        };
        Self { turns: (0..count).map(|_| turn()).collect() }
    }

    /// What a side hears, in order.
    pub(crate) fn heard(&self, side: usize) -> Vec<Vec<u8>> {
        self.turns.iter().skip(1 - side).step_by(2).flatten().cloned().collect()
    }
}

/// Compares what comes with what is to come.
#[derive(Debug)]
pub(crate) struct Heard {
    expected: Vec<Vec<u8>>,
    pub(crate) count: usize,
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
}

impl Heard {
    pub(crate) fn new(expected: Vec<Vec<u8>>) -> Self {
        Self { expected, count: 0, lost: 0, repeated: 0 }
    }

    pub(crate) fn hear(&mut self, message: &[u8]) {
        if self.expected.get(self.count).is_some_and(|next| next == message) {
            self.count += 1;
        } else if self.expected.iter().any(|one| one == message) {
            self.repeated += 1;
        } else {
            self.lost += 1;
        }
    }

    pub(crate) fn missing(&self) -> u64 {
        self.expected.len().saturating_sub(self.count) as u64
    }
}

/// How a side fared.
struct Fared {
    heard: Heard,
    error: Option<LinkError>,
}

fn play<L: Link>(link: Result<L, LinkError>, side: usize, script: &Script) -> Fared {
    let mut heard = Heard::new(script.heard(side));
    let mut link = match link {
        Ok(link) => link,
        Err(error) => return Fared { heard, error: Some(error) },
    };
    let error = speak(&mut link, side, script, &mut heard).err();
    Fared { heard, error }
}

/// Plays a side to its end; also ends if the other side hangs up.
fn speak<L: Link>(
    link: &mut L,
    side: usize,
    script: &Script,
    heard: &mut Heard,
) -> Result<(), LinkError> {
    for (number, turn) in script.turns.iter().enumerate() {
        for message in turn {
            if number % 2 == side {
                link.send(message)?;
            } else if let Some(message) = link.receive(LONGEST)? {
                heard.hear(&message);
            } else {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Lets two sides meet and talk as the seed says.
///
/// # Panics
/// A thread cannot be started.
pub fn meet<L: Link, M: Link>(
    seed: u64,
    call: impl FnOnce() -> Result<L, LinkError> + Send,
    wait: impl FnOnce() -> Result<M, LinkError> + Send,
) -> Tally {
    let script = Script::new(seed, 6, false);
    let sides = std::thread::scope(|scope| {
        let far = scope.spawn(|| play(wait(), 1, &script));
        let near = play(call(), 0, &script);
        [Some(near), far.join().ok()]
    });
    let mut tally = Tally { runs: 1, ..Tally::default() };
    let broken = sides.iter().flatten().any(|side| side.error.is_some());
    tally.broken = u64::from(broken);
    for side in sides.iter() {
        let Some(side) = side else {
            tally.lost += 1;
            continue;
        };
        tally.lost += side.heard.lost;
        tally.repeated += side.heard.repeated;
        // Only a link that says that it is broken may leave something out.
        tally.lost += if broken { 0 } else { side.heard.missing() };
    }
    let all = sides.iter().flatten().all(|side| side.heard.missing() == 0);
    tally.whole = u64::from(all);
    tally
}

/// Asks of a link without faults that everything arrives in every run.
///
/// # Panics
/// If something does not.
pub fn whole(seeds: Range<u64>, mut run: impl FnMut(u64) -> Tally) {
    for seed in seeds {
        let tally = run(seed);
        assert_eq!(tally, Tally { runs: 1, whole: 1, ..Tally::default() }, "seed {seed}");
    }
}
