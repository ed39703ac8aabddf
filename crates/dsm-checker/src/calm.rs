//! A meeting of two honest devices on a link that loses nothing, whole or cut short.

use std::collections::VecDeque;

use dsm_session::Goal;

use crate::disk::Disk;
use crate::step::{Cast, Frame, Outcome, Voice};

/// What two devices are after a meeting.
#[derive(Clone, Debug)]
pub struct Met {
    /// The disk of the one that called, and of the one that was called.
    pub disks: [Disk; 2],
    /// Whether each had nothing left to say.
    pub well: [bool; 2],
    /// How many messages were heard.
    pub heard: usize,
}

impl Cast {
    /// One calls another to tell news and deliver what is due; the line breaks after so many messages.
    /// `eager` says whose messages are heard first.
    #[must_use]
    pub fn meet(&self, who: [usize; 2], disks: [&Disk; 2], eager: usize, most: usize) -> Met {
        let peer = self.people[who[1]].id();
        let mut voices =
            [Some(Voice::new(Goal::Sync { peer })), Some(Voice::new(Goal::Receive { ask: None }))];
        let mut met = Met { disks: disks.map(Disk::clone), well: [false; 2], heard: 0 };
        let mut on_way: [VecDeque<Frame>; 2] = Default::default();
        let take = |met: &mut Met, side: usize, voice: &Voice, came: Option<&Frame>| {
            let outcome = self.step(who[side], &met.disks[side], voice, came);
            let Outcome { disk, voice, well, frames, .. } = &*outcome;
            met.disks[side] = disk.clone();
            met.well[side] |= well;
            (voice.clone(), frames.clone())
        };
        for side in 0..2 {
            if let Some(voice) = voices[side].take() {
                let frames;
                (voices[side], frames) = take(&mut met, side, &voice, None);
                on_way[1 - side].extend(frames);
            }
        }
        while met.heard < most {
            let order = [eager, 1 - eager];
            let Some(side) = order.into_iter().find(|side| !on_way[*side].is_empty()) else {
                break;
            };
            let Some(frame) = on_way[side].pop_front() else { break };
            met.heard += 1;
            let Some(voice) = voices[side].take() else { continue };
            let frames;
            (voices[side], frames) = take(&mut met, side, &voice, Some(&frame));
            on_way[1 - side].extend(frames);
        }
        met
    }

    /// The whole of such a meeting.
    #[must_use]
    pub fn settle(&self, who: [usize; 2], disks: [&Disk; 2]) -> Met {
        self.meet(who, disks, 0, usize::MAX)
    }
}
