//! The end of a world: all honest people meet, and it is asked what they know.

use dsm_core::View;
use dsm_crypto::{Domain, hash};
use dsm_encoding::from_slice;
use dsm_session::{Ledger, Message};

use super::event::{Action, Invariant};
use super::prepared::{HONEST, NAMES};
use super::{World, share};
use crate::NETWORK;

/// The most rounds of meetings.
const MOST_ROUNDS: usize = 6;
/// The most messages of one meeting.
const MOST_MESSAGES: usize = 256;
/// Rules by which an honest receiver may refuse an honest payer: what was paid rests on a device that
/// forked, or on one by which it holds enough already.
const FROZEN: [&str; 2] = ["R-44", "R-48"];
/// Who knows a fork lacks what it knew of that device's other history: a hole, a floor, a record.
const LACKING: [&str; 3] = ["R-21", "R-23", "R-24"];

impl World {
    /// All honest people meet over good links until nobody learns anything.
    pub(crate) fn settle(&mut self) {
        for link in self.open_links() {
            self.hang(link);
        }
        for device in &mut self.devices {
            device.disarm();
        }
        let offers = if self.watch.has_forks() { self.offers() } else { Vec::new() };
        self.meet_all();
        for link in &offers {
            self.carry(*link, false);
            self.hang(*link);
        }
        if !offers.is_empty() {
            self.meet_all();
        }
        self.examine();
    }

    /// Everybody offers the next one a payment: what comes to light before it is bound may freeze it.
    fn offers(&mut self) -> Vec<usize> {
        let begin = |one| {
            let link = self.links.len();
            let fresh = hash(Domain::Seed, &("offer", link as u64));
            let fresh = u64::from_be_bytes(*fresh.as_bytes().first_chunk().unwrap_or(&[0; 8]));
            self.call((one, (one + 1) % HONEST), (Some(1), None), (None, fresh));
            self.carry(link, true);
            link
        };
        (0..HONEST).map(begin).collect()
    }

    fn meet_all(&mut self) {
        for round in 0..MOST_ROUNDS {
            let before = self.watch.changes;
            for one in 0..HONEST {
                for other in one + 1..HONEST {
                    self.meet(one, other, round);
                }
            }
            if self.watch.changes == before {
                break;
            }
        }
    }

    /// Two meet, and all that they say arrives.
    fn meet(&mut self, from: usize, to: usize, round: usize) {
        let link = self.links.len();
        let fresh = (round * HONEST * HONEST + from * HONEST + to) as u64;
        self.call((from, to), (None, None), (None, fresh.wrapping_add(link as u64)));
        self.carry(link, false);
        self.hang(link);
    }

    /// All that is said on a link arrives; but no Want, if it is not to be answered yet.
    fn carry(&mut self, link: usize, offered: bool) {
        for _ in 0..MOST_MESSAGES {
            let ends = &self.links[link].ends;
            let next = (0..2).find(|end| !ends[*end].waiting.is_empty());
            let Some(end) = next else { break };
            let message = ends[end].waiting.front().filter(|_| offered);
            if message.is_some_and(|one| matches!(from_slice(one), Ok(Message::Want { .. }))) {
                break;
            }
            self.deliver(link, end);
        }
    }

    fn examine(&mut self) {
        for who in 0..HONEST {
            let books = self.devices[who].books();
            self.watch.keeps(who, &books);
        }
        self.receipts();
        self.evidence();
        for one in 0..HONEST {
            for other in 0..HONEST {
                if one != other {
                    self.agreement(one, other);
                }
            }
        }
    }

    /// What somebody honest was paid last can be shown to a third party.
    fn receipts(&mut self) {
        for (who, name) in NAMES.iter().enumerate().take(HONEST) {
            let books = self.devices[who].books();
            let Some((writer, index)) = self.watch.honest[who].paid_last else { continue };
            // There is none if a later head was signed over the entry.
            let Some(receipt) = books.receipt(&writer, index) else { continue };
            if let Err(reject) = receipt.verify(NETWORK) {
                self.watch.broken(Invariant::Receipts, || {
                    format!("a receipt of {name} is refused: {reject}")
                });
            }
        }
    }

    /// Whoever was given one id twice knows by now who did it.
    fn evidence(&mut self) {
        for device in self.watch.cheated() {
            for (who, name) in NAMES.iter().enumerate().take(HONEST) {
                let victim = self.watch.is_victim(who, &device);
                if victim && !self.devices[who].books().is_forked(&device) {
                    self.watch.broken(Invariant::Evidence, || {
                        format!("{name} was cheated and does not know")
                    });
                }
            }
        }
    }

    /// What one wrote to another, the other accepted; and they see the same state.
    fn agreement(&mut self, one: usize, other: usize) {
        let refuses = |who: usize| {
            let forks = || !self.devices[who].books().fork_proofs().is_empty();
            let refused = &self.watch.honest[who].refused;
            let frozen = FROZEN.iter().any(|rule| refused.contains(rule));
            frozen || (LACKING.iter().any(|rule| refused.contains(rule)) && forks())
        };
        if refuses(one) || refuses(other) {
            return;
        }
        let (writer, reader) = (self.devices[one].books(), self.devices[other].books());
        let accepted = reader.accepted(&writer.me()).map_or(0, |at| at.index);
        let due = writer.next_to(&reader.me(), accepted).map(|dealing| dealing.entry.index);
        let states = (share::state(&writer, &reader.me()), share::state(&reader, &writer.me()));
        drop((writer, reader));
        if let Some(index) = due {
            self.watch.broken(Invariant::Agreement, || {
                format!("entry {index} of {} is due to {}", NAMES[one], NAMES[other])
            });
        }
        if states.0 != states.1 {
            self.watch.broken(Invariant::Agreement, || {
                format!("{} and {} see {} and {}", NAMES[one], NAMES[other], states.0, states.1)
            });
        }
    }

    /// The end of every world.
    pub(crate) fn finish(&mut self) {
        self.act(&Action::Settle {});
    }
}
