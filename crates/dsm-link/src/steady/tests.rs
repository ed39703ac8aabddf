use alloc::vec;

use super::*;
use crate::frame::{Frame, Word};

const PACE: Pace = Pace { gap: 0, answer: 100, patience: 5_000, linger: 2_000 };
const A: Tag = *b"aaaa";
const B: Tag = *b"bbbb";

/// Two sides and what is between them: everything arrives 10 ms later, unless `lost`.
struct Pair {
    now: u64,
    sides: [Steady; 2],
    frames: [usize; 2],
    bytes: [usize; 2],
}

impl Pair {
    fn new(frame: usize) -> Self {
        let sides =
            [Steady::call(A, frame, PACE, 0).unwrap(), Steady::wait(B, frame, PACE, 0).unwrap()];
        Self { now: 0, sides, frames: [0; 2], bytes: [0; 2] }
    }

    /// Lets time pass until a side has a message, or nothing happens for a while.
    fn run(&mut self, side: usize, most: usize, lost: &mut impl FnMut(usize) -> bool) -> Vec<u8> {
        for _ in 0..2_000 {
            if let Some(message) = self.sides[side].take(most).unwrap() {
                return message;
            }
            self.tick(lost);
        }
        panic!("nothing comes");
    }

    fn tick(&mut self, lost: &mut impl FnMut(usize) -> bool) {
        self.now += 10;
        for from in 0..2 {
            while let Some(frame) = self.sides[from].speak(self.now) {
                self.frames[from] += 1;
                self.bytes[from] += frame.len();
                if !lost(from) {
                    self.sides[1 - from].hear(&frame, self.now);
                }
            }
        }
    }
}

fn none(_: usize) -> bool {
    false
}

#[test]
fn messages_that_wait_together_ride_in_one_frame() {
    let mut pair = Pair::new(858);
    for n in 0..5 {
        pair.sides[0].send(&[n; 100]).unwrap();
    }
    for n in 0..5 {
        assert_eq!(pair.run(1, MAX_FRAME, &mut none), [n; 100]);
    }
    assert_eq!(pair.frames, [2, 1], "hello, block; hello");
}

#[test]
fn a_long_message_comes_whole_through_small_frames() {
    let mut pair = Pair::new(230);
    let message: Vec<u8> = (0..200_000).map(|at| (at / 7) as u8).collect();
    pair.sides[0].send(&message).unwrap();
    let mut count = 0;
    let mut every_third = |_| {
        count += 1;
        count % 3 == 0
    };
    assert_eq!(pair.run(1, MAX_FRAME, &mut every_third), message);
}

#[test]
fn an_end_is_told_after_everything_that_was_sent() {
    let mut pair = Pair::new(858);
    pair.sides[0].send(b"last").unwrap();
    pair.sides[0].leave(0);
    for _ in 0..100 {
        pair.tick(&mut none);
    }
    assert!(pair.sides[0].is_over(pair.now));
    assert!(pair.sides[1].peer_leaves() && pair.sides[1].peer_ended());
    assert_eq!(pair.sides[1].take(4).unwrap().unwrap(), b"last");
    assert!(matches!(pair.sides[1].send(b"too late"), Err(LinkError::CutOff)));
    assert_eq!(pair.frames[0], 3, "hello, block, end");
}

#[test]
fn a_longer_message_than_awaited_is_refused_before_it_is_kept() {
    let mut pair = Pair::new(858);
    pair.sides[0].send(&[1; 100_000]).unwrap();
    for _ in 0..20 {
        pair.tick(&mut none);
        if let Err(error) = pair.sides[1].take(99_999) {
            assert!(matches!(error, LinkError::TooLong { most: 99_999 }));
            assert_eq!(pair.sides[1].held(), 0);
            return;
        }
    }
    panic!("it was not refused");
}

#[test]
fn a_short_message_of_a_block_is_held_to_its_bound_too() {
    let mut pair = Pair::new(858);
    pair.sides[0].send(&[1; 10]).unwrap();
    for _ in 0..20 {
        pair.tick(&mut none);
    }
    assert!(matches!(pair.sides[1].take(9), Err(LinkError::TooLong { most: 9 })));
}

#[test]
fn frames_of_older_conversations_and_strangers_change_nothing() {
    let mut pair = Pair::new(858);
    pair.sides[0].send(b"one").unwrap();
    assert_eq!(pair.run(1, MAX_FRAME, &mut none), b"one");
    let symbol = [0, 0, 1, 7];
    let part =
        crate::Part { block: 2, len: 4, sum: crc32fast::hash(&symbol), id: 0, symbol: &symbol };
    let stranger = |from, to, word| Frame { from, to, ack: 9, have: 0, seen: true, word }.encode();
    for (from, to) in [(*b"cccc", B), (A, *b"cccc"), (B, A), (B, B), (*b"cccc", NOBODY)] {
        for word in [Word::Hello, Word::Part(part), Word::End { last: 1 }] {
            pair.sides[1].hear(&stranger(from, to, word), pair.now);
        }
    }
    assert!(!pair.sides[1].peer_leaves());
    pair.sides[0].send(b"two").unwrap();
    assert_eq!(pair.run(1, MAX_FRAME, &mut none), b"two");
}

#[test]
fn nobody_is_met_by_a_recorded_call() {
    let mut recorded = Pair::new(858);
    recorded.sides[0].send(b"old").unwrap();
    let mut frames = Vec::new();
    for at in 0..20 {
        while let Some(frame) = recorded.sides[0].speak(at * 10) {
            recorded.sides[1].hear(&frame, at * 10);
            frames.push(frame);
        }
        while let Some(frame) = recorded.sides[1].speak(at * 10) {
            recorded.sides[0].hear(&frame, at * 10);
        }
    }
    let mut later = Steady::wait(*b"dddd", 858, PACE, 0).unwrap();
    for frame in &frames {
        later.hear(frame, 0);
    }
    assert!(!later.is_met());
    assert!(later.take(100).unwrap().is_none());
    assert!(later.speak(0).is_some(), "it answers the call, which nobody hears");
}

#[test]
fn a_silent_peer_is_given_up_and_a_waiting_side_never_gives_up() {
    let mut side = Steady::call(A, 858, PACE, 0).unwrap();
    side.send(b"hello?").unwrap();
    assert!(!side.is_silent(5_000) && side.is_silent(5_001));
    side.leave(5_001);
    assert!(!side.is_over(7_000) && side.is_over(7_002));
    assert!(!Steady::wait(B, 858, PACE, 0).unwrap().is_silent(u64::MAX));
    assert!(Steady::wait(B, 28, PACE, 0).is_err());
}

#[test]
fn both_may_send_at_once_and_much() {
    let mut pair = Pair::new(2_000);
    let message = vec![5; 300_000];
    for side in &mut pair.sides {
        side.send(&message).unwrap();
    }
    assert_eq!(pair.run(1, MAX_FRAME, &mut none), message);
    assert_eq!(pair.run(0, MAX_FRAME, &mut none), message);
}

#[test]
fn an_end_does_not_hide_what_could_not_be_delivered() {
    let mut pair = Pair::new(858);
    for byte in 1..=4 {
        pair.sides[0].send(&[byte; 800]).unwrap();
    }
    while !pair.sides[1].is_met() {
        pair.tick(&mut none);
    }
    pair.sides[0].leave(pair.now);
    // The other side's acknowledgements are lost, so the second message never leaves; they come when
    // the end was said.
    let ends_at = pair.now + PACE.linger + 50;
    while !pair.sides[0].is_over(pair.now) {
        let late = pair.now > ends_at;
        pair.tick(&mut |from| from == 1 && !late);
        assert!(!pair.sides[1].peer_ended());
    }
    assert!(pair.sides[1].peer_leaves());
}
